// Slugs and differences.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, load } from './helpers.mjs';

const segmentry = await load();

test('derives slugs', () => {
  assert.equal(segmentry.slug('VIP Customers'), 'vip-customers');
  assert.equal(segmentry.slug(' Été à Paris '), 'ete-a-paris');
  assert.equal(segmentry.slug('日本語'), '日本語');
});

test('refuses names without a slug', () => {
  for (const name of ['', ' - ', '!?', '\ud800', 'a\udc00'])
    assert.throws(() => segmentry.slug(name), failsWith('invalid'));
  assert.throws(() => segmentry.slug('a'.repeat(201)), failsWith('limit'));
  for (const name of [undefined, null, 5, ['a']])
    assert.throws(() => segmentry.slug(name), /TypeError: name must be a string/);
});

test('tells who entered and who left', () => {
  assert.deepEqual(segmentry.diff(['1', '2'], ['2', '3']), { entered: ['3'], left: ['1'] });
  assert.deepEqual(segmentry.diff([], []), { entered: [], left: [] });
  assert.deepEqual(segmentry.diff(['a', 'b'], ['b', 'a', 'a']), { entered: [], left: [] });
  assert.deepEqual(segmentry.diff(new Set(['b', 'a']), []), { entered: [], left: ['a', 'b'] });
});

test('orders by code points, not by UTF-16', () => {
  const ids = ['a', 'ab', 'b', 'é', '\ue000', '\uffff', '😀', '😀a', '😁'];
  assert.deepEqual(segmentry.diff([], [...ids].reverse()).entered, ids);
  assert.deepEqual(segmentry.diff([...ids].reverse(), []).left, ids);
});

test('handles sets of any size', () => {
  for (const size of [1, 63, 64, 65, 1000, 100_000]) {
    const ids = Array.from({ length: size }, (_, i) => `id${String(i).padStart(6, '0')}`);
    const shifted = [...ids.slice(1), 'new'];
    assert.deepEqual(segmentry.diff(ids, shifted), { entered: ['new'], left: [ids[0]] });
    assert.equal(segmentry.diff([], ids).entered.length, size);
    assert.equal(segmentry.diff(ids, []).left.length, size);
  }
});

test('refuses what is no list of strings', () => {
  for (const wrong of [undefined, null, 5, 'abc', {}, [1], [null]]) {
    assert.throws(() => segmentry.diff(wrong, []), TypeError);
    assert.throws(() => segmentry.diff([], wrong), TypeError);
  }
  assert.throws(
    () => segmentry.diff(['\ud800'], []),
    /TypeError: previousIds must be without lone surrogates/,
  );
});
