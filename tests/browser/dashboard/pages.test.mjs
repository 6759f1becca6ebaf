// Every page, in light and dark, on a phone and on a desk: nothing that axe-core knows is wrong
// with it, nothing sticks out at the side, and the console and the policy have nothing to say.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { goTo, openDashboard, settled, SIZES } from './browser.mjs';
import { seed } from './seed.mjs';
import { startServer } from './server.mjs';

let server;
let dashboard;
let paths;

before(async () => {
  server = await startServer('Demo', 'Empty');
  const call = server.calls[0];
  const { segments, contacts } = await seed(call);
  const { data: campaign } = await call('POST', '/campaigns', {
    name: 'May news',
    subject: 'What is new',
    body: '<p>Hello</p>',
    from: 'news@example.com',
    audienceType: 'SEGMENT',
    segmentId: segments.pro.id,
  });
  paths = {
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
    'a new campaign': '/campaigns/new',
    settings: '/settings',
    nowhere: '/nowhere',
  };
  dashboard = await openDashboard(server);
});

after(async () => {
  await dashboard?.close();
  await server?.end();
});

for (const [sizeName, size] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page holds on a ${sizeName} in ${colorScheme}`, async (t) => {
      const { page, complaints } = dashboard;
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const [name, path] of Object.entries(paths)) {
        await t.test(name, async () => {
          await goTo(page, path);
          await settled(page);
          assert.deepEqual(await violations(page), []);
          assert.equal(await sticksOut(page), 0);
          assert.deepEqual(complaints.splice(0), []);
        });
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
