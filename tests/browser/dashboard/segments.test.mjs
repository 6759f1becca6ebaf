// Segments: the list, and one with all that can be done to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from './browser.mjs';
import { setUp } from './fixture.mjs';
import { HOSTILE, HOSTILE_EMAIL, seed, SEGMENTS } from './seed.mjs';

const { call, dashboard, page, open, prepared: seeded } = await setUp({ prepare: seed });

const names = async () => page.locator('tbody .row-title').allTextContents();
const toast = (text) => page.locator('.toast', { hasText: text }).waitFor();

test('the list is searched and sorted', async () => {
  await open('/segments');
  assert.equal((await names()).length, Object.keys(SEGMENTS).length);

  await page.getByRole('button', { name: 'Members' }).click();
  const counts = await page.locator('tbody td:nth-child(3)').allTextContents();
  const numbers = counts.map(Number);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => b - a),
  );

  await page.getByLabel('Search segments').fill('beta');
  assert.deepEqual(await names(), ['Beta testers']);
  await page.getByLabel('Search segments').fill('no such name');
  await page.getByText('No segment is called that').waitFor();
  await page.getByLabel('Search segments').fill('');
});

test('what somebody typed stays text', async () => {
  await open('/segments');
  await page.getByRole('link', { name: HOSTILE, exact: true }).click();
  await settled(page);
  assert.equal(await page.locator('h1').textContent(), HOSTILE);
  assert.deepEqual(await names(), [HOSTILE_EMAIL.toLowerCase()]);
  assert.equal(await page.evaluate(() => window.wasMarkup), undefined);
  assert.equal(await page.locator('main img').count(), 0);
});

test('a copy has the filter and a name of its own', async () => {
  await open('/segments');
  await page.getByRole('button', { name: `Duplicate ${SEGMENTS.pro.name}` }).click();
  await page.getByLabel('Name of the copy').fill('Pro again');
  await page.getByRole('button', { name: 'Create copy' }).click();
  await page.getByRole('heading', { level: 1, name: 'Pro again' }).waitFor();
  const copy = (await call('GET', '/segments')).find(({ name }) => name === 'Pro again');
  assert.deepEqual(copy.condition, SEGMENTS.pro.condition);
  assert.equal(copy.trackMembership, true);
});

test('a copy of a static segment has its members', async () => {
  await open(`/segments/${seeded.segments.beta.id}`);
  await page.getByRole('button', { name: 'Duplicate' }).click();
  await page.getByRole('button', { name: 'Create copy' }).click();
  await page.getByRole('heading', { level: 1, name: 'Beta testers copy' }).waitFor();
  await settled(page);
  const original = await call('GET', `/segments/${seeded.segments.beta.id}/contacts`);
  assert.deepEqual((await names()).sort(), original.data.map(({ email }) => email).sort());
});

test('a segment that is used is not deleted, and the page says by whom', async () => {
  await open('/segments');
  await page.getByRole('button', { name: `Delete ${SEGMENTS.pro.name}`, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('It cannot be deleted while this uses it:').waitFor();
  await dialog.getByRole('link', { name: 'Pro in France' }).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Delete segment' }).isDisabled());
  await dialog.getByRole('button', { name: 'Cancel' }).click();
});

test('a segment that somebody begins to use meanwhile is not deleted either', async () => {
  const { id } = await call('POST', '/segments', { name: 'Used at once', type: 'STATIC' });
  await open('/segments');
  await page.getByRole('button', { name: 'Delete Used at once' }).click();
  const dialog = page.getByRole('dialog');
  await settled(page);
  const filters = [{ field: `segment.${id}`, operator: 'memberOfSegment' }];
  const user = await call('POST', '/segments', {
    name: 'Its user',
    condition: { logic: 'AND', groups: [{ filters }] },
  });
  await dialog.getByRole('button', { name: 'Delete segment' }).click();
  assert.match(await dialog.getByRole('alert').textContent(), /Its user/);
  assert.equal(dashboard.expected(/409/), 1);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await open('/segments');
  for (const one of [user.id, id]) await call('DELETE', `/segments/${one}`);
});

test('an unknown segment leads back to the segments', async () => {
  await open('/segments/no-such-segment');
  await page.getByRole('heading', { level: 1, name: 'This is not here' }).waitFor();
  assert.ok(dashboard.expected(/404/) > 0);
  await page.getByRole('link', { name: 'Go to the segments' }).click();
  await page.getByRole('heading', { level: 1, name: 'Segments' }).waitFor();
});

test('a static segment says nothing of events that it does not fire', async () => {
  const slugNote = () =>
    page.locator('.figures > *', { has: page.getByText('Slug', { exact: true }) });
  await open(`/segments/${seeded.segments.pro.id}`);
  assert.match(await slugNote().textContent(), /names its events/);
  await open(`/segments/${seeded.segments.beta.id}`);
  assert.doesNotMatch(await slugNote().textContent(), /events/);
});

test('a segment that nobody uses goes', async () => {
  const { id } = await call('POST', '/segments', { name: 'To go', type: 'STATIC' });
  await open('/segments');
  await page.getByRole('button', { name: 'Delete To go' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete segment' }).click();
  await toast('“To go” has been deleted.');
  await settled(page);
  assert.ok(!(await names()).includes('To go'));
  await assert.rejects(call('GET', `/segments/${id}`), /404/);
});

test('members are paged and searched', async () => {
  const all = await call('GET', `/segments/${seeded.segments.active.id}/contacts?pageSize=1`);
  await open(`/segments/${seeded.segments.active.id}`);
  await page.getByText(`1–20 of ${all.total} members`).waitFor();
  const first = await names();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText(`21–40 of ${all.total} members`).waitFor();
  const second = await names();
  assert.equal(first.filter((email) => second.includes(email)).length, 0);

  await page.getByLabel('Search members by email').fill(seeded.contacts[7].email);
  await page.getByText('1–1 of 1 member').waitFor();
  assert.deepEqual(await names(), [seeded.contacts[7].email]);
});

test('tracking is switched on and off, and the page says before what that sets off', async () => {
  const { id, slug } = await call('POST', '/segments', {
    name: 'Switched',
    condition: { logic: 'AND', groups: [{ filters: [{ field: 'data.plan', operator: 'equals', value: 'pro' }] }] },
  });
  const entries = async () => (await call('GET', `/segments/${id}/changes?limit=100`)).data;
  const { memberCount } = await call('GET', `/segments/${id}`);
  assert.ok(memberCount > 1);
  await open(`/segments/${id}`);
  const panel = page.getByRole('region', { name: 'Tracking' });
  const box = panel.getByLabel('Track membership changes');
  const firstTime = `Everyone who matches now counts as entering: shortly after, ${memberCount} contacts get segment.${slug}.entry, once.`;
  await panel.getByText(firstTime).waitFor();

  // A slip of the hand sets nothing off.
  await box.click();
  const dialog = page.getByRole('dialog', { name: 'Track membership changes?' });
  await dialog.getByText(firstTime).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await box.isChecked(), false);
  assert.equal((await call('GET', `/segments/${id}`)).trackMembership, false);

  await box.click();
  await dialog.getByRole('button', { name: 'Switch it on' }).click();
  await toast('Entries and exits are tracked now.');
  assert.equal(await box.isChecked(), true);
  assert.equal((await call('POST', `/segments/${id}/compute`)).total, memberCount);
  const entered = await entries();
  assert.equal(entered.length, memberCount);
  assert.ok(entered.every(({ type }) => type === 'entry'));

  await panel.getByText('No event fires from then on.').waitFor();
  await box.click();
  await toast('Tracking is off.');
  assert.equal((await call('GET', `/segments/${id}`)).trackMembership, false);
  await panel.getByText('Whoever stayed gets neither.').waitFor();
  const leaver = entered[0].contact.id;
  await call('PATCH', `/contacts/${leaver}`, { data: { plan: 'left' } });
  assert.equal((await entries()).length, memberCount);

  await box.click();
  await dialog.getByText('It was tracked before.').waitFor();
  await dialog.getByRole('button', { name: 'Switch it on' }).click();
  await panel.getByText('No event fires from then on.').waitFor();
  await call('POST', `/segments/${id}/compute`);
  const [newest, ...older] = await entries();
  assert.deepEqual([newest.type, newest.contact.id, older.length], ['exit', leaver, memberCount]);
  await open('/segments');
  await call('DELETE', `/segments/${id}`);
  await call('PATCH', `/contacts/${leaver}`, { data: { plan: 'pro' } });
});

test('refresh counts, and compute says who moved', async () => {
  const { id, memberCount } = await call('GET', `/segments/${seeded.segments.pro.id}`);
  await open(`/segments/${id}`);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await toast(`Counted: ${memberCount} members.`);
  await page.getByRole('button', { name: 'Compute' }).click();
  await toast(`0 entered, 0 left: ${memberCount} members.`);
});

test('entries and exits have their cause', async () => {
  const { data: before } = await call('GET', `/segments/${seeded.segments.pro.id}/contacts`);
  await call('PATCH', `/contacts/${before[0].id}`, { subscribed: false });
  await open(`/segments/${seeded.segments.pro.id}?tab=changes`);
  const first = page.locator('tbody tr').first();
  await first.getByText('Left').waitFor();
  assert.match(await first.textContent(), new RegExp(before[0].email));
  assert.match(await first.textContent(), /the contact or its events changed/);
  await call('PATCH', `/contacts/${before[0].id}`, { subscribed: true });
});

test('a verdict says of each filter what it saw', async () => {
  const { id } = seeded.segments.pro;
  const outsider = seeded.contacts.find(({ data }) => data.plan === 'free');
  await open(`/segments/${id}?tab=why`);
  await page.getByLabel('Search a contact by email').fill(outsider.email);
  await page.getByRole('button', { name: outsider.email }).click();
  await page.getByText('does not match', { exact: false }).first().waitFor();
  const filters = await page.locator('.explained-filter').allTextContents();
  assert.equal(filters.length, 2);
  assert.match(filters[0], /Does not match:.*plan.*is.*“pro”.*Seen: “free”/);
  assert.match(filters[1], /subscribed.*is yes.*Seen: (yes|no)/);
});

test('who uses a segment is listed', async () => {
  await open(`/segments/${seeded.segments.pro.id}?tab=usage`);
  await page.getByRole('tabpanel').getByRole('link', { name: 'Pro in France' }).click();
  await page.getByRole('heading', { level: 1, name: 'Pro in France' }).waitFor();
});

test('members are added by search; those already in are greyed out', async () => {
  const { id } = seeded.segments.beta;
  const [member] = (await call('GET', `/segments/${id}/contacts`)).data;
  const outsider = seeded.contacts[20];
  await open(`/segments/${id}`);
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');

  await dialog.getByLabel('Search contacts by email').fill(member.email);
  await dialog.locator('li[data-member="true"]', { hasText: member.email }).waitFor();
  assert.equal(await dialog.getByRole('button', { name: `Add ${member.email}` }).count(), 0);

  await dialog.getByLabel('Search contacts by email').fill(outsider.email);
  await dialog.getByRole('button', { name: `Add ${outsider.email}` }).click();
  await dialog.locator('li[data-member="true"]', { hasText: outsider.email }).waitFor();
  await dialog.getByText('Close', { exact: true }).click();
  await page.getByRole('link', { name: outsider.email }).waitFor();
});

test('a pasted list is added, and what is unknown is said', async () => {
  const { id } = seeded.segments.beta;
  const known = seeded.contacts[21].email;
  await open(`/segments/${id}`);
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('tab', { name: 'Paste a list' }).click();
  await dialog
    .getByLabel('Addresses', { exact: true })
    .fill(`${known}; nobody@example.com\n${known.toUpperCase()}`);
  await dialog.getByRole('button', { name: 'Add 2 addresses' }).click();
  await dialog.getByText('1 member added').waitFor();
  await dialog.getByText('Not known, so not added: 1').waitFor();

  await dialog.getByLabel('Create contacts for addresses').check();
  await dialog.getByRole('button', { name: 'Add 2 addresses' }).click();
  await dialog.getByText('1 contact is new').waitFor();
  // What has been added is not asked about.
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'nobody@example.com' }).waitFor();
});

test('a pasted list that is not added yet is not dropped', async () => {
  await open(`/segments/${seeded.segments.beta.id}`);
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('tab', { name: 'Paste a list' }).click();
  const area = dialog.getByLabel('Addresses', { exact: true });
  const list = `Ada Lovelace <${seeded.contacts[23].email}>, someone`;
  await area.fill(list);
  await dialog.getByText('1 address found. 1 word is not an address.').waitFor();

  const asked = [];
  page.once('dialog', (question) => {
    asked.push(question.message());
    void question.dismiss();
  });
  await dialog.getByText('Close', { exact: true }).click();
  assert.match(asked[0], /without adding/);
  await dialog.getByRole('tab', { name: 'Search' }).click();
  await dialog.getByRole('tab', { name: 'Paste a list' }).click();
  assert.equal(await area.inputValue(), list);

  await dialog.getByRole('button', { name: 'Add 1 address' }).click();
  await dialog.getByText('1 member added').waitFor();
  await dialog.getByText('Not an address: 1').click();
  await dialog.getByText('someone', { exact: true }).waitFor();
  await dialog.getByText('Close', { exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
});

test('a CSV without addresses says what it lacks', async () => {
  await open(`/segments/${seeded.segments.beta.id}`);
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('tab', { name: 'Upload a CSV' }).click();
  await dialog.getByLabel('CSV file').setInputFiles({
    name: 'list.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('Name,E-Mail\nAda,ada@example.com\n'),
  });
  await dialog.getByText('The first row has no column “email”.').waitFor();
  await dialog.getByText('With a column “email”, or').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Add 0 addresses' }).isDisabled());
  await page.keyboard.press('Escape');
});

test('a CSV is uploaded, and a member is removed', async () => {
  const { id } = seeded.segments.beta;
  const email = seeded.contacts[22].email;
  await open(`/segments/${id}`);
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('tab', { name: 'Upload a CSV' }).click();
  await dialog.getByLabel('CSV file').setInputFiles({
    name: 'list.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`name,email\r\n"Quoted, name",${email}\r\n`),
  });
  await dialog.getByRole('button', { name: 'Add 1 address' }).click();
  await dialog.getByText('1 member added').waitFor();
  await dialog.getByText('Close', { exact: true }).click();

  await page.getByRole('button', { name: `Remove ${email} from the segment` }).click();
  await toast(`${email} is no longer a member.`);
  await settled(page);
  assert.ok(!(await names()).includes(email));
});
