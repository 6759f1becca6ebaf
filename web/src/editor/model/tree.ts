// A condition while it is being edited: the same shape as its JSON, with an id for every node, so
// that focus, counts and mistakes stay with what they belong to while it moves about. Trees are
// never changed; every operation gives a new one.
import type { Condition, ConditionFilter, Group, Operator } from 'segmentry';
import { kindOf, type ValueKind } from './values';

export type NodeId = string;
export type Logic = Condition['logic'];
export type Unit = NonNullable<ConditionFilter['unit']>;

export interface FilterNode {
  readonly id: NodeId;
  /** Empty until somebody has chosen one. */
  readonly field: string;
  readonly operator: Operator;
  /** Undefined until it is typed, and where the operator takes none. */
  readonly value?: unknown;
  readonly unit?: Unit;
  /** How its value is typed in. It is not in the JSON, and stays while one types. */
  readonly kind: ValueKind;
}

export interface GroupNode {
  readonly id: NodeId;
  readonly filters: readonly FilterNode[];
  readonly nested: ConditionNode | null;
}

export interface ConditionNode {
  readonly id: NodeId;
  readonly logic: Logic;
  readonly groups: readonly GroupNode[];
}

let lastId = 0;

export function newId(): NodeId {
  lastId += 1;
  return `node-${lastId}`;
}

export function blankFilter(): FilterNode {
  return { id: newId(), field: '', operator: 'equals', kind: 'text' };
}

export function groupOf(...filters: FilterNode[]): GroupNode {
  return { id: newId(), filters, nested: null };
}

export function conditionOf(logic: Logic, ...groups: GroupNode[]): ConditionNode {
  return { id: newId(), logic, groups };
}

/** What a new segment begins with: one group, and nothing in it. */
export function emptyTree(): ConditionNode {
  return conditionOf('AND', groupOf());
}

export function isEmptyTree(tree: ConditionNode): boolean {
  return tree.groups.every((group) => group.filters.length === 0 && group.nested === null);
}

function filterJson({ field, operator, value, unit }: FilterNode): ConditionFilter {
  return {
    field,
    operator,
    ...(value === undefined ? {} : { value }),
    ...(unit === undefined ? {} : { unit }),
  };
}

function groupJson({ filters, nested }: GroupNode): Group {
  return {
    filters: filters.map(filterJson),
    ...(nested ? { conditions: toCondition(nested) } : {}),
  };
}

/** The condition as the API takes it. */
export function toCondition({ logic, groups }: ConditionNode): Condition {
  return { logic, groups: groups.map(groupJson) };
}

function filterNode(json: ConditionFilter, before: FilterNode | undefined): FilterNode {
  const { field, operator, value, unit } = json;
  const isAbsent = value === undefined || value === null;
  // While somebody types a text that looks like a date for a moment, it stays a text.
  const isSameText = before?.field === field && before.kind === 'text' && typeof value === 'string';
  return {
    id: before?.id ?? newId(),
    field,
    operator,
    ...(isAbsent ? {} : { value }),
    ...(unit === undefined || unit === null ? {} : { unit }),
    kind: isSameText && kindOf(json) !== 'span' ? 'text' : kindOf(json),
  };
}

function groupNode(json: Group, before: GroupNode | undefined): GroupNode {
  return {
    id: before?.id ?? newId(),
    filters: json.filters.map((filter, index) => filterNode(filter, before?.filters[index])),
    nested: json.conditions ? toTree(json.conditions, before?.nested ?? undefined) : null,
  };
}

/**
 * A tree from JSON of the right shape.
 * @param before  Nodes at the same places keep their ids.
 */
export function toTree(json: Condition, before?: ConditionNode): ConditionNode {
  return {
    id: before?.id ?? newId(),
    logic: json.logic,
    groups: json.groups.map((group, index) => groupNode(group, before?.groups[index])),
  };
}

/** Every group and filter with its place, as errors and counts name it: `groups[0].filters[1]`. */
export function pathsOf(tree: ConditionNode, prefix = ''): Map<string, NodeId> {
  const paths = new Map<string, NodeId>();
  for (const [at, group] of tree.groups.entries()) {
    const own = `${prefix}groups[${at}]`;
    paths.set(own, group.id);
    for (const [index, filter] of group.filters.entries()) {
      paths.set(`${own}.filters[${index}]`, filter.id);
    }
    if (!group.nested) continue;
    paths.set(`${own}.conditions`, group.nested.id);
    for (const [path, id] of pathsOf(group.nested, `${own}.conditions.`)) paths.set(path, id);
  }
  return paths;
}

/** The filters, in the order in which they stand. */
export function filtersOf(tree: ConditionNode): FilterNode[] {
  return tree.groups.flatMap(({ filters, nested }) => [
    ...filters,
    ...(nested ? filtersOf(nested) : []),
  ]);
}

/**
 * The tree without some filters, and without the groups that nothing is left of; null if nothing
 * is left at all. So there is a count while one filter is not finished yet.
 */
export function without(tree: ConditionNode, gone: ReadonlySet<NodeId>): ConditionNode | null {
  const groups = tree.groups.flatMap((group) => {
    if (gone.has(group.id)) return [];
    const filters = group.filters.filter(({ id }) => !gone.has(id));
    const nested = group.nested && without(group.nested, gone);
    return filters.length > 0 || nested ? [{ ...group, filters, nested }] : [];
  });
  return groups.length > 0 ? { ...tree, groups } : null;
}
