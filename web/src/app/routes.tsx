// Which page answers which address. Pages are loaded when they are first shown.
import type { ComponentType } from 'preact';
import { match, type Params } from './router';

export interface PageProps {
  params: Params;
}

type PageModule = { default: ComponentType<PageProps> };

type Load = () => Promise<PageModule>;

interface Route {
  pattern: string;
  /** The part of the navigation that it belongs to. */
  section: Section;
  load: Load;
}

export type Section =
  | 'segments'
  | 'contacts'
  | 'events'
  | 'fields'
  | 'campaigns'
  | 'webhooks'
  | 'settings';

export const SECTIONS: readonly { id: Section; title: string }[] = [
  { id: 'segments', title: 'Segments' },
  { id: 'contacts', title: 'Contacts' },
  { id: 'events', title: 'Events' },
  { id: 'fields', title: 'Fields' },
  { id: 'campaigns', title: 'Campaigns' },
  { id: 'webhooks', title: 'Webhooks' },
  { id: 'settings', title: 'Settings' },
];

const editor = () => import('../editor/EditorPage');

const segmentList = () => import('../pages/segments/SegmentListPage');
const campaignEditor = () => import('../pages/campaigns/CampaignEditPage');
const webhookEditor = () => import('../pages/webhooks/WebhookEditPage');

/** Patterns by section. The first that matches counts: fixed names stand before parameters. */
const PAGES: Readonly<Record<Section, readonly [pattern: string, load: Load][]>> = {
  segments: [
    ['/', segmentList],
    ['/segments', segmentList],
    ['/segments/new', editor],
    ['/segments/:id/edit', editor],
    ['/segments/:id', () => import('../pages/segments/SegmentPage')],
  ],
  contacts: [
    ['/contacts', () => import('../pages/contacts/ContactListPage')],
    ['/contacts/import', () => import('../pages/contacts/import/ImportPage')],
    ['/contacts/:id', () => import('../pages/contacts/ContactPage')],
  ],
  events: [
    ['/events', () => import('../pages/events/EventsPage')],
    ['/events/:name', () => import('../pages/events/EventPage')],
  ],
  fields: [
    ['/fields', () => import('../pages/fields/FieldListPage')],
    ['/fields/:field', () => import('../pages/fields/FieldPage')],
  ],
  campaigns: [
    ['/campaigns', () => import('../pages/campaigns/CampaignListPage')],
    ['/campaigns/new', campaignEditor],
    ['/campaigns/:id/edit', campaignEditor],
    ['/campaigns/:id', () => import('../pages/campaigns/CampaignPage')],
  ],
  webhooks: [
    ['/webhooks', () => import('../pages/webhooks/WebhookListPage')],
    ['/webhooks/new', webhookEditor],
    ['/webhooks/:id/edit', webhookEditor],
    ['/webhooks/:id/deliveries/:delivery', () => import('../pages/webhooks/DeliveryPage')],
    ['/webhooks/:id', () => import('../pages/webhooks/WebhookPage')],
  ],
  settings: [['/settings', () => import('../pages/settings/SettingsPage')]],
};

const ROUTES: readonly Route[] = SECTIONS.flatMap(({ id }) =>
  PAGES[id].map(([pattern, load]) => ({ pattern, section: id, load })),
);

export function routeAt(path: string): { route: Route; params: Params } | null {
  for (const route of ROUTES) {
    const params = match(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}
