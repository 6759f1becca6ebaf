// Webhooks without a page: what patterns match and mean, what is wrong with a form, how it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const patterns = load('pages/webhooks/patterns');
const form = load('pages/webhooks/webhookForm');
const health = load('pages/webhooks/health');
const words = load('pages/webhooks/words');

const NAMES = ['a', 'a.b', 'a.b.c', 'a..c', 'b.a.d.e'];

test('a star is one part, whatever it is', () => {
  // As tests/api/test_webhooks.py has it for the server.
  const cases = { '*': ['a'], '*.*': ['a.b'], 'a.*.c': ['a.b.c', 'a..c'], 'a.b': ['a.b'], '*.b.*': ['a.b.c'], 'a.*': ['a.b'] };
  for (const [pattern, matched] of Object.entries(cases)) {
    assert.deepEqual(NAMES.filter((name) => patterns.matches(pattern, name)), matched, pattern);
  }
});

test('those listen that have a pattern which matches', () => {
  const exits = { id: 'exits', events: ['segment.*.exit'] };
  const vip = { id: 'vip', events: ['other', 'segment.vip.entry', 'segment.vip.exit'] };
  const ids = (name) => patterns.listening([exits, vip], name).map(({ id }) => id);
  assert.deepEqual(ids('segment.vip.exit'), ['exits', 'vip']);
  assert.deepEqual(ids('segment.vip.entry'), ['vip']);
  assert.deepEqual(ids('segment.vip'), []);
});

test('patterns are refused as the server refuses them', () => {
  for (const bad of ['', 'a*', 'segment.vip-*.entry', '**', 'a'.repeat(251), 'ä'.repeat(126)]) {
    assert.notEqual(patterns.patternProblem(bad), null, bad);
  }
  for (const good of ['*', 'a.*.b', 'purchase 2', 'a..b', 'a'.repeat(250), '<img onerror=1>']) {
    assert.equal(patterns.patternProblem(good), null, good);
  }
});

const PROJECT = {
  segments: [
    { name: 'VIP', slug: 'vip', type: 'DYNAMIC', trackMembership: true },
    { name: 'Idle', slug: 'idle', type: 'DYNAMIC', trackMembership: false },
    { name: 'Beta', slug: 'beta', type: 'STATIC', trackMembership: false },
  ],
  eventNames: ['purchase', 'shop.visit', 'shop.leave', 'odd*name', 'segment.vip.entry'],
};

test('what can be picked is what can be told of', () => {
  const ids = patterns.patternOptions(PROJECT).map(({ id }) => id);
  assert.deepEqual(ids, [
    'segment.*.entry',
    'segment.*.exit',
    '*',
    'segment.vip.entry',
    'segment.vip.exit',
    'segment.idle.entry',
    'segment.idle.exit',
    'purchase',
    'shop.visit',
    'shop.leave',
    'contact.subscribed',
    'contact.unsubscribed',
    'campaign.sending',
  ]);
});

test('a pattern says what it means, and whether it is in vain', () => {
  const meaning = (pattern) => patterns.meaningOf(pattern, PROJECT);
  assert.deepEqual(meaning('segment.vip.entry'), { text: 'Entering “VIP”.', isVain: false });
  assert.deepEqual(meaning('segment.vip.exit'), { text: 'Leaving “VIP”.', isVain: false });
  assert.match(meaning('segment.idle.entry').text, /not tracked/);
  assert.match(meaning('segment.beta.entry').text, /static/);
  assert.match(meaning('segment.gone.entry').text, /No segment/);
  for (const vain of ['segment.idle.entry', 'segment.beta.entry', 'segment.gone.exit', 'nothing']) {
    assert.equal(meaning(vain).isVain, true, vain);
  }
  for (const told of ['purchase', 'contact.subscribed', 'campaign.sending', 'segment.*.exit']) {
    assert.equal(meaning(told).isVain, false, told);
  }
  assert.match(meaning('shop.*').text, /so far: shop\.visit, shop\.leave\./);
  assert.match(meaning('*').text, /no dot; so far: purchase, odd\*name\./);
  assert.match(meaning('x.*').text, /so far: none/);
});

test('URLs are refused as the server refuses them', () => {
  for (const bad of ['', 'example.com/hook', 'ftp://example.com/', 'https://', 'https://:443/',
    'https://user:word@example.com/', 'https://user@example.com/', 'https://example.com/#part',
    'https://example.com/a b', 'https://exämple.com/', 'https://example.com:65536/',
    'https://example.com:x/', 'https://[::1/', `https://example.com/${'a'.repeat(2048)}`]) {
    assert.notEqual(form.urlProblem(bad), null, bad);
  }
  for (const good of ['https://example.com', ' https://example.com/a?b=c ', 'HTTPS://example.com:8443/',
    'http://[2001:db8::1]:80/', 'https://example.com/@a']) {
    assert.equal(form.urlProblem(good), null, good);
  }
});

const STORED = {
  name: 'Shop',
  url: 'https://example.com/',
  events: ['purchase'],
  headers: { Authorization: '***', 'X-Shop': '***' },
  condition: null,
  enabled: true,
};

test('a webhook that is not changed sends nothing', () => {
  const typed = form.formOf(STORED);
  assert.deepEqual(form.changesOf(STORED, form.draftOf(typed)), {});
  assert.equal(form.hasProblems(form.problemsOf(typed)), false);
});

test('only what is changed is sent, and kept values stay masked', () => {
  const typed = form.formOf(STORED);
  const [authorization, shop] = typed.headers;
  const draft = form.draftOf({
    ...typed,
    name: ' ',
    headers: [{ ...authorization, value: 'Bearer new' }, shop],
  });
  assert.deepEqual(form.changesOf(STORED, draft), {
    name: null,
    headers: { Authorization: 'Bearer new', 'X-Shop': '***' },
  });
});

test('a filter that is switched off is not sent', () => {
  const condition = { logic: 'AND', groups: [{ filters: [{ field: 'email', operator: 'exists' }] }] };
  const typed = { ...form.formOf(STORED), isFiltered: false, condition };
  assert.equal(form.draftOf(typed).condition, null);
  assert.deepEqual(form.draftOf({ ...typed, isFiltered: true }).condition, condition);
  const unfinished = { ...typed, isFiltered: true, condition: null };
  assert.match(form.problemsOf(unfinished).condition, /not finished/);
});

test('headers are checked by name and value', () => {
  const problem = (name, value, others = []) =>
    form.headerProblem({ ...form.newHeader(name), value }, others);
  for (const [name, value] of [['', 'a'], ['X Y', 'a'], ['X:', 'a'], ['X', ''], ['X', ' a'], ['X', 'ä'],
    ['X'.repeat(101), 'a'], ['X', 'a'.repeat(2049)], ['Host', 'a'], ['Webhook-Id', 'a'], ['content-length', '3']]) {
    assert.notEqual(problem(name, value), null, `${name}: ${value}`);
  }
  assert.equal(problem('X-Key', 'a b'), null);
  const first = form.newHeader('x-key');
  assert.match(problem('X-Key', 'a', [first]), /twice/);
});

test('a kept value belongs to its name', () => {
  const kept = form.newHeader('Authorization', 'Authorization');
  assert.equal(form.headerProblem(kept, [kept]), null);
  assert.equal(form.headerProblem({ ...kept, name: 'authorization' }, [kept]), null);
  assert.match(form.headerProblem({ ...kept, name: 'X-Other' }, [kept]), /type it again/);
});

test('a refusal finds its place, or is left to the note', () => {
  const at = (...pairs) => form.placeRefusal(pairs.map(([field, message]) => ({ field, message, code: 'invalid' })));
  assert.equal(at(['url', 'has no host']).url, 'Has no host.');
  assert.equal(at(['events[3]', 'is wrong']).events, '[3]: is wrong');
  const both = at(['condition.groups', 'is missing'], ['condition.logic', 'is wrong']);
  assert.equal(both.condition, 'groups: is missing logic: is wrong');
  assert.equal(at(['urlish', 'x']), null);
  assert.equal(at(['url', 'x'], ['', 'y']), null);
  assert.equal(at(), null);
});

test('how a webhook does', () => {
  const kind = (enabled, members) =>
    health.healthOf({ enabled, health: { state: 'OK', failuresInARow: 0, lastSuccessAt: null, lastFailureAt: null, lastFailure: null, pausedUntil: null, ...members } });
  const early = '2026-01-01T00:00:00.000Z';
  const late = '2026-01-02T00:00:00.000Z';
  assert.equal(kind(false, { state: 'PAUSED' }), 'disabled');
  assert.equal(kind(true, { state: 'PAUSED' }), 'paused');
  assert.equal(kind(true, { state: 'FAILING' }), 'failing');
  assert.equal(kind(true, {}), 'untried');
  assert.equal(kind(true, { lastSuccessAt: late, lastFailureAt: early }), 'delivering');
  assert.equal(kind(true, { lastSuccessAt: early, lastFailureAt: late }), 'resumed');
});

test('failures and attempts in words', () => {
  assert.equal(words.failureInWords({ status: 503, error: null }), 'answered 503');
  assert.equal(words.failureInWords({ status: null, error: 'Connection refused' }), 'Connection refused');
  assert.equal(words.attemptInWords({ status: null, durationMs: 10_000 }), 'no answer after 10,000 ms');
  assert.equal(words.timesInWords(1), 'once');
  assert.equal(words.isTaken({ status: 204, error: null }), true);
  assert.equal(words.isTaken({ status: 200, error: 'the answer is too long' }), false);
});
