// What a condition refers to.
import type { Condition } from 'segmentry';

/** Each field of its filters, as often as it stands there. */
export function fieldsOf(condition: Condition): string[] {
  return condition.groups.flatMap(({ filters, conditions }) => [
    ...filters.map(({ field }) => field),
    ...(conditions ? fieldsOf(conditions) : []),
  ]);
}

/** Whether a filter asks for the field itself, or for something inside its value. */
export function refersTo(condition: Condition | null | undefined, field: string): boolean {
  if (condition == null) return false;
  // A path leads into a value; the dots in an event's name lead nowhere.
  const inside = field.startsWith('data.') ? `${field}.` : null;
  return fieldsOf(condition).some(
    (it) => it === field || (inside !== null && it.startsWith(inside)),
  );
}
