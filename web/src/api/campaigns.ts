import { get, path, post, put, remove, withQuery } from './client';
import type { Campaign, CampaignDraft, CampaignStatus, Page } from './types';

/** These routes wrap what they answer. */
interface Wrapped {
  success: true;
  data: Campaign;
}

const unwrapped = async (answer: Promise<Wrapped>): Promise<Campaign> => (await answer).data;

export const campaigns = {
  list: (
    query: { page: number; pageSize: number; search?: string; status?: CampaignStatus | '' },
    signal?: AbortSignal,
  ) => get<Page<Campaign>>('/campaigns', query, signal),
  get: (id: string, signal?: AbortSignal) =>
    unwrapped(get<Wrapped>(path`/campaigns/${id}`, {}, signal)),
  create: (draft: CampaignDraft) => unwrapped(post<Wrapped>('/campaigns', draft)),
  update: (id: string, draft: CampaignDraft) =>
    unwrapped(put<Wrapped>(path`/campaigns/${id}`, draft)),
  delete: (id: string) => remove<unknown>(path`/campaigns/${id}`),
  /** At once, or at an instant that lies ahead. */
  send: (id: string, scheduledFor?: string) =>
    unwrapped(post<Wrapped>(path`/campaigns/${id}/send`, scheduledFor ? { scheduledFor } : {})),
  cancel: (id: string) => unwrapped(post<Wrapped>(path`/campaigns/${id}/cancel`)),
  /** What the sender reports when it is done. */
  sent: (id: string) => unwrapped(post<Wrapped>(path`/campaigns/${id}/sent`)),
  recipientsPath: (id: string, format: 'ndjson' | 'csv') =>
    withQuery(path`/campaigns/${id}/recipients`, { format }),
};
