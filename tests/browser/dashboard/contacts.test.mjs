// Contacts: found, written, imported, deleted.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { goTo, openDashboard, settled } from './browser.mjs';
import { HOSTILE, HOSTILE_EMAIL, seed } from './seed.mjs';
import { startServer } from './server.mjs';

let server;
let call;
let dashboard;
let page;
let seeded;

before(async () => {
  server = await startServer('Demo');
  call = server.calls[0];
  seeded = await seed(call);
  dashboard = await openDashboard(server);
  page = dashboard.page;
});

after(async () => {
  await dashboard?.close();
  await server?.end();
});

afterEach(() => assert.deepEqual(dashboard.complaints.splice(0), []));

async function open(path) {
  await goTo(page, path);
  await settled(page);
}

test('the list grows by pieces, and is searched', async () => {
  await open('/contacts');
  const { total } = await call('GET', '/contacts');
  await page.getByText(`${total} contacts`, { exact: true }).waitFor();
  await page.getByText('50 contacts shown').waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByText('100 contacts shown').waitFor();

  await page.getByLabel('Search contacts by email').fill(seeded.contacts[5].email);
  await page.getByText('1 contact shown, that is all').waitFor();
  await page.getByRole('link', { name: seeded.contacts[5].email }).waitFor();
});

test('a hostile contact stays text on its page', async () => {
  await open('/contacts?search=img');
  await page.getByRole('link', { name: HOSTILE_EMAIL.toLowerCase() }).click();
  await settled(page);
  assert.equal(await page.locator('h1').textContent(), HOSTILE_EMAIL.toLowerCase());
  await page.getByRole('cell', { name: HOSTILE }).waitFor();
  await page.getByRole('tab', { name: 'Segments' }).click();
  await page.getByRole('link', { name: HOSTILE }).waitFor();
  assert.equal(await page.evaluate(() => window.wasMarkup), undefined);
  assert.equal(await page.locator('main img').count(), 0);
});

test('a contact is created with data of each kind', async () => {
  await open('/contacts');
  await page.getByRole('button', { name: 'New contact' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Email').fill('ada@example.com');
  for (const [index, [name, kind, value]] of [
    ['plan', 'Text', 'pro'],
    ['seats', 'Number', '12'],
    ['tags', 'JSON', '["vip"]'],
  ].entries()) {
    await dialog.getByRole('button', { name: 'Add a field' }).click();
    await dialog.getByLabel('Name of the field').nth(index).fill(name);
    await dialog.getByLabel(`Type of ${name}`).selectOption(kind);
    await dialog.getByLabel(`Value of ${name}`).fill(value);
  }
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'ada@example.com' }).waitFor();
  const { data } = await call('GET', '/contacts?search=ada@example.com');
  assert.deepEqual(data[0].data, { plan: 'pro', seats: 12, tags: ['vip'] });
  assert.equal(data[0].subscribed, true);
});

test('a contact is changed: one value, and one field less', async () => {
  const made = await call('POST', '/contacts', {
    email: 'eva@example.com',
    data: { a: 1, b: 'x' },
  });
  await open(`/contacts/${made.id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Value of a').fill('not a number');
  await dialog.getByText('This is not a number.').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Save' }).isDisabled());
  await dialog.getByLabel('Value of a').fill('2.5');
  await dialog.getByRole('button', { name: 'Remove b' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual((await call('GET', `/contacts/${made.id}`)).data, { a: 2.5 });
});

test('a taken address is refused in the server’s words, and nothing typed is lost', async () => {
  const made = await call('POST', '/contacts', { email: 'two@example.com' });
  await open(`/contacts/${made.id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Email').fill(seeded.contacts[0].email);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('alert').waitFor();
  assert.equal(await dialog.getByLabel('Email').inputValue(), seeded.contacts[0].email);
  assert.equal(dashboard.expected(/409/), 1);
  await page.keyboard.press('Escape');
});

test('a contact shows its events, segments and changes', async () => {
  const member = seeded.contacts.find(({ subscribed, data }) => subscribed && data.plan === 'pro');
  await open(`/contacts/${member.id}?tab=events`);
  await page.getByText('signed_up').waitFor();
  await page.getByRole('tab', { name: 'Segments' }).click();
  await page.getByRole('link', { name: 'Pro, subscribed' }).waitFor();
  await page.getByRole('tab', { name: 'Entries and exits' }).click();
  await page.getByText('Entered').waitFor();
  await page.getByRole('tab', { name: 'Segments' }).click();
  await page.getByRole('link', { name: 'Why?' }).first().click();
  await page.getByText('matches', { exact: false }).first().waitFor();
});

test('a contact is deleted after a question', async () => {
  const made = await call('POST', '/contacts', { email: 'gone@example.com' });
  await open(`/contacts/${made.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete contact' }).click();
  await page.getByRole('heading', { level: 1, name: 'Contacts' }).waitFor();
  await assert.rejects(call('GET', `/contacts/${made.id}`), /404/);
});

test('a CSV is looked at, imported, and its bad rows are named', async () => {
  const rows = [
    'email,plan,seats',
    'new@example.com,pro,3',
    'nonsense,free,1',
    'b@example.com,free,',
  ];
  await open('/contacts/import');
  await page.getByLabel('CSV file').setInputFiles({
    name: 'people.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(rows.join('\n')),
  });
  const preview = page.getByRole('region', { name: 'The first rows of the file' });
  await preview.getByText('data.seats').waitFor();
  await preview.getByRole('cell', { name: 'new@example.com' }).waitFor();

  await page.getByRole('button', { name: /^Import / }).click();
  await page.getByText('Done', { exact: true }).waitFor();
  await page.getByText('3 of 3 rows').waitFor();
  await page.getByRole('cell', { name: 'nonsense' }).waitFor();
  const { data } = await call('GET', '/contacts?search=new@example.com');
  assert.deepEqual(data[0].data, { plan: 'pro', seats: 3 });
});

test('a file without addresses is not sent', async () => {
  await open('/contacts/import');
  await page.getByLabel('CSV file').setInputFiles({
    name: 'wrong.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('name\nAda\n'),
  });
  await page.getByText('The first row has no column “email”.').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Import / }).count(), 0);
});
