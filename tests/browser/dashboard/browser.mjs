// A logged-in page of the dashboard whose every complaint is kept.
import { launch } from '../chromium.mjs';

export const SIZES = {
  phone: { width: 360, height: 780 },
  desk: { width: 1280, height: 900 },
  'wide desk': { width: 1920, height: 1080 },
};

/** What a page takes longer for is a mistake: it is asked on the same machine. */
const TIMEOUT_MS = 15_000;

/** The requests that are under way, of each page. */
const requestsOf = new WeakMap();

function watchRequests(page) {
  const open = new Set();
  requestsOf.set(page, open);
  page.on('request', (request) => open.add(request));
  for (const end of ['requestfinished', 'requestfailed']) {
    page.on(end, (request) => open.delete(request));
  }
}

/**
 * Starts a browser and logs in by the server's link.
 * @returns page; complaints: what the console and the policy said; expected: takes out those that
 *   match, for tests in which something fails on purpose.
 */
export async function openDashboard(server) {
  const browser = await launch();
  try {
    return await logIn(browser, server);
  } catch (error) {
    await browser.close(); // else it would keep the tests from ending
    throw error;
  }
}

async function logIn(browser, server) {
  const context = await browser.newContext({ viewport: SIZES.desk, locale: 'en-GB' });
  const complaints = [];
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  watchRequests(page);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.link);
  await page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'attached' });
  return {
    page,
    complaints,
    expected: (pattern) => {
      const others = complaints.filter((text) => !pattern.test(text));
      const count = complaints.length - others.length;
      complaints.splice(0, complaints.length, ...others);
      return count;
    },
    close: () => browser.close(),
  };
}

/** Goes to a page, and begins it anew if it is shown already. */
export async function goTo(page, path) {
  const isThere = await page.evaluate((hash) => {
    const before = window.location.hash;
    window.location.hash = hash;
    return before === window.location.hash;
  }, path);
  if (isThere) await page.reload();
}

/** Quiet for so long counts as settled: a page asks at once, or not at all. */
const QUIET_MS = 120;

/** Waits until nothing is under way: no request, no sign of loading. */
export async function settled(page) {
  const open = requestsOf.get(page);
  const deadline = Date.now() + TIMEOUT_MS;
  let quietSince = Date.now();
  while (Date.now() - quietSince < QUIET_MS) {
    if (Date.now() > deadline) {
      throw new Error(`not settled: ${[...open].map((request) => request.url())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (open.size > 0 || (await page.locator('.loading').count()) > 0) quietSince = Date.now();
  }
}
