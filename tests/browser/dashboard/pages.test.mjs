// Every page and every state of the editor, on a phone and on desks, in light and dark: nothing that
// axe-core knows is wrong with it, nothing sticks out at the side, and the console and the policy have
// nothing to say.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { violations } from './axe.mjs';
import { goTo, settled, SIZES } from './browser.mjs';
import { all, editorOf, filter, isPro, leaveEditor } from './editor.mjs';
import { setUp } from './fixture.mjs';
import { startReceiver, until, WITH_RECEIVER } from './receiver.mjs';
import { HOSTILE, HOSTILE_EMAIL, seed } from './seed.mjs';

const receiver = await startReceiver();
after(() => receiver.end());

const { call, dashboard, prepared } = await setUp({
  projects: ['Demo', 'Empty'],
  settings: WITH_RECEIVER,
  prepare: fill,
});
const nested = await call('POST', '/segments', {
  name: 'Nested',
  condition: nestedCondition(prepared.segments),
});
const editorStates = statesOfEditor(dashboard.page, `/segments/${nested.id}/edit`, prepared.segments);

/** Something of each kind; resolves with the segments, and the path of each page. */
async function fill(own) {
  const { segments, contacts } = await seed(own);
  const { webhook, failing, delivery } = await seedWebhooks(own);
  const campaignOf = async (name) =>
    (
      await own('POST', '/campaigns', {
        name,
        subject: 'What is new',
        body: '<p>Hello</p>',
        from: 'news@example.com',
        audienceType: 'SEGMENT',
        segmentId: segments.pro.id,
      })
    ).data;
  const campaign = await campaignOf('May news');
  const handedOver = await campaignOf(HOSTILE);
  await own('POST', `/campaigns/${handedOver.id}/send`);
  const { id: wordy } = await own('POST', '/contacts', {
    email: `${'long'.repeat(60)}@example.com`,
    data: { ['k'.repeat(150)]: 'v'.repeat(3000) },
  });
  const paths = {
    segments: '/segments',
    'a segment': `/segments/${segments.pro.id}`,
    'a static segment': `/segments/${segments.beta.id}`,
    'entries and exits': `/segments/${segments.pro.id}?tab=changes`,
    'a verdict': `/segments/${segments.pro.id}?tab=why&contact=${contacts[0].id}`,
    'who uses a segment': `/segments/${segments.pro.id}?tab=usage`,
    contacts: '/contacts',
    'a contact': `/contacts/${contacts[0].id}`,
    'a contact’s segments': `/contacts/${contacts[0].id}?tab=segments`,
    'a contact’s events': `/contacts/${contacts[0].id}?tab=events`,
    import: '/contacts/import',
    events: '/events',
    'latest events': '/events?tab=feed',
    'an event': '/events/signed_up',
    fields: '/fields',
    'a field': '/fields/data.plan',
    campaigns: '/campaigns',
    'a campaign': `/campaigns/${campaign.id}`,
    'a campaign that is handed over': `/campaigns/${handedOver.id}`,
    'a new campaign': '/campaigns/new',
    webhooks: '/webhooks',
    'a webhook': `/webhooks/${webhook.id}`,
    'a webhook that fails': `/webhooks/${failing.id}`,
    'a new webhook': '/webhooks/new',
    'a webhook’s form': `/webhooks/${webhook.id}/edit`,
    'a delivery': `/webhooks/${webhook.id}/deliveries/${delivery.id}`,
    'a contact with long texts': `/contacts/${wordy}`,
    settings: '/settings',
    nowhere: '/nowhere',
  };
  return { segments, paths };
}

/** One that has delivered, with all that a webhook can have, and one whose receiver fails. */
async function seedWebhooks(call) {
  const condition = {
    logic: 'AND',
    groups: [{ filters: [{ field: 'email', operator: 'contains', value: '@' }] }],
  };
  const events = ['purchase', 'segment.*.entry', 'no.such.event'];
  const webhook = await call('POST', '/webhooks', {
    name: HOSTILE,
    url: receiver.url,
    events,
    headers: { Authorization: 'Bearer secret' },
    condition,
  });
  await call('POST', '/v1/track', { event: 'purchase', email: HOSTILE_EMAIL });
  const path = `/webhooks/${webhook.id}/deliveries?status=DELIVERED`;
  const delivery = await until(async () => (await call('GET', path)).data[0]);
  const failing = await call('POST', '/webhooks', { url: 'http://127.0.0.1:1/', events });
  await call('POST', `/webhooks/${failing.id}/test`);
  await until(async () => (await call('GET', `/webhooks/${failing.id}`)).health.lastFailure);
  return { webhook, failing, delivery };
}

/** Three levels deep, with a value of each kind. */
function nestedCondition(segments) {
  const innermost = {
    logic: 'AND',
    groups: [
      { filters: [filter('data.logins', 'greaterThan', { value: 10 })] },
      { filters: [filter('data.birthday', 'lessThan', { value: '1990-01-01' })] },
    ],
  };
  const inner = {
    logic: 'OR',
    groups: [
      { filters: [filter('email.opened', 'triggeredWithin', { value: 14, unit: 'days' })] },
      { filters: [filter('event.signed_up', 'triggeredOlderThan', { value: 30, unit: 'minutes' })], conditions: innermost },
    ],
  };
  return {
    logic: 'OR',
    groups: [
      { filters: [filter('subscribed', 'equals', { value: true }), isPro], conditions: inner },
      {
        filters: [
          filter(`segment.${segments.beta.id}`, 'memberOfSegment'),
          filter('createdAt', 'greaterThan', { value: '2020-01-01T10:00' }),
        ],
      },
    ],
  };
}

/** Ways to bring the editor into each of its states. */
function statesOfEditor(page, nested, segments) {
  const { open, counted, typeJson, showBuilder } = editorOf(page);
  const addFilter = () => page.getByRole('button', { name: 'Add filter' }).first().click();
  const openNested = async () => {
    await open(nested);
    await counted();
  };
  const openPicker = async () => {
    await openNested();
    await addFilter();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('listbox').waitFor();
  };
  const openMenu = async (name) => {
    await openNested();
    await page.getByRole('button', { name: `More for ${name}`, exact: true }).click();
    await page.getByRole('menu').waitFor();
  };
  const makeMistakes = async () => {
    await openNested();
    await typeJson('{"logic": "XOR", "groups": []}');
  };
  return {
    'a new segment': () => open('/segments/new'),
    'a new static segment': async () => {
      await open('/segments/new');
      await page.getByRole('radio', { name: /Static/ }).check();
    },
    'a new segment that will be tracked': async () => {
      await open('/segments/new');
      await page.getByLabel('Track membership changes').check();
      await typeJson(all(isPro));
      await counted();
    },
    'nested groups': openNested,
    'tracking about to begin': async () => {
      await openNested();
      await page.getByLabel('Track membership changes').check();
    },
    'tracking about to end': async () => {
      await open(`/segments/${segments.pro.id}/edit`);
      await page.getByLabel('Track membership changes').uncheck();
      await counted();
    },
    'the picker open': openPicker,
    'an unfinished filter': async () => {
      await openPicker();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Save' }).click();
    },
    'a menu open': () => openMenu('filter 1 of group 1'),
    'a menu open at the end': () => openMenu('filter 2 of group 2'),
    'the JSON': async () => {
      await openNested();
      await page.getByRole('tab', { name: 'JSON' }).click();
    },
    'mistakes in the JSON': makeMistakes,
    'mistakes behind the builder': async () => {
      await makeMistakes();
      await showBuilder();
    },
  };
}

/** Nothing that axe-core knows is wrong, nothing sticks out at the side, nothing has been said. */
async function holds() {
  const { page, complaints } = dashboard;
  await settled(page);
  assert.deepEqual(await violations(page), []);
  assert.equal(await sticksOut(page), 0);
  assert.deepEqual(complaints.splice(0), []);
}

for (const [sizeName, size] of Object.entries(SIZES)) {
  // What is wide is not otherwise coloured.
  for (const colorScheme of sizeName === 'wide desk' ? ['light'] : ['light', 'dark']) {
    const setUp = async () => {
      await dashboard.page.setViewportSize(size);
      await dashboard.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    };
    test(`every page holds on a ${sizeName} in ${colorScheme}`, async (t) => {
      await setUp();
      for (const [name, path] of Object.entries(prepared.paths)) {
        await t.test(name, async () => {
          await goTo(dashboard.page, path);
          await holds();
        });
      }
    });
    test(`the editor holds on a ${sizeName} in ${colorScheme}`, async (t) => {
      await setUp();
      for (const [name, reach] of Object.entries(editorStates)) {
        await t.test(name, async () => {
          await reach();
          await holds();
        });
        await leaveEditor(dashboard.page);
      }
    });
  }
}

/** Pixels by which the page is wider than the window. */
function sticksOut(page) {
  return page.evaluate(() =>
    Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, 0),
  );
}
