// Where a mistake is in a text: the place that the core names becomes a range, a line and a column.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segmentry } from '../../wasm/dist/index.js';
import { load } from './load.mjs';

const { positionIn, positionOf, rangeAt, rangeOf, rangesOf } = load('editor/model/places');
const segmentry = await Segmentry.load();

/** What is marked for each mistake that the core finds. */
function marked(text) {
  try {
    segmentry.filter(text);
    return [];
  } catch ({ errors }) {
    const ranges = rangesOf(text);
    return errors.map(({ field, code, message }) => {
      const at = code === 'invalid_json' ? positionIn(message) : null;
      const { begin, end } = at ? rangeAt(text, at) : rangeOf(text, ranges, field, code);
      return text.slice(begin, end);
    });
  }
}

test('values are marked where they stand', () => {
  const text = `{
  "logic": "XOR",
  "groups": [
    { "filters": [{ "field": "data.plan", "operator": "is", "value": "pro" }] },
    { "filters": [{ "field": "createdAt", "operator": "within", "value": -1, "unit": "weeks" }] }
  ]
}`;
  assert.deepEqual(marked(text), ['"XOR"', '"is"', '-1', '"weeks"']);
});

test('what is missing is marked where it should be, within one line', () => {
  const text = `{ "logic": "AND", "groups": [
  { "filters": [ { "field": "data.plan",
    "operator": "equals" } ] } ] }`;
  assert.deepEqual(marked(text), ['{ "field": "data.plan",']);
});

test('members that should not be there are marked by their names', () => {
  const filter = '{ "field": "data.plan", "operator": "exists", "my-note": 1 }';
  assert.deepEqual(marked(`{ "logic": "AND", "groups": [{ "filters": [${filter}] }] }`), ['"my-note"']);
  assert.equal(marked('{ "logic": "AND", "groups": [{ "filters": [], "extra": [] }] }')[0], '"extra"');
});

test('brackets, commas and quotes within texts confuse nobody', () => {
  const text = String.raw`{"logic":"AND","groups":[{"filters":[{"field":"data.\"}],{","operator":"nope","value":"]\\"}]}]}`;
  assert.deepEqual(marked(text), ['"nope"']);
});

test('a break in the text is marked where the parser stopped', () => {
  const text = '{"logic": "AND",\n "groups": [}';
  assert.deepEqual(marked(text), ['}']);
  assert.deepEqual(positionIn('not JSON: line 2, column 12: something'), { line: 2, column: 12 });
  assert.equal(positionIn('is missing'), null);
});

test('any beginning of a text has a place for every mistake', () => {
  const text = JSON.stringify(
    { logic: 'AND', groups: [{ filters: [{ field: 'data.a', operator: 'equals', value: 'é"\\' }] }] },
    null,
    2,
  );
  for (let end = 0; end < text.length; end += 1) {
    const ranges = rangesOf(text.slice(0, end));
    for (const path of ['', 'groups[0]', 'groups[0].filters[0].value', 'groups[3].filters']) {
      const { begin, end: last } = rangeOf(text.slice(0, end), ranges, path);
      assert.ok(begin >= 0 && begin <= last && last <= Math.max(end, 1));
    }
  }
});

test('lines and columns count from one', () => {
  assert.deepEqual(positionOf('ab\ncd', 0), { line: 1, column: 1 });
  assert.deepEqual(positionOf('ab\ncd', 4), { line: 2, column: 2 });
  assert.deepEqual(rangeAt('ab\ncd', { line: 2, column: 1 }), { begin: 3, end: 4 });
});
