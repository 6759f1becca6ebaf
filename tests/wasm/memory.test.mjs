// Memory: nothing leaks, what is freed is gone, and running out is an error like any other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  contact,
  EMAILS,
  EVENTS,
  failsWith,
  load,
  NOW,
  one,
  PEOPLE,
  people,
  SegmentryError,
} from './helpers.mjs';

function attempt(action) {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SegmentryError)) throw error;
    return undefined;
  }
}

/** Everything that can be called, well and badly, then everything freed. */
function cycle(segmentry) {
  const table = people(segmentry);
  table.addContacts([{}, contact('ada'), contact('eve', { data: { deep: { list: ['x', 1] } } })]);
  table.addEvents('{\n');
  table.setMembers('vip', ['ada', 'eve']);
  attempt(() => table.setMembers('vip', ['nobody']));
  table.update(contact('ada', { data: { plan: 'new' } }));
  attempt(() => table.update({}));
  table.remove(['bob']);
  table.email('ada');
  const filter = segmentry.filter({
    logic: 'OR',
    groups: [
      { filters: [{ field: 'segment.vip', operator: 'memberOfSegment' }] },
      { filters: [{ field: 'segment.pro', operator: 'memberOfSegment' }] },
      { filters: [{ field: 'email', operator: 'contains', value: 'É' }] },
    ],
  });
  const pro = segmentry.filter(one('data.plan', 'equals', 'pro'));
  const options = { now: NOW, segments: { pro } };
  filter.count(table, options);
  filter.members(table, options);
  filter.nodes(table, options);
  attempt(() => filter.count(table, { now: NOW }));
  attempt(() => filter.count(table, { now: 'never' }));
  filter.check({ segments: { pro, vip: {} } });
  attempt(() => filter.check({ segments: {} }));
  filter.toJSON();
  void filter.fields;
  attempt(() => segmentry.filter({ logic: 'X', groups: [{}], more: 1 }));
  table.load(table.snapshot());
  table.load(table.snapshot({ fields: ['data.plan', 'segment.vip'] }));
  attempt(() => table.snapshot({ fields: ['nothing'] }));
  attempt(() => table.load(new Uint8Array(64)));
  segmentry.slug('A b');
  attempt(() => segmentry.slug('!'));
  segmentry.diff(['a', 'b'], ['b', 'c']);
  filter.free();
  pro.free();
  table.free();
}

test('the heap returns to its level', async () => {
  const segmentry = await load();
  const start = segmentry.memory;
  assert.equal(start.usedBytes, 0);
  for (let i = 0; i < 200; i++) {
    cycle(segmentry);
    assert.equal(segmentry.memory.usedBytes, 0, `after cycle ${i}`);
    assert.equal(segmentry.memory.heapBytes, start.heapBytes, `after cycle ${i}`);
  }
});

test('a large table goes and leaves nothing', async () => {
  const segmentry = await load();
  const start = segmentry.memory;
  const rows = Array.from({ length: 50_000 }, (_, i) =>
    contact(`c${i}`, { data: { n: i, s: `text ${i % 1000}` } }),
  );
  for (let i = 0; i < 3; i++) {
    const table = segmentry.table();
    assert.equal(table.addContacts(rows).added, rows.length);
    const filter = segmentry.filter(one('data.n', 'lessThan', 25_000));
    assert.equal(filter.members(table, { now: NOW }).length, 25_000);
    assert.ok(segmentry.memory.usedBytes > rows.length * 20);
    assert.ok(segmentry.memory.heapBytes >= segmentry.memory.usedBytes);
    table.load(table.snapshot());
    table.free();
    filter.free();
    assert.deepEqual(segmentry.memory, start);
  }
});

test('what is freed is gone; freeing twice is harmless', async () => {
  const segmentry = await load();
  const table = people(segmentry);
  const filter = segmentry.filter(one('subscribed', 'equals', true));
  const kept = segmentry.filter(one('segment.x', 'memberOfSegment'));
  filter.free();
  filter.free();
  const gone = failsWith('freed', 'this filter has been freed');
  assert.throws(() => filter.count(table, { now: NOW }), gone);
  assert.throws(() => filter.members(table, { now: NOW }), gone);
  assert.throws(() => filter.nodes(table, { now: NOW }), gone);
  assert.throws(() => filter.check({ segments: {} }), gone);
  assert.throws(() => filter.toJSON(), gone);
  assert.throws(() => filter.fields, gone);
  assert.throws(() => kept.count(table, { now: NOW, segments: { x: filter } }), gone);
  table.free();
  table.free();
  const tableGone = failsWith('freed', 'this table has been freed');
  assert.throws(() => kept.count(table, { now: NOW }), tableGone);
  assert.throws(() => table.size, tableGone);
  assert.throws(() => table.addContacts([]), tableGone);
  assert.throws(() => table.addEvents(''), tableGone);
  assert.throws(() => table.addEmailActivity(''), tableGone);
  assert.throws(() => table.update(contact('ada')), tableGone);
  assert.throws(() => table.remove([]), tableGone);
  assert.throws(() => table.setMembers('x', []), tableGone);
  assert.throws(() => table.email('ada'), tableGone);
  assert.throws(() => table.snapshot(), tableGone);
  assert.throws(() => table.load(new Uint8Array(0)), tableGone);
  kept.free();
  assert.equal(segmentry.memory.usedBytes, 0);
});

test('frees at the end of a using block, where the language has it', async () => {
  const segmentry = await load();
  if (!Symbol.dispose) return;
  const table = segmentry.table();
  const filter = segmentry.filter(one('subscribed', 'equals', true));
  table[Symbol.dispose]();
  filter[Symbol.dispose]();
  filter[Symbol.dispose]();
  assert.equal(segmentry.memory.usedBytes, 0);
});

test('frees what was forgotten', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const segmentry = await load();
  for (let i = 0; i < 10; i++) {
    people(segmentry);
    segmentry.filter(one('subscribed', 'equals', true));
  }
  assert.ok(segmentry.memory.usedBytes > 0);
  for (let i = 0; i < 100 && segmentry.memory.usedBytes > 0; i++) {
    collect();
    await sleep(10);
  }
  assert.equal(segmentry.memory.usedBytes, 0);
});

test('views survive the growth of the memory', async () => {
  const segmentry = await load();
  const table = people(segmentry);
  const filter = segmentry.filter(one('data.plan', 'equals', 'pro'));
  const tables = [];
  const big = contact('big', { data: { text: 'x'.repeat(60_000) } });
  for (let i = 0; i < 60; i++) {
    tables.push(segmentry.table());
    const rows = Array.from({ length: 20 }, (_, j) => ({
      ...big,
      id: `${j}`,
      data: { text: `${i}.${j}`.padEnd(60_000) },
    }));
    assert.equal(tables[i].addContacts(rows).added, 20);
    assert.deepEqual(filter.members(table, { now: NOW }), ['ada', 'bob']);
  }
  assert.ok(segmentry.memory.heapBytes > 2 ** 26, 'the memory has grown');
  for (const it of tables) it.free();
});

test('running out of memory is an error, whenever it happens', async () => {
  const unlimited = await load();
  const snapshot = people(unlimited).snapshot();
  const rows = Array.from({ length: 200 }, (_, i) =>
    contact(`c${i}`, { data: { [`k${i}`]: `v${i}` } }),
  );
  const steps = {
    table: (engine) => engine.table().free(),
    contacts: (engine) => engine.table().addContacts(rows),
    events: (engine) => people(engine).addEvents(EVENTS),
    emails: (engine) => people(engine).addEmailActivity(EMAILS),
    members: (engine) =>
      people(engine).setMembers(
        'vip',
        PEOPLE.map(({ id }) => id),
      ),
    update: (engine) =>
      people(engine).update(contact('ada', { data: { other: 'x'.repeat(1000) } })),
    snapshot: (engine) => people(engine).snapshot(),
    load: (engine) => engine.table().load(snapshot),
    filter: (engine) => engine.filter(one('data.plan', 'equals', 'pro')),
    problems: (engine) => assert.throws(() => engine.filter({ a: 1, b: 2 }), failsWith('invalid')),
    evaluate: (engine) => {
      const table = people(engine);
      const filter = engine.filter(one('data.plan', 'contains', 'PRO'));
      const other = engine.filter(one('segment.x', 'notMemberOfSegment'));
      const options = { now: NOW, segments: { x: filter } };
      return [
        other.count(table, options),
        other.members(table, options),
        other.nodes(table, options),
        filter.fields,
        filter.toJSON(),
      ];
    },
    slug: (engine) => engine.slug('Ünïcödé name'),
    diff: (engine) => engine.diff(['a'], ['b']),
  };
  for (const [name, step] of Object.entries(steps)) {
    step(unlimited);
    let failures = 0;
    // Small steps where calls are small; a table and its first page are large.
    for (let limit = 1; ; limit = Math.ceil(limit * 1.07) + 8) {
      const engine = await load({ memoryLimitBytes: limit });
      try {
        step(engine);
        break;
      } catch (error) {
        const cause = error.actual ?? error;
        if (cause.code !== 'out_of_memory') throw cause;
        assert.ok(cause instanceof SegmentryError && cause.errors.length === 1);
        failures++;
      }
      assert.ok(limit < 2 ** 30, name);
    }
    assert.ok(failures > 0, name);
  }
});

test('a table that ran out of memory still answers', async () => {
  const engine = await load({ memoryLimitBytes: 2_000_000 });
  const table = people(engine);
  const filter = engine.filter(one('data.plan', 'equals', 'pro'));
  const before = filter.members(table, { now: NOW });
  const huge = (from) =>
    Array.from({ length: 5000 }, (_, i) =>
      contact(`${from}.${i}`, { data: { [`k${i % 50}`]: `${from} ${i}` } }),
    );
  assert.throws(() => {
    for (let i = 0; ; i++) table.addContacts(huge(i));
  }, failsWith('out_of_memory'));
  assert.deepEqual(filter.members(table, { now: NOW }), before);
  assert.throws(() => table.load(new Uint8Array(5_000_000)), failsWith('out_of_memory'));
  table.free();
  filter.free();
  assert.equal(engine.memory.usedBytes, 0);
});
