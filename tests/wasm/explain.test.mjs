// Explanations: why one contact matches, and when time alone changes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, load, NOW, one, people } from './helpers.mjs';

const segmentry = await load();
const table = people(segmentry);
const now = NOW;

const LATELY = {
  logic: 'OR',
  groups: [
    { filters: [{ field: 'event.invoice.paid', operator: 'triggeredWithin', value: 30, unit: 'days' }] },
    { filters: [{ field: 'data.plan', operator: 'equals', value: 'free' }] },
  ],
};

test('tells verdicts, what was seen, and when they flip', () => {
  const filter = segmentry.filter(LATELY);
  const flipsAt = '2024-06-19T09:30:00.001Z';
  assert.deepEqual(filter.explain(table, 'ada', { now }), {
    matches: true,
    flipsAt,
    searchedUntil: '9999-12-31T23:59:59.999Z',
    nodes: [
      { path: 'groups[0]', matches: true, flipsAt },
      {
        path: 'groups[0].filters[0]',
        matches: true,
        flipsAt,
        seen: { kind: 'occurrences', count: 2, last: '2024-05-20T09:30:00.000Z' },
      },
      { path: 'groups[1]', matches: false, flipsAt: null },
      {
        path: 'groups[1].filters[0]',
        matches: false,
        flipsAt: null,
        seen: { kind: 'text', value: 'pro' },
      },
    ],
  });
});

test('agrees with members, at the flip and a millisecond before it', () => {
  const filter = segmentry.filter(LATELY);
  for (const id of ['ada', 'bob', 'cyd', 'dan']) {
    const { matches, flipsAt, nodes } = filter.explain(table, id, { now });
    const isMember = (at) => filter.members(table, { now: at }).includes(id);
    assert.equal(isMember(now), matches);
    assert.deepEqual(
      nodes.map(({ path }) => path),
      filter.nodes(table, { now }).map(({ path }) => path),
    );
    if (flipsAt !== null) {
      assert.equal(isMember(flipsAt), !matches);
      assert.equal(isMember(Date.parse(flipsAt) - 1), matches);
    }
  }
});

test('follows references to segments', () => {
  table.setMembers('listed', ['bob']);
  const listed = segmentry.filter(one('segment.listed', 'notMemberOfSegment'));
  const [, node] = listed.explain(table, 'bob', { now }).nodes;
  assert.deepEqual(node.seen, { kind: 'membership', value: true });
  assert.equal(node.matches, false);

  const lately = segmentry.filter(LATELY);
  const inside = segmentry.filter(one('segment.lately', 'memberOfSegment'));
  const told = inside.explain(table, 'ada', { now, segments: { lately } });
  assert.equal(told.flipsAt, lately.explain(table, 'ada', { now }).flipsAt);
  assert.throws(
    () => inside.explain(table, 'ada', { now }),
    failsWith('segment_reference', 'lately'),
  );
});

test('needs only the fields of the filter', () => {
  const filter = segmentry.filter(LATELY);
  const part = segmentry.table();
  part.load(table.snapshot({ fields: filter.fields }));
  assert.deepEqual(filter.explain(part, 'cyd', { now }), filter.explain(table, 'cyd', { now }));
  assert.throws(
    () => segmentry.filter(one('email', 'equals', 'x')).explain(part, 'cyd', { now }),
    failsWith('field_not_loaded'),
  );
  part.free();
});

test('refuses what it cannot explain', () => {
  const filter = segmentry.filter(LATELY);
  assert.throws(() => filter.explain(table, 'eve', { now }), failsWith('unknown_contact', 'eve'));
  assert.throws(() => filter.explain(table, 7, { now }), /TypeError: contactId must be a string/);
  assert.throws(() => filter.explain(table, 'ada', {}), /TypeError: now is required/);
  assert.throws(() => filter.explain({}, 'ada', { now }), /TypeError: table must be/);
});

test('gives its memory back', async () => {
  const own = await load();
  const contacts = people(own);
  const filter = own.filter(LATELY);
  filter.explain(contacts, 'ada', { now });
  const { usedBytes, heapBytes } = own.memory;
  for (let i = 0; i < 50; i++) {
    filter.explain(contacts, 'ada', { now });
    assert.throws(() => filter.explain(contacts, 'eve', { now }));
  }
  assert.deepEqual(own.memory, { usedBytes, heapBytes });
});
