import { readFile } from 'node:fs/promises';
import { Segmentry, SegmentryError } from '../../wasm/dist/index.js';

export { Segmentry, SegmentryError };

export const DIST = new URL('../../wasm/dist/', import.meta.url);
export const NOW = '2024-06-01T00:00:00Z';

const module = await WebAssembly.compile(await readFile(new URL('segmentry.wasm', DIST)));

/** An engine of its own for a test: a leak or a limit in one is none of the others' business. */
export function load(options) {
  return Segmentry.load({ wasm: module, ...options });
}

export function contact(id, more = {}) {
  return {
    id,
    email: `${id}@example.com`,
    subscribed: true,
    createdAt: '2024-01-01T00:00:00Z',
    updatedAt: '2024-05-01T00:00:00Z',
    ...more,
  };
}

/** A condition of one filter. */
export function one(field, operator, value, unit) {
  return { logic: 'AND', groups: [{ filters: [{ field, operator, value, unit }] }] };
}

export const PEOPLE = [
  contact('ada', { data: { plan: 'pro', seats: 12 } }),
  contact('bob', { data: { plan: 'pro', seats: 2 }, subscribed: false }),
  contact('cyd', { data: { plan: 'free' } }),
  contact('dan', { email: '  Dan@Example.COM ', data: null }),
];

export const EVENTS = [
  {
    contactId: 'ada',
    name: 'invoice.paid',
    createdAt: '2024-05-20T09:30:00Z',
    data: { amount: 3 },
  },
  { contactId: 'ada', name: 'invoice.paid', createdAt: '2024-04-20' },
  { contactId: 'cyd', name: 'invoice.paid', createdAt: '2024-01-20' },
];

export const EMAILS = [
  {
    contactId: 'ada',
    sentAt: '2024-05-01',
    deliveredAt: '2024-05-01',
    openedAt: '2024-05-02',
    clickedAt: null,
  },
  { contactId: 'bob', sentAt: '2024-05-01', bouncedAt: '2024-05-01T00:01:00Z' },
];

/** A table of everything above. */
export function people(segmentry) {
  const table = segmentry.table();
  for (const { errors } of [
    table.addContacts(PEOPLE),
    table.addEvents(EVENTS),
    table.addEmailActivity(EMAILS),
  ]) {
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
  }
  return table;
}

/** Matches a SegmentryError by its code, and by a part of its message. */
export function failsWith(code, message = '') {
  return (error) => {
    if (
      !(error instanceof SegmentryError) ||
      error.code !== code ||
      !error.message.includes(message)
    )
      throw error;
    return true;
  };
}
