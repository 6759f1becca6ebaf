// Who may see the dashboard, which project is shown, and what happens when the server is away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTo, settled } from './browser.mjs';
import { setUp } from './fixture.mjs';

const { server, dashboard, page } = await setUp({ projects: ['First', 'Second'] });
await server.calls[1]('POST', '/segments', { name: 'Of the second', type: 'STATIC' });

const heads = async (path) => (await fetch(server.url + path)).headers;

test('the page is under a strict policy, and its files are kept for long', async () => {
  const policy = (await heads('/')).get('content-security-policy');
  for (const part of ["default-src 'none'", "style-src 'self'", "frame-ancestors 'none'"]) {
    assert.ok(policy.includes(part), policy);
  }
  assert.ok(!policy.includes('unsafe-inline'));
  assert.equal((await heads('/')).get('cache-control'), 'no-cache');

  const html = await (await fetch(server.url)).text();
  const script = /src="(\/assets\/[^"]+)"/.exec(html)[1];
  const asset = await heads(script);
  assert.match(asset.get('cache-control'), /immutable/);
  assert.match(asset.get('content-type'), /^text\/javascript/);
  assert.equal(asset.get('content-encoding'), 'gzip');
  const plain = await fetch(server.url + script, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.equal(await plain.text(), await (await fetch(server.url + script)).text());
  assert.equal((await fetch(`${server.url}/assets/nothing.js`)).status, 404);
});

test('without a session the page says how to get one', async () => {
  const stranger = await page.context().browser().newPage();
  await stranger.goto(server.url);
  await stranger.getByRole('heading', { name: 'Log in with a link' }).waitFor();
  await stranger.close();
});

test('an empty project says what to do', async () => {
  await goTo(page, '/segments');
  await page.getByText('No segments yet').waitFor();
  await goTo(page, '/contacts');
  await page.getByText('No contacts yet').waitFor();
  await goTo(page, '/events');
  await page.getByText('No events yet').waitFor();
  await goTo(page, '/campaigns');
  await page.getByText('No campaigns yet').waitFor();
});

test('another project is another list, and is remembered', async () => {
  await page.getByLabel('Project').selectOption('Second');
  await page.getByRole('link', { name: 'Of the second' }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Of the second' }).waitFor();
});

test('dark and light are chosen, and remembered', async () => {
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  await page.getByRole('button', { name: 'Dark' }).click();
  assert.equal(await ground(), 'dark');
  await page.reload();
  assert.equal(await ground(), 'dark');
  await page.getByRole('button', { name: 'As the system' }).click();
});

test('the keyboard skips to the content', async () => {
  await page.reload();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
});

/** The browser's own lines about a server that is away. */
const WHILE_AWAY = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|dynamically imported/;

test('while the server is away the page says so, keeps what was typed, and goes on', async () => {
  await goTo(page, '/contacts');
  await page.getByRole('button', { name: 'New contact' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Email').fill('typed@example.com');
  await server.stop();

  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  await page.locator('.banner').waitFor();
  assert.equal(await dialog.getByLabel('Email').inputValue(), 'typed@example.com');

  await server.start();
  await page.locator('.banner').waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'typed@example.com' }).waitFor();
  dashboard.expected(WHILE_AWAY);
});

test('a page that was asked for while the server was away comes when it is back', async () => {
  await goTo(page, '/segments');
  await settled(page);
  await server.stop();
  await goTo(page, '/contacts');
  await page.locator('.banner').waitFor();
  await server.start();
  await page.getByRole('link', { name: 'typed@example.com' }).waitFor();
  dashboard.expected(WHILE_AWAY);
});

test('a page whose parts were never loaded comes when the server is back', async () => {
  await goTo(page, '/segments');
  await page.reload();
  await settled(page);
  await server.stop();
  await goTo(page, '/contacts/import');
  await page.locator('.banner', { hasText: 'The server cannot be reached.' }).waitFor();
  assert.equal(await page.getByText('could not be loaded').count(), 0);
  await server.start();
  await page.getByRole('heading', { level: 1, name: 'Import contacts' }).waitFor();
  await page.locator('.banner').waitFor({ state: 'detached' });
  dashboard.expected(WHILE_AWAY);
});

test('logging out ends the session', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in with a link' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Log in with a link' }).waitFor();
  assert.ok(dashboard.expected(/401/) > 0);
});
