// Operators and values by type: whatever the builder offers, the core takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segmentry } from '../../wasm/dist/index.js';
import { load } from './load.mjs';

const values = load('editor/model/values');
const { blankFilter, conditionOf, groupOf, toCondition } = load('editor/model/tree');
const { fieldOptions, newFieldOptions } = load('editor/model/fieldOptions');
const { draftKey, readDraft, writeDraft } = load('editor/model/localDraft');
const { conditionInWords } = load('condition/words');
const segmentry = await Segmentry.load();

const TYPES = ['string', 'number', 'boolean', 'date', 'array', 'object', undefined];
const FIELDS = ['email', 'subscribed', 'createdAt', 'updatedAt', 'data.x', 'event.x', 'email.opened', 'segment.x'];
const TYPED = {
  none: undefined,
  text: 'pro',
  number: 4.5,
  boolean: false,
  day: '2026-05-06',
  instant: '2026-05-06T12:00',
  span: 3,
};

const conditionWith = (filter) => toCondition(conditionOf('AND', groupOf(filter)));

test('every operator and kind of value that is offered makes a valid filter', () => {
  let count = 0;
  for (const field of FIELDS) {
    for (const type of TYPES) {
      const chosen = values.withField(blankFilter(), field, type);
      const { usual, others } = values.operatorsFor(field, type);
      assert.equal(chosen.operator, usual[0]);
      for (const operator of [...usual, ...others]) {
        const changed = values.withOperator(chosen, operator, type);
        for (const kind of values.kindsFor(field, operator, type)) {
          const filter = { ...values.withValueKind(changed, kind) };
          if (TYPED[kind] !== undefined) filter.value = TYPED[kind];
          segmentry.filter(conditionWith(filter)).free();
          assert.match(conditionInWords(conditionWith(filter), () => 'Name'), /^Contacts where \S.+\.$/);
          count += 1;
        }
      }
    }
  }
  assert.ok(count > 300);
});

test('all operators of the language are offered for each field', () => {
  const all = (field, type) => {
    const { usual, others } = values.operatorsFor(field, type);
    return [...usual, ...others];
  };
  for (const type of TYPES) assert.equal(new Set(all('data.x', type)).size, 12);
  assert.equal(all('email').length, 4);
  assert.equal(all('createdAt').length, 8);
  assert.equal(all('event.x').length, 5);
  assert.equal(all('email.clicked').length, 5);
});

test('a new operator keeps the value where it means something', () => {
  const text = { ...values.withField(blankFilter(), 'data.plan', 'string'), value: 'pro' };
  assert.equal(values.withOperator(text, 'contains', 'string').value, 'pro');
  const none = values.withOperator(text, 'exists', 'string');
  assert.ok(!('value' in none));
  const span = values.withOperator(text, 'within', 'string');
  assert.deepEqual([span.value, span.unit], [30, 'days']);
  const back = values.withOperator(span, 'equals', 'string');
  assert.ok(!('unit' in back));
  const number = values.withValueKind({ ...text, value: '42' }, 'number');
  assert.equal(number.value, 42);
  assert.equal(values.withValueKind(number, 'text').value, '42');
  const day = values.withValueKind({ ...text, kind: 'instant', value: '2026-05-06T12:00' }, 'day');
  assert.equal(day.value, '2026-05-06');
  assert.equal(values.withValueKind(day, 'instant').value, '2026-05-06T00:00');
});

test('the control fits what the JSON says', () => {
  const kindOf = (operator, value, field = 'data.x') => values.kindOf({ field, operator, value });
  assert.equal(kindOf('equals', 'pro'), 'text');
  assert.equal(kindOf('equals', 42), 'number');
  assert.equal(kindOf('equals', '42'), 'text');
  assert.equal(kindOf('equals', true), 'boolean');
  assert.equal(kindOf('lessThan', '2026-05-06'), 'day');
  assert.equal(kindOf('lessThan', '2026-05-06T12:00:00+02:00'), 'instant');
  assert.equal(kindOf('contains', '2026-05-06'), 'text');
  assert.equal(kindOf('exists'), 'none');
  assert.equal(kindOf('triggeredWithin', 3, 'event.x'), 'span');
  assert.equal(kindOf('equals', '2026-05-06', 'email'), 'text');
});

test('an instant is shown in UTC, whatever zone it was written in', () => {
  assert.equal(values.instantInput('2026-05-06T14:00:00+02:00'), '2026-05-06T12:00:00');
  assert.equal(values.instantInput('2026-05-06T12:00'), '2026-05-06T12:00');
  assert.equal(values.instantInput('2026-05-06T12:00:00.123456789'), '2026-05-06T12:00:00');
  assert.equal(values.instantInput(undefined), '');
});

test('the picker has everything there is, except the segment itself', () => {
  const segment = (id, type) => ({ id, name: `Segment ${id}`, type });
  const options = fieldOptions(
    [
      { field: 'email', type: 'string', isCustom: false, coverage: 100 },
      { field: 'data.plan', type: 'string', isCustom: true, coverage: 42.4 },
    ],
    ['invoice.paid'],
    [segment('a', 'DYNAMIC'), segment('b', 'STATIC')],
    'a',
  );
  const ids = options.map(({ id }) => id);
  for (const id of ['email', 'subscribed', 'createdAt', 'updatedAt', 'data.plan', 'event.invoice.paid', 'email.clicked', 'segment.b']) {
    assert.equal(ids.filter((it) => it === id).length, 1, id);
  }
  assert.ok(!ids.includes('segment.a'));
  assert.equal(options.find(({ id }) => id === 'data.plan').note, 'text · 42 % have it');
  const offered = (text) => newFieldOptions(text, options).map(({ id }) => id);
  assert.deepEqual(offered('seats'), ['data.seats', 'event.seats']);
  assert.deepEqual(offered('event.seats'), ['event.seats']);
  assert.deepEqual(offered('plan'), ['event.plan']);
  assert.deepEqual(offered('  '), []);
});

test('fields and events are offered by name, and the newest segment first', () => {
  const field = (name) => ({ field: `data.${name}`, type: 'string', isCustom: true, coverage: 1 });
  const segment = (id) => ({ id, name: id, type: 'STATIC' });
  const options = fieldOptions([field('b'), field('a')], ['y', 'x'], [segment('2'), segment('1')], null);
  const of = (wanted) => options.filter(({ group }) => group === wanted).map(({ title }) => title);
  assert.deepEqual(of('Custom fields'), ['a', 'b']);
  assert.deepEqual(of('Events'), ['x', 'y']);
  assert.deepEqual(of('Segments'), ['2', '1']);
});

test('dates stand in a sentence as dates, texts in quotes', () => {
  const said = (value) =>
    conditionInWords(conditionWith({ field: 'data.x', operator: 'lessThan', value }), () => undefined);
  assert.equal(said('1990-01-01'), 'Contacts where x is before 1990-01-01.');
  assert.equal(said('1990-01-01T10:00'), 'Contacts where x is before 1990-01-01 10:00 UTC.');
  assert.equal(said('1990-01-01T10:00:05.5Z'), 'Contacts where x is before 1990-01-01 10:00:05.5 UTC.');
  assert.equal(said('1990-01-01T10:00+02:00'), 'Contacts where x is before 1990-01-01 10:00 +02:00.');
  assert.equal(said('1990'), 'Contacts where x is less than “1990”.');
  assert.equal(said('1990-01-01 or so'), 'Contacts where x is less than “1990-01-01 or so”.');
});

test('a draft comes back as it was, and what is no draft does not', () => {
  const draft = {
    name: 'VIP',
    description: '',
    type: 'DYNAMIC',
    trackMembership: true,
    condition: { logic: 'AND', groups: [{ filters: [{ field: '', operator: 'equals' }] }] },
    text: '{"logic":',
    savedAtMs: 1,
  };
  const { version, ...read } = readDraft(writeDraft(draft));
  assert.deepEqual(read, draft);
  assert.equal(version, 1);
  for (const bad of [
    null,
    '',
    '{',
    '{}',
    JSON.stringify({ ...draft, version: 2 }),
    JSON.stringify({ ...draft, version: 1, condition: { logic: 'AND', groups: [] } }),
    JSON.stringify({ ...draft, version: 1, condition: { logic: 'AND', groups: [{ filters: [1] }] } }),
  ]) {
    assert.equal(readDraft(bad), null);
  }
  assert.notEqual(draftKey('p', null), draftKey('p', 's'));
  assert.notEqual(draftKey('p', 's'), draftKey('q', 's'));
});
