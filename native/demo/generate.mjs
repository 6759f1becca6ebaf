#!/usr/bin/env node
// Writes contacts, events and emails of an invented SaaS product as NDJSON, for demos, tests and
// benchmarks. The same arguments give the same bytes on every machine.
//
// Nothing about a contact is stored: whatever is needed again (when she signed up, how active she
// is, when she was last seen) is drawn anew from a generator seeded with her index. So memory
// stays flat however many rows are asked for, and events still agree with the contact they belong
// to. Sign-ups follow a curve with a simple inverse, which turns "some contact that existed at t"
// into one multiplication and lets each file be written in the order things happened.
//
// The bundled sample/ was made with --contacts 300 --events 1450 --emails 850.
//
// Only + - * / and Math.sqrt touch the numbers: IEEE 754 fixes those to the last bit, whereas
// Math.pow and Math.log may differ from one engine to the next.

import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, exit, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { companies, countries, tags } from './people.mjs';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PRODUCT_AGE = 730 * DAY;

/** The moment that the bundled sample is a picture of, in milliseconds. */
export const SAMPLE_NOW = Date.parse('2026-06-01T12:00:00.000Z');

const USAGE = `usage: node generate.mjs --out DIR --contacts N [--events N] [--emails N] [--seed N] [--now ISO]

Writes DIR/contacts.ndjson, DIR/events.ndjson and DIR/emails.ndjson.

  --events N   how many events (default: 5 a contact)
  --emails N   how many emails (default: 3 a contact)
  --seed N     another number gives other people (default: 1)
  --now ISO    nothing but ends of trials lies after it (default: ${new Date(SAMPLE_NOW).toISOString()})
`;

// --- Random numbers -----------------------------------------------------------------------------

/** Each purpose draws from its own stream, so that adding a draw to one does not shift the others. */
const Stream = { identity: 1, traits: 2, profile: 3, events: 4, emails: 5 };

/** Chris Doty-Humphrey's sfc32: four words of state, cheap to reseed for every contact. */
class Random {
  constructor(seed) {
    this.userSeed = seed;
  }

  reseed(stream, index) {
    this.a = Math.imul(this.userSeed, 0x9e3779b1) ^ stream;
    this.b = Math.imul(index + 1, 0x85ebca6b);
    this.c = Math.imul(stream, 0xc2b2ae35) ^ index;
    this.counter = 1;
    for (let i = 0; i < 12; i++) this.uint32();
    return this;
  }

  uint32() {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  unit() {
    return this.uint32() / 0x1_0000_0000;
  }

  chance(probability) {
    return this.unit() < probability;
  }

  between(low, high) {
    return low + (high - low) * this.unit();
  }

  integer(low, high) {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  pick(list) {
    return list[Math.floor(this.unit() * list.length)];
  }

  /** `table` is [[item, weight], ...]; the weights need not add up to anything. */
  weighted(table) {
    let total = 0;
    for (const [, weight] of table) total += weight;
    let left = this.unit() * total;
    for (const [item, weight] of table) {
      if ((left -= weight) < 0) return item;
    }
    return table[table.length - 1][0];
  }
}

// --- The product and its customers --------------------------------------------------------------

const PLANS = [['free', 56], ['starter', 21], ['pro', 18], ['enterprise', 5]];
const SEAT_PRICE = { free: 0, starter: 9.5, pro: 29, enterprise: 49 };

const EVENTS = {
  free: [
    ['login', 40], ['page.pricing.viewed', 20], ['page.docs.viewed', 14], ['project_created', 9],
    ['checkout.abandoned', 5], ['report.exported', 4], ['invited.teammate', 3],
    ['support.ticket_opened', 2], ['purchased', 2], ['cancelled', 1],
  ],
  paid: [
    ['login', 42], ['page.docs.viewed', 11], ['project_created', 10], ['report.exported', 10],
    ['invited.teammate', 8], ['purchased', 7], ['page.pricing.viewed', 5], ['upgraded', 3],
    ['support.ticket_opened', 3], ['checkout.abandoned', 0.6], ['cancelled', 0.4],
  ],
};

const EVENT_DATA = {
  purchased: (random) => ({ amount: random.integer(2, 60) * 5, currency: random.pick(['USD', 'EUR', 'GBP']) }),
  upgraded: (random) => ({ to: random.pick(['starter', 'pro', 'pro', 'enterprise']) }),
  cancelled: (random) => ({ reason: random.pick(['price', 'missing feature', 'switched', 'no longer needed']) }),
  'support.ticket_opened': (random) => ({ priority: random.pick(['low', 'normal', 'normal', 'high']) }),
  'report.exported': (random) => ({ format: random.pick(['csv', 'pdf', 'xlsx']) }),
};

const MAIL_HOSTS = [
  ['gmail.com', 46], ['outlook.com', 17], ['yahoo.com', 9], ['icloud.com', 9], ['proton.me', 5], ['mail.example', 14],
];

const iso = (ms) => new Date(ms).toISOString();
const isoOrNull = (ms) => (ms === null ? 'null' : `"${iso(ms)}"`);
const hex = (word) => word.toString(16).padStart(8, '0');

const UNACCENTED = { ł: 'l', ø: 'o', ß: 'ss', æ: 'ae', đ: 'd', ı: 'i' };
const mailbox = (name) =>
  name.toLowerCase().normalize('NFD').replace(/[łøßæđı]/g, (c) => UNACCENTED[c]).replace(/[^a-z]/g, '');

class Product {
  constructor({ contacts, seed, now }) {
    this.contactCount = contacts;
    this.now = now;
    this.start = now - PRODUCT_AGE;
    this.random = new Random(seed);
  }

  /** Sign-ups speed up steadily: half the way in, a quarter of the contacts are there. */
  existingAt(t) {
    const age = (t - this.start) / PRODUCT_AGE;
    return Math.floor(this.contactCount * age * age);
  }

  id(index) {
    const random = this.random.reseed(Stream.identity, index);
    const w = [random.uint32(), random.uint32(), random.uint32(), random.uint32()].map(hex);
    const variant = '89ab'[random.integer(0, 3)];
    return `${w[0]}-${w[1].slice(0, 4)}-4${w[1].slice(5)}-${variant}${w[2].slice(1, 4)}-${w[2].slice(4)}${w[3]}`;
  }

  /** What events and emails have to know about a contact. */
  traits(index) {
    const random = this.random.reseed(Stream.traits, index);
    const age = Math.sqrt((index + random.unit()) / this.contactCount);
    const createdAt = Math.floor(this.start + PRODUCT_AGE * age);
    const lifetime = this.now - createdAt;
    const plan = random.weighted(PLANS);
    const paying = plan !== 'free';
    const subscribed = random.chance(0.82);
    const mood = random.unit() + (paying ? 0.15 : 0);
    const r = random.unit();

    let lastSeenAt, activity, openRate;
    if (mood > 0.62) { // in daily use; the fourth power puts a third of them within the last hour
      lastSeenAt = this.now - Math.min(lifetime, 3 * DAY * r * r * r * r);
      activity = random.between(0.6, 1);
      openRate = random.between(0.35, 0.75);
    } else if (mood > 0.28) { // looks in now and then
      lastSeenAt = this.now - Math.min(lifetime, 3 * DAY + 42 * DAY * r);
      activity = random.between(0.15, 0.4);
      openRate = random.between(0.15, 0.4);
    } else { // lost interest somewhere along the way
      lastSeenAt = createdAt + lifetime * 0.8 * r;
      activity = random.between(0.1, 0.4);
      openRate = random.between(0.02, 0.15);
    }
    return { createdAt, plan, paying, subscribed, lastSeenAt: Math.floor(lastSeenAt), activity, openRate };
  }

  contactLine(index) {
    const { createdAt, plan, paying, subscribed, lastSeenAt, activity } = this.traits(index);
    const id = this.id(index);
    const random = this.random.reseed(Stream.profile, index);

    const country = random.weighted(countries);
    const [firstName, firstMailbox = mailbox(firstName)] = random.pick(country.first).split('|');
    const [lastName, lastMailbox = mailbox(lastName)] = random.pick(country.last).split('|');
    const company = random.chance(paying ? 0.85 : 0.4) ? random.pick(companies) : null;
    const host = company !== null && random.chance(0.6)
      ? `${mailbox(company)}.example`
      : random.weighted(MAIL_HOSTS);
    // The index keeps addresses unique; a few people type theirs with capitals.
    let email = `${firstMailbox}.${lastMailbox}.${index.toString(36)}@${host}`;
    if (random.chance(0.01)) email = email[0].toUpperCase() + email.slice(1);

    const tenureDays = (lastSeenAt - createdAt) / DAY;
    const seats = plan === 'enterprise' ? random.integer(20, 120) : plan === 'pro' ? random.integer(1, 12) : 1;
    const data = {
      firstName,
      lastName,
      plan,
      country: country.code,
      language: country.language,
      logins: 1 + Math.floor(tenureDays * activity * random.between(0.3, 0.9)),
      mrr: SEAT_PRICE[plan] * seats,
      onboarded: random.chance(paying ? 0.93 : 0.55),
      lastLoginAt: iso(lastSeenAt),
      tags: tags.filter(() => random.chance(0.14)),
      profile: {
        tier: paying ? random.pick(['silver', 'gold', 'gold', 'platinum']) : random.pick(['bronze', 'silver']),
        city: random.pick(country.cities),
      },
    };
    if (company !== null) data.company = company;
    if (!paying && random.chance(0.85)) {
      const trialDays = random.chance(0.3) ? 44 : 30;
      data.trialEndsAt = iso(createdAt + trialDays * DAY);
    }
    if (random.chance(0.35)) {
      const born = new Date(Date.UTC(random.integer(1956, 2005), 0, 1) + random.integer(0, 364) * DAY);
      data.birthday = born.toISOString().slice(0, 10);
    }
    if (random.chance(0.5)) data.nps = random.chance(0.25) ? null : random.integer(paying ? 4 : 1, 10);
    // An old import wrote scores as text, as such imports do, and a key with a dot in it.
    const score = random.integer(0, 100);
    if (random.chance(0.6)) data.score = random.chance(0.06) ? random.pick([String(score), 'n/a']) : score;
    if (random.chance(0.15)) data['utm.source'] = random.pick(['newsletter', 'podcast', 'ads', 'friend']);

    const updatedAt = random.between(lastSeenAt, this.now);
    return JSON.stringify({ id, email, subscribed, createdAt: iso(createdAt), updatedAt: iso(updatedAt), data });
  }

  *contactLines() {
    for (let i = 0; i < this.contactCount; i++) yield this.contactLine(i);
  }

  /**
   * The instants of `count` events or emails, ascending. They cluster towards now as the product
   * grows, faster than the contacts do, because early customers come back too.
   */
  instant(k, count, random) {
    return Math.floor(this.start + PRODUCT_AGE * Math.sqrt(Math.sqrt((k + random.unit()) / count)));
  }

  /**
   * A contact that existed at `t` and passes `fits`. The tries are bounded because right after the
   * start, or in a tiny data set, nobody may fit; then anybody will do.
   */
  someoneAt(t, random, fits) {
    const choices = Math.max(1, this.existingAt(t));
    let index, traits;
    for (let tries = 0; tries < 200; tries++) {
      index = Math.floor(random.unit() * choices);
      traits = this.traits(index);
      if (fits(traits)) break;
    }
    return { index, traits };
  }

  /** Each contact's sign-up, merged in time with whatever else happened. */
  *eventLines(count) {
    const signUpCount = Math.min(this.contactCount, Math.ceil(count / 2));
    const otherCount = count - signUpCount;
    const random = new Random(this.random.userSeed).reseed(Stream.events, 0);
    const signUpContact = (k) => Math.floor(k * this.contactCount / signUpCount);

    let signUps = 0;
    let signUpAt = signUpCount > 0 ? this.traits(signUpContact(0)).createdAt : Infinity;
    for (let k = 0; k <= otherCount; k++) {
      const t = k < otherCount ? this.instant(k, otherCount, random) : Infinity;
      while (signUpAt <= t && signUps < signUpCount) {
        yield `{"contactId":"${this.id(signUpContact(signUps))}","name":"signed_up","createdAt":"${iso(signUpAt)}"}`;
        signUps++;
        if (signUps < signUpCount) signUpAt = this.traits(signUpContact(signUps)).createdAt;
      }
      if (k < otherCount) yield this.eventLine(t, random);
    }
  }

  eventLine(t, random) {
    const { index, traits } = this.someoneAt(t, random, (who) => t <= who.lastSeenAt && random.chance(who.activity));
    const name = random.weighted(traits.paying ? EVENTS.paid : EVENTS.free);
    const data = EVENT_DATA[name] ? `,"data":${JSON.stringify(EVENT_DATA[name](random))}` : '';
    const createdAt = iso(Math.max(t, traits.createdAt));
    return `{"contactId":"${this.id(index)}","name":"${name}","createdAt":"${createdAt}"${data}}`;
  }

  *emailLines(count) {
    const random = new Random(this.random.userSeed).reseed(Stream.emails, 0);
    for (let k = 0; k < count; k++) yield this.emailLine(this.instant(k, count, random), random);
  }

  emailLine(t, random) {
    // Those who unsubscribed still have the mail from before, and receipts.
    const { index, traits } = this.someoneAt(t, random, (who) => random.chance(who.subscribed ? 0.9 : 0.2));
    const happens = (probability, after, delayMax) => {
      const r = random.unit();
      const at = Math.floor(after + delayMax * r * r * r);
      return random.chance(probability) && at <= this.now ? at : null;
    };

    // A few are still queued: a row with nothing in it yet.
    const sentAt = random.chance(0.995) ? Math.max(t, traits.createdAt) : null;
    const bouncedAt = sentAt === null ? null : happens(0.02, sentAt, 2 * HOUR);
    const deliveredAt = sentAt === null || bouncedAt !== null ? null : happens(0.995, sentAt, HOUR / 6);
    const openedAt = deliveredAt === null ? null : happens(traits.openRate, deliveredAt, 3 * DAY);
    const clickedAt = openedAt === null ? null : happens(0.28, openedAt, HOUR);
    const complainedAt = openedAt === null ? null : happens(0.004, openedAt, DAY);
    return `{"contactId":"${this.id(index)}","sentAt":${isoOrNull(sentAt)},"deliveredAt":${isoOrNull(deliveredAt)}`
      + `,"openedAt":${isoOrNull(openedAt)},"clickedAt":${isoOrNull(clickedAt)}`
      + `,"bouncedAt":${isoOrNull(bouncedAt)},"complainedAt":${isoOrNull(complainedAt)}}`;
  }
}

// --- Files --------------------------------------------------------------------------------------

/**
 * Synchronous writes of about a megabyte: there is nothing else to do meanwhile, and a full disk
 * or a slow pipe holds the generator back instead of filling memory.
 */
function writeLines(path, lines, report) {
  const chunkLengthMin = 1 << 20;
  const file = openSync(path, 'w');
  let chunk = '';
  let count = 0;
  try {
    for (const line of lines) {
      chunk += line + '\n';
      count++;
      if (chunk.length >= chunkLengthMin) {
        writeFileSync(file, chunk);
        chunk = '';
        report(count);
      }
    }
    writeFileSync(file, chunk);
  } finally {
    closeSync(file);
  }
}

/** See USAGE for what the options mean; `now` is in milliseconds here. */
export function generate({ out, contacts, events = 5 * contacts, emails = 3 * contacts, seed = 1, now }) {
  const product = new Product({ contacts, seed, now });
  mkdirSync(out, { recursive: true });
  const files = [
    ['contacts', contacts, product.contactLines()],
    ['events', events, product.eventLines(events)],
    ['emails', emails, product.emailLines(emails)],
  ];
  for (const [name, total, lines] of files) {
    writeLines(join(out, `${name}.ndjson`), lines, (count) => {
      if (stderr.isTTY) stderr.write(`\r${name}: ${Math.floor(100 * count / total)} % `);
    });
    if (stderr.isTTY) stderr.write('\r\x1b[K');
  }
}

function fail(message) {
  stderr.write(`generate.mjs: ${message}\n\n${USAGE}`);
  exit(2);
}

function readOptions(args) {
  let values;
  try {
    const text = { type: 'string' };
    ({ values } = parseArgs({
      args,
      options: {
        out: text, contacts: text, events: text, emails: text, seed: text, now: text,
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    fail(error.message);
  }
  if (values.help) {
    stdout.write(USAGE);
    exit(0);
  }
  const natural = (name, min) => {
    if (values[name] === undefined) return undefined;
    const number = /^\d+$/.test(values[name]) ? Number(values[name]) : NaN;
    // Indexes and seeds are mixed as 32-bit words.
    if (!(number >= min && number <= 0xffff_ffff)) {
      fail(`--${name} wants a whole number from ${min} up, not "${values[name]}"`);
    }
    return number;
  };
  if (values.out === undefined || values.contacts === undefined) fail('--out and --contacts are required');
  const now = values.now === undefined ? SAMPLE_NOW : Date.parse(values.now);
  if (Number.isNaN(now)) fail(`--now wants an ISO 8601 date, not "${values.now}"`);
  return {
    out: values.out,
    contacts: natural('contacts', 1),
    events: natural('events', 0),
    emails: natural('emails', 0),
    seed: natural('seed', 0),
    now,
  };
}

if (argv[1] && resolve(argv[1]) === fileURLToPath(import.meta.url)) generate(readOptions(argv.slice(2)));
