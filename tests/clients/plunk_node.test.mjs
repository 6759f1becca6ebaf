// Plunk's own client for Node, pointed at Segmentry: what a program that uses it has to change is its
// base URL. The client is a CommonJS module made from TypeScript, hence the second `default`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import plunkNode from '@plunk/node';
import notFound from '@plunk/node/dist/errors/NotFound.js';
import tokens from '@plunk/node/dist/errors/TokenError.js';

import { startServer } from '../browser/dashboard/server.mjs';

const Plunk = plunkNode.default;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let server;
let call;
let plunk;

const clientWith = (key, base = `${server.url}/v1/`) => new Plunk(key, { baseUrl: base });
const contactOf = async (email) =>
  (await call('GET', `/contacts?search=${encodeURIComponent(email)}`)).data[0];
const eventsOf = async ({ id }) => (await call('GET', `/events/contact/${id}`)).events;

before(async () => {
  server = await startServer({}, 'Shop');
  [call] = server.calls;
  plunk = clientWith(server.projects[0].secretKey);
});

after(() => server.end());

test('an event is tracked, and its contact is there', async () => {
  const answer = await plunk.events.track({
    event: 'invoice.paid',
    email: 'ada@example.com',
    data: { plan: 'pro' },
  });
  assert.equal(answer.success, true);
  assert.match(answer.data.timestamp, INSTANT);

  const contact = await call('GET', `/contacts/${answer.data.contact}`);
  assert.equal(contact.email, 'ada@example.com');
  assert.equal(contact.subscribed, true);
  assert.deepEqual(contact.data, { plan: 'pro' });
  const [event] = await eventsOf(contact);
  assert.deepEqual([event.id, event.name, event.data], [answer.data.event, 'invoice.paid', { plan: 'pro' }]);
});

test('the same address is the same contact', async () => {
  const first = await plunk.events.track({ event: 'visited', email: 'bob@example.com' });
  const second = await plunk.events.track({ event: 'visited', email: 'Bob@Example.com' });
  assert.equal(second.data.contact, first.data.contact);
  assert.notEqual(second.data.event, first.data.event);
});

test('subscribed is taken, and kept where it is left out', async () => {
  await plunk.events.track({ event: 'visited', email: 'cyd@example.com', subscribed: false });
  assert.equal((await contactOf('cyd@example.com')).subscribed, false);
  await plunk.events.track({ event: 'visited', email: 'cyd@example.com' });
  assert.equal((await contactOf('cyd@example.com')).subscribed, false);
  await plunk.events.track({ event: 'visited', email: 'cyd@example.com', subscribed: true });
  assert.equal((await contactOf('cyd@example.com')).subscribed, true);
});

test('data that is not persistent stays with the event', async () => {
  await plunk.events.track({
    event: 'ordered',
    email: 'dan@example.com',
    data: { code: { value: 'XY1', persistent: false }, city: { value: 'Köln', persistent: true } },
  });
  const contact = await contactOf('dan@example.com');
  assert.deepEqual(contact.data, { city: 'Köln' });
  const [event] = await eventsOf(contact);
  assert.equal(event.data.code.value, 'XY1');
});

test('an event moves its contact into a tracked segment', async () => {
  const segment = await call('POST', '/segments', {
    name: 'Upgraded',
    trackMembership: true,
    condition: {
      logic: 'AND',
      groups: [{ filters: [{ field: 'event.upgraded', operator: 'triggered' }] }],
    },
  });
  await plunk.events.track({ event: 'upgraded', email: 'eve@example.com' });
  const members = await call('GET', `/segments/${segment.id}/contacts`);
  assert.deepEqual(members.data.map(({ email }) => email), ['eve@example.com']);
  const names = (await eventsOf(members.data[0])).map(({ name }) => name);
  assert.deepEqual(names.sort(), ['segment.upgraded.entry', 'upgraded']);
});

test('the public key tracks as well', async () => {
  const answer = await clientWith(server.projects[0].publicKey).events.track({
    event: 'visited',
    email: 'fay@example.com',
  });
  assert.equal(answer.success, true);
});

test('a wrong key is the client\'s TokenError', async () => {
  const stranger = clientWith(`sk_${'A'.repeat(43)}`);
  const visit = { event: 'visited', email: 'gus@example.com' };
  await assert.rejects(stranger.events.track(visit), tokens.TokenError);
});

test('what is refused is an error, and leaves nothing', async () => {
  for (const event of [
    { event: 'visited', email: 'no address' },
    { event: 'segment.upgraded.entry', email: 'gus@example.com' },
  ]) {
    await assert.rejects(plunk.events.track(event), Error);
  }
  assert.equal(await contactOf('gus@example.com'), undefined);
});

test('sending mail is not there, and the client says so', async () => {
  const mail = { to: 'ada@example.com', subject: 'Hello', body: '<p>Hello</p>' };
  await assert.rejects(plunk.emails.send(mail), notFound.NotFoundError);
});

test('the base URL needs its last slash', async () => {
  const short = clientWith(server.projects[0].secretKey, `${server.url}/v1`);
  const visit = { event: 'visited', email: 'ada@example.com' };
  await assert.rejects(short.events.track(visit), notFound.NotFoundError);
});
