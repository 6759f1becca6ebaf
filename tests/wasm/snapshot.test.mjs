// Snapshots: round trips, partial ones, and bytes that are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contact, failsWith, load, NOW, one, people } from './helpers.mjs';

const segmentry = await load();
const everyone = segmentry.filter(one('email', 'contains', ''));
const CONDITIONS = [
  one('data.plan', 'equals', 'pro'),
  one('data.seats', 'greaterThan', 2),
  one('subscribed', 'equals', true),
  one('email', 'contains', 'DAN'),
  one('createdAt', 'olderThan', 100, 'days'),
  one('updatedAt', 'equals', '2024-05-01'),
  one('event.invoice.paid', 'triggeredWithin', 30, 'days'),
  one('email.opened', 'triggered'),
  one('segment.vip', 'memberOfSegment'),
];

function answers(table) {
  return CONDITIONS.map((condition) => segmentry.filter(condition).members(table, { now: NOW }));
}

function sample() {
  const table = people(segmentry);
  table.setMembers('vip', ['ada', 'dan']);
  return table;
}

test('a whole snapshot holds everything', () => {
  const table = sample();
  const before = answers(table);
  const copy = segmentry.table();
  const bytes = table.snapshot();
  assert.ok(bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer);
  copy.load(bytes);
  assert.deepEqual(answers(copy), before);
  assert.equal(copy.size, 4);
  assert.equal(copy.email('dan'), 'dan@example.com');
  assert.deepEqual(copy.snapshot(), bytes);
  copy.load(bytes.buffer);
  assert.deepEqual(answers(copy), before);
});

test('a loaded table goes on like any other', () => {
  const copy = segmentry.table();
  copy.load(sample().snapshot());
  assert.equal(
    copy.addContacts([contact('eve', { data: { plan: 'pro' } }), contact('ada')]).added,
    1,
  );
  assert.equal(copy.addEvents([{ contactId: 'eve', name: 'new', createdAt: NOW }]).added, 1);
  assert.deepEqual(
    segmentry.filter(one('data.plan', 'equals', 'pro')).members(copy, { now: NOW }),
    ['ada', 'bob', 'eve'],
  );
  assert.deepEqual(segmentry.filter(one('event.new', 'triggered')).members(copy, { now: NOW }), [
    'eve',
  ]);
  assert.equal(copy.remove(['ada']), 1);
});

test('holes are closed', () => {
  const table = sample();
  table.remove(['bob']);
  const copy = segmentry.table();
  copy.load(table.snapshot());
  assert.deepEqual(everyone.members(copy, { now: NOW }), ['ada', 'cyd', 'dan']);
  assert.deepEqual(answers(copy), answers(table));
});

test('an empty table has a snapshot too', () => {
  const copy = sample();
  copy.load(segmentry.table().snapshot());
  assert.equal(copy.size, 0);
  assert.equal(everyone.count(copy, { now: NOW }), 0);
});

test('a partial snapshot holds what a filter needs, and says what it lacks', () => {
  const table = sample();
  for (const condition of CONDITIONS) {
    const filter = segmentry.filter(condition);
    const copy = segmentry.table();
    copy.load(table.snapshot({ fields: filter.fields }));
    assert.deepEqual(
      filter.members(copy, { now: NOW }),
      filter.members(table, { now: NOW }),
      filter.fields[0],
    );
    for (const other of CONDITIONS.filter((it) => it !== condition)) {
      const [field] = segmentry.filter(other).fields;
      assert.throws(
        () => segmentry.filter(other).count(copy, { now: NOW }),
        failsWith(
          field.startsWith('segment.') ? 'segment_reference' : 'field_not_loaded',
          field.replace('segment.', ''),
        ),
      );
    }
    assert.ok(copy.snapshot().length < table.snapshot().length);
  }
});

test('a snapshot may hold ids alone, and fields that nobody has', () => {
  const table = sample();
  const copy = segmentry.table();
  copy.load(table.snapshot({ fields: [] }));
  assert.equal(copy.size, 4);
  assert.throws(() => everyone.count(copy, { now: NOW }), failsWith('field_not_loaded', 'email'));
  copy.load(table.snapshot({ fields: new Set(['data.nothing', 'event.never']) }));
  assert.equal(segmentry.filter(one('data.nothing', 'exists')).count(copy, { now: NOW }), 0);
  assert.equal(segmentry.filter(one('event.never', 'notTriggered')).count(copy, { now: NOW }), 4);
});

test('refuses what is no field', () => {
  const table = sample();
  for (const field of ['', 'x', 'data.', 'event', 'email.sunk']) {
    assert.throws(() => table.snapshot({ fields: [field] }), failsWith('invalid'), field);
  }
  for (const fields of ['email', [5], null, 5])
    assert.throws(() => table.snapshot({ fields }), TypeError);
});

test('refuses damaged bytes, and keeps the content', () => {
  const table = segmentry.table();
  table.addContacts([contact('a', { data: { n: 1, s: 'x' } })]);
  table.addEvents([{ contactId: 'a', name: 'e', createdAt: NOW }]);
  const bytes = table.snapshot();
  const mine = sample();
  const before = answers(mine);
  const refused = (broken, what) =>
    assert.throws(
      () => mine.load(broken),
      (error) => {
        if (!['corrupt_snapshot', 'newer_snapshot'].includes(error.code)) throw error;
        return true;
      },
      what,
    );
  const { heapBytes } = segmentry.memory;
  for (let size = 0; size < bytes.length; size++)
    refused(bytes.subarray(0, size), `cut at ${size}`);
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const broken = bytes.slice();
      broken[at] ^= flip;
      refused(broken, `byte ${at} ^ ${flip}`);
    }
  }
  refused(new Uint8Array([...bytes, 0]), 'one byte more');
  refused(new Uint8Array(100), 'zeros');
  refused(new TextEncoder().encode('{"id":"a"}'), 'text');
  assert.equal(segmentry.memory.heapBytes, heapBytes);
  assert.deepEqual(answers(mine), before);
  mine.load(bytes);
  assert.equal(mine.size, 1);
});

test('refuses what is no bytes', () => {
  const table = segmentry.table();
  for (const wrong of [undefined, null, 5, 'bytes', [1, 2], {}]) {
    assert.throws(() => table.load(wrong), /TypeError: a snapshot must be/);
  }
});
