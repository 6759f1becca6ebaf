// The icons: strokes of 1.6 on a grid of 20, in the colour of the text beside them.
import type { JSX } from 'preact';

const STROKES = {
  segments: 'M13 10a5 5 0 1 1-10 0 5 5 0 0 1 10 0ZM17 10a5 5 0 1 1-10 0 5 5 0 0 1 10 0Z',
  contacts: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c.6-3 3-4.6 6-4.6s5.4 1.6 6 4.6',
  events: 'M11 2.5 4.5 11.5h5L9 17.5l6.5-9h-5L11 2.5Z',
  fields: 'M3.5 4.5h13v11h-13zM3.5 8.5h13M8.5 8.5v7',
  campaigns: 'M3.5 5h13v10h-13zM3.5 5.5 10 11l6.5-5.5',
  webhooks:
    'M12.4 7.9a3.2 3.2 0 1 0-4.7.1L5.2 12.4M10 5.6l2.6 4.7M4.4 12.6a3.2 3.2 0 1 0 4.3 3M8.8 14.6H14M15.6 17.3a3.2 3.2 0 1 0-3-5.6',
  settings: 'M4 6h7M15 6h1M4 14h1M9 14h7M13 4v4M7 12v4',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  close: 'm5 5 10 10M15 5 5 15',
  logout: 'M8 4H4.5v12H8M12 6.5l3.5 3.5-3.5 3.5M15 10H8',
  system: 'M3.5 4.5h13v8.5h-13zM7 16.5h6',
  light:
    'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2.5V4M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M15.3 4.7l-1 1M5.7 14.3l-1 1',
  dark: 'M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5Z',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l4 4',
  plus: 'M10 4v12M4 10h12',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  edit: 'm4 16 .7-3.2L13 4.5l2.5 2.5-8.3 8.3L4 16Z',
  copy: 'M7 7h9.5v9.5H7zM4 13H3.5V3.5H13V4',
  trash: 'M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5',
  undo: 'M7.5 4.5 4 8l3.5 3.5M4 8h7.5a4.25 4.25 0 0 1 0 8.5H8',
  redo: 'M12.5 4.5 16 8l-3.5 3.5M16 8H8.5a4.25 4.25 0 0 0 0 8.5H12',
  refresh: 'M16 4v4h-4M15.5 8A6 6 0 1 0 16 11',
  upload: 'M10 13V4M6.5 7.5 10 4l3.5 3.5M4 13v3h12v-3',
  download: 'M10 4v9M6.5 9.5 10 13l3.5-3.5M4 16h12',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  'arrow-left': 'M16 10H4M8.5 5.5 4 10l4.5 4.5',
  'arrow-up': 'M10 16V4M5.5 8.5 10 4l4.5 4.5',
  'arrow-down': 'M10 4v12M5.5 11.5 10 16l4.5-4.5',
  'chevron-left': 'm12 5-5 5 5 5',
  'chevron-right': 'm8 5 5 5-5 5',
  'chevron-down': 'm5 8 5 5 5-5',
  enter: 'M4 10h9M9.5 6.5 13 10l-3.5 3.5M16.5 4v12',
  leave: 'M16 10H7M10.5 6.5 7 10l3.5 3.5M3.5 4v12',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4.2l2.8 1.6',
  warning: 'M10 3.5 2.5 16.5h15L10 3.5ZM10 8.5v3.5M10 14.3h.01',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9v4.5M10 6.5h.01',
  play: 'M6.5 4.5v11l9-5.5-9-5.5Z',
  drag: 'M7.5 5h.01M12.5 5h.01M7.5 10h.01M12.5 10h.01M7.5 15h.01M12.5 15h.01',
  question:
    'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM8 8.2a2 2 0 1 1 2.8 1.8c-.6.3-.8.6-.8 1.3M10 13.6h.01',
} as const;

export type IconName = keyof typeof STROKES;

/** Decoration: whoever uses it says in words what it means. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path
        d={STROKES[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
