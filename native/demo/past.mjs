// What was known of the demo's contacts during the last weeks.
//
// The generator knows people as they are at last. Here each of them gets a past that leads there and
// agrees with the events: who upgraded lately was on the free plan before, who is seen every day was
// seen every few days, and some come back after a silence. A contact's past is a list of instants at
// which something changed; between two of them it stays as it is.

const DAY = 24 * 3_600_000;

/** Who is active logs in at least that often: more often than the demo's segments look back. */
const SEEN_EVERY_MS = 12 * DAY;
/** So many of the active ones come back from a silence of up to SILENCE_MS. */
const RETURNING_SHARE = 0.15;
const SILENCE_MS = 90 * DAY;
/** So many of those who are not subscribed unsubscribed in these weeks. */
const UNSUBSCRIBED_SHARE = 0.08;

const CHEAPEST = { plan: 'starter', mrr: 9.5 };
const FREE = { plan: 'free', mrr: 0 };

/** A number in [0, 1) that belongs to a contact and a purpose: 32 bits of FNV-1a. */
export function chanceOf(id, purpose) {
  let hash = 0x811c9dc5;
  for (const char of `${purpose}/${id}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) / 0x1_0000_0000;
}

const iso = (ms) => new Date(ms).toISOString();

/** When a contact had been seen last, as [from when on, seen at], oldest first. */
function sightings(contact, start) {
  const createdAt = Date.parse(contact.createdAt);
  const last = Date.parse(contact.data.lastLoginAt);
  if (last <= start) return [[createdAt, last]];
  const phase = chanceOf(contact.id, 'phase') * SEEN_EVERY_MS;
  const isReturning = chanceOf(contact.id, 'returning') < RETURNING_SHARE;
  const silence = isReturning ? chanceOf(contact.id, 'silence') * SILENCE_MS : phase;
  const back = isReturning ? start + chanceOf(contact.id, 'back') * (last - start) : start;
  const seen = [[createdAt, Math.max(createdAt, Math.min(start, last) - silence)]];
  for (let at = back + phase; at < last; at += SEEN_EVERY_MS) {
    if (at > createdAt) seen.push([at, at]);
  }
  seen.push([last, last]);
  return seen;
}

/** What a contact paid, as [from when on, plan and mrr], oldest first. */
function plans({ createdAt, data }, events, start) {
  const now = { plan: data.plan, mrr: data.mrr };
  const begin = Date.parse(createdAt);
  const moved = (name) =>
    events.map((event) => (event.name === name ? Date.parse(event.createdAt) : 0)).find((at) => at > start);
  const upgradedAt = data.plan === 'free' ? undefined : moved('upgraded');
  if (upgradedAt !== undefined) return [[begin, FREE], [upgradedAt, now]];
  const cancelledAt = data.plan === 'free' ? moved('cancelled') : undefined;
  return cancelledAt === undefined ? [[begin, now]] : [[begin, CHEAPEST], [cancelledAt, now]];
}

/** Whether a contact was subscribed, as [from when on, whether], oldest first. */
function subscriptions({ id, createdAt, subscribed }, start, now) {
  const begin = Date.parse(createdAt);
  if (subscribed || chanceOf(id, 'unsubscribed') >= UNSUBSCRIBED_SHARE) return [[begin, subscribed]];
  const from = Math.max(start, begin);
  return [[begin, true], [from + chanceOf(id, 'left') * (now - from), false]];
}

/** Of [from when on, what], what is at an instant; before the first, the first. */
const valueAt = (list, at) => list.findLast(([from]) => from <= at)?.[1] ?? list[0][1];

/**
 * The past of a contact between two instants.
 *
 * @param events  Its own, oldest first.
 * @param keys  Of its data: the others are left out.
 * @returns instants, in no order, at which it changed; and the contact as it was at one.
 */
export function pastOf(contact, events, keys, { start, now }) {
  const seen = sightings(contact, start);
  const paid = plans(contact, events, start);
  const subscription = subscriptions(contact, start, now);
  const kept = Object.fromEntries(keys.filter((key) => key in contact.data).map((key) => [key, contact.data[key]]));
  const changes = [seen, paid, subscription].flatMap((list) => list.slice(1).map(([from]) => from));
  return {
    changedAt: changes.filter((at) => at > start && at <= now),
    unsubscribedAt: subscription[1]?.[0],
    at: (instant) => ({
      id: contact.id,
      email: contact.email,
      createdAt: contact.createdAt,
      updatedAt: contact.updatedAt, // no segment with a history asks for it
      subscribed: valueAt(subscription, instant),
      data: { ...kept, ...valueAt(paid, instant), lastLoginAt: iso(valueAt(seen, instant)) },
    }),
  };
}
