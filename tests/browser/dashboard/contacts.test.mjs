// Contacts: found, written, imported, deleted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from './axe.mjs';
import { settled } from './browser.mjs';
import { setUp } from './fixture.mjs';
import { HOSTILE, HOSTILE_EMAIL, seed } from './seed.mjs';

const { call, dashboard, page, open, prepared: seeded } = await setUp({ prepare: seed });

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

test('what is no address is said at the field', async () => {
  await open('/contacts');
  await page.getByRole('button', { name: 'New contact' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Email').fill('nonsense');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Is not an address.').waitFor();
  assert.equal(await dialog.getByRole('alert').count(), 0);
  assert.equal(await dialog.getByLabel('Email').getAttribute('aria-invalid'), 'true');
  assert.ok(dashboard.expected(/status of 4/) > 0);
  await page.keyboard.press('Escape');
});

test('yes, no and dates are shown as such', async () => {
  const made = await call('POST', '/contacts', {
    email: 'dated@example.com',
    data: { vip: true, birthday: '1990-02-03', trialEndsAt: '2026-01-02T03:04:05Z', note: '1990-02-03' },
  });
  const { fields } = await call('GET', '/contacts/fields');
  const typeOf = (name) => fields.find(({ field }) => field === `data.${name}`).type;
  assert.deepEqual(['birthday', 'note'].map(typeOf), ['date', 'string']);
  await open(`/contacts/${made.id}`);
  const cells = (name) => page.locator('tbody tr', { hasText: name }).locator('td');
  assert.deepEqual(await cells('vip').allTextContents(), ['vip', 'yes', 'yes or no']);
  assert.deepEqual(await cells('birthday').allTextContents(), ['birthday', '3 Feb 1990', 'date']);
  assert.match((await cells('trialEndsAt').allTextContents())[1], /^[1-3] Jan 2026, /);
  assert.equal((await cells('note').allTextContents())[1], '1990-02-03');
  await open('/contacts');
  await call('DELETE', `/contacts/${made.id}`);
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

/** Contacts that no other test counts, found by the name of their host. */
async function people(count, host, members = {}) {
  const emails = Array.from({ length: count }, (_, index) => `p${index}@${host}`);
  const events = emails.map((email) => ({ event: 'came', email, ...members }));
  for (let at = 0; at < count; at += 1000) {
    await call('POST', '/v1/track/batch', events.slice(at, at + 1000));
  }
}

const listed = (host) => call('GET', `/contacts?limit=100&search=${host}`);
const bar = () => page.getByRole('region', { name: 'Chosen contacts' });
const inDialog = (name) => page.getByRole('dialog').getByRole('button', { name });

test('rows are chosen and unsubscribed, and the list says so', async () => {
  await people(5, 'rows.example');
  await open('/contacts?search=rows.example');
  await page.getByLabel('Choose p1@rows.example').check();
  await page.getByLabel('Choose p3@rows.example').check();
  await bar().getByText('2 contacts chosen').waitFor();
  assert.deepEqual(await violations(page), []);
  await bar().getByRole('button', { name: 'Unsubscribe' }).click();
  assert.deepEqual(await violations(page), []);
  await inDialog('Unsubscribe 2 contacts').click();
  await page.getByText('2 contacts unsubscribed.').waitFor();
  await inDialog('Done').click();
  await settled(page);
  assert.equal(await bar().count(), 0);
  assert.equal(await page.getByText('Not subscribed', { exact: true }).count(), 2);
  const { data } = await listed('rows.example');
  const left = data.filter(({ subscribed }) => subscribed).map(({ email }) => email[1]);
  assert.deepEqual(left.sort(), ['0', '2', '4']);
});

test('all that a search finds are deleted after a question, over a thousand of them', async () => {
  await people(1150, 'many.example');
  const before = (await call('GET', '/contacts')).total;
  await open('/contacts?search=many.example');
  await page.getByLabel('Choose all that are shown').check();
  await bar().getByText('50 contacts chosen').waitFor();
  await bar().getByRole('button', { name: 'Choose all 1,150' }).click();
  await bar().getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByText('“many.example” in the address').waitFor();
  await inDialog('Cancel').click();
  assert.equal((await call('GET', '/contacts')).total, before);

  await bar().getByRole('button', { name: 'Delete' }).click();
  await inDialog('Delete 1,150 contacts').click();
  await page.getByText('1,150 contacts deleted.').waitFor();
  await inDialog('Done').click();
  await page.getByText('No contact has this in the address').waitFor();
  assert.equal((await call('GET', '/contacts')).total, before - 1150);
});

test('a row is taken out of all, and the rest is subscribed', async () => {
  await people(4, 'rest.example', { subscribed: false });
  await open('/contacts?search=rest.example');
  await page.getByLabel('Choose all that are shown').check();
  await page.getByLabel('Choose p2@rest.example').uncheck();
  await bar().getByText('3 contacts chosen').waitFor();
  await bar().getByRole('button', { name: 'Subscribe', exact: true }).click();
  await inDialog('Subscribe 3 contacts').click();
  await page.getByText('3 contacts subscribed.').waitFor();
  await inDialog('Done').click();
  const { data } = await listed('rest.example');
  assert.deepEqual(
    data.filter(({ subscribed }) => !subscribed).map(({ email }) => email),
    ['p2@rest.example'],
  );
});

test('chosen contacts are put into a static segment', async () => {
  await people(3, 'member.example');
  const made = await call('POST', '/segments', { name: 'Chosen by hand', type: 'STATIC' });
  await call('POST', `/segments/${made.id}/members`, { emails: ['p0@member.example'] });
  await open('/contacts?search=member.example');
  await page.getByLabel('Choose all that are shown').check();
  await bar().getByRole('button', { name: 'Add to segment' }).click();
  assert.ok(await inDialog('Add 3 contacts').isDisabled());
  await page.getByLabel('Static segment').selectOption('Chosen by hand');
  await inDialog('Add 3 contacts').click();
  const words = '2 contacts added to “Chosen by hand”. 1 contact was a member already.';
  await page.getByText(words).waitFor();
  await inDialog('Done').click();
  assert.equal((await call('GET', `/segments/${made.id}/contacts`)).total, 3);
});

test('a stopped deed says what has been done', async () => {
  await people(2300, 'stopped.example');
  await open('/contacts?search=stopped.example');
  await page.getByLabel('Choose all that are shown').check();
  await bar().getByRole('button', { name: 'Choose all 2,300' }).click();
  await bar().getByRole('button', { name: 'Delete' }).click();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/contacts/bulk-delete', (route) => held.then(() => route.continue()));
  const asked = page.waitForRequest('**/contacts/bulk-delete');
  await inDialog('Delete 2,300 contacts').click();
  await asked; // the first piece is under way, the others are not
  await page.getByText('Deleting: 0 of 2,300').waitFor();
  await inDialog('Stop').click();
  release();
  const outcome = page.getByRole('dialog').getByText(/^Stopped\. /);
  await outcome.waitFor();
  await page.unroute('**/contacts/bulk-delete');
  const deleted = 2300 - (await listed('stopped.example')).total;
  assert.ok(deleted > 0 && deleted < 2300, String(deleted));
  assert.ok((await outcome.textContent()).includes(`${deleted.toLocaleString('en')} contacts`));
  await inDialog('Done').click();
});

test('a file in another encoding is named before it is sent', async () => {
  const text = 'email,name\nada@example.com,Zoë\n';
  await open('/contacts/import');
  for (const [buffer, words] of [
    [Buffer.from(text, 'latin1'), /is not in UTF-8/],
    [Buffer.from(`\ufeff${text}`, 'utf16le'), /is in UTF-16/],
    [Buffer.from('PK\x03\x04rest of an archive', 'latin1'), /spreadsheet’s own file/],
    [Buffer.from('email,EMAIL\na@x.io,b@x.io'), /names the column “email” 2 times/],
  ]) {
    const file = { name: 'wrong.csv', mimeType: 'text/csv', buffer };
    await page.getByLabel('CSV file').setInputFiles(file);
    await page.getByText(words).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Import / }).count(), 0);
  }
  const buffer = Buffer.from(`\ufeff${text}`);
  await page.getByLabel('CSV file').setInputFiles({ name: 'r.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('cell', { name: 'Zoë' }).waitFor();
});

test('what is wrong far down in a file is said by the server', async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => `u${index}@far.example,x`);
  const text = ['email,name', ...rows].join('\n');
  const buffer = Buffer.concat([Buffer.from(`${text}\nlast@far.example,`), Buffer.from([0xe9, 0x0a])]);
  await open('/contacts/import');
  await page.getByLabel('CSV file').setInputFiles({ name: 'far.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: /^Import / }).click();
  await page.getByRole('alert').getByText(/row 20002/).waitFor();
  assert.equal(dashboard.expected(/422/), 1);
  assert.equal((await listed('far.example')).total, 0);
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
