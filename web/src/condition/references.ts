// What a condition refers to.
import type { Condition } from 'segmentry';

/** Each field of its filters, as often as it stands there. */
export function fieldsOf(condition: Condition): string[] {
  return condition.groups.flatMap(({ filters, conditions }) => [
    ...filters.map(({ field }) => field),
    ...(conditions ? fieldsOf(conditions) : []),
  ]);
}
