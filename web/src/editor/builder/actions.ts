// What can be done to a filter or group, by whatever means: a menu, keys, the mouse. Says what it did.
import {
  addFilter,
  addGroup,
  addNested,
  duplicate,
  findFilter,
  move,
  neighbourOf,
  remove,
  setLogic,
  type Direction,
} from '../model/operations';
import { blankFilter, groupOf, type Logic, type NodeId } from '../model/tree';
import type { ConditionStore } from '../conditionStore';

const MOVED: Readonly<Record<Direction, string>> = {
  up: 'Moved up.',
  down: 'Moved down.',
  in: 'Moved into a nested group.',
  out: 'Moved out of the group.',
};

export function moveNode(store: ConditionStore, id: NodeId, direction: Direction): void {
  if (store.change((tree) => move(tree, id, direction))) {
    store.focusOn.value = { id, part: 'handle' };
    store.announcement.value = MOVED[direction];
  } else {
    store.announcement.value = 'It cannot be moved any further.';
  }
}

export function canMove(store: ConditionStore, id: NodeId, direction: Direction): boolean {
  return move(store.tree.value, id, direction) !== null;
}

export function duplicateNode(store: ConditionStore, id: NodeId): void {
  const made = duplicate(store.tree.peek(), id);
  if (!made) return;
  store.change(() => made.tree);
  store.focusOn.value = { id: made.copy, part: 'handle' };
  store.announcement.value = 'Duplicated.';
}

export function removeNode(store: ConditionStore, id: NodeId): void {
  const next = neighbourOf(store.tree.peek(), id);
  const isFilter = findFilter(store.tree.peek(), id) !== null;
  store.change((tree) => remove(tree, id));
  store.focusOn.value = { id: next, part: 'handle' };
  store.announcement.value = isFilter ? 'Filter removed.' : 'Group removed.';
}

export function appendFilter(store: ConditionStore, groupId: NodeId): void {
  const filter = blankFilter();
  store.change((tree) => addFilter(tree, groupId, filter));
  store.focusOn.value = { id: filter.id, part: 'field' };
}

/** @param logic  How it is joined with the others; undefined: as they are. */
export function appendGroup(store: ConditionStore, conditionId: NodeId, logic?: Logic): void {
  const filter = blankFilter();
  store.change((tree) => {
    const grown = addGroup(tree, conditionId, groupOf(filter));
    return logic ? setLogic(grown, conditionId, logic) : grown;
  });
  store.focusOn.value = { id: filter.id, part: 'field' };
}

export function nestGroup(store: ConditionStore, groupId: NodeId): void {
  const filter = blankFilter();
  store.change((tree) => addNested(tree, groupId, groupOf(filter)));
  store.focusOn.value = { id: filter.id, part: 'field' };
}
