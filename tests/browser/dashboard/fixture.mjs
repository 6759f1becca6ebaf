// What each file of tests begins with: a server of its own, and a page that is logged in to it.
import assert from 'node:assert/strict';
import { after, afterEach } from 'node:test';
import { goTo, openDashboard, settled } from './browser.mjs';
import { startServer } from './server.mjs';

/**
 * Sets up for all tests of the file, which await it before they are declared, and clears away behind
 * them. After each test the page must have had nothing to complain of, and no text that somebody
 * typed may have become markup.
 * @param projects of the server, by name; `call` speaks for the first.
 * @param settings of the server, as startServer takes them.
 * @param prepare  fills the projects before the page is opened; what it resolves with is `prepared`.
 * @param leave    brings the page, after each test, to where the next one may begin.
 */
export async function setUp({
  projects = ['Demo'],
  settings = {},
  prepare = async () => undefined,
  leave = async () => undefined,
} = {}) {
  const server = await startServer(settings, ...projects);
  const [call] = server.calls;
  let dashboard;
  after(async () => {
    await dashboard?.close();
    await server.end();
  });
  const prepared = await prepare(call);
  dashboard = await openDashboard(server);
  const { page, complaints } = dashboard;
  afterEach(async () => {
    await leave(page, call);
    assert.equal(await page.evaluate(() => window.wasMarkup), undefined);
    assert.deepEqual(complaints.splice(0), []);
  });
  const open = async (path) => {
    await goTo(page, path);
    await settled(page);
  };
  return { server, call, prepared, dashboard, page, open };
}
