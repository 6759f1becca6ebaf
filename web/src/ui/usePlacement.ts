// Where something that opens from a control has room: below it or above it, and how much.
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Between the control and what opens, and to the edge of what is seen. */
const GAP_PX = 8;
/** Where there is less room than this on either side, what opens reaches beyond the window. */
const ROOM_PX_MIN = 160;

/** What is seen of the page: without the bars that lie over its edges, as `scroll-padding` has it. */
function seen(): { top: number; bottom: number } {
  const { scrollPaddingTop, scrollPaddingBottom } = getComputedStyle(document.documentElement);
  return {
    top: parseFloat(scrollPaddingTop) || 0,
    bottom: window.innerHeight - (parseFloat(scrollPaddingBottom) || 0),
  };
}

/**
 * Says it to the style sheet: `data-side` and `--room` of what opens. Its parent is what it opens from.
 */
export function usePlacement(opened: RefObject<HTMLElement | null>, isOpen: boolean): void {
  useLayoutEffect(() => {
    const element = opened.current;
    const control = element?.parentElement?.getBoundingClientRect();
    if (!isOpen || !element || !control) return;
    const { top, bottom } = seen();
    const below = bottom - control.bottom - GAP_PX;
    const above = control.top - top - GAP_PX;
    const isAbove = element.offsetHeight > below && above > below;
    element.dataset['side'] = isAbove ? 'above' : 'below';
    element.style.setProperty('--room', `${Math.max(isAbove ? above : below, ROOM_PX_MIN)}px`);
  }, [isOpen]);
}
