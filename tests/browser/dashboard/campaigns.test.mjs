// Campaigns: an audience is picked and counted, the list is handed out.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { goTo, settled } from './browser.mjs';
import { setUp } from './fixture.mjs';
import { seed } from './seed.mjs';

const { call, dashboard, page, open, prepared: seeded } = await setUp({ prepare: seed });
const { total: subscribedPros } = await call('GET', `/segments/${seeded.segments.pro.id}/contacts`);

function draft(name) {
  return call('POST', '/campaigns', {
    name,
    subject: 'Hello',
    body: 'Text',
    from: 'news@example.com',
    audienceType: 'SEGMENT',
    segmentId: seeded.segments.pro.id,
  });
}

const confirm = (action) => page.getByRole('dialog').getByRole('button', { name: action }).click();

test('a campaign is written, and its audience counted while one picks it', async () => {
  await open('/campaigns');
  await page.getByRole('link', { name: 'New campaign' }).first().click();
  await page.getByLabel('Name').fill('May news');
  await page.getByLabel('From').fill('news@example.com');
  await page.getByLabel('Subject').fill('What is new');
  await page.getByLabel('Body', { exact: true }).fill('<b>Hello</b>');
  await page.getByRole('radio', { name: /A segment/ }).check();
  await page.getByLabel('Segment', { exact: true }).selectOption(seeded.segments.pro.id);
  await page.getByText(`${subscribedPros} recipients`).waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'May news' }).waitFor();
  await settled(page);
  assert.equal(await page.locator('.figure-value').first().textContent(), String(subscribedPros));
  await page.getByText('<b>Hello</b>', { exact: true }).waitFor();
  const { data } = await call('GET', '/campaigns');
  assert.equal(data[0].segmentId, seeded.segments.pro.id);
});

test('what is wrong with a campaign is said at its place', async () => {
  await open('/campaigns/new');
  await page.getByLabel('Name').fill('Faulty');
  await page.getByLabel('From').fill('nobody');
  await page.getByLabel('Subject').fill('What is new');
  await page.getByLabel('Body', { exact: true }).fill('Hello');
  await page.getByRole('radio', { name: /A segment/ }).check();
  const save = page.getByRole('button', { name: 'Save' });
  await save.click();
  await page.locator('.field-error').getByText('Choose a segment.').waitFor();
  await page.getByLabel('Segment', { exact: true }).selectOption(seeded.segments.pro.id);
  await save.click();
  const field = page.locator('.field', { has: page.getByLabel('From') });
  await field.locator('.field-error').waitFor();
  assert.doesNotMatch(await field.locator('.field-error').textContent(), /^from/);
  assert.equal(await page.locator('form [role="alert"]').count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-invalid')), 'true');
  assert.ok(dashboard.expected(/400/) > 0);
  page.once('dialog', (dialog) => dialog.accept());
  await goTo(page, '/campaigns');
  await page.getByRole('heading', { level: 1, name: 'Campaigns' }).waitFor();
});

test('a filter of its own is counted and said in words', async () => {
  await open('/campaigns/new');
  await page.getByRole('radio', { name: /A filter/ }).check();
  await page.getByRole('tab', { name: 'JSON' }).click();
  const condition = {
    logic: 'AND',
    groups: [{ filters: [{ field: 'data.plan', operator: 'equals', value: 'pro' }] }],
  };
  const { count, subscribed } = await call('POST', '/segments/preview', { condition });
  await page.getByRole('tabpanel').getByRole('textbox').fill(JSON.stringify(condition));
  await page
    .getByText(/plan is “?pro”?/)
    .first()
    .waitFor();
  const notSubscribed = `${subscribed} recipients; ${count - subscribed} contacts more are not`;
  await page.getByText(notSubscribed).waitFor();
  page.once('dialog', (dialog) => dialog.accept());
});

test('leaving with something unsaved is asked about', async () => {
  await open('/campaigns');
  await open('/campaigns/new');
  await page.getByLabel('Name').fill('Unsaved');
  page.once('dialog', (dialog) => dialog.dismiss());
  await goTo(page, '/contacts');
  await settled(page);
  assert.equal(await page.getByLabel('Name').inputValue(), 'Unsaved');
  page.once('dialog', (dialog) => dialog.accept());
  await goTo(page, '/contacts');
  await page.getByRole('heading', { level: 1, name: 'Contacts' }).waitFor();
});

test('a campaign is sent, its list downloaded, and reported as sent', async () => {
  const { data: campaign } = await draft('To send');
  await open(`/campaigns/${campaign.id}`);
  await page.getByRole('button', { name: 'Hand over now' }).click();
  await confirm('Hand over now');
  await page.getByText('Sending', { exact: true }).waitFor();

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'To-send-recipients.csv');
  const text = await readFile(await download.path(), 'utf8');
  assert.equal(text.trim().split('\n').length, subscribedPros + 1);

  await page.getByRole('button', { name: 'Mark as sent' }).click();
  await confirm('Mark as sent');
  await page.getByText('Sent', { exact: true }).waitFor();
  assert.equal((await call('GET', `/campaigns/${campaign.id}`)).data.status, 'SENT');
});

test('a campaign is scheduled, and cancelled', async () => {
  const { data: campaign } = await draft('To schedule');
  await open(`/campaigns/${campaign.id}`);
  await page.getByRole('button', { name: 'Schedule' }).click();
  await page.getByLabel('Hand over at').fill('2099-01-02T03:04');
  await confirm('Schedule');
  await page.getByText('Scheduled', { exact: true }).first().waitFor();
  const { data: scheduled } = await call('GET', `/campaigns/${campaign.id}`);
  assert.equal(Date.parse(scheduled.scheduledFor), new Date('2099-01-02T03:04').getTime());

  await page.getByRole('button', { name: 'Cancel campaign' }).click();
  await confirm('Cancel campaign');
  await page.getByText('Cancelled', { exact: true }).waitFor();
});

test('a segment that a campaign is for is not deleted', async () => {
  await draft('In the way');
  const { id } = seeded.segments.pro;
  await open(`/segments/${id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'In the way' }).waitFor();
  assert.ok(await page.getByRole('dialog').getByRole('button', { name: 'Delete segment' }).isDisabled());
  await page.keyboard.press('Escape');
});

test('campaigns are filtered by status, and deleted', async () => {
  await open('/campaigns');
  await page.getByLabel('Status').selectOption('SENT');
  await page.getByText('1–1 of 1 campaign').waitFor();
  await page.getByRole('link', { name: 'To send' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await confirm('Delete campaign');
  await page.getByRole('heading', { level: 1, name: 'Campaigns' }).waitFor();
});
