// A small project: the bundled sample's people and events, a few segments, and a hostile contact.
import { readFile } from 'node:fs/promises';

const SAMPLE = new URL('../../../native/demo/sample/', import.meta.url);

/** If any of this became markup, it would run: a test waits for `window.wasMarkup`. */
export const HOSTILE = '<img src=x onerror=window.wasMarkup=1>';
export const HOSTILE_EMAIL = '<img/src=x/onerror=window.wasMarkup=1>@example.com';

async function lines(name) {
  const text = await readFile(new URL(name, SAMPLE), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const filter = (field, operator, value, unit) => ({
  field,
  operator,
  ...(value === undefined ? {} : { value }),
  ...(unit === undefined ? {} : { unit }),
});
const all = (...filters) => ({ logic: 'AND', groups: [{ filters }] });

export const SEGMENTS = {
  pro: {
    name: 'Pro, subscribed',
    description: 'People on the Pro plan who want to hear from us.',
    condition: all(filter('data.plan', 'equals', 'pro'), filter('subscribed', 'equals', true)),
    trackMembership: true,
  },
  proInFrance: {
    name: 'Pro in France',
    condition: all(filter('data.country', 'equals', 'FR')),
  },
  active: {
    name: 'Signed up lately',
    condition: all(filter('event.signed_up', 'triggeredWithin', 3650, 'days')),
    trackMembership: false,
  },
  beta: { name: 'Beta testers', type: 'STATIC', description: 'Invited by hand.' },
  hostile: { name: HOSTILE, condition: all(filter('data.note', 'equals', HOSTILE)) },
};

async function inPieces(items, size, send) {
  for (let at = 0; at < items.length; at += size) await send(items.slice(at, at + size));
}

/** Fills a project; gives its segments by their names in SEGMENTS, and the sample's contacts. */
export async function seed(call) {
  const people = await lines('contacts.ndjson');
  const contacts = [];
  await inPieces(people, 20, async (piece) => {
    const created = piece.map(({ email, subscribed, data }) =>
      call('POST', '/contacts', { email, subscribed, data }),
    );
    contacts.push(...(await Promise.all(created)));
  });
  await call('POST', '/contacts', { email: HOSTILE_EMAIL, data: { note: HOSTILE } });

  const emailOf = new Map(people.map(({ id, email }) => [id, email]));
  const events = (await lines('events.ndjson'))
    .filter(({ createdAt }) => Date.parse(createdAt) < Date.now())
    .map(({ contactId, name, createdAt }) => ({
      event: name,
      email: emailOf.get(contactId),
      timestamp: createdAt,
    }));
  await inPieces(events, 500, (piece) => call('POST', '/v1/track/batch', piece));

  const segments = {};
  for (const [key, draft] of Object.entries(SEGMENTS)) {
    segments[key] = await call('POST', '/segments', draft);
  }
  // One that refers to another: so that one is in use.
  await call('PATCH', `/segments/${segments.proInFrance.id}`, {
    condition: all(
      filter('data.country', 'equals', 'FR'),
      filter(`segment.${segments.pro.id}`, 'memberOfSegment'),
    ),
  });
  const emails = contacts.slice(0, 3).map(({ email }) => email);
  await call('POST', `/segments/${segments.beta.id}/members`, { emails });
  await call('POST', `/segments/${segments.pro.id}/compute`);
  return { segments, contacts };
}
