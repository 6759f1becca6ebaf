// What is wrong with a condition, by the node that it is wrong with.
import type { Problem } from 'segmentry';
import { pathsOf, type ConditionNode, type FilterNode, type NodeId } from './tree';

export interface NodeProblem {
  /** Which part of a filter; empty for the whole of it, or for a group. */
  part: string;
  message: string;
}

export interface SortedProblems {
  byNode: ReadonlyMap<NodeId, readonly NodeProblem[]>;
  /** Filters and groups that cannot be counted as they are. */
  faulty: ReadonlySet<NodeId>;
  /** What is wrong with the condition as a whole. */
  ofWhole: readonly string[];
}

const NODE = /^(.*(?:groups|filters)\[\d+\])\.?(.*)$/;

/** What is not there yet is no mistake: it is said as the next thing to do. */
function messageFor(filter: FilterNode | undefined, part: string, message: string): string {
  if (!filter) return message;
  if (filter.field === '') return 'Choose what this filter looks at.';
  if (part === 'value' && filter.value === undefined) {
    return filter.kind === 'day' || filter.kind === 'instant' ? 'Choose a date.' : 'Enter a value.';
  }
  return message;
}

export function sortProblems(
  tree: ConditionNode,
  filters: readonly FilterNode[],
  problems: readonly Problem[],
): SortedProblems {
  const ids = pathsOf(tree);
  const filterById = new Map(filters.map((filter) => [filter.id, filter]));
  const byNode = new Map<NodeId, NodeProblem[]>();
  const ofWhole: string[] = [];
  for (const { field, message } of problems) {
    const [, path = '', part = ''] = NODE.exec(field) ?? [];
    const id = ids.get(path);
    if (id === undefined) {
      ofWhole.push(message);
      continue;
    }
    const said = { part, message: messageFor(filterById.get(id), part, message) };
    byNode.set(id, [...(byNode.get(id) ?? []), said]);
  }
  return { byNode, faulty: new Set(byNode.keys()), ofWhole };
}
