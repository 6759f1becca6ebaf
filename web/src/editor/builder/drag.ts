// Dragging filters and groups with a pointer. Keys and menus do the same.
import { signal } from '@preact/signals';
import type { ConditionStore } from '../conditionStore';
import { moveFilterTo, moveGroupTo } from '../model/operations';
import type { NodeId } from '../model/tree';

export type DragKind = 'filter' | 'group';

interface Dragged {
  id: NodeId;
  kind: DragKind;
  /** Nothing is dropped into another condition's builder. */
  store: ConditionStore;
}

/** Before the item that is at `index` of the group's filters, or of the condition's groups. */
interface Drop {
  into: NodeId;
  index: number;
}

const dragged = signal<Dragged | null>(null);
const drop = signal<Drop | null>(null);

export function startDrag(event: DragEvent, what: Dragged): void {
  dragged.value = what;
  const item = (event.currentTarget as HTMLElement).closest<HTMLElement>('[data-drag]');
  if (!event.dataTransfer || !item) return;
  event.dataTransfer.effectAllowed = 'move';
  // Firefox drags only what carries something.
  event.dataTransfer.setData('text/plain', '');
  event.dataTransfer.setDragImage(item, 16, 16);
}

export function endDrag(): void {
  dragged.value = null;
  drop.value = null;
}

function isUpperHalf(event: DragEvent): boolean {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return event.clientY < box.top + box.height / 2;
}

/** Handlers of something that a dragged thing can be put before or behind. */
export function dropTarget(store: ConditionStore, kind: DragKind, into: NodeId, index: number) {
  return {
    onDragOver: (event: DragEvent) => {
      if (dragged.value?.kind !== kind || dragged.value.store !== store) return;
      event.preventDefault();
      event.stopPropagation();
      const next = { into, index: isUpperHalf(event) ? index : index + 1 };
      if (drop.value?.into !== next.into || drop.value.index !== next.index) drop.value = next;
    },
    onDrop: finishDrop,
  };
}

/** Handlers of a group's ground: filters go behind its last one. */
export function dropGround(store: ConditionStore, groupId: NodeId, count: number) {
  return {
    onDragOver: (event: DragEvent) => {
      if (dragged.value?.kind !== 'filter' || dragged.value.store !== store) return;
      event.preventDefault();
      event.stopPropagation();
      if (drop.value?.into !== groupId || drop.value.index !== count) {
        drop.value = { into: groupId, index: count };
      }
    },
    onDrop: finishDrop,
  };
}

function finishDrop(event: DragEvent): void {
  if (!dragged.value || !drop.value) return;
  event.preventDefault();
  event.stopPropagation();
  const { id, kind, store } = dragged.value;
  const { into, index } = drop.value;
  const moveTo = kind === 'filter' ? moveFilterTo : moveGroupTo;
  if (store.change((tree) => moveTo(tree, id, into, index))) {
    store.focusOn.value = { id, part: 'handle' };
    store.announcement.value = 'Moved.';
  }
  endDrag();
}

/** At which edge of the item the dragged thing would land: for a line that shows it. */
export function dropEdge(
  kind: DragKind,
  into: NodeId,
  index: number,
  count: number,
): 'before' | 'after' | undefined {
  if (dragged.value?.kind !== kind || drop.value?.into !== into) return undefined;
  if (drop.value.index === index) return 'before';
  return drop.value.index === index + 1 && index === count - 1 ? 'after' : undefined;
}

export function isDragged(id: NodeId): boolean {
  return dragged.value?.id === id;
}
