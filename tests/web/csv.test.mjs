// What a CSV is found to be before it is sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { columnsOf, headerProblem } = load('csv/columns');
const { encodingProblem } = load('csv/encoding');

const bytes = (text, encoding = 'utf8') => new Uint8Array(Buffer.from(text, encoding));
const fieldsOf = (...header) =>
  columnsOf(header).map((becomes) => (becomes.kind === 'data' ? becomes.field : becomes.kind));

test('columns become what the server makes of them', () => {
  assert.deepEqual(fieldsOf(' Email ', 'SUBSCRIBED', 'plan', 'utm.source', 'Größe'), [
    'email',
    'subscribed',
    'data.plan',
    'data.utm.source',
    'data.Größe',
  ]);
});

test('reserved and empty names are left out, and of two columns the last counts', () => {
  assert.deepEqual(fieldsOf('email', 'id', '', ' ', 'createdAt', 'Id', 'plan', 'plan ', 'Plan'), [
    'email',
    'nothing',
    'nothing',
    'nothing',
    'nothing',
    'data.Id',
    'nothing',
    'data.plan',
    'data.Plan',
  ]);
  assert.deepEqual(fieldsOf('subscribed', 'email', 'Subscribed'), ['nothing', 'email', 'subscribed']);
});

test('a header has one column of addresses', () => {
  assert.equal(headerProblem([['name', 'EMAIL']]), null);
  assert.match(headerProblem([]), /empty/);
  assert.match(headerProblem([['name', 'e-mail']]), /no column “email”/);
  assert.match(headerProblem([['email', 'Email ']]), /2 times/);
});

test('UTF-8 is found to be UTF-8, also where it is cut off', () => {
  for (const text of ['email\n', '\ufeffemail\n', 'email,name\na@x.io,Zoë 東京 🎈\n', '']) {
    assert.equal(encodingProblem(bytes(text)), null, text);
  }
  const cut = bytes('email,name\na@x.io,東');
  assert.equal(encodingProblem(cut.subarray(0, -1)), null);
});

test('other encodings and other files are named', () => {
  assert.match(encodingProblem(bytes('email,name\na@x.io,Zo\xeb\n', 'latin1')), /not in UTF-8/);
  assert.match(encodingProblem(bytes('\ufeffemail\n', 'utf16le')), /in UTF-16/);
  assert.match(encodingProblem(bytes('email\n', 'utf16le')), /not a text file/);
  assert.match(encodingProblem(bytes('PK\x03\x04\x14', 'latin1')), /spreadsheet/);
});
