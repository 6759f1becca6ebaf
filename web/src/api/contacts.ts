import { get, patch, path, post, remove, upload } from './client';
import type {
  Contact,
  ContactChange,
  ContactPage,
  ContactSegment,
  CursorPage,
  Field,
  FieldValues,
  ContactJob,
} from './types';
import { usageOf } from './usage';

export interface ContactDraft {
  email: string;
  subscribed?: boolean;
  data?: Record<string, unknown>;
}

/** What can be done to many contacts at once. */
export type BulkKind = 'subscribe' | 'unsubscribe' | 'delete';

interface Queued {
  jobId: string;
  status: string;
}

export const contacts = {
  list: (
    query: { limit?: number; cursor?: string | null; search?: string },
    signal?: AbortSignal,
  ) => get<ContactPage>('/contacts', query, signal),
  get: (id: string, signal?: AbortSignal) => get<Contact>(path`/contacts/${id}`, {}, signal),
  create: (draft: ContactDraft) =>
    post<Contact & { _meta: { isNew: boolean; isUpdate: boolean } }>('/contacts', draft),
  update: (id: string, changes: Partial<ContactDraft>) =>
    patch<Contact>(path`/contacts/${id}`, changes),
  delete: (id: string) => remove(path`/contacts/${id}`),
  lookup: (emails: string[]) =>
    post<{ found: string[]; notFound: string[] }>('/contacts/lookup', { emails }),
  segments: (id: string, signal?: AbortSignal) =>
    get<{ data: ContactSegment[] }>(path`/contacts/${id}/segments`, {}, signal),
  changes: (id: string, query: { limit?: number; cursor?: string | null }, signal?: AbortSignal) =>
    get<CursorPage<ContactChange>>(path`/contacts/${id}/changes`, query, signal),

  /** Of at most 1,000 contacts. */
  bulk: (kind: BulkKind, contactIds: readonly string[]) =>
    post<Queued>(`/contacts/bulk-${kind}`, { contactIds }),
  bulkJob: (jobId: string, signal?: AbortSignal) =>
    get<ContactJob>(path`/contacts/bulk/${jobId}`, {}, signal),

  /** `onSent` is told how many bytes have gone out, of how many. */
  import: (file: File, onSent: (sent: number, total: number) => void, signal: AbortSignal) => {
    const form = new FormData();
    form.append('file', file);
    return upload<Queued>('/contacts/import', form, onSent, signal);
  },
  importJob: (jobId: string, signal?: AbortSignal) =>
    get<ContactJob>(path`/contacts/import/${jobId}`, {}, signal),
};

export const fields = {
  list: (signal?: AbortSignal) =>
    get<{ fields: Field[]; count: number }>('/contacts/fields', {}, signal),
  values: (field: string, limit: number, signal?: AbortSignal) =>
    get<FieldValues>(path`/contacts/fields/${field}/values`, { limit }, signal),
  usage: (field: string, signal?: AbortSignal) =>
    usageOf(get(path`/contacts/fields/${field}/usage`, {}, signal)),
  delete: (field: string) => remove<unknown>(path`/contacts/fields/${field}`),
};
