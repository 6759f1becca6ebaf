import { get, patch, path, post, postOnce, remove } from './client';
import type {
  CursorPage,
  Delivery,
  DeliveryStatus,
  ReplayRange,
  Webhook,
  WebhookDraft,
  WebhookWithSecret,
} from './types';

const replay = (id: string, body: ReplayRange & { dryRun: boolean }) =>
  post<{ matching: number; replayed: number }>(path`/webhooks/${id}/replay`, body);

export const webhooks = {
  list: (signal?: AbortSignal) => get<Webhook[]>('/webhooks', {}, signal),
  get: (id: string, signal?: AbortSignal) => get<Webhook>(path`/webhooks/${id}`, {}, signal),
  /** With the same key it is created once, and its secret answered again. */
  create: (draft: WebhookDraft, key: string) =>
    postOnce<WebhookWithSecret>('/webhooks', draft, key),
  /** Whoever says `enabled: true` also ends a pause. */
  update: (id: string, changes: Partial<WebhookDraft>) =>
    patch<Webhook>(path`/webhooks/${id}`, changes),
  delete: (id: string) => remove(path`/webhooks/${id}`),
  rotateSecret: (id: string) => post<WebhookWithSecret>(path`/webhooks/${id}/rotate-secret`),
  test: (id: string) => post<Delivery>(path`/webhooks/${id}/test`),

  deliveries: (
    id: string,
    query: { limit?: number; cursor?: string | null; status?: DeliveryStatus | '' },
    signal?: AbortSignal,
  ) => get<CursorPage<Delivery>>(path`/webhooks/${id}/deliveries`, query, signal),
  delivery: (id: string, signal?: AbortSignal) =>
    get<Delivery>(path`/deliveries/${id}`, {}, signal),
  retry: (deliveryId: string) => post<Delivery>(path`/deliveries/${deliveryId}/retry`),
  /** How many a replay would send again. */
  countReplay: async (id: string, range: ReplayRange) =>
    (await replay(id, { ...range, dryRun: true })).matching,
  replay: async (id: string, range: ReplayRange) =>
    (await replay(id, { ...range, dryRun: false })).replayed,
};
