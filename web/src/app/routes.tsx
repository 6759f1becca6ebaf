// Which page answers which address. Pages are loaded when they are first shown.
import type { ComponentType } from 'preact';
import { match, type Params } from './router';

export interface PageProps {
  params: Params;
}

type PageModule = { default: ComponentType<PageProps> };

interface Route {
  pattern: string;
  /** The part of the navigation that it belongs to. */
  section: Section;
  load: () => Promise<PageModule>;
}

export type Section = 'segments' | 'contacts' | 'events' | 'fields' | 'campaigns' | 'settings';

export const SECTIONS: readonly { id: Section; title: string }[] = [
  { id: 'segments', title: 'Segments' },
  { id: 'contacts', title: 'Contacts' },
  { id: 'events', title: 'Events' },
  { id: 'fields', title: 'Fields' },
  { id: 'campaigns', title: 'Campaigns' },
  { id: 'settings', title: 'Settings' },
];

const editor = () => import('../editor/EditorPage');

/** The first that matches counts: fixed names stand before parameters. */
const ROUTES: readonly Route[] = [
  { pattern: '/', section: 'segments', load: () => import('../pages/segments/SegmentListPage') },
  {
    pattern: '/segments',
    section: 'segments',
    load: () => import('../pages/segments/SegmentListPage'),
  },
  { pattern: '/segments/new', section: 'segments', load: editor },
  { pattern: '/segments/:id/edit', section: 'segments', load: editor },
  {
    pattern: '/segments/:id',
    section: 'segments',
    load: () => import('../pages/segments/SegmentPage'),
  },
];

export function routeAt(path: string): { route: Route; params: Params } | null {
  for (const route of ROUTES) {
    const params = match(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}
