import { get, path, post, put, remove, withQuery } from './client';
import type { Campaign, CampaignDraft } from './types';

export const campaigns = {
  list: (signal?: AbortSignal) => get<unknown>('/campaigns', {}, signal),
  get: (id: string, signal?: AbortSignal) => get<Campaign>(path`/campaigns/${id}`, {}, signal),
  create: (draft: CampaignDraft) => post<Campaign>('/campaigns', draft),
  update: (id: string, draft: CampaignDraft) => put<Campaign>(path`/campaigns/${id}`, draft),
  delete: (id: string) => remove(path`/campaigns/${id}`),
  send: (id: string, scheduledFor?: string) =>
    post<Campaign>(path`/campaigns/${id}/send`, scheduledFor ? { scheduledFor } : {}),
  cancel: (id: string) => post<Campaign>(path`/campaigns/${id}/cancel`),
  recipientsUrl: (id: string, format: 'ndjson' | 'csv') =>
    withQuery(path`/campaigns/${id}/recipients`, { format }),
};
