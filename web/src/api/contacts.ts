import { get, patch, path, post, remove, send } from './client';
import type {
  Contact,
  ContactChange,
  ContactPage,
  ContactSegment,
  CursorPage,
  Field,
  FieldValues,
  ImportJob,
} from './types';
import { usageOf } from './usage';

export interface ContactDraft {
  email: string;
  subscribed?: boolean;
  data?: Record<string, unknown>;
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

  import: async (file: File): Promise<{ jobId: string; status: string }> => {
    const form = new FormData();
    form.append('file', file);
    const response = await send('/contacts/import', { method: 'POST', body: form });
    return (await response.json()) as { jobId: string; status: string };
  },
  importJob: (jobId: string, signal?: AbortSignal) =>
    get<ImportJob>(path`/contacts/import/${jobId}`, {}, signal),
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
