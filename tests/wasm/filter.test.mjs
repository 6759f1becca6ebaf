// Filters: conditions in, counts, members and nodes out; references to segments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contact, failsWith, load, NOW, one, people, SegmentryError } from './helpers.mjs';

const segmentry = await load();
const table = people(segmentry);
const now = NOW;

const CONDITION = {
  logic: 'OR',
  groups: [
    {
      filters: [
        { field: 'data.plan', operator: 'equals', value: 'pro' },
        { field: 'subscribed', operator: 'equals', value: true },
      ],
    },
    {
      filters: [],
      conditions: {
        logic: 'AND',
        groups: [
          {
            filters: [
              {
                field: 'event.invoice.paid',
                operator: 'notTriggeredWithin',
                value: 30,
                unit: 'days',
              },
            ],
          },
        ],
      },
    },
  ],
};

test('counts, lists and counts nodes', () => {
  const filter = segmentry.filter(CONDITION);
  assert.equal(filter.count(table, { now }), 4);
  assert.deepEqual(filter.members(table, { now }), ['ada', 'bob', 'cyd', 'dan']);
  assert.deepEqual(filter.nodes(table, { now }), [
    { path: 'groups[0]', count: 1 },
    { path: 'groups[0].filters[0]', count: 2 },
    { path: 'groups[0].filters[1]', count: 3 },
    { path: 'groups[1]', count: 3 },
    { path: 'groups[1].conditions.groups[0]', count: 3 },
    { path: 'groups[1].conditions.groups[0].filters[0]', count: 3 },
  ]);
});

test('takes a condition as JSON text too, and gives it back', () => {
  const filter = segmentry.filter(JSON.stringify(CONDITION));
  assert.deepEqual(filter.toJSON(), CONDITION);
  assert.deepEqual(JSON.parse(JSON.stringify({ filter })), { filter: CONDITION });
  assert.equal(segmentry.filter(filter).count(table, { now }), 4);
});

test('knows its fields', () => {
  const { groups } = CONDITION;
  const filter = segmentry.filter({ logic: 'AND', groups: [...groups, ...groups] });
  assert.deepEqual(filter.fields, ['data.plan', 'subscribed', 'event.invoice.paid']);
  filter.fields.push('x');
  assert.equal(filter.fields.length, 3);
});

test('lists a part of the members', () => {
  const filter = segmentry.filter(one('email', 'contains', 'example'));
  const part = (options) => filter.members(table, { now, ...options });
  assert.deepEqual(part({ limit: 2 }), ['ada', 'bob']);
  assert.deepEqual(part({ limit: 2, offset: 1 }), ['bob', 'cyd']);
  assert.deepEqual(part({ offset: 3 }), ['dan']);
  assert.deepEqual(part({ offset: 4 }), []);
  assert.deepEqual(part({ offset: 2 ** 40 }), []);
  assert.deepEqual(part({ limit: 0 }), []);
  assert.equal(part({ limit: Infinity }).length, 4);
  for (const bad of [-1, 1.5, NaN, '2', null]) {
    assert.throws(() => part({ limit: bad }), /TypeError: limit must be/);
    assert.throws(() => part({ offset: bad }), /TypeError: offset must be/);
  }
});

test('lists parts that start and end anywhere in a block', () => {
  const many = segmentry.table();
  const ids = Array.from({ length: 300 }, (_, i) => `c${i}`);
  many.addContacts(ids.map((id, i) => contact(id, { subscribed: i % 3 !== 0 })));
  const filter = segmentry.filter(one('subscribed', 'equals', true));
  const all = ids.filter((_, i) => i % 3 !== 0);
  for (let offset = 0; offset <= all.length; offset += 7) {
    for (const limit of [1, 41, 43, 64, 199, 200]) {
      assert.deepEqual(
        filter.members(many, { now, offset, limit }),
        all.slice(offset, offset + limit),
      );
    }
  }
});

test('throws everything that is wrong with a condition, with its place', () => {
  const bad = {
    logic: 'XOR',
    groups: [
      { filters: [{ field: 'data.plan', opertor: 'equals', value: 'pro' }] },
      {
        filters: [
          { field: 'subscribed', operator: 'contains', value: 'x' },
          { field: 'createdAt', operator: 'within', value: -1, unit: 'weeks' },
        ],
      },
    ],
  };
  assert.throws(
    () => segmentry.filter(bad),
    (error) => {
      assert.ok(error instanceof SegmentryError && error instanceof Error);
      assert.equal(error.name, 'SegmentryError');
      assert.equal(error.code, 'invalid');
      assert.deepEqual(
        error.errors.map(({ field }) => field),
        [
          'logic',
          'groups[0].filters[0].opertor',
          'groups[0].filters[0].operator',
          'groups[1].filters[0].operator',
          'groups[1].filters[1].value',
          'groups[1].filters[1].unit',
        ],
      );
      for (const { message, code } of error.errors) {
        assert.ok(message.length > 0);
        assert.match(code, /^[a-z_]+$/);
        assert.ok(error.message.includes(message));
      }
      return true;
    },
  );
});

test('refuses what is no condition', () => {
  for (const value of [
    null,
    5,
    true,
    [],
    {},
    '',
    '{',
    '[]',
    '"x"',
    one('data.a', 'equals', '\ud800'),
    '{"logic":"\ud800"}',
  ]) {
    assert.throws(
      () => segmentry.filter(value),
      failsWith('invalid'),
      String(JSON.stringify(value)),
    );
  }
  for (const value of [undefined, () => {}, Symbol('x'), 5n])
    assert.throws(() => segmentry.filter(value), TypeError);
});

test('keeps non-ASCII text', () => {
  const filter = segmentry.filter(one('data.straße', 'equals', '日本語 😀 "\\\n'));
  assert.deepEqual(filter.fields, ['data.straße']);
  assert.equal(filter.toJSON().groups[0].filters[0].value, '日本語 😀 "\\\n');
});

test('takes now in every form, and requires it', () => {
  const filter = segmentry.filter(one('event.invoice.paid', 'triggeredWithin', 1, 'days'));
  const ms = Date.parse('2024-05-21T00:00:00Z');
  for (const form of [
    new Date(ms),
    ms,
    '2024-05-21T00:00:00Z',
    '2024-05-21',
    '2024-05-21T00:00',
    '2024-05-21T02:00+02:00',
  ]) {
    assert.equal(filter.count(table, { now: form }), 1, String(form));
  }
  assert.equal(filter.count(table, { now: ms - 86_400_000 }), 0);
  assert.equal(filter.count(table, { now: -1 }), 0);
  for (const method of ['count', 'members', 'nodes']) {
    for (const options of [undefined, {}, { now: undefined }, { now: null }]) {
      assert.throws(
        () => filter[method](table, options),
        /TypeError: now is required: the engine never reads the clock/,
      );
    }
    assert.throws(() => filter[method](table, null), TypeError);
    assert.throws(() => filter[method](table, 5), TypeError);
  }
  for (const wrong of [NaN, Infinity, 0.5, new Date(NaN), 9e15, true, {}, 5n]) {
    assert.throws(
      () => filter.count(table, { now: wrong }),
      /TypeError: now must be/,
      String(wrong),
    );
  }
  for (const wrong of ['', 'now', 'yesterday', '2024', '05/06/2024', '2024-02-30', '\ud800']) {
    assert.throws(() => filter.count(table, { now: wrong }), failsWith('invalid', 'now'), wrong);
  }
});

test('refuses what is no table', () => {
  const filter = segmentry.filter(one('subscribed', 'equals', true));
  for (const wrong of [undefined, null, {}, filter, 'table']) {
    assert.throws(() => filter.count(wrong, { now }), /TypeError: table must be one that segmentry.table\(\) made/);
  }
});

test('evaluates the segments it is given, at the same now', () => {
  const pro = segmentry.filter(one('data.plan', 'equals', 'pro'));
  const recent = segmentry.filter(one('event.invoice.paid', 'triggeredWithin', 30, 'days'));
  const both = segmentry.filter({
    logic: 'AND',
    groups: [
      {
        filters: [
          { field: 'segment.pro', operator: 'memberOfSegment' },
          { field: 'segment.recent', operator: 'notMemberOfSegment' },
        ],
      },
    ],
  });
  const outer = segmentry.filter(one('segment.both', 'memberOfSegment'));
  const forms = [
    { pro, recent, both },
    new Map([
      ['pro', pro],
      ['recent', recent],
      ['both', both],
    ]),
    { pro: { filter: pro }, recent, both: { name: 'B', filter: both } },
  ];
  for (const segments of forms) {
    assert.deepEqual(both.members(table, { now, segments }), ['bob']);
    assert.deepEqual(outer.members(table, { now, segments }), ['bob']);
    assert.equal(outer.count(table, { now, segments }), 1);
    assert.equal(outer.count(table, { now: '2024-09-01', segments }), 2);
    assert.deepEqual(
      outer.nodes(table, { now, segments }).map(({ count }) => count),
      [1, 1],
    );
  }
});

test('falls back to stored members, and refuses what is neither', () => {
  const mine = people(segmentry);
  mine.setMembers('vip', ['cyd']);
  const filter = segmentry.filter(one('segment.vip', 'memberOfSegment'));
  assert.deepEqual(filter.members(mine, { now }), ['cyd']);
  assert.deepEqual(filter.members(mine, { now, segments: { vip: {} } }), ['cyd']);
  assert.deepEqual(filter.members(mine, { now, segments: { vip: { name: 'V', filter: null } } }), [
    'cyd',
  ]);
  const pro = segmentry.filter(one('data.plan', 'equals', 'pro'));
  assert.deepEqual(filter.members(mine, { now, segments: { vip: pro } }), ['ada', 'bob']);
  for (const segments of [undefined, {}, { vip: {} }, { other: pro }]) {
    for (const method of ['count', 'members', 'nodes']) {
      assert.throws(
        () => filter[method](table, { now, segments }),
        (error) => {
          assert.equal(error.code, 'segment_reference');
          assert.deepEqual(
            error.errors.map(({ field, code }) => [field, code]),
            [['groups[0].filters[0].field', 'unknown_segment']],
          );
          assert.match(error.message, /"vip"/);
          return true;
        },
      );
    }
  }
  for (const segments of [
    null,
    5,
    'x',
    { vip: 5 },
    { vip: null },
    { vip: { filter: {} } },
    new Map([[1, pro]]),
    { vip: { name: 5 } },
  ]) {
    assert.throws(() => filter.count(mine, { now, segments }), TypeError);
  }
});

test('refuses segments that refer to each other in a circle', () => {
  const ping = segmentry.filter(one('segment.pong', 'memberOfSegment'));
  const pong = segmentry.filter(one('segment.ping', 'notMemberOfSegment'));
  assert.throws(
    () => ping.count(table, { now, segments: { ping, pong } }),
    failsWith('segment_reference', 'ping -> pong -> ping'),
  );
});

test('checks references', () => {
  const pro = segmentry.filter(one('data.plan', 'equals', 'pro'));
  const filter = segmentry.filter({
    logic: 'AND',
    groups: [
      {
        filters: [
          { field: 'segment.1', operator: 'memberOfSegment' },
          { field: 'segment.2', operator: 'memberOfSegment' },
        ],
      },
    ],
  });
  assert.equal(filter.check({ segments: { 1: pro, 2: {} } }), undefined);
  filter.check({
    id: '3',
    name: 'Three',
    segments: new Map([
      ['1', { filter: pro }],
      ['2', { name: 'Two' }],
    ]),
  });
  assert.throws(
    () => filter.check({ segments: { 1: pro } }),
    (error) => {
      assert.equal(error.code, 'segment_reference');
      assert.deepEqual(
        error.errors.map(({ field, code }) => ({ field, code })),
        [{ field: 'groups[0].filters[1].field', code: 'unknown_segment' }],
      );
      return true;
    },
  );
  const back = segmentry.filter(one('segment.3', 'memberOfSegment'));
  const segments = {
    1: { name: 'One', filter: pro },
    2: { name: 'Two', filter: back },
    3: { name: 'Old three', filter: pro },
  };
  filter.check({ segments });
  assert.throws(
    () => filter.check({ id: '3', name: 'Three', segments }),
    failsWith('segment_reference', 'Three -> Two -> Three'),
  );
  assert.throws(() => filter.check({ id: 5, segments }), TypeError);
  assert.throws(() => filter.check({ name: 5, segments }), TypeError);
  pro.check({});
  pro.check();
});

test('evaluates many segments', () => {
  const segments = {};
  for (let i = 0; i < 200; i++) {
    segments[`s${i}`] = segmentry.filter(
      i === 0 ? one('data.plan', 'equals', 'pro') : one(`segment.s${i - 1}`, 'notMemberOfSegment'),
    );
  }
  assert.equal(segments.s199.count(table, { now, segments }), 2);
  assert.equal(segments.s198.count(table, { now, segments }), 2);
});
