// What the worker answers, over a table of its own: counts, samples, and what a change would do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segmentry } from '../../wasm/dist/index.js';
import { load } from './load.mjs';

const { Evaluator, fieldsFor, SAMPLE_SIZE } = load('live/evaluate');
const segmentry = await Segmentry.load();
const NOW = Date.parse('2026-06-01T00:00:00Z');

const all = (...filters) => ({ logic: 'AND', groups: [{ filters }] });
const plan = (value) => ({ field: 'data.plan', operator: 'equals', value });
const inSegment = (id) => ({ field: `segment.${id}`, operator: 'memberOfSegment' });

function tableOf(count) {
  const table = segmentry.table();
  table.addContacts(
    Array.from({ length: count }, (_, index) => ({
      id: `c${index}`,
      email: `c${index}@example.com`,
      subscribed: index % 2 === 0,
      createdAt: '2026-01-01',
      updatedAt: '2026-01-01',
      data: { plan: ['free', 'pro', 'team'][index % 3] },
    })),
  );
  table.setMembers('list', ['c0', 'c1', 'c4']);
  return table;
}

const ask = (condition, baseline = null) => ({ sequence: 1, condition, baseline });

test('counts the whole, its subscribers, every node, and gives the first as a sample', () => {
  const evaluator = new Evaluator(segmentry);
  evaluator.setSegments([]);
  const answer = evaluator.answer(tableOf(30), ask(all(plan('pro'))), NOW);
  assert.equal(answer.count, 10);
  assert.equal(answer.subscribed, 5);
  assert.equal(answer.total, 30);
  assert.deepEqual(answer.nodes, [
    { path: 'groups[0]', count: 10 },
    { path: 'groups[0].filters[0]', count: 10 },
  ]);
  assert.deepEqual(answer.sampleIds, ['c1', 'c4', 'c7', 'c10', 'c13', 'c16']);
  assert.equal(answer.sampleIds.length, SAMPLE_SIZE);
  assert.equal(answer.moves, null);
});

test('compares with stored members, or with the condition as it is now', () => {
  const evaluator = new Evaluator(segmentry);
  const now = all(plan('free'));
  evaluator.setSegments([
    { id: 'list', name: 'List', condition: null },
    { id: 'free', name: 'Free', condition: now },
  ]);
  const table = tableOf(6);
  const stored = evaluator.answer(
    table,
    ask(all(plan('pro')), { segmentId: 'list', condition: null }),
    NOW,
  );
  assert.deepEqual(stored.moves, {
    entering: 0,
    leaving: 1,
    enteringIds: [],
    leavingIds: ['c0'],
  });
  const evaluated = evaluator.answer(
    table,
    ask(all(plan('pro')), { segmentId: 'free', condition: now }),
    NOW,
  );
  assert.deepEqual(evaluated.moves, {
    entering: 2,
    leaving: 2,
    enteringIds: ['c1', 'c4'],
    leavingIds: ['c0', 'c3'],
  });
});

test('refers to other segments, stored and evaluated', () => {
  const evaluator = new Evaluator(segmentry);
  evaluator.setSegments([
    { id: 'list', name: 'List', condition: null },
    { id: 'pro', name: 'Pro', condition: all(plan('pro')) },
  ]);
  const condition = all(inSegment('list'), inSegment('pro'));
  const answer = evaluator.answer(tableOf(6), ask(condition), NOW);
  assert.deepEqual(answer.sampleIds, ['c1', 'c4']);
});

test('names the columns that a question needs, those of the comparison too', () => {
  const filter = segmentry.filter(all(plan('pro'), inSegment('list')));
  assert.deepEqual(fieldsFor(filter, null).sort(), ['data.plan', 'segment.list', 'subscribed']);
  const baseline = { segmentId: 'own', condition: null };
  assert.ok(fieldsFor(filter, baseline).includes('segment.own'));
});

test('leaves nothing behind in the module’s memory', () => {
  const evaluator = new Evaluator(segmentry);
  const segments = [{ id: 'pro', name: 'Pro', condition: all(plan('pro')) }];
  const table = tableOf(100);
  const question = ask(all(inSegment('pro')), { segmentId: 'pro', condition: all(plan('free')) });
  evaluator.setSegments(segments);
  evaluator.answer(table, question, NOW);
  const before = segmentry.memory.usedBytes;
  for (let round = 0; round < 50; round += 1) {
    evaluator.setSegments(segments);
    evaluator.answer(table, question, NOW);
  }
  assert.equal(segmentry.memory.usedBytes, before);
});
