// What can be done to a tree. Each operation gives a new tree, or null where it means nothing.
import {
  blankFilter,
  conditionOf,
  emptyTree,
  groupOf,
  newId,
  type ConditionNode,
  type FilterNode,
  type GroupNode,
  type Logic,
  type NodeId,
} from './tree';

export type Direction = 'up' | 'down' | 'in' | 'out';

/** Rebuilds every condition, the innermost first. */
function mapConditions(
  tree: ConditionNode,
  change: (condition: ConditionNode) => ConditionNode,
): ConditionNode {
  const groups = tree.groups.map((group) =>
    group.nested ? { ...group, nested: mapConditions(group.nested, change) } : group,
  );
  return change({ ...tree, groups });
}

function mapGroup(
  tree: ConditionNode,
  id: NodeId,
  change: (group: GroupNode) => GroupNode,
): ConditionNode {
  return mapConditions(tree, (condition) => ({
    ...condition,
    groups: condition.groups.map((group) => (group.id === id ? change(group) : group)),
  }));
}

function inserted<T>(items: readonly T[], index: number, item: T): T[] {
  return [...items.slice(0, index), item, ...items.slice(index)];
}

/** Takes away the groups and conditions that nothing is left of. */
function tidy(tree: ConditionNode): ConditionNode {
  const full = mapConditions(tree, (condition) => ({
    ...condition,
    groups: condition.groups
      .map((group) => (group.nested?.groups.length === 0 ? { ...group, nested: null } : group))
      .filter(({ filters, nested }) => filters.length > 0 || nested !== null),
  }));
  return full.groups.length > 0 ? full : { ...emptyTree(), id: tree.id };
}

/** Where something stands. */
interface Place {
  condition: ConditionNode;
  group: GroupNode;
  groupIndex: number;
  /** -1 if it is the group itself. */
  filterIndex: number;
  /** Where the condition stands; null for the outermost. */
  parent: Place | null;
}

function placeOf(tree: ConditionNode, id: NodeId, parent: Place | null = null): Place | null {
  for (const [groupIndex, group] of tree.groups.entries()) {
    const filterIndex = group.filters.findIndex((filter) => filter.id === id);
    const place: Place = { condition: tree, group, groupIndex, filterIndex, parent };
    if (group.id === id || filterIndex >= 0) return place;
    const deeper = group.nested && placeOf(group.nested, id, place);
    if (deeper) return deeper;
  }
  return null;
}

export function findFilter(tree: ConditionNode, id: NodeId): FilterNode | null {
  const place = placeOf(tree, id);
  return place?.group.filters[place.filterIndex] ?? null;
}

export function findGroup(tree: ConditionNode, id: NodeId): GroupNode | null {
  const place = placeOf(tree, id);
  return place?.group.id === id ? place.group : null;
}

export function updateFilter(
  tree: ConditionNode,
  id: NodeId,
  change: (filter: FilterNode) => FilterNode,
): ConditionNode {
  return mapConditions(tree, (condition) => ({
    ...condition,
    groups: condition.groups.map((group) =>
      group.filters.some((filter) => filter.id === id)
        ? { ...group, filters: group.filters.map((it) => (it.id === id ? change(it) : it)) }
        : group,
    ),
  }));
}

export function setLogic(tree: ConditionNode, conditionId: NodeId, logic: Logic): ConditionNode {
  return mapConditions(tree, (it) => (it.id === conditionId ? { ...it, logic } : it));
}

export function addFilter(
  tree: ConditionNode,
  groupId: NodeId,
  filter: FilterNode = blankFilter(),
): ConditionNode {
  return mapGroup(tree, groupId, (group) => ({ ...group, filters: [...group.filters, filter] }));
}

export function addGroup(
  tree: ConditionNode,
  conditionId: NodeId,
  group: GroupNode = groupOf(blankFilter()),
): ConditionNode {
  return mapConditions(tree, (it) =>
    it.id === conditionId ? { ...it, groups: [...it.groups, group] } : it,
  );
}

/** Gives a group a condition of its own: alternatives to choose from, beside its filters. */
export function addNested(tree: ConditionNode, groupId: NodeId, group: GroupNode): ConditionNode {
  return mapGroup(tree, groupId, (it) => ({
    ...it,
    nested: it.nested
      ? { ...it.nested, groups: [...it.nested.groups, group] }
      : conditionOf('OR', group),
  }));
}

/** Without tidying up: what is taken out is put in elsewhere. */
function takeOut(tree: ConditionNode, id: NodeId): ConditionNode {
  return mapConditions(tree, (condition) => ({
    ...condition,
    groups: condition.groups
      .filter((group) => group.id !== id)
      .map((group) => ({ ...group, filters: group.filters.filter((filter) => filter.id !== id) })),
  }));
}

/** Removes a filter, or a group with all that is in it. */
export function remove(tree: ConditionNode, id: NodeId): ConditionNode {
  return tidy(takeOut(tree, id));
}

function copyFilter(filter: FilterNode): FilterNode {
  return { ...filter, id: newId() };
}

function copyGroup(group: GroupNode): GroupNode {
  return {
    id: newId(),
    filters: group.filters.map(copyFilter),
    nested: group.nested && {
      ...group.nested,
      id: newId(),
      groups: group.nested.groups.map(copyGroup),
    },
  };
}

/** Puts a copy behind a filter or group, and says which node it is. */
export function duplicate(
  tree: ConditionNode,
  id: NodeId,
): { tree: ConditionNode; copy: NodeId } | null {
  const place = placeOf(tree, id);
  if (!place) return null;
  const filter = place.group.filters[place.filterIndex];
  if (filter) {
    const copy = copyFilter(filter);
    return { tree: putFilter(tree, copy, place.group.id, place.filterIndex + 1), copy: copy.id };
  }
  const copy = copyGroup(place.group);
  return { tree: putGroup(tree, copy, place.condition.id, place.groupIndex + 1), copy: copy.id };
}

function putFilter(
  tree: ConditionNode,
  filter: FilterNode,
  groupId: NodeId,
  index: number,
): ConditionNode {
  return mapGroup(tree, groupId, (group) => ({
    ...group,
    filters: inserted(group.filters, index, filter),
  }));
}

function putGroup(
  tree: ConditionNode,
  group: GroupNode,
  conditionId: NodeId,
  index: number,
): ConditionNode {
  return mapConditions(tree, (it) =>
    it.id === conditionId ? { ...it, groups: inserted(it.groups, index, group) } : it,
  );
}

function contains(group: GroupNode, id: NodeId): boolean {
  if (group.id === id) return true;
  if (!group.nested) return false;
  return group.nested.id === id || group.nested.groups.some((inner) => contains(inner, id));
}

/** Puts a filter before the one that stands at `index` of a group now. */
export function moveFilterTo(
  tree: ConditionNode,
  id: NodeId,
  groupId: NodeId,
  index: number,
): ConditionNode | null {
  const place = placeOf(tree, id);
  const filter = place?.group.filters[place.filterIndex];
  if (!place || !filter) return null;
  const isSame = place.group.id === groupId;
  if (isSame && (index === place.filterIndex || index === place.filterIndex + 1)) return null;
  const target = isSame && index > place.filterIndex ? index - 1 : index;
  return tidy(putFilter(takeOut(tree, id), filter, groupId, target));
}

/** Puts a group before the one that stands at `index` of a condition now; never into itself. */
export function moveGroupTo(
  tree: ConditionNode,
  id: NodeId,
  conditionId: NodeId,
  index: number,
): ConditionNode | null {
  const place = placeOf(tree, id);
  if (!place || place.group.id !== id || contains(place.group, conditionId)) return null;
  const isSame = place.condition.id === conditionId;
  if (isSame && (index === place.groupIndex || index === place.groupIndex + 1)) return null;
  const target = isSame && index > place.groupIndex ? index - 1 : index;
  return tidy(putGroup(takeOut(tree, id), place.group, conditionId, target));
}

/** One step: up and down in the order one sees, into a nested group, or out of it. */
export function move(tree: ConditionNode, id: NodeId, direction: Direction): ConditionNode | null {
  const place = placeOf(tree, id);
  if (!place) return null;
  const filter = place.group.filters[place.filterIndex];
  return filter ? moveFilter(tree, place, filter, direction) : moveGroup(tree, place, direction);
}

function moveFilter(
  tree: ConditionNode,
  place: Place,
  filter: FilterNode,
  direction: Direction,
): ConditionNode | null {
  const { condition, group, groupIndex, filterIndex, parent } = place;
  const to = (target: GroupNode, index: number) => moveFilterTo(tree, filter.id, target.id, index);
  switch (direction) {
    case 'up': {
      if (filterIndex > 0) return to(group, filterIndex - 1);
      const before = condition.groups[groupIndex - 1] ?? parent?.group;
      return before ? to(before, before.filters.length) : null;
    }
    case 'down': {
      if (filterIndex < group.filters.length - 1) return to(group, filterIndex + 2);
      const after =
        group.nested?.groups[0] ??
        condition.groups[groupIndex + 1] ??
        parent?.condition.groups[parent.groupIndex + 1];
      return after ? to(after, 0) : null;
    }
    case 'in': {
      const inner = group.nested?.groups[0];
      if (inner) return to(inner, inner.filters.length);
      if (group.filters.length < 2) return null;
      return tidy(addNested(takeOut(tree, filter.id), group.id, groupOf(filter)));
    }
    case 'out': {
      if (parent) return to(parent.group, parent.group.filters.length);
      if (group.filters.length < 2 && !group.nested) return null;
      const alone = groupOf(filter);
      return tidy(putGroup(takeOut(tree, filter.id), alone, condition.id, groupIndex + 1));
    }
  }
}

function moveGroup(tree: ConditionNode, place: Place, direction: Direction): ConditionNode | null {
  const { condition, group, groupIndex, parent } = place;
  switch (direction) {
    case 'up':
      return groupIndex === 0 ? null : moveGroupTo(tree, group.id, condition.id, groupIndex - 1);
    case 'down':
      return groupIndex === condition.groups.length - 1
        ? null
        : moveGroupTo(tree, group.id, condition.id, groupIndex + 2);
    case 'in': {
      const before = condition.groups[groupIndex - 1];
      return before ? tidy(addNested(takeOut(tree, group.id), before.id, group)) : null;
    }
    case 'out':
      if (!parent) return null;
      return tidy(
        putGroup(takeOut(tree, group.id), group, parent.condition.id, parent.groupIndex + 1),
      );
  }
}

/** The filter or group that is nearest to one that is about to go: where the focus moves to. */
export function neighbourOf(tree: ConditionNode, id: NodeId): NodeId | null {
  const place = placeOf(tree, id);
  if (!place) return null;
  if (place.filterIndex >= 0) {
    const { filters } = place.group;
    const near = filters[place.filterIndex + 1] ?? filters[place.filterIndex - 1];
    return near?.id ?? place.group.id;
  }
  const { groups } = place.condition;
  return (groups[place.groupIndex + 1] ?? groups[place.groupIndex - 1] ?? place.parent?.group)?.id ?? null;
}
