// The handle and the menu that filters and groups have in common.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../../ui/Icon';
import type { ConditionStore } from '../conditionStore';
import type { Direction } from '../model/operations';
import type { NodeId } from '../model/tree';
import { canMove, duplicateNode, moveNode, removeNode } from './actions';
import { endDrag, startDrag, type DragKind } from './drag';

export interface Item {
  title: string;
  icon: IconName;
  act: () => void;
  isOff?: boolean;
}

interface NodeControlProps {
  store: ConditionStore;
  id: NodeId;
  kind: DragKind;
  /** What it is, such as `filter 2 of group 1`. */
  name: string;
}

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowRight: 'in',
  ArrowLeft: 'out',
};

/** Is dragged with a pointer, and moves what it belongs to with the arrow keys. */
export function DragHandle({ store, id, kind, name }: NodeControlProps) {
  const handle = useRef<HTMLSpanElement>(null);
  const wanted = store.focusOn.value;
  // Before the next key is pressed.
  useLayoutEffect(() => {
    if (wanted?.id !== id || wanted.part !== 'handle') return;
    handle.current?.focus();
    store.focusOn.value = null;
  }, [wanted]);

  const press = (event: KeyboardEvent) => {
    const direction = DIRECTIONS[event.key];
    if (direction) {
      event.preventDefault();
      moveNode(store, id, direction);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      removeNode(store, id);
    }
  };
  return (
    // Not a <button>: Firefox does not drag those.
    <span
      ref={handle}
      class="drag-handle"
      role="button"
      tabIndex={0}
      draggable
      aria-label={`Move ${name} with the arrow keys`}
      title="Drag, or press the arrow keys"
      onDragStart={(event) => startDrag(event, { id, kind, store })}
      onDragEnd={endDrag}
      onKeyDown={press}
    >
      <Icon name="drag" />
    </span>
  );
}

function itemsFor(store: ConditionStore, id: NodeId, kind: DragKind): Item[] {
  const step = (direction: Direction, title: string, icon: IconName): Item => ({
    title,
    icon,
    act: () => moveNode(store, id, direction),
    isOff: !canMove(store, id, direction),
  });
  return [
    step('up', 'Move up', 'arrow-up'),
    step('down', 'Move down', 'arrow-down'),
    step('in', kind === 'filter' ? 'Move into a nested group' : 'Nest in the group above', 'chevron-right'),
    step('out', kind === 'filter' ? 'Move out into a group' : 'Move out', 'chevron-left'),
    { title: 'Duplicate', icon: 'copy', act: () => duplicateNode(store, id) },
    { title: 'Remove', icon: 'trash', act: () => removeNode(store, id) },
  ];
}

export function NodeMenu({ store, id, kind, name, more }: NodeControlProps & { more?: () => Item[] }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const items = isOpen ? [...itemsFor(store, id, kind), ...(more?.() ?? [])] : [];

  useEffect(() => {
    if (isOpen) root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
  }, [isOpen]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (!isOpen) return;
    const all = [...(root.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at + all.length - 1) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (next !== undefined) all[next]?.focus();
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const leave = (event: FocusEvent) => {
    if (!root.current?.contains(event.relatedTarget as Node | null)) setOpen(false);
  };
  return (
    <div class="menu" ref={root} onKeyDown={press} onFocusOut={leave}>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={`More for ${name}`}
        title="More"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <div class="menu-list" role="menu" aria-label={`More for ${name}`}>
          {items.map(({ title, icon, act, isOff }) => (
            <button
              key={title}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-disabled={isOff ? true : undefined}
              onClick={() => {
                if (isOff) return;
                close();
                act();
              }}
            >
              <Icon name={icon} />
              {title}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
