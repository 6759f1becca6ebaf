// Dragging filters and groups with a pointer: a mouse, a pen or a finger. Keys and menus do the same.
//
// What can be dragged says in its markup where it stands: `data-drag` is its kind, `data-into` what holds
// it, `data-index` its place there. What holds some says so by `data-holds` and `data-holder`. So where a
// pointer is, the page itself answers, and nothing is measured in advance.
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

/** A pointer that moves less has been pressed, not dragged: fingers tremble. */
const BEGINS_AT_PX = 5;
/** So near to an edge of the window the page begins to scroll, the faster the nearer. */
const EDGE_PX = 110;
const SCROLL_PX_MAX = 16;

const dragged = signal<Dragged | null>(null);
const drop = signal<Drop | null>(null);

/** Markup of something that can be dragged, and that others can be put before or behind. */
export function draggable(kind: DragKind, id: NodeId, into: NodeId, index: number) {
  return {
    'data-drag': kind,
    'data-node': id,
    'data-into': into,
    'data-index': index,
    'data-dragged': dragged.value?.id === id,
  };
}

/** Markup of what holds such things: groups hold filters, conditions hold groups. */
export function holder(kind: DragKind, id: NodeId) {
  return { 'data-holds': kind, 'data-holder': id };
}

/** For `pointerdown` on the handle of what may be dragged. */
export function beginDrag(event: PointerEvent, what: Dragged): void {
  const handle = event.currentTarget as HTMLElement;
  const item = handle.closest<HTMLElement>('[data-drag]');
  const ground = handle.closest<HTMLElement>('.builder');
  if (event.button !== 0 || !event.isPrimary || !item || !ground) return;
  new Drag(event, what, handle, item, ground);
}

/** One drag, from the press to its end. */
class Drag {
  private readonly ending = new AbortController();
  private readonly startX: number;
  private readonly startY: number;
  /** Where the pointer is in the window. */
  private x: number;
  private y: number;
  private readonly scrolledAtStart = window.scrollY;
  private frame = 0;
  private isUnderWay = false;

  constructor(
    event: PointerEvent,
    private readonly what: Dragged,
    handle: HTMLElement,
    private readonly item: HTMLElement,
    private readonly ground: HTMLElement,
  ) {
    this.startX = this.x = event.clientX;
    this.startY = this.y = event.clientY;
    handle.setPointerCapture(event.pointerId);
    const { signal: ended } = this.ending;
    const own = (listener: (event: PointerEvent) => void) => (moved: PointerEvent) => {
      if (moved.pointerId === event.pointerId) listener(moved);
    };
    handle.addEventListener('pointermove', own((moved) => this.move(moved)), { signal: ended });
    handle.addEventListener('pointerup', own(() => this.finish()), { signal: ended });
    // Where the handle itself goes away, as by an undo, the document is told in its place.
    document.addEventListener('lostpointercapture', own(() => this.end()), { signal: ended });
    const press = (key: KeyboardEvent) => {
      if (key.key !== 'Escape' || !this.isUnderWay) return;
      key.preventDefault();
      key.stopPropagation();
      this.end();
    };
    window.addEventListener('keydown', press, { capture: true, signal: ended });
  }

  private move({ clientX, clientY }: PointerEvent): void {
    this.x = clientX;
    this.y = clientY;
    if (this.isUnderWay) return;
    if (Math.hypot(clientX - this.startX, clientY - this.startY) < BEGINS_AT_PX) return;
    this.isUnderWay = true;
    dragged.value = this.what;
    this.follow();
  }

  /** At every frame: a pointer that rests near an edge goes on scrolling. */
  private readonly follow = (): void => {
    this.scroll();
    this.shift();
    this.look();
    this.frame = requestAnimationFrame(this.follow);
  };

  private scroll(): void {
    const fromTop = EDGE_PX - this.y;
    const fromBottom = this.y - (window.innerHeight - EDGE_PX);
    const depth = fromTop > 0 ? -fromTop : Math.max(fromBottom, 0);
    if (depth === 0) return;
    const step = Math.max(-1, Math.min(depth / EDGE_PX, 1)) * SCROLL_PX_MAX;
    window.scrollBy({ top: step, behavior: 'instant' });
  }

  /** What is dragged goes along, within the builder: so the page becomes no longer by it. */
  private shift(): void {
    const moved = this.y - this.startY + window.scrollY - this.scrolledAtStart;
    const shifted = parseFloat(this.item.style.getPropertyValue('--shift')) || 0;
    const box = this.item.getBoundingClientRect();
    const limits = this.ground.getBoundingClientRect();
    const upMost = limits.top - (box.top - shifted);
    const downMost = limits.bottom - (box.bottom - shifted);
    this.item.style.setProperty('--shift', `${Math.max(upMost, Math.min(moved, downMost))}px`);
  }

  private look(): void {
    const { left, right } = this.ground.getBoundingClientRect();
    // A hand that slips sideways means the same place.
    const x = Math.max(left + 1, Math.min(this.x, right - 1));
    const under = document.elementsFromPoint(x, this.y).find((it) => this.ground.contains(it));
    const next = under ? this.dropAt(under) : null;
    const before = drop.peek();
    if (before?.into !== next?.into || before?.index !== next?.index) drop.value = next;
  }

  /** Before the first item that has its middle below the pointer; what is dragged is passed over. */
  private dropAt(under: Element): Drop | null {
    const { kind, id } = this.what;
    const holder = under.closest<HTMLElement>(`[data-holds="${kind}"]`);
    const into = holder?.dataset['holder'];
    if (!holder || into === undefined) return null;
    const held = `[data-drag="${kind}"][data-into="${CSS.escape(into)}"]`;
    const items = [...holder.querySelectorAll<HTMLElement>(held)];
    const next = items.find((item) => {
      const box = item.getBoundingClientRect();
      return item.dataset['node'] !== id && this.y < box.top + box.height / 2;
    });
    return { into, index: next ? Number(next.dataset['index']) : items.length };
  }

  private finish(): void {
    const target = drop.peek();
    const { id, kind, store } = this.what;
    const isDropped = this.isUnderWay && target !== null;
    this.end();
    if (!isDropped) return;
    const moveTo = kind === 'filter' ? moveFilterTo : moveGroupTo;
    if (store.change((tree) => moveTo(tree, id, target.into, target.index))) {
      store.focusOn.value = { id, part: 'handle' };
      store.announcement.value = 'Moved.';
    }
  }

  private end(): void {
    this.ending.abort();
    cancelAnimationFrame(this.frame);
    this.item.style.removeProperty('--shift');
    dragged.value = null;
    drop.value = null;
  }
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

/** A filter would land in this group, which has none to stand beside. */
export function dropsInto(group: NodeId): boolean {
  return dragged.value?.kind === 'filter' && drop.value?.into === group && drop.value.index === 0;
}
