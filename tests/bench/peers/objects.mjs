// The filter over plain JavaScript objects: with mingo, and as a loop written by hand.
//
//   node objects.mjs DIR NOW RUNS CONTESTANT...      (mingo, js)
//
// Contacts are what JSON.parse makes of them, with two comforts that spare both contestants work
// while they are timed: instants are numbers, and each contact carries its last open and last
// click. As nothing lies after NOW in this data, the last one decides what "within" asks.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { argv } from 'node:process';

import { bestOf, emit } from './measure.mjs';

const [dir, nowText, runs, ...wanted] = argv.slice(2);
const now = Date.parse(nowText);
const DAY = 86_400_000;

async function* rows(name) {
  const input = createReadStream(`${dir}/${name}.ndjson`);
  for await (const line of createInterface({ input, crlfDelay: Infinity })) yield JSON.parse(line);
}

async function loadContacts() {
  const contacts = [];
  const byId = new Map();
  for await (const contact of rows('contacts')) {
    contact.createdAt = Date.parse(contact.createdAt);
    contact.updatedAt = Date.parse(contact.updatedAt);
    contact.lastOpenedAt = null;
    contact.lastClickedAt = null;
    contacts.push(contact);
    byId.set(contact.id, contact);
  }
  const later = (known, text) => (text === null ? known : Math.max(known ?? -Infinity, Date.parse(text)));
  for await (const email of rows('emails')) {
    const contact = byId.get(email.contactId);
    contact.lastOpenedAt = later(contact.lastOpenedAt, email.openedAt);
    contact.lastClickedAt = later(contact.lastClickedAt, email.clickedAt);
  }
  return contacts;
}

const contestants = {
  async js(contacts) {
    const old = now - 30 * DAY;
    const since = now - 14 * DAY;
    const within = (t) => t !== null && t >= since && t <= now;
    const count = () => {
      let matches = 0;
      for (const contact of contacts) {
        if (contact.subscribed && contact.data.plan === 'pro' && contact.createdAt < old
          && (within(contact.lastOpenedAt) || within(contact.lastClickedAt))) matches++;
      }
      return matches;
    };
    const { result, us } = await bestOf(Number(runs), count);
    emit({ contestant: 'JavaScript, loop written by hand', count: result, us });
  },

  async mingo(contacts) {
    const contestant = 'mingo';
    const mingo = await import('mingo').catch((error) => {
      emit({ contestant, missing: `not installed (${error.code ?? error.message}): npm ci in tests/bench` });
    });
    if (!mingo) return;
    const within = { $gte: now - 14 * DAY, $lte: now };
    const query = new mingo.Query({
      subscribed: true,
      'data.plan': 'pro',
      createdAt: { $lt: now - 30 * DAY },
      $or: [{ lastOpenedAt: within }, { lastClickedAt: within }],
    });
    // Testing each contact is the cheapest way mingo has of counting: no cursor, no array.
    const count = () => {
      let matches = 0;
      for (const contact of contacts) if (query.test(contact)) matches++;
      return matches;
    };
    const { result, us } = await bestOf(Number(runs), count);
    emit({ contestant, count: result, us });
  },
};

const contacts = await loadContacts();
for (const name of wanted) await contestants[name](contacts);
