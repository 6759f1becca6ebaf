#!/usr/bin/env node
// Writes the folder that the demo's project is imported from: data up to this moment, segments, and
// who entered and left them during the last weeks.
//
// The dynamic segments are those of segments.json, which `segmentry eval` reads too. They are a
// picture of the day that the bundled sample is of: their instants are moved along with it. Static
// ones are added here, since who is in them depends on who was generated.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, stderr } from 'node:process';
import { parseArgs } from 'node:util';

import { generate, SAMPLE_NOW } from './generate.mjs';
import { historyOf } from './history.mjs';

const CONTACTS = 20_000;
const EVENTS = 100_000;
const EMAILS = 60_000;

/** An instant, and not a date such as a birthday. */
const INSTANT = /^\d{4}-\d\d-\d\dT/;

/** A JSON value whose instants are as far from `now` as they were from the sample's day. */
function moveAlong(value, now) {
  if (typeof value === 'string' && INSTANT.test(value)) {
    return new Date(Date.parse(value) - SAMPLE_NOW + now).toISOString();
  }
  if (Array.isArray(value)) return value.map((item) => moveAlong(item, now));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, moveAlong(member, now)]));
}

const dynamicSegments = (now) =>
  moveAlong(JSON.parse(readFileSync(new URL('segments.json', import.meta.url), 'utf8')), now);

function staticSegments(contacts) {
  const those = (fits, most) => contacts.filter(fits).slice(0, most).map(({ id }) => id);
  return [
    {
      name: 'Beta testers',
      description: 'Asked one by one.',
      type: 'STATIC',
      members: those(({ data }) => data.tags.includes('developer') && data.onboarded, 120),
    },
    {
      name: 'Reference customers',
      description: 'May be named on the website.',
      type: 'STATIC',
      members: those(({ data }) => data.nps === 10 && data.company && data.plan !== 'free', 40),
    },
    {
      name: 'Beta testers to wake up',
      description: 'Testers who have not been seen for two weeks, and may be written to.',
      condition: {
        logic: 'AND',
        groups: [
          {
            filters: [
              { field: 'segment.Beta testers', operator: 'memberOfSegment' },
              { field: 'segment.Do not mail', operator: 'notMemberOfSegment' },
              { field: 'data.lastLoginAt', operator: 'olderThan', value: 14, unit: 'days' },
            ],
          },
        ],
      },
      trackMembership: true,
    },
  ];
}

const linesOf = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function prepare(out, now) {
  mkdirSync(out, { recursive: true });
  generate({ out, contacts: CONTACTS, events: EVENTS, emails: EMAILS, now });
  const read = (name) => readFileSync(join(out, name), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  const data = { contacts: read('contacts.ndjson'), events: read('events.ndjson'), emails: read('emails.ndjson') };
  const drafts = [...dynamicSegments(now), ...staticSegments(data.contacts)];
  const { segments, changes, events } = await historyOf(data, drafts, now);
  // Who is in a segment by hand is part of its history.
  const definitions = segments.map(({ members, ...definition }) => ({ type: members ? 'STATIC' : 'DYNAMIC', ...definition }));
  writeFileSync(join(out, 'segments.json'), `${JSON.stringify(definitions, null, 2)}\n`);
  writeFileSync(join(out, 'changes.ndjson'), linesOf(changes));
  appendFileSync(join(out, 'events.ndjson'), linesOf(events));
}

const { values } = parseArgs({ args: argv.slice(2), options: { out: { type: 'string' } } });
if (values.out === undefined) {
  stderr.write('usage: node prepare.mjs --out DIR\n');
  exit(2);
}
await prepare(values.out, Date.now());
