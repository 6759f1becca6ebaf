// The editor of segments, as somebody uses it: what it counts is what the server counts, and nothing
// that was typed is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTo, settled } from './browser.mjs';
import { all, editorOf, filter, FRESH_MS, isPro, leaveEditor } from './editor.mjs';
import { setUp } from './fixture.mjs';
import { HOSTILE, HOSTILE_EMAIL, seed } from './seed.mjs';

const { server, call, dashboard, page, prepared } = await setUp({ prepare: seed, leave: leaveEditor });
const { segments } = prepared;
const { open, json, typeJson, shownJson, showBuilder, counts, counted, nodeCounts, chooseField, handle, shape } =
  editorOf(page);

const preview = (condition, more = {}) => call('POST', '/segments/preview', { condition, ...more });

test('a segment is built with the keyboard, counted at every key, and saved as it was counted', async () => {
  await open('/segments/new');
  await page.getByLabel('Name', { exact: true }).fill('Été à Paris');
  await page.getByText('Slug ete-a-paris').waitFor();
  await page.getByText('segment.ete-a-paris.entry').waitFor();

  await page.getByRole('button', { name: 'Add filter' }).press('Enter');
  await chooseField('plan');
  await page.getByLabel('Value', { exact: true }).pressSequentially('pro');
  await page.getByRole('button', { name: 'Add filter' }).press('Enter');
  await chooseField('email opened');
  await page.getByLabel('Comparison').last().selectOption({ label: 'happened in the last' });
  await page.getByLabel('How long').fill('3650');
  await page.getByRole('button', { name: 'Or another group' }).press('Enter');
  await chooseField('subscribed');
  await page.getByLabel('Value', { exact: true }).last().selectOption('no');

  const condition = {
    logic: 'OR',
    groups: [
      { filters: [isPro, filter('email.opened', 'triggeredWithin', { value: 3650, unit: 'days' })] },
      { filters: [filter('subscribed', 'equals', { value: false })] },
    ],
  };
  const expected = await preview(condition);
  await counts(expected.count);
  assert.deepEqual(await nodeCounts(), expected.nodes.map(({ count }) => count));
  await page.getByText('Contacts where (plan is “pro” and email opened happened in the last 3,650 days) or subscribed is no.').waitFor();
  assert.deepEqual(await shownJson(), condition);

  await page.getByRole('button', { name: 'Create segment' }).click();
  await page.getByRole('heading', { level: 1, name: 'Été à Paris' }).waitFor();
  const saved = (await call('GET', '/segments')).find(({ name }) => name === 'Été à Paris');
  assert.deepEqual(saved.condition, condition);
  assert.equal(saved.slug, 'ete-a-paris');
  assert.equal((await call('POST', `/segments/${saved.id}/refresh`)).memberCount, expected.count);
  await leaveEditor(page);
  await settled(page); // nobody asks for it any more
  await call('DELETE', `/segments/${saved.id}`);
});

test('every operator counts as the server counts', async () => {
  await open('/segments/new');
  const conditions = [
    all(filter('data.plan', 'notEquals', { value: 'pro' })),
    all(filter('data.logins', 'greaterThan', { value: 100 })),
    all(filter('data.tags', 'contains', { value: 'BETA' })),
    all(filter('data.birthday', 'lessThan', { value: '1990-01-01' })),
    all(filter('data.trialEndsAt', 'olderThan', { value: 1, unit: 'days' })),
    all(filter('data.profile.tier', 'exists')),
    all(filter('email', 'contains', { value: '@OUTLOOK' })),
    all(filter('createdAt', 'within', { value: 1, unit: 'hours' })),
    all(filter('event.signed_up', 'triggeredOlderThan', { value: 400, unit: 'days' })),
    all(filter('event.signed_up', 'notTriggeredWithin', { value: 600, unit: 'days' })),
    all(filter('email.clicked', 'notTriggered')),
    all(filter(`segment.${segments.beta.id}`, 'memberOfSegment')),
    all(filter(`segment.${segments.active.id}`, 'notMemberOfSegment'), filter(`segment.${segments.pro.id}`, 'memberOfSegment')),
    all(filter('data.nobody_has_this', 'notExists'), filter('event.never_was', 'notTriggered')),
  ];
  for (const condition of conditions) {
    const expected = await preview(condition);
    await typeJson(condition);
    await counts(expected.count);
    await page.locator('.live-figures').getByText(expected.subscribed.toLocaleString('en'), { exact: true }).first().waitFor();
    await showBuilder();
    assert.deepEqual(await nodeCounts(), expected.nodes.map(({ count }) => count), JSON.stringify(condition));
  }
});

test('values are suggested, and whatever else one types counts as well', async () => {
  await open('/segments/new');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await chooseField('plan');
  await page.getByLabel('Value', { exact: true }).click();
  const options = page.getByRole('listbox', { name: 'Value' }).getByRole('option');
  await options.first().waitFor();
  const { values } = await call('GET', '/contacts/fields/data.plan/values');
  assert.deepEqual(await options.locator('.combobox-title').allTextContents(), values);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await counts((await preview(all(filter('data.plan', 'equals', { value: values[0] })))).count);
  await page.getByLabel('Value', { exact: true }).fill('no such plan');
  await counts(0);
});

test('a segment made in another tab is offered, by its name', async () => {
  await open('/segments/new');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await chooseField('Beta testers');
  const made = await call('POST', '/segments', { name: 'Made elsewhere', condition: all(isPro) });
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.keyboard.press('ArrowDown');
  await page.getByRole('option', { name: 'Made elsewhere' }).click();
  const expected = all(filter(`segment.${segments.beta.id}`, 'memberOfSegment'), filter(`segment.${made.id}`, 'memberOfSegment'));
  assert.deepEqual(await shownJson(), expected);
  await page.getByText('is in “Beta testers” and is in “Made elsewhere”').waitFor();
  await counts((await preview(expected)).count);
  // Its name is taken as well.
  await page.getByLabel('Name', { exact: true }).fill('made ELSEWHERE');
  await page.getByText('“Made elsewhere” has this slug already.').waitFor();
  await leaveEditor(page);
  await call('DELETE', `/segments/${made.id}`);
});

test('what no contact has yet is chosen on purpose only', async () => {
  await open('/segments/new');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await chooseField('bought twice');
  await page.getByRole('option', { name: 'Event “bought twice” never seen yet' }).waitFor();
  assert.equal(await page.getByLabel('Comparison').count(), 0);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.deepEqual(await shownJson(), all(filter('event.bought twice', 'triggered')));
});

test('fields that no contact has yet can be chosen, and values of any type', async () => {
  await open('/segments/new');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.keyboard.type('planned_seats');
  await page.getByRole('option', { name: 'Custom field “planned_seats”' }).click();
  await page.getByLabel('Type of the value').selectOption('number');
  await page.getByLabel('Value', { exact: true }).fill('4.5');
  assert.deepEqual(await shownJson(), all(filter('data.planned_seats', 'equals', { value: 4.5 })));
});

test('the JSON and the builder are one; mistakes are named where they are, and nothing is lost', async () => {
  await open('/segments/new');
  await typeJson(all(isPro));
  await showBuilder();
  assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'pro');

  const broken = '{\n  "logic": "AND",\n  "groups": [{ "filters": [{ "field": "subscribed", "operator": "contains", "value": "x" }] }]\n}';
  await typeJson(broken);
  const place = page.getByRole('button', { name: 'Line 3, column 65' });
  await place.click();
  assert.equal(await json().evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)), '"contains"');
  assert.equal(await page.locator('.json-mirror mark').first().textContent(), '"contains"');
  await page.getByText('must be one of equals, notEquals, not contains').waitFor();

  await showBuilder();
  await page.getByText('What you typed under JSON is not a filter yet.').waitFor();
  assert.ok(await page.getByLabel('Value', { exact: true }).isDisabled());
  await page.getByRole('button', { name: 'Go on with the JSON' }).click();
  assert.equal(await json().inputValue(), broken);

  await typeJson('{"logic": "AND",\n "groups": [}');
  const spot = page.getByRole('button', { name: 'Line 2, column 13' });
  await spot.waitFor();
  assert.doesNotMatch(await page.locator('.json-mistakes').textContent(), /column.*column/);
  // What stands beside it is older, and says so.
  await page.getByText('In words, the last filter that was valid.').waitFor();
  await page.getByText('These are the counts of the last filter that was valid.').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('With a mistake');
  await page.getByRole('button', { name: 'Create segment' }).click();
  await page.locator('.save-note[data-kind="error"]').getByText('It cannot be saved: what you typed under JSON').waitFor();
  await showBuilder();
  await page.getByRole('button', { name: 'Discard what I typed' }).click();
  assert.deepEqual(await shownJson(), all(isPro));
});

test('filters and groups move by keys, by menu and by dragging, and every step can be undone', async () => {
  await open('/segments/new');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => filter(`data.${name}`, 'exists'));
  await typeJson({ logic: 'OR', groups: [{ filters: [a, b] }, { filters: [c] }] });
  await showBuilder();
  await handle('filter 1 of group 1').press('ArrowDown');
  assert.equal(await shape(), 'OR ba|c');
  await handle('filter 2 of group 1').press('ArrowDown');
  // The focus goes with it.
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Move filter 1 of group 2 with the arrow keys');
  assert.equal(await shape(), 'OR b|ac');
  await handle('filter 2 of group 2').press('ArrowRight');
  assert.equal(await shape(), 'OR b|a(c)');
  await page.getByRole('button', { name: 'More for group 2', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Move up' }).click();
  assert.equal(await shape(), 'OR a(c)|b');
  await page.getByRole('button', { name: 'More for filter 1 of group 1', exact: true }).click();
  await page.keyboard.press('End');
  await page.getByRole('menuitem', { name: 'Duplicate' }).press('Enter');
  assert.equal(await shape(), 'OR aa(c)|b');
  await handle('filter 1 of group 2').dragTo(page.getByRole('group', { name: /^Filter 1: a/ }), { targetPosition: { x: 40, y: 4 } });
  assert.equal(await shape(), 'OR baa(c)');
  await handle('filter 2 of group 1').press('Delete');
  assert.equal(await shape(), 'OR ba(c)');

  for (const expected of ['OR baa(c)', 'OR aa(c)|b', 'OR a(c)|b', 'OR b|a(c)']) {
    await handle('filter 1 of group 1').press('Control+z');
    assert.equal(await shape(), expected);
  }
  // The keyboard stays with the builder, whatever a step takes away.
  await page.keyboard.press('Control+Shift+z');
  await page.getByRole('button', { name: 'Redo' }).click();
  assert.equal(await shape(), 'OR aa(c)|b');
});

test('what saving would change is what saving changes', async () => {
  const listening = await call('POST', '/webhooks', {
    name: 'Entries of all',
    url: 'https://example.com/hook',
    events: ['segment.*.entry'],
    enabled: false,
  });
  await open(`/segments/${segments.pro.id}/edit`);
  const condition = {
    logic: 'OR',
    groups: [{ filters: [filter('data.plan', 'equals', { value: 'starter' })] }, { filters: [isPro, filter('data.logins', 'greaterThan', { value: 50 })] }],
  };
  const expected = await preview(condition, { segmentId: segments.pro.id });
  assert.ok(expected.changes.entering > 0 && expected.changes.leaving > 0);
  await typeJson(condition);
  await counts(expected.count);
  const panel = page.getByRole('region', { name: 'Who matches' });
  const moves = panel.locator('.live-moves dd');
  assert.deepEqual(await moves.allTextContents(), [expected.changes.entering, expected.changes.leaving].map(String));
  await panel.getByText(`segment.pro-subscribed.entry × ${expected.changes.entering}`).waitFor();
  await panel.getByText(`segment.pro-subscribed.exit × ${expected.changes.leaving}`).waitFor();
  await panel.getByRole('link', { name: 'Pro in France' }).waitFor();
  const told = panel.locator('.link-list li', { hasText: 'Entries of all' });
  assert.match(await told.textContent(), /entry ?Disabled$/);
  await call('DELETE', `/webhooks/${listening.id}`);

  const before = await call('GET', `/segments/${segments.pro.id}/changes?limit=100`);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Pro, subscribed' }).waitFor();
  await call('POST', `/segments/${segments.pro.id}/compute`);
  const { data } = await call('GET', `/segments/${segments.pro.id}/changes?limit=100`);
  const fresh = data.filter(({ id }) => Number(id) > Number(before.data[0].id));
  const of = (type) => fresh.filter((change) => change.type === type).length;
  assert.deepEqual([of('entry'), of('exit')], [expected.changes.entering, expected.changes.leaving]);
  const members = await call('GET', `/segments/${segments.pro.id}/contacts`);
  assert.equal(members.total, expected.count);
});

test('what tracking would set off is what it sets off', async () => {
  const made = await call('POST', '/segments', { name: 'Tracked later', condition: all(isPro) });
  await open(`/segments/${made.id}/edit`);
  const panel = page.getByRole('region', { name: 'Who matches' });
  await panel.getByText('No events fire: membership changes are not tracked.').waitFor();
  await page.getByLabel('Track membership changes').check();
  const condition = all(isPro, filter('data.logins', 'greaterThan', { value: 50 }));
  const { count } = await preview(condition);
  await typeJson(condition);
  await counts(count);
  await panel.getByText(`shortly after, ${count} contacts get segment.tracked-later.entry, once.`).waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Tracked later' }).waitFor();
  await call('POST', `/segments/${made.id}/compute`);
  const { data } = await call('GET', `/segments/${made.id}/changes?limit=100`);
  assert.deepEqual(data.map(({ type }) => type), Array(count).fill('entry'));

  await open(`/segments/${made.id}/edit`);
  await page.getByLabel('Track membership changes').uncheck();
  await panel.getByText('No event fires from then on.').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Tracked later' }).waitFor();
  await open(`/segments/${made.id}/edit`);
  await page.getByLabel('Track membership changes').check();
  await panel.getByText('Whoever stayed gets neither.').waitFor();
  await leaveEditor(page);
  await call('DELETE', `/segments/${made.id}`);
});

test('counts follow the contacts without a key being pressed', async () => {
  await open('/segments/new');
  await typeJson(all(filter('data.freshly', 'equals', { value: 'made' })));
  await counts(0);
  await call('POST', '/contacts', { email: 'fresh@example.com', data: { freshly: 'made' } });
  await counts(1);
  await page.getByRole('link', { name: 'fresh@example.com' }).waitFor();
});

test('beyond what a page can hold the server counts, and the page says so', async () => {
  // The server's own refusal, at a number that this project is over.
  await page.context().route('**/snapshot?*', (route) => route.continue({ url: `${route.request().url()}&limit=10` }));
  try {
    await open('/segments/new');
    await typeJson(all(isPro));
    await page.getByText('so the server counts').waitFor();
    const expected = await preview(all(isPro));
    await counts(expected.count);
    await showBuilder();
    assert.deepEqual(await nodeCounts(), expected.nodes.map(({ count }) => count));
    await page.getByLabel('Value', { exact: true }).fill('free');
    await counts((await preview(all(filter('data.plan', 'equals', { value: 'free' })))).count);
  } finally {
    await page.context().unroute('**/snapshot?*');
  }
  dashboard.expected(/409/);
});

test('an old answer never replaces a newer one', async () => {
  const slow = [];
  await page.context().route('**/snapshot?*', (route) => route.continue({ url: `${route.request().url()}&limit=10` }));
  await page.route('**/segments/preview', async (route) => {
    const response = await route.fetch();
    // The first answer comes after the second.
    if (slow.push(0) === 1) await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.fulfill({ response }).catch(() => undefined);
  });
  try {
    await open('/segments/new');
    await typeJson(all(isPro));
    await page.waitForTimeout(600);
    await typeJson(all(filter('data.plan', 'equals', { value: 'free' })));
    const { count } = await preview(all(filter('data.plan', 'equals', { value: 'free' })));
    await counts(count);
    await page.waitForTimeout(1_800);
    assert.equal(await page.locator('.live-count').textContent(), String(count));
    assert.ok(slow.length >= 2);
  } finally {
    await page.unroute('**/segments/preview');
    await page.context().unroute('**/snapshot?*');
  }
  dashboard.expected(/409/);
});

test('what was typed is offered again after a reload, and leaving asks', async () => {
  await open('/segments/new');
  await page.getByLabel('Name', { exact: true }).fill('Half a segment');
  await typeJson('{"logic": "AND", "groups": [');
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('segmentry.draft') && localStorage[key].includes('groups')));

  const asked = [];
  page.once('dialog', (dialog) => {
    asked.push(dialog.message());
    void dialog.dismiss();
  });
  await goTo(page, '/segments');
  await page.waitForTimeout(100);
  assert.match(asked[0], /Leave without saving/);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Half a segment');

  page.once('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.reload();
  assert.deepEqual(asked.slice(1), ['beforeunload']);
  await page.getByText(/not saved\s+to “Half a segment”/).waitFor();
  await page.getByRole('button', { name: 'Go on with them' }).click();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Half a segment');
  assert.equal(await json().inputValue(), '{"logic": "AND", "groups": [');
});

test('a draft is offered for its segment, whatever the draft would call it', async () => {
  await open(`/segments/${segments.beta.id}/edit`);
  await page.getByLabel('Name', { exact: true }).fill('Another name');
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('segmentry.draft') && localStorage[key].includes('Another name')));
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText(/not saved\s+to “Beta testers”/).waitFor();
  await page.getByRole('button', { name: 'Discard them' }).click();
});

test('what is not finished is not saved, and the focus goes there', async () => {
  await open('/segments/new');
  const create = page.getByRole('button', { name: 'Create segment' });
  await create.click();
  await page.getByText('Give the segment a name.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'segment-name');
  await page.keyboard.type('pro SUBSCRIBED');
  await page.locator('.slug-line').getByText('“Pro, subscribed” has this slug already.').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Unfinished');
  await create.click();
  await page.getByText('Add at least one filter.').waitFor();
  await page.getByRole('button', { name: 'Add filter' }).click();
  await chooseField('plan');
  await create.click();
  await page.locator('.filter-problem').getByText('Enter a value.').waitFor();
  await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Value');
  assert.equal((await call('GET', '/segments')).some(({ name }) => name === 'Unfinished'), false);
});

test('what the server finds wrong is shown at its filter', async () => {
  const doomed = await call('POST', '/segments', { name: 'Doomed', condition: all(isPro) });
  await open('/segments/new');
  await page.getByLabel('Name', { exact: true }).fill('Refers to a doomed one');
  const condition = all(isPro, filter(`segment.${doomed.id}`, 'memberOfSegment'));
  await typeJson(condition);
  await showBuilder();
  await counts((await preview(condition)).count);
  await call('DELETE', `/segments/${doomed.id}`);
  await page.getByRole('button', { name: 'Create segment' }).click();
  const second = page.getByRole('group', { name: /^Filter 2/ });
  await second.getByText('there is no segment with the id').waitFor();
  assert.equal(await page.getByRole('group', { name: /^Filter 1/ }).locator('.filter-problem').count(), 0);
  dashboard.expected(/400|404/);
});

test('with the server stopped nothing typed is lost, and saving works again when it is back', async () => {
  await open(`/segments/${segments.active.id}/edit`);
  await page.getByLabel('Name', { exact: true }).fill('Signed up some time');
  await counted();
  await server.stop();
  try {
    // Nobody has to press anything to be told.
    const banner = page.locator('.banner', { hasText: 'The server cannot be reached.' });
    await banner.getByText('Nothing you typed is lost').waitFor({ timeout: FRESH_MS });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The server cannot be reached, so nothing was saved.').waitFor();
    await page.getByLabel('How long').fill('3000');
    // The page counts by itself, as long as it has the columns.
    await page.getByRole('button', { name: 'Add filter' }).click();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('option', { name: 'Beta testers' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+z');
    assert.equal(await page.getByLabel('How long').inputValue(), '3000');
  } finally {
    await server.start();
  }
  await page.getByText('The server is back.').waitFor({ timeout: FRESH_MS });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Signed up some time' }).waitFor();
  const saved = await call('GET', `/segments/${segments.active.id}`);
  assert.equal(saved.name, 'Signed up some time');
  assert.equal(saved.condition.groups[0].filters[0].value, 3000);
  assert.ok(dashboard.expected(/ERR_|Failed to (load|fetch)|WebSocket/i) > 0);
});

test('a static segment has no filter', async () => {
  await open('/segments/new');
  await page.getByLabel('Name', { exact: true }).fill('Conference');
  await page.getByRole('radio', { name: /Static/ }).check();
  assert.equal(await page.getByRole('tab', { name: 'Builder' }).count(), 0);
  await page.getByRole('button', { name: 'Create segment' }).click();
  await page.getByRole('heading', { level: 1, name: 'Conference' }).waitFor();
  const made = (await call('GET', '/segments')).find(({ name }) => name === 'Conference');
  assert.deepEqual([made.type, made.condition], ['STATIC', null]);
  await open(`/segments/${made.id}/edit`);
  await page.getByLabel('Description').fill('May, in Łódź');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Conference' }).waitFor();
  assert.equal((await call('GET', `/segments/${made.id}`)).description, 'May, in Łódź');
});

test('hostile names, fields and values stay text', async () => {
  await call('POST', '/contacts', { email: 'field@example.com', data: { [HOSTILE]: HOSTILE } });
  await open(`/segments/${segments.hostile.id}/edit`);
  await page.getByRole('link', { name: HOSTILE_EMAIL }).waitFor();
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.keyboard.type('<img');
  await page.getByRole('option', { name: HOSTILE }).first().click();
  await page.getByLabel('Value', { exact: true }).last().click();
  await page.getByRole('option', { name: HOSTILE }).waitFor();
  await page.keyboard.type(HOSTILE);
  await counts(0);
  await page.getByText(HOSTILE, { exact: false }).first().waitFor();
  assert.equal(await page.locator('img').count(), 0);
});
