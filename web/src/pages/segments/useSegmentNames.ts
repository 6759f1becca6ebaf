// Names of the segments that a condition refers to.
import { api } from '../../api';
import type { Condition } from '../../api/types';
import { useResource } from '../../ui/useResource';

function refersToSegments(condition: Condition): boolean {
  return condition.groups.some(
    ({ filters, conditions }) =>
      filters.some(({ field }) => field.startsWith('segment.')) ||
      (conditions !== undefined && refersToSegments(conditions)),
  );
}

/** Asks for the list only if there is a reference. */
export function useSegmentNames(condition: Condition | null): (id: string) => string | undefined {
  const isNeeded = condition !== null && refersToSegments(condition);
  const list = useResource(
    (signal) => (isNeeded ? api.segments.list(signal) : Promise.resolve([])),
    [isNeeded],
  );
  return (id) => {
    if (list.data === undefined) return '…';
    return list.data.find((segment) => segment.id === id)?.name;
  };
}
