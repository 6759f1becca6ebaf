// Tables: data in, in every form; changes; stored members.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contact, EMAILS, EVENTS, failsWith, load, NOW, one, people, PEOPLE } from './helpers.mjs';

const segmentry = await load();
const everyone = segmentry.filter(one('email', 'contains', ''));
const idsOf = (table) => everyone.members(table, { now: NOW });
const ndjson = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('takes lines in every form', () => {
  const text = ndjson(PEOPLE);
  const bytes = new TextEncoder().encode(text);
  const forms = {
    objects: PEOPLE,
    text,
    'text without a last newline': text.trimEnd(),
    'a Uint8Array': bytes,
    'a Uint8Array within a buffer': new Uint8Array([10, ...bytes, 10]).subarray(
      1,
      bytes.length + 1,
    ),
    'a Buffer': Buffer.from(text),
    'an ArrayBuffer': bytes.buffer,
  };
  for (const [name, form] of Object.entries(forms)) {
    const table = segmentry.table();
    assert.deepEqual(table.addContacts(form), { added: 4, errors: [] }, name);
    assert.deepEqual(idsOf(table), ['ada', 'bob', 'cyd', 'dan'], name);
    assert.deepEqual(
      table.addEvents(form === PEOPLE ? EVENTS : ndjson(EVENTS)),
      { added: 3, errors: [] },
      name,
    );
    assert.deepEqual(
      table.addEmailActivity(form === PEOPLE ? EMAILS : ndjson(EMAILS)),
      { added: 2, errors: [] },
      name,
    );
    assert.equal(
      segmentry.filter(one('event.invoice.paid', 'triggered')).count(table, { now: NOW }),
      2,
    );
    assert.equal(segmentry.filter(one('email.bounced', 'triggered')).count(table, { now: NOW }), 1);
    assert.equal(table.size, 4);
    table.free();
  }
});

test('takes nothing at all', () => {
  const table = segmentry.table();
  for (const nothing of ['', [], new Uint8Array(0), new ArrayBuffer(0), '\n\n']) {
    assert.deepEqual(table.addContacts(nothing), { added: 0, errors: [] });
  }
  assert.equal(table.size, 0);
  assert.deepEqual(idsOf(table), []);
  assert.equal(everyone.count(table, { now: NOW }), 0);
  assert.deepEqual(
    everyone.nodes(table, { now: NOW }).map(({ count }) => count),
    [0, 0],
  );
});

test('reports bad lines by number, and takes the others', () => {
  const lines = [
    '',
    JSON.stringify(contact('a')),
    '{',
    JSON.stringify(contact('a')),
    '',
    JSON.stringify(contact('b')),
  ];
  const table = segmentry.table();
  const { added, errors } = table.addContacts(lines.join('\n'));
  assert.equal(added, 2);
  assert.deepEqual(
    errors.map(({ line }) => line),
    [3, 4],
  );
  for (const { message } of errors) assert.ok(message.length > 5, message);
  assert.deepEqual(idsOf(table), ['a', 'b']);
});

test('reports bad objects by position, and takes the others', () => {
  const circular = contact('c');
  circular.data = circular;
  const sparse = [contact('a'), , contact('b')];
  const bad = [
    undefined,
    null,
    5,
    'text',
    [],
    () => {},
    circular,
    contact('d', { data: { big: 1n } }),
    {},
  ];
  const table = segmentry.table();
  const { added, errors } = table.addContacts([...sparse, ...bad, contact('e'), contact('a')]);
  assert.equal(added, 3);
  assert.deepEqual(
    errors.map(({ line }) => line),
    [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14],
  );
  assert.match(errors[7].message, /circular/);
  assert.deepEqual(idsOf(table), ['a', 'b', 'e']);
});

test('counts lines on over pieces', () => {
  const filler = 'x'.repeat(5000);
  const rows = Array.from({ length: 400 }, (_, i) => contact(`c${i}`, { data: { filler } }));
  const [badAt, duplicateAt] = [199, 399];
  rows[badAt] = {};
  rows[duplicateAt] = rows[0];
  const text = ndjson(rows);
  assert.ok(text.length > 4 * (1 << 18), 'several pieces');
  for (const form of [rows, text, Buffer.from(text)]) {
    const table = segmentry.table();
    const { added, errors } = table.addContacts(form);
    assert.equal(added, 398);
    assert.deepEqual(
      errors.map(({ line }) => line),
      [badAt + 1, duplicateAt + 1],
    );
    table.free();
  }
});

test('a line may be longer than a piece, up to its limit', () => {
  const long = (size) =>
    JSON.stringify(contact('long', { data: { a: 'x'.repeat(60_000) } })).padEnd(size, ' ');
  const table = segmentry.table();
  const lines = [contact('a'), contact('b')].map((row) => JSON.stringify(row));
  const { added, errors } = table.addContacts(
    [lines[0], long(1 << 20), long((1 << 20) + 1), lines[1]].join('\n'),
  );
  assert.equal(added, 3);
  assert.deepEqual(
    errors.map(({ line }) => line),
    [3],
  );
});

test('refuses lone surrogates, each in its line', () => {
  const text = [
    contact('a'),
    contact('b\ud800'),
    contact('c'),
    contact('\udc00\ud800'),
    contact('😀'),
  ]
    .map(
      (row) =>
        `{"id":"${row.id}","email":"x@y.z","subscribed":true,"createdAt":"2024-01-01","updatedAt":"2024-01-01"}`,
    )
    .join('\n');
  const table = segmentry.table();
  const { added, errors } = table.addContacts(text);
  assert.equal(added, 3);
  assert.deepEqual(
    errors.map(({ line }) => line),
    [2, 4],
  );
  assert.deepEqual(idsOf(table), ['a', 'c', '😀']);

  const objects = table.addContacts([
    contact('\ud800'),
    contact('d', { data: { a: '\udfff' } }),
    contact('e'),
  ]);
  assert.equal(objects.added, 1);
  assert.deepEqual(
    objects.errors.map(({ line }) => line),
    [1, 2],
  );
});

test('keeps every character of an id', () => {
  const ids = [
    '\ufeffbom',
    'new\nline',
    'tab\t',
    '"quote"',
    'é',
    'e\u0301',
    '日本語',
    '😀',
    '\u007f',
    ' space ',
  ];
  const table = segmentry.table();
  assert.deepEqual(table.addContacts(ids.map((id) => contact(id, { email: 'x@example.com' }))), {
    added: ids.length,
    errors: [],
  });
  assert.deepEqual(idsOf(table), ids);
  for (const id of ids) assert.equal(table.email(id), 'x@example.com');
});

test("tells a contact's email as it is stored", () => {
  const table = people(segmentry);
  assert.equal(table.email('ada'), 'ada@example.com');
  assert.equal(table.email('dan'), 'dan@example.com');
  assert.equal(table.email('eve'), undefined);
  assert.equal(table.email('ada\0'), undefined);
  assert.equal(table.email('\ud800'), undefined);
  assert.throws(() => table.email(5), TypeError);
});

test('updates a contact, and leaves its events', () => {
  const table = people(segmentry);
  table.setMembers('vip', ['ada']);
  table.update(contact('ada', { email: 'New@Example.com', data: { plan: 'free' } }));
  assert.equal(table.email('ada'), 'new@example.com');
  assert.equal(table.size, 4);
  const count = (...filter) => segmentry.filter(one(...filter)).count(table, { now: NOW });
  assert.equal(count('data.plan', 'equals', 'pro'), 1);
  assert.equal(count('data.seats', 'exists'), 1);
  assert.equal(count('event.invoice.paid', 'triggered'), 2);
  assert.equal(count('segment.vip', 'memberOfSegment'), 1);
});

test('refuses a bad update, and changes nothing', () => {
  const table = people(segmentry);
  const before = table.snapshot();
  assert.throws(() => table.update(contact('eve')), failsWith('unknown_contact', 'eve'));
  assert.throws(
    () => table.update(contact('ada', { subscribed: 'yes' })),
    failsWith('invalid', 'subscribed'),
  );
  assert.throws(
    () => table.update(contact('ada', { createdAt: 'now' })),
    failsWith('invalid', 'createdAt'),
  );
  assert.throws(
    () => table.update({ ...contact('ada'), id: undefined }),
    failsWith('invalid', 'id'),
  );
  assert.throws(() => table.update(contact('ada', { data: { a: '\ud800' } })));
  assert.throws(() => table.update([contact('ada')]), failsWith('invalid'));
  assert.throws(() => table.update('{}'), TypeError);
  assert.throws(() => table.update(null), TypeError);
  assert.deepEqual(table.snapshot(), before);
});

test('removes contacts, and reuses nothing of theirs', () => {
  const table = people(segmentry);
  table.setMembers('vip', ['ada', 'bob']);
  assert.equal(table.remove(['ada', 'nobody', 'ada']), 1);
  assert.equal(table.remove([]), 0);
  assert.equal(table.size, 3);
  assert.deepEqual(idsOf(table), ['bob', 'cyd', 'dan']);
  assert.equal(table.addContacts([contact('eve')]).added, 1);
  const members = (...filter) => segmentry.filter(one(...filter)).members(table, { now: NOW });
  assert.deepEqual(members('segment.vip', 'memberOfSegment'), ['bob']);
  assert.deepEqual(members('event.invoice.paid', 'triggered'), ['cyd']);
  assert.equal(table.remove(new Set(['bob', 'cyd'])), 2);
  assert.throws(() => table.remove('bob'), /TypeError: ids must be an array of strings/);
  assert.throws(() => table.remove([1]), TypeError);
  assert.throws(() => table.remove(['a\0b']), TypeError);
  assert.throws(() => table.remove(['\ud800']), TypeError);
  assert.throws(() => table.remove(), TypeError);
});

test('stores members: these and no others', () => {
  const table = people(segmentry);
  const [isIn, isOut] = ['memberOfSegment', 'notMemberOfSegment'].map((operator) =>
    segmentry.filter(one('segment.vip', operator)),
  );
  const both = () => [isIn, isOut].map((filter) => filter.members(table, { now: NOW }));
  table.setMembers('vip', ['cyd', 'ada', 'ada']);
  assert.deepEqual(both(), [
    ['ada', 'cyd'],
    ['bob', 'dan'],
  ]);
  table.setMembers('vip', ['bob']);
  assert.deepEqual(both(), [['bob'], ['ada', 'cyd', 'dan']]);
  assert.throws(
    () => table.setMembers('vip', ['ada', 'eve']),
    failsWith('unknown_contact', '"eve"'),
  );
  assert.deepEqual(both(), [['bob'], ['ada', 'cyd', 'dan']]);
  table.setMembers('vip', []);
  assert.deepEqual(both(), [[], ['ada', 'bob', 'cyd', 'dan']]);
  table.addContacts([contact('eve')]);
  assert.deepEqual(both(), [[], ['ada', 'bob', 'cyd', 'dan', 'eve']]);
  assert.throws(() => table.setMembers(5, []), TypeError);
  assert.throws(() => table.setMembers('vip', 'ada'), TypeError);
});

test('stores members across many blocks', () => {
  const table = segmentry.table();
  const rows = Array.from({ length: 10_000 }, (_, i) => contact(`c${i}`));
  assert.equal(table.addContacts(rows).added, rows.length);
  const ids = rows.map(({ id }) => id).filter((_, i) => i % 7 === 3);
  table.setMembers('vip', ids);
  const filter = segmentry.filter(one('segment.vip', 'memberOfSegment'));
  assert.deepEqual(filter.members(table, { now: NOW }), ids);
  assert.deepEqual(
    filter.members(table, { now: NOW, offset: 100, limit: 50 }),
    ids.slice(100, 150),
  );
});

test('refuses data of other types', () => {
  const table = segmentry.table();
  for (const data of [undefined, null, 5, {}, new Set()]) {
    assert.throws(() => table.addContacts(data), /TypeError: data must be/);
  }
});

test('a toJSON that frees the table is told so', () => {
  const table = segmentry.table();
  const mine = { toJSON: () => (table.free(), contact('a')) };
  assert.throws(() => table.addContacts([mine]), failsWith('freed', 'table'));
});
