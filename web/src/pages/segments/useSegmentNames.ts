// Names of the segments that a condition refers to.
import { api } from '../../api';
import type { Condition } from '../../api/types';
import { fieldsOf } from '../../condition/references';
import { useResource } from '../../ui/useResource';

/** Asks for the list only if there is a reference. */
export function useSegmentNames(condition: Condition | null): (id: string) => string | undefined {
  const isNeeded =
    condition !== null && fieldsOf(condition).some((field) => field.startsWith('segment.'));
  const list = useResource(
    (signal) => (isNeeded ? api.segments.list(signal) : Promise.resolve([])),
    [isNeeded],
  );
  return (id) => {
    if (list.data === undefined) return '…';
    return list.data.find((segment) => segment.id === id)?.name;
  };
}
