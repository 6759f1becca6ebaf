// The handle and the menu that filters and groups have in common.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from '../../ui/Icon';
import { Menu, type MenuItem } from '../../ui/Menu';
import type { ConditionStore } from '../conditionStore';
import type { Direction } from '../model/operations';
import type { NodeId } from '../model/tree';
import { canMove, duplicateNode, moveNode, removeNode } from './actions';
import { beginDrag, type DragKind } from './drag';

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
  const handle = useRef<HTMLButtonElement>(null);
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
    <button
      ref={handle}
      type="button"
      class="drag-handle"
      aria-label={`Move ${name} with the arrow keys`}
      title="Drag, or press the arrow keys"
      onPointerDown={(event) => beginDrag(event, { id, kind, store })}
      onKeyDown={press}
    >
      <Icon name="drag" />
    </button>
  );
}

function itemsFor(store: ConditionStore, id: NodeId, kind: DragKind): MenuItem[] {
  const step = (direction: Direction, title: string, icon: IconName): MenuItem => ({
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

export function NodeMenu({ store, id, kind, name, more }: NodeControlProps & { more?: () => MenuItem[] }) {
  return (
    <Menu label={`More for ${name}`} items={() => [...itemsFor(store, id, kind), ...(more?.() ?? [])]}>
      <Icon name="more" />
    </Menu>
  );
}
