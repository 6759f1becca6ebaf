// Events, fields and settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from './browser.mjs';
import { setUp } from './fixture.mjs';
import { seed } from './seed.mjs';

const { server, call, dashboard, page, open } = await setUp({
  projects: ['Demo', 'To rotate'],
  prepare: async (own) => {
    await seed(own);
    await own('POST', '/v1/track', {
      event: 'opened.box',
      email: 'ada@example.com',
      data: { colour: 'red' },
    });
  },
});

test('events are listed by name, as often as the server counts them', async () => {
  const stats = await call('GET', '/events/stats');
  await open('/events');
  const rows = await page.locator('tbody tr').allTextContents();
  assert.equal(rows.length, stats.length);
  assert.ok(rows[0].startsWith(`${stats[0].name}${stats[0].count}`), rows[0]);
});

test('the chart has today’s events, in one question', async () => {
  const questions = [];
  const note = (request) => request.url().includes('/events/stats') && questions.push(request.url());
  page.on('request', note);
  await open('/events/opened.box');
  await page.getByRole('img', { name: 'Events: 1 in 14 days' }).waitFor();
  page.off('request', note);
  assert.equal(questions.length, 1);
  const bounds = new URL(questions[0]).searchParams.get('bounds').split(',');
  assert.equal(bounds.length, 15);
  assert.ok(bounds.every((bound) => new Date(bound).getHours() === 0), bounds);
});

test('one event has a feed and says who uses it', async () => {
  await open('/events/signed_up');
  await page.getByRole('link', { name: 'Signed up lately' }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 50);
  await open('/events/opened.box');
  await page.getByText('No filter asks for this event.').waitFor();
  await page.getByText('{"colour":"red"}').waitFor();
});

test('data has the room that names and addresses leave, and opens', async () => {
  const text = 'long '.repeat(60).trim();
  await call('POST', '/v1/track', { event: 'opened.box', email: 'ada@example.com', data: { text } });
  await open('/events/opened.box');
  const data = page.getByRole('button', { name: text });
  await data.waitFor();
  const heightOf = async () => (await data.boundingBox()).height;
  const closed = await heightOf();
  const link = page.getByRole('link', { name: 'ada@example.com' }).first();
  const lines = await link.evaluate(
    (element) => new Set([...element.getClientRects()].map(({ top }) => Math.round(top))).size,
  );
  assert.equal(lines, 1);
  await data.click();
  assert.equal(await data.getAttribute('aria-expanded'), 'true');
  assert.ok((await heightOf()) > closed);
});

test('fields are sorted by name and by how many have them', async () => {
  await open('/fields');
  const column = (nth) => page.locator(`tbody td:nth-child(${nth})`).allTextContents();
  await page.getByRole('button', { name: 'Field' }).click();
  const names = await column(1);
  assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b)));
  const head = page.getByRole('button', { name: 'Contacts that have it' });
  await head.click();
  await head.click();
  const shares = (await column(4)).map(parseFloat);
  assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
});

test('a field shows its most frequent values and who uses it', async () => {
  const { values, counts } = await call('GET', '/contacts/fields/data.plan/values');
  await open('/fields');
  await page.getByLabel('Search fields').fill('plan');
  await page.getByRole('link', { name: 'data.plan', exact: true }).click();
  await settled(page);
  const first = await page.locator('tbody tr').first().textContent();
  assert.equal(first, `${values[0]}${counts[0]}`);
  await page.getByRole('link', { name: 'Pro, subscribed' }).waitFor();
});

test('a field and an event go everywhere, unless something uses them', async () => {
  const dialog = page.getByRole('dialog');
  const confirm = (action) => dialog.getByRole('button', { name: action }).click();
  const refuses = async (action, user) => {
    await dialog.getByText(/It cannot be deleted while .* it:/).waitFor();
    await dialog.getByRole('link', { name: user }).waitFor();
    assert.ok(await dialog.getByRole('button', { name: action }).isDisabled());
    await page.keyboard.press('Escape');
  };
  await open('/fields/data.plan');
  await page.getByRole('button', { name: 'Delete' }).click();
  await refuses('Delete field', 'Pro, subscribed');
  await open('/events/signed_up');
  await page.getByRole('button', { name: 'Delete' }).click();
  await refuses('Delete events', 'Signed up lately');

  await open('/fields/data.colour');
  await page.getByRole('button', { name: 'Delete' }).click();
  await confirm('Delete field');
  await page.getByRole('heading', { level: 1, name: 'Fields' }).waitFor();
  const { fields } = await call('GET', '/contacts/fields');
  assert.ok(!fields.some(({ field }) => field === 'data.colour'));

  await open('/events/opened.box');
  await page.getByRole('button', { name: 'Delete' }).click();
  await confirm('Delete events');
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
  assert.ok(!(await call('GET', '/events/names')).eventNames.includes('opened.box'));
});

test('new keys are made after a question, and shown once', async () => {
  const old = server.projects[1];
  const speaks = async ({ secretKey }) =>
    (await fetch(`${server.url}/segments`, { headers: { authorization: `Bearer ${secretKey}` } }))
      .status;
  const projects = page.getByRole('combobox', { name: 'Project' });
  await projects.selectOption('To rotate');
  await open('/settings');
  await page.getByRole('button', { name: 'Make new keys' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await speaks(old), 200);

  await page.getByRole('button', { name: 'Make new keys' }).click();
  await dialog.getByRole('button', { name: 'Make new keys' }).click();
  const secretKey = await dialog.getByLabel('the new secret key', { exact: true }).textContent();
  const publicKey = await dialog.getByLabel('the new public key', { exact: true }).textContent();
  assert.equal(await speaks(old), 401);
  assert.equal(await speaks({ secretKey }), 200);
  await dialog.getByRole('button', { name: 'I have copied the secret key' }).click();
  assert.equal(await page.getByLabel('the public key', { exact: true }).textContent(), publicKey);
  assert.ok(!(await page.content()).includes(secretKey));
  await projects.selectOption('Demo');
});

test('settings show the public key and examples that work', async () => {
  await open('/settings');
  const { publicKey } = server.projects[0];
  assert.equal(await page.getByLabel('the public key', { exact: true }).textContent(), publicKey);
  const example = await page.getByLabel('the example', { exact: true }).first().textContent();
  const body = JSON.parse(/-d '(.*)'/.exec(example)[1]);
  const response = await fetch(/curl (\S+)/.exec(example)[1], {
    method: 'POST',
    headers: { authorization: `Bearer ${publicKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
});
