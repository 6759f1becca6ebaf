// The tree behind the filter builder: what its operations do, and that it is its JSON at any time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segmentry } from '../../wasm/dist/index.js';
import { load } from './load.mjs';

const tree = load('editor/model/tree');
const ops = load('editor/model/operations');
const { historyOf, step, undo, redo } = load('editor/model/history');
const { sortProblems } = load('editor/model/problems');
const segmentry = await Segmentry.load();

/** `A(ab|c(…))`: a condition's logic, its groups, each with its filters and its nested condition. */
const spell = ({ logic, groups }) =>
  `${logic === 'AND' ? 'A' : 'O'}(${groups.map(spellGroup).join('|')})`;
const spellGroup = ({ filters, nested }) =>
  filters.map(({ field }) => field.replace('data.', '')).join('') + (nested ? spell(nested) : '');

const filter = (letter) => ({ field: `data.${letter}`, operator: 'exists' });

function parse(text) {
  let at = 0;
  const condition = () => {
    const logic = text[at] === 'A' ? 'AND' : 'OR';
    at += 2;
    const groups = [group()];
    while (text[at] === '|') {
      at += 1;
      groups.push(group());
    }
    at += 1;
    return { logic, groups };
  };
  const group = () => {
    const filters = [];
    while (/[a-z]/.test(text[at])) filters.push(filter(text[at++]));
    return /[AO]/.test(text[at]) ? { filters, conditions: condition() } : { filters };
  };
  return condition();
}

const treeOf = (text) => tree.toTree(parse(text));
const idOf = (root, letter) => tree.filtersOf(root).find(({ field }) => field === `data.${letter}`).id;
const groupIdAt = (root, path) => tree.pathsOf(root).get(path);

test('a tree is its JSON, and back', () => {
  for (const text of ['A(a)', 'O(ab|c)', 'A(aO(b|cA(d|e)))', 'A(O(a|b)|c)']) {
    assert.equal(spell(treeOf(text)), text);
    assert.deepEqual(tree.toCondition(treeOf(text)), parse(text));
  }
  const whole = {
    logic: 'AND',
    groups: [
      {
        filters: [
          { field: 'data.plan', operator: 'equals', value: 'pro' },
          { field: 'createdAt', operator: 'within', value: 1.5, unit: 'hours' },
          { field: 'subscribed', operator: 'equals', value: false },
        ],
      },
    ],
  };
  assert.deepEqual(tree.toCondition(tree.toTree(whole)), whole);
});

test('nodes at the same place keep their ids when the JSON is typed anew', () => {
  const before = treeOf('A(ab|c)');
  const after = tree.toTree(parse('A(xb|c|d)'), before);
  assert.equal(after.groups[0].filters[0].id, before.groups[0].filters[0].id);
  assert.equal(after.groups[1].id, before.groups[1].id);
  assert.equal(new Set(tree.pathsOf(after).values()).size, tree.pathsOf(after).size);
});

test('places are named as the core names them', () => {
  const text = 'A(aO(b|cA(d|e)))';
  const names = [...tree.pathsOf(treeOf(text)).keys()].filter((path) => !path.endsWith('conditions'));
  const engine = segmentry.filter(parse(text));
  const table = segmentry.table();
  assert.deepEqual(names.sort(), engine.nodes(table, { now: 0 }).map(({ path }) => path).sort());
});

test('filters move one step in the order in which one sees them', () => {
  const cases = [
    ['A(abc)', 'b', 'up', 'A(bac)'],
    ['A(abc)', 'b', 'down', 'A(acb)'],
    ['A(a|bc)', 'b', 'up', 'A(ab|c)'],
    ['A(ab|c)', 'b', 'down', 'A(a|bc)'],
    ['A(a|b)', 'b', 'up', 'A(ab)'],
    ['A(aO(b|c))', 'a', 'down', 'A(O(ab|c))'],
    ['A(aO(b|c))', 'b', 'up', 'A(abO(c))'],
    ['A(aO(b|c)|d)', 'c', 'down', 'A(aO(b)|cd)'],
    ['A(ab)', 'b', 'in', 'A(aO(b))'],
    ['A(abO(c))', 'a', 'in', 'A(bO(ca))'],
    ['A(ab)', 'b', 'out', 'A(a|b)'],
    ['A(aO(b|c))', 'c', 'out', 'A(acO(b))'],
    ['A(aO(b))', 'b', 'out', 'A(ab)'],
  ];
  for (const [before, letter, direction, after] of cases) {
    const root = treeOf(before);
    const moved = ops.move(root, idOf(root, letter), direction);
    assert.equal(moved && spell(moved), after, `${before}: ${letter} ${direction}`);
    assert.equal(idOf(moved, letter), idOf(root, letter));
  }
});

test('what cannot move any further says so', () => {
  for (const [text, letter, direction] of [
    ['A(ab)', 'a', 'up'],
    ['A(ab)', 'b', 'down'],
    ['A(a)', 'a', 'in'],
    ['A(a)', 'a', 'out'],
  ]) {
    const root = treeOf(text);
    assert.equal(ops.move(root, idOf(root, letter), direction), null);
  }
});

test('groups move with all that is in them', () => {
  const cases = [
    ['O(a|b|c)', 'groups[1]', 'up', 'O(b|a|c)'],
    ['O(a|b|c)', 'groups[1]', 'down', 'O(a|c|b)'],
    ['O(a|bA(c|d))', 'groups[1]', 'in', 'O(aO(bA(c|d)))'],
    ['A(aO(b|c)|d)', 'groups[1]', 'in', 'A(aO(b|c|d))'],
    ['A(aO(b|c)|d)', 'groups[0].conditions.groups[0]', 'out', 'A(aO(c)|b|d)'],
  ];
  for (const [before, path, direction, after] of cases) {
    const root = treeOf(before);
    const moved = ops.move(root, groupIdAt(root, path), direction);
    assert.equal(moved && spell(moved), after, `${before}: ${path} ${direction}`);
  }
  const root = treeOf('O(a|b)');
  assert.equal(ops.move(root, groupIdAt(root, 'groups[0]'), 'up'), null);
  assert.equal(ops.move(root, groupIdAt(root, 'groups[0]'), 'in'), null);
  assert.equal(ops.move(root, groupIdAt(root, 'groups[0]'), 'out'), null);
});

test('things are dropped before what stands at a place, and never into themselves', () => {
  const root = treeOf('A(abc|dO(e|f))');
  const first = groupIdAt(root, 'groups[0]');
  const inner = groupIdAt(root, 'groups[1].conditions.groups[0]');
  const drop = (letter, into, index) => {
    const moved = ops.moveFilterTo(root, idOf(root, letter), into, index);
    return moved && spell(moved);
  };
  assert.equal(drop('a', first, 3), 'A(bca|dO(e|f))');
  assert.equal(drop('c', first, 0), 'A(cab|dO(e|f))');
  assert.equal(drop('a', inner, 1), 'A(bc|dO(ea|f))');
  assert.equal(drop('b', first, 1), null);
  assert.equal(drop('b', first, 2), null);
  const second = groupIdAt(root, 'groups[1]');
  const nested = groupIdAt(root, 'groups[1].conditions');
  assert.equal(ops.moveGroupTo(root, second, nested, 0), null);
  assert.equal(spell(ops.moveGroupTo(root, first, nested, 1)), 'A(dO(e|abc|f))');
  assert.equal(spell(ops.moveGroupTo(root, second, root.id, 0)), 'A(dO(e|f)|abc)');
});

test('removing takes what is left empty along, and leaves one group to begin with', () => {
  const root = treeOf('A(a|O(b))');
  const one = ops.remove(root, idOf(root, 'b'));
  assert.equal(spell(one), 'A(a)');
  const none = ops.remove(one, idOf(one, 'a'));
  assert.equal(spell(none), 'A()');
  assert.ok(tree.isEmptyTree(none));
});

test('a copy is behind its original and shares no id with it', () => {
  const root = treeOf('A(aO(b|c)|d)');
  const made = ops.duplicate(root, groupIdAt(root, 'groups[0]'));
  assert.equal(spell(made.tree), 'A(aO(b|c)|aO(b|c)|d)');
  const ids = [...tree.pathsOf(made.tree).values()];
  assert.equal(new Set(ids).size, ids.length);
  const single = ops.duplicate(root, idOf(root, 'd'));
  assert.equal(spell(single.tree), 'A(aO(b|c)|dd)');
  assert.equal(single.copy, single.tree.groups[1].filters[1].id);
});

test('no operation changes a tree, or leaves one that is not a condition', () => {
  // Every operation on every node, five steps deep, at random but the same each time.
  let seed = 7;
  const random = (count) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % count;
  };
  for (let round = 0; round < 200; round += 1) {
    let root = treeOf('A(abO(c|dA(e|f))|gh|i)');
    for (let at = 0; at < 5 && !tree.isEmptyTree(root); at += 1) {
      const before = JSON.stringify(root);
      const ids = [...tree.pathsOf(root)].filter(([path]) => !path.endsWith('conditions'));
      const [, id] = ids[random(ids.length)];
      const acts = [
        ...['up', 'down', 'in', 'out'].map((way) => () => ops.move(root, id, way)),
        () => ops.remove(root, id),
        () => ops.duplicate(root, id)?.tree,
      ];
      const next = acts[random(acts.length)]() ?? root;
      assert.equal(JSON.stringify(root), before);
      root = next;
      if (!tree.isEmptyTree(root)) segmentry.filter(tree.toCondition(root)).free();
    }
  }
});

test('one goes back and forth; typing without a pause is one step', () => {
  let history = historyOf('');
  for (const [text, atMs] of [['p', 0], ['pr', 100], ['pro', 200], ['prof', 2_000]]) {
    history = step(history, text, 'value', atMs);
  }
  assert.equal(history.past.length, 2);
  history = undo(history);
  assert.equal(history.present, 'pro');
  history = undo(history);
  assert.equal(history.present, '');
  assert.equal(undo(history), history);
  history = redo(redo(history));
  assert.equal(history.present, 'prof');
  assert.equal(step(undo(history), 'x', null, 0).future.length, 0);
});

test('mistakes are sorted by what they are about, and the rest can be counted', () => {
  const root = tree.toTree({
    logic: 'AND',
    groups: [
      {
        filters: [
          { field: 'data.plan', operator: 'equals', value: 'pro' },
          { field: 'data.seats', operator: 'equals' },
        ],
      },
      { filters: [{ field: '', operator: 'equals' }] },
    ],
  });
  let problems = [];
  try {
    segmentry.filter(tree.toCondition(root));
  } catch (error) {
    problems = error.errors;
  }
  const sorted = sortProblems(root, tree.filtersOf(root), problems);
  const [, unfinished, blank] = tree.filtersOf(root);
  assert.deepEqual([...sorted.faulty], [unfinished.id, blank.id]);
  assert.deepEqual(sorted.byNode.get(unfinished.id), [{ part: 'value', message: 'Enter a value.' }]);
  assert.deepEqual(sorted.ofWhole, []);
  const rest = tree.without(root, sorted.faulty);
  assert.deepEqual(tree.toCondition(rest), {
    logic: 'AND',
    groups: [{ filters: [{ field: 'data.plan', operator: 'equals', value: 'pro' }] }],
  });
  assert.equal(tree.without(root, new Set(tree.filtersOf(root).map(({ id }) => id))), null);
});
