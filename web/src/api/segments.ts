import { get, patch, path, post, postOnce, remove } from './client';
import type {
  Contact,
  Condition,
  CursorPage,
  Explanation,
  MembersAdded,
  Page,
  Preview,
  Segment,
  SegmentChange,
  SegmentDraft,
  SegmentSize,
  Usage,
} from './types';

export const segments = {
  list: (signal?: AbortSignal) => get<Segment[]>('/segments', {}, signal),
  get: (id: string, signal?: AbortSignal) => get<Segment>(path`/segments/${id}`, {}, signal),
  /** With a key it is created once, however often it is sent. */
  create: (draft: SegmentDraft, key?: string) =>
    key === undefined
      ? post<Segment>('/segments', draft)
      : postOnce<Segment>('/segments', draft, key),
  update: (id: string, changes: Partial<SegmentDraft>) =>
    patch<Segment>(path`/segments/${id}`, changes),
  delete: (id: string) => remove(path`/segments/${id}`),
  preview: (question: { condition: Condition; sample?: number; segmentId?: string }) =>
    post<Preview>('/segments/preview', question),

  members: (
    id: string,
    query: { page: number; pageSize: number; search?: string },
    signal?: AbortSignal,
  ) => get<Page<Contact>>(path`/segments/${id}/contacts`, query, signal),
  addMembers: (
    id: string,
    body: { emails: string[]; createMissing?: boolean; subscribed?: boolean },
  ) => post<MembersAdded>(path`/segments/${id}/members`, body),
  removeMembers: (id: string, emails: string[]) =>
    remove<{ removed: number }>(path`/segments/${id}/members`, { emails }),

  refresh: (id: string) => post<{ memberCount: number }>(path`/segments/${id}/refresh`),
  compute: (id: string) =>
    post<{ added: number; removed: number; total: number }>(path`/segments/${id}/compute`),

  changes: (id: string, query: { limit?: number; cursor?: string | null }, signal?: AbortSignal) =>
    get<CursorPage<SegmentChange>>(path`/segments/${id}/changes`, query, signal),
  sizes: (id: string, days: number, signal?: AbortSignal) =>
    get<{ data: SegmentSize[] }>(path`/segments/${id}/sizes`, { days }, signal),
  usage: (id: string, signal?: AbortSignal) => get<Usage>(path`/segments/${id}/usage`, {}, signal),
  explain: (id: string, contactId: string, signal?: AbortSignal) =>
    get<Explanation>(path`/segments/${id}/contacts/${contactId}/explain`, {}, signal),
};
