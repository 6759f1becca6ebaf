// Who entered and left the demo's segments during the last weeks.
//
// This is not drawn at random: the segments are evaluated again and again on what was known then, by
// the same core that the server has (as the npm package), and compared with the time before. So the
// history follows from the contacts' events, emails and pasts, and ends with those who match now.
// What is invented is the past of the contacts (past.mjs), as the contacts themselves are.

import { randomUUID } from 'node:crypto';

import { Segmentry } from '../../wasm/dist/index.js';
import { chanceOf, pastOf } from './past.mjs';

const HOUR = 3_600_000;

/** A little more than the curves of the dashboard show. */
const HISTORY_MS = 33 * 24 * HOUR;
/** Between two looks at the segments. When somebody moved in between is found out afterwards. */
const STEP_MS = 12 * HOUR;
/** A segment's first members enter with the first sweep after it is made. */
const FIRST_SWEEP_MS = 10_000;

const ACTIVITIES = ['sentAt', 'deliveredAt', 'openedAt', 'clickedAt', 'bouncedAt', 'complainedAt'];

const iso = (ms) => new Date(Math.round(ms)).toISOString();
const isStatic = ({ condition }) => condition === undefined;
const isTracked = ({ trackMembership }) => trackMembership === true;

/** Who is in one set alone. */
function* differing(a, b) {
  for (const id of a) if (!b.has(id)) yield id;
  for (const id of b) if (!a.has(id)) yield id;
}

function groupedByContact(events) {
  const groups = new Map();
  for (const event of events) {
    const own = groups.get(event.contactId);
    if (own) own.push(event);
    else groups.set(event.contactId, [event]);
  }
  return groups;
}

/** The filters of the tracked segments and of those that they lead to, by name. */
function filtersOf(segmentry, segments) {
  const byName = new Map(segments.map((segment) => [segment.name, segment]));
  const filters = new Map();
  const add = ({ name, condition }) => {
    if (condition === undefined || filters.has(name)) return;
    const filter = segmentry.filter(condition);
    filters.set(name, filter);
    for (const field of filter.fields) {
      if (field.startsWith('segment.')) add(byName.get(field.slice('segment.'.length)));
    }
  };
  segments.filter(isTracked).forEach(add);
  return filters;
}

/** What the filters ask for. A table that has nothing else is quick to keep. */
class Asked {
  constructor(filters) {
    this.fields = new Set([...filters.values()].flatMap((filter) => filter.fields));
    this.activities = ACTIVITIES.filter((name) => this.fields.has(`email.${name.replace(/At$/, '')}`));
  }

  /** Of a contact's data. */
  keysOf(contacts) {
    const fields = [...this.fields];
    const isAsked = (key) => fields.some((field) => field === `data.${key}` || field.startsWith(`data.${key}.`));
    return [...new Set(contacts.flatMap(({ data }) => Object.keys(data)))].filter(isAsked);
  }

  event({ name }) {
    return this.fields.has(`event.${name}`);
  }
}

/** Things that happen to contacts, each `{ at, id }`, handed out as time goes by. */
class Timeline {
  constructor(items) {
    this.items = items.sort((a, b) => a.at - b.at);
    this.next = 0;
  }

  /** Those up to an instant that have not been handed out yet. */
  until(at) {
    const first = this.next;
    while (this.next < this.items.length && this.items[this.next].at <= at) this.next++;
    return this.items.slice(first, this.next);
  }
}

/** A table of what was known at one moment after another. */
class World {
  constructor(segmentry, { contacts, events, emails }, filters, span) {
    const asked = new Asked(filters);
    const keys = asked.keysOf(contacts);
    const eventsOf = groupedByContact(events);
    this.table = segmentry.table();
    /** When something last happened to a contact, in the step under way. */
    this.touchedAt = new Map();
    this.pasts = new Map(contacts.map((contact) =>
      [contact.id, pastOf(contact, eventsOf.get(contact.id) ?? [], keys, span)]));
    this.created = new Timeline(contacts.map(({ id, createdAt }) => ({ at: Date.parse(createdAt), id })));
    this.changed = new Timeline([...this.pasts].flatMap(([id, past]) => past.changedAt.map((at) => ({ at, id }))));
    this.events = new Timeline(events.filter((event) => asked.event(event)).map((event) =>
      ({ at: Date.parse(event.createdAt), id: event.contactId, line: event })));
    this.activities = new Timeline(emails.flatMap((email) =>
      asked.activities.filter((name) => email[name] !== null).map((name) =>
        ({ at: Date.parse(email[name]), id: email.contactId, line: { contactId: email.contactId, [name]: email[name] } }))));
  }

  /** Lets everything happen that did up to an instant. */
  advance(at) {
    const created = this.created.until(at);
    const events = this.events.until(at);
    const activities = this.activities.until(at);
    const known = this.changed.until(at).filter(({ id }) => this.table.email(id) !== undefined);
    this.table.addContacts(created.map(({ id }) => this.pasts.get(id).at(at)));
    this.table.addEvents(events.map(({ line }) => line));
    this.table.addEmailActivity(activities.map(({ line }) => line));
    for (const id of new Set(known.map((change) => change.id))) this.table.update(this.pasts.get(id).at(at));
    this.touchedAt.clear();
    for (const item of [...created, ...known, ...events, ...activities]) {
      this.touchedAt.set(item.id, Math.max(item.at, this.touchedAt.get(item.id) ?? 0));
    }
  }
}

/** Goes through the weeks and notes who moved, when and why. */
class Walk {
  constructor(segmentry, data, segments, span) {
    this.span = span;
    this.filters = filtersOf(segmentry, segments);
    this.world = new World(segmentry, data, this.filters, span);
    this.statics = segments.filter(isStatic).map(({ name, members = [] }) => ({ name, joined: this.joined(name, members) }));
    this.tracked = segments.filter(isTracked)
      .map(({ name }) => ({ name, filter: this.filters.get(name), members: new Set() }));
    this.changes = this.statics.flatMap(({ name, joined }) =>
      joined.map(({ id, at }) => ({ segment: name, contactId: id, type: 'entry', at, cause: 'MANUAL' })));
  }

  /** When each was put into a static segment: most of them early, as such lists come about. */
  joined(name, members) {
    const { start, now } = this.span;
    return members.map((id) => {
      const from = Math.max(start, Date.parse(this.world.pasts.get(id).at(now).createdAt));
      return { id, at: from + FIRST_SWEEP_MS + chanceOf(id, name) ** 3 * (now - from - FIRST_SWEEP_MS) };
    });
  }

  membersAt(filter, now) {
    return new Set(filter.members(this.world.table, { now, segments: this.filters }));
  }

  /** When time alone moves somebody, to the millisecond. */
  flipOf(filter, id, from, to) {
    const { flipsAt } = filter.explain(this.world.table, id, { now: from, segments: this.filters });
    const at = flipsAt === null ? to : Date.parse(flipsAt);
    return at > from && at <= to ? at : to;
  }

  happen(at) {
    this.world.advance(at);
    for (const { name, joined } of this.statics) {
      this.world.table.setMembers(name, joined.filter((member) => member.at <= at).map(({ id }) => id));
    }
  }

  begin() {
    this.happen(this.span.start);
    for (const segment of this.tracked) {
      segment.members = this.membersAt(segment.filter, this.span.start);
      for (const contactId of segment.members) {
        const at = this.span.start + FIRST_SWEEP_MS;
        this.changes.push({ segment: segment.name, contactId, type: 'entry', at, cause: 'DEFINITION' });
      }
    }
  }

  step(from, to) {
    // First time passes and then things happen: so each move has its cause.
    for (const segment of this.tracked) {
      const waited = this.membersAt(segment.filter, to);
      segment.flips = new Map();
      for (const id of differing(segment.members, waited)) {
        segment.flips.set(id, this.flipOf(segment.filter, id, from, to));
      }
    }
    this.happen(to);
    for (const segment of this.tracked) this.note(segment, this.membersAt(segment.filter, to), from, to);
  }

  note(segment, members, from, to) {
    for (const contactId of differing(segment.members, members)) {
      const flip = segment.flips.get(contactId);
      this.changes.push({
        segment: segment.name,
        contactId,
        type: members.has(contactId) ? 'entry' : 'exit',
        // After the first sweep, which is when the others entered.
        at: Math.max(flip ?? this.world.touchedAt.get(contactId) ?? to, from + FIRST_SWEEP_MS + 1),
        cause: flip === undefined ? 'DATA' : 'CLOCK',
      });
    }
    segment.members = members;
  }

  run() {
    this.begin();
    for (let at = this.span.start; at < this.span.now; at += STEP_MS) {
      this.step(at, Math.min(at + STEP_MS, this.span.now));
    }
  }
}

/** The events that a server records of all this. */
function eventsOf(walk, segments, slugOf) {
  const dataOf = new Map(segments.filter(isTracked)
    .map(({ name, id }) => [name, { segmentId: id, segmentName: name }]));
  const moves = walk.changes.filter(({ segment }) => dataOf.has(segment)).map(({ segment, contactId, type, at }) =>
    ({ contactId, name: `segment.${slugOf(segment)}.${type}`, createdAt: iso(at), data: dataOf.get(segment) }));
  const left = [...walk.world.pasts].filter(([, { unsubscribedAt }]) => unsubscribedAt !== undefined)
    .map(([contactId, { unsubscribedAt }]) =>
      ({ contactId, name: 'contact.unsubscribed', createdAt: iso(unsubscribedAt) }));
  return [...moves, ...left];
}

/**
 * Gives segments a past that ends now.
 *
 * @param data  Lines of contacts, events and emails, parsed; events oldest first.
 * @param segments  As `segmentry import` reads them, but that they refer to each other by name alone.
 * @returns the segments, with ids and as old as their history; lines of changes.ndjson; and the
 *   events that belong to it.
 */
export async function historyOf(data, segments, now) {
  const segmentry = await Segmentry.load();
  const span = { start: now - HISTORY_MS, now };
  const walk = new Walk(segmentry, data, segments, span);
  walk.run();
  const createdAt = iso(span.start);
  const dated = segments.map((segment) => ({ id: randomUUID(), ...segment, createdAt, updatedAt: createdAt }));
  return {
    segments: dated,
    changes: walk.changes.sort((a, b) => a.at - b.at).map((change) => ({ ...change, at: iso(change.at) })),
    events: eventsOf(walk, dated, (name) => segmentry.slug(name)),
  };
}
