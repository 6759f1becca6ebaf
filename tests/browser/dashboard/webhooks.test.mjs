// Webhooks, from the empty page to the last delivery, with a receiver that does as it is told.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { violations } from './axe.mjs';
import { goTo, openDashboard, settled } from './browser.mjs';
import { setUp } from './fixture.mjs';
import { isSignedBy, startReceiver, until, WITH_RECEIVER } from './receiver.mjs';
import { HOSTILE, seed } from './seed.mjs';
import { startServer } from './server.mjs';

/** Of one test. */
let receiver;

const { call, dashboard, page, open, prepared: seeded } = await setUp({
  projects: ['Demo', 'Empty'],
  settings: WITH_RECEIVER,
  prepare: seed,
  leave: async (ownPage, ownCall) => {
    // Where nothing asks for a webhook that is gone.
    await goTo(ownPage, '/settings');
    await settled(ownPage);
    for (const { id } of await ownCall('GET', '/webhooks')) await ownCall('DELETE', `/webhooks/${id}`);
    await receiver.end();
  },
});

beforeEach(async () => {
  receiver = await startReceiver();
});

const webhook = (members = {}) =>
  call('POST', '/webhooks', { name: 'Shop', url: receiver.url, events: ['purchase'], ...members });
const stored = ({ id }) => call('GET', `/webhooks/${id}`);
const buy = (email, data = {}) => call('POST', '/v1/track', { event: 'purchase', email, data });

const dialog = () => page.getByRole('dialog');
const button = (name) => page.getByRole('button', { name, exact: true });
const inDialog = (name) => dialog().getByRole('button', { name, exact: true });
const headline = (name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
/** The rows of the log, as they are shown. */
const rows = () => page.locator('tbody tr');
const figure = (title) => page.locator('.figure', { hasText: title }).locator('.figure-value');

async function addEvent(pattern) {
  const field = page.getByRole('combobox', { name: 'Add an event' });
  await field.fill(pattern);
  await field.press('Enter');
  await page.getByRole('button', { name: `Remove ${pattern}`, exact: true }).waitFor();
}

test('an empty project says what webhooks are for', async () => {
  await open('/webhooks');
  await page.getByText('No webhooks yet').waitFor();
  await page.getByRole('link', { name: 'Create the first webhook' }).click();
  await headline('New webhook');
});

test('a webhook is made, and its secret shown once', async () => {
  await open('/webhooks/new');
  await page.getByLabel('URL').fill(receiver.url);
  await page.getByLabel('Name', { exact: true }).fill(HOSTILE);

  // From the list, by the keyboard.
  const field = page.getByRole('combobox', { name: 'Add an event' });
  await field.fill('pro-subscribed');
  await page.getByRole('option', { name: /segment\.pro-subscribed\.entry/ }).waitFor();
  await field.press('ArrowDown');
  await field.press('Enter');
  await page.getByText('Entering “Pro, subscribed”.').waitFor();
  // What nobody has seen yet, and what is no pattern.
  await addEvent(HOSTILE);
  await page.getByText('No event of this name has been seen so far.').waitFor();
  await field.fill('seg*');
  await button('Add').click();
  await page.getByText('it stands for a whole part between dots').waitFor();
  await field.press('Escape');

  await button('Add a header').click();
  await page.getByLabel('Name of the header').fill('X-Key');
  await page.getByLabel('Value of X-Key').fill('s3cret');
  await button('Create webhook').click();

  await headline('The webhook has been created');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  const secret = await page.getByLabel('the secret', { exact: true }).textContent();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await button('Copy the secret').click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  await page.getByText('WEBHOOK_SECRET').first().waitFor();
  assert.deepEqual(await violations(page), []);

  await page.getByRole('link', { name: 'I have the secret: go on' }).click();
  await headline(HOSTILE);
  await settled(page);
  assert.ok(!(await page.content()).includes(secret));
  await page.reload();
  await settled(page);
  assert.ok(!(await page.content()).includes(secret));

  const [made] = await call('GET', '/webhooks');
  assert.deepEqual(made.events, ['segment.pro-subscribed.entry', HOSTILE]);
  await call('POST', `/webhooks/${made.id}/test`);
  await until(() => receiver.messages.length === 1);
  assert.ok(isSignedBy(secret, receiver.messages[0]));
  assert.equal(receiver.messages[0].headers['x-key'], 's3cret');
});

test('mistakes are said at their places, the server’s too', async () => {
  await open('/webhooks/new');
  await button('Create webhook').click();
  await page.getByText('Say where to send to.').waitFor();
  await page.getByText('add at least one event').waitFor();
  assert.deepEqual(await violations(page), []);
  const focused = () => page.evaluate(() => document.activeElement.labels?.[0]?.textContent);
  assert.equal(await focused(), 'URL');
  await page.getByLabel('URL').fill('https://user:word@example.com/');
  await page.getByText('Has a user name or a password').waitFor();
  const refusesPrivate = page.getByText('refuses addresses of its own network');
  for (const host of ['localhost:3000', '127.0.0.1', '10.1.2.3', '192.168.0.9', '[::1]']) {
    await page.getByLabel('URL').fill(`http://${host}/hook`);
    await refusesPrivate.waitFor();
  }
  await page.getByLabel('URL').fill('https://10.example.com/');
  await page.getByText('Where messages are sent').waitFor();
  await page.getByLabel('URL').fill(receiver.url);
  await addEvent('purchase');
  await button('Add a header').click();
  await page.getByLabel('Name of the header').fill('Host');
  await button('Create webhook').click();
  await page.getByText('“Host” is a header that only Segmentry sets.').waitFor();
  await button('Remove Host').click();

  await page.getByLabel('Name', { exact: true }).fill('n'.repeat(201));
  await button('Create webhook').click();
  await page.getByText('Has 201 bytes; 1 to 200 are allowed.').waitFor();
  assert.equal(await focused(), 'Name');
  assert.equal(dashboard.expected(/400/), 1);
  assert.deepEqual(await call('GET', '/webhooks'), []);
  page.once('dialog', (asked) => asked.accept());
});

test('a lost answer makes no second webhook, and does not lose the secret', async () => {
  await open('/webhooks/new');
  await page.getByLabel('URL').fill(receiver.url);
  await addEvent('purchase');
  // The server gets it; the browser does not get the answer.
  await page.route('**/webhooks', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await button('Create webhook').click();
  await page.getByText('The server cannot be reached.').last().waitFor();
  await page.unroute('**/webhooks');
  await page.locator('.banner').waitFor({ state: 'detached' });
  await button('Create webhook').click();
  await headline('The webhook has been created');
  assert.equal((await call('GET', '/webhooks')).length, 1);
  assert.equal(dashboard.expected(/ERR_FAILED/), 1);
});

test('a test shows what the receiver answers', async () => {
  const made = await webhook();
  await open(`/webhooks/${made.id}`);
  await page.getByText('Nothing sent yet').first().waitFor();
  receiver.answer = { status: 202, body: `${HOSTILE} taken` };
  await button('Send a test').click();
  await dialog().getByText(/^202 in [\d,]+ ms$/).waitFor();
  await dialog().getByText(`${HOSTILE} taken`, { exact: true }).waitFor();
  assert.deepEqual(await violations(page), []);

  receiver.answer = { status: 500, body: 'no' };
  await inDialog('Test again').click();
  await dialog().getByText(/^500 in [\d,]+ ms$/).waitFor();
  await inDialog('Done').click();
  await page.locator('.badge', { hasText: 'Failing' }).first().waitFor();
  await page.getByText('answered 500').first().waitFor();
  assert.deepEqual(
    receiver.messages.map(({ body }) => JSON.parse(body).event.name),
    ['webhook.test', 'webhook.test'],
  );
});

test('a delivery that fails is tried again, and the log says so', async () => {
  const made = await webhook();
  receiver.answer = { status: 503, body: 'come <b>back</b> later' };
  await buy('ada@example.com', { total: 7 });
  await until(() => receiver.messages.length === 1);
  await open(`/webhooks/${made.id}`);
  await rows().first().getByText('Trying again').waitFor();
  await rows().first().getByText(/^503 in/).waitFor();

  await rows().first().getByRole('link', { name: 'purchase' }).click();
  await headline('purchase');
  await page.getByText('come <b>back</b> later', { exact: true }).waitFor();
  await page.getByText(/webhook-signature: v1,/).waitFor();
  await page.getByLabel('Body').getByText('"total": 7').waitFor();
  receiver.answer = { status: 200, body: '' };
  // Five seconds later, and the page follows by itself.
  await page.getByText('Delivered', { exact: true }).waitFor();
  assert.equal(await page.locator('.attempt').count(), 2);
  await page.getByText('The answer had no body.').waitFor();
  const [first, second] = receiver.messages;
  assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);

  await page.getByRole('link', { name: 'ada@example.com' }).click();
  await headline('ada@example.com');
});

test('one delivery is sent again', async () => {
  const made = await webhook();
  await buy('ada@example.com');
  await until(async () => (await stored(made)).delivered === 1);
  await open(`/webhooks/${made.id}`);
  await button('Send purchase again').click();
  await until(() => receiver.messages.length === 2);
  const [first, second] = receiver.messages;
  assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
  await until(async () => (await figure('Delivered').textContent()) === '2');
});

test('deliveries of a time are counted, and sent again', async () => {
  const made = await webhook();
  for (let i = 0; i < 3; i++) await buy(`p${i}@example.com`);
  await until(async () => (await stored(made)).delivered === 3);
  await open(`/webhooks/${made.id}`);
  await button('Replay…').click();
  await dialog().getByText('3 deliveries will be sent again.').waitFor();
  await dialog().getByLabel('Which').selectOption('PARKED');
  await dialog().getByText('0 deliveries will be sent again.').waitFor();
  assert.deepEqual(await violations(page), []);
  assert.ok(await inDialog('Send again').isDisabled());
  await dialog().getByLabel('Which').selectOption('DELIVERED');
  await dialog().getByLabel('From').fill('2099-01-01T00:00');
  await dialog().getByText('this one is the later one').waitFor();
  await dialog().getByLabel('From').fill('2020-01-01T00:00');
  await dialog().getByText('3 deliveries will be sent again.').waitFor();
  await inDialog('Send again').click();
  await page.getByText('3 deliveries are sent again.').waitFor();
  await until(() => receiver.messages.length === 6);
});

test('the log is filtered by status, and goes on', async () => {
  const made = await webhook();
  const events = Array.from({ length: 30 }, (_, i) => ({ event: 'purchase', email: `p${i}@x.io` }));
  await call('POST', '/v1/track/batch', events);
  await until(async () => (await stored(made)).delivered === 30);
  await open(`/webhooks/${made.id}`);
  assert.equal(await rows().count(), 25);
  await button('Show more').click();
  await page.getByText('30 deliveries shown, that is all').waitFor();
  await page.getByLabel('Status').selectOption('PARKED');
  await page.getByText('No delivery has this status').waitFor();
  await page.reload();
  await page.getByText('No delivery has this status').waitFor();
  await page.getByLabel('Status').selectOption('DELIVERED');
  await page.getByText('25 deliveries shown').waitFor();
});

test('a new secret signs beside the old one', async () => {
  const made = await webhook();
  await open(`/webhooks/${made.id}`);
  await button('Rotate the secret…').click();
  await dialog().getByText('For a day both sign').waitFor();
  await inDialog('Make a new secret').click();
  const secret = await dialog().getByLabel('the secret', { exact: true }).textContent();
  assert.notEqual(secret, made.secret);
  assert.deepEqual(await violations(page), []);
  await inDialog('I have the secret').click();
  await page.getByText('The secret before it signs too').waitFor();
  await buy('ada@example.com');
  await until(() => receiver.messages.length === 1);
  for (const one of [secret, made.secret]) assert.ok(isSignedBy(one, receiver.messages[0]));
  assert.ok(!(await page.content()).includes(secret));
});

test('a filter decides who is told of', async () => {
  const made = await webhook({ headers: { 'X-Key': 's3cret' } });
  await open(`/webhooks/${made.id}`);
  await page.getByText('Everybody').waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Only contacts that match a filter').check();
  await button('Save').click();
  await page.getByText('The filter is not finished').waitFor();

  await page.getByRole('tab', { name: 'JSON' }).click();
  const condition = {
    logic: 'AND',
    groups: [{ filters: [{ field: 'data.plan', operator: 'equals', value: 'pro' }] }],
  };
  const { count, total } = await call('POST', '/segments/preview', { condition });
  await page.getByRole('tabpanel').getByRole('textbox').fill(JSON.stringify(condition));
  await page.getByText(`${count} contacts of ${total} match.`).waitFor();
  await button('Save').click();
  await headline('Shop');
  await page.getByText('Contacts where plan is “pro”.').waitFor();
  assert.deepEqual((await stored(made)).condition, condition);

  await buy('free@example.com', { plan: 'free' });
  await buy('pro@example.com', { plan: 'pro' });
  await until(() => receiver.messages.length > 0);
  const [message] = receiver.messages;
  assert.equal(JSON.parse(message.body).contact.email, 'pro@example.com');
  // The header’s value was never shown, and is still sent.
  assert.equal(message.headers['x-key'], 's3cret');
});

test('leaving with something unsaved is asked about', async () => {
  const made = await webhook();
  await open(`/webhooks/${made.id}/edit`);
  await page.getByLabel('Name', { exact: true }).fill('Other');
  page.once('dialog', (asked) => asked.dismiss());
  await goTo(page, '/webhooks');
  await settled(page);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Other');
  await button('Save').click();
  await headline('Other');
  assert.equal((await stored(made)).name, 'Other');
});

test('a webhook that is paused is resumed', async () => {
  const made = await webhook();
  receiver.answer = { status: 503, body: 'down' };
  const events = Array.from({ length: 12 }, (_, i) => ({ event: 'purchase', email: `p${i}@x.io` }));
  await call('POST', '/v1/track/batch', events);
  await until(async () => (await stored(made)).health.state === 'PAUSED');
  await open('/webhooks');
  await page.locator('.badge', { hasText: 'Paused' }).first().waitFor();
  await page.getByText(/until \d\d:\d\d:\d\d: answered 503/).waitFor();
  await page.getByRole('link', { name: 'Shop' }).click();
  await page.getByText(/left alone until/).waitFor();

  // A test waits with the rest, and says so.
  receiver.answer = { status: 200, body: 'up' };
  await button('Send a test').click();
  await dialog().getByText('The webhook is paused').waitFor();
  await inDialog('Resume now').click();
  await dialog().getByText(/^200 in/).waitFor();
  await inDialog('Done').click();
  await page.locator('.badge', { hasText: 'Delivering' }).first().waitFor();
  assert.equal((await stored(made)).health.state, 'OK');
});

test('a webhook is disabled, by somebody or by its receiver, and enabled', async () => {
  const made = await webhook();
  await open(`/webhooks/${made.id}`);
  await button('Disable').click();
  await inDialog('Disable').click();
  await page.locator('.badge', { hasText: 'Disabled' }).waitFor();
  assert.equal((await stored(made)).enabled, false);
  assert.equal(await button('Send a test').count(), 0);
  await button('Enable').click();
  await button('Send a test').waitFor();

  receiver.answer = { status: 410, body: 'gone' };
  await button('Send a test').click();
  await dialog().getByText(/^410 in/).waitFor();
  await inDialog('Done').click();
  await page.getByText('The receiver answered 410: it wants no more.').waitFor();
});

test('what was given up is replayed', async () => {
  // A day passes in a second.
  const environment = { SEGMENTRY_TEST_WEBHOOK_SPEED: '100000' };
  const fast = await startServer({ ...WITH_RECEIVER, environment }, 'Fast');
  const ask = fast.calls[0];
  const other = await openDashboard(fast);
  try {
    receiver.answer = { status: 500, body: 'no' };
    const made = await ask('POST', '/webhooks', { url: receiver.url, events: ['purchase'] });
    await ask('POST', '/v1/track', { event: 'purchase', email: 'ada@example.com' });
    await until(async () => (await ask('GET', `/webhooks/${made.id}`)).parked === 1);
    await goTo(other.page, `/webhooks/${made.id}`);
    await other.page.getByText('1 delivery was given up.').waitFor();
    receiver.answer = { status: 200, body: 'yes' };
    const health = other.page.getByLabel('Health', { exact: true });
    await health.getByRole('button', { name: 'Replay…' }).click();
    const asked = other.page.getByRole('dialog');
    await asked.getByText('1 delivery will be sent again.').waitFor();
    await asked.getByRole('button', { name: 'Send again' }).click();
    await other.page.locator('.badge', { hasText: 'Delivering' }).first().waitFor();
    await until(async () => (await ask('GET', `/webhooks/${made.id}`)).parked === 0);
    assert.deepEqual(other.complaints, []);
  } finally {
    await other.close();
    await fast.end();
  }
});

test('a receiver that is not there is told of in words', async () => {
  const made = await webhook({ url: 'http://127.0.0.1:1/' });
  await buy('ada@example.com');
  await until(async () => (await stored(made)).health.state === 'FAILING');
  await open(`/webhooks/${made.id}`);
  const { lastFailure } = (await stored(made)).health;
  assert.equal(lastFailure.status, null);
  await page.getByText(lastFailure.error).first().waitFor();
});

test('segments and events say which webhooks are told, and lead to a new one', async () => {
  const { pro } = seeded.segments;
  await webhook({ name: 'Exits', events: ['segment.*.exit'], enabled: false });
  await webhook({ name: 'Both', events: ['segment.pro-subscribed.*'] });
  await webhook({ name: 'Neither', events: ['segment.other.entry', '*'] });
  await open(`/segments/${pro.id}`);
  const tracking = page.getByLabel('Tracking', { exact: true });
  await tracking.getByRole('listitem').filter({ hasText: 'Both' }).getByText('entry and exit').waitFor();
  const exits = tracking.getByRole('listitem').filter({ hasText: 'Exits' });
  await exits.getByText('exit', { exact: true }).waitFor();
  await exits.getByText('Disabled').waitFor();
  assert.equal(await tracking.getByRole('link', { name: 'Neither' }).count(), 0);
  await tracking.getByRole('link', { name: 'Tell a webhook' }).click();
  await page.getByRole('button', { name: 'Remove segment.pro-subscribed.entry' }).waitFor();

  await open('/events/signed_up');
  await page.getByRole('link', { name: 'Neither' }).click();
  await headline('Neither');
});

test('what a filter of a webhook asks for is in use', async () => {
  const { pro } = seeded.segments;
  const condition = {
    logic: 'AND',
    groups: [{ filters: [{ field: `segment.${pro.id}`, operator: 'memberOfSegment' }] }],
  };
  await webhook({ name: 'Asks', condition });
  await open(`/segments/${pro.id}?tab=usage`);
  await page.getByRole('tabpanel').getByRole('link', { name: 'Asks' }).click();
  await headline('Asks');
  await page.getByText(/Contacts .*Pro, subscribed/).waitFor();
});

test('a webhook is deleted', async () => {
  const made = await webhook();
  await call('PATCH', `/webhooks/${made.id}`, { url: 'http://127.0.0.1:1/' });
  await buy('ada@example.com');
  await open(`/webhooks/${made.id}`);
  await button('Delete').click();
  await dialog().getByText('1 delivery that waits is not sent any more.').waitFor();
  await inDialog('Delete webhook').click();
  await page.getByText('No webhooks yet').waitFor();
  assert.deepEqual(await call('GET', '/webhooks'), []);
});
