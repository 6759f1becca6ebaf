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
