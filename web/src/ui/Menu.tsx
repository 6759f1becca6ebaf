// A button that opens a menu, as the ARIA practices have it: arrows move, Escape closes.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './Icon';
import { usePlacement } from './usePlacement';

export interface MenuItem {
  title: string;
  icon: IconName;
  act: () => void;
  /** It is there, but means nothing now. */
  isOff?: boolean;
}

interface MenuProps {
  label: string;
  /** Asked when it opens. */
  items: () => readonly MenuItem[];
  children: ComponentChildren;
}

export function Menu({ label, items, children }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  usePlacement(list, isOpen);
  const itemsShown = () => [...(list.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];

  useEffect(() => {
    if (isOpen) itemsShown()[0]?.focus();
  }, [isOpen]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (!isOpen) return;
    const all = itemsShown();
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
        aria-label={label}
        title="More"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {children}
      </button>
      {isOpen && (
        <>
          {/* A press beside the menu closes it, and does nothing to what happens to lie there. */}
          <div class="menu-ground" onClick={close} />
          <div class="menu-list" role="menu" aria-label={label} ref={list}>
            {items().map((item) => (
              <MenuRow key={item.title} item={item} onChoose={close} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}

function MenuRow({ item: { title, icon, act, isOff }, onChoose }: { item: MenuItem; onChoose: () => void }) {
  const choose = () => {
    if (isOff) return;
    onChoose();
    act();
  };
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      aria-disabled={isOff ? true : undefined}
      onClick={choose}
    >
      <Icon name={icon} />
      {title}
    </button>
  );
}
