// A logged-in page of the dashboard whose every complaint is kept.
import { launch } from '../chromium.mjs';

export const SIZES = { phone: { width: 360, height: 780 }, desk: { width: 1280, height: 900 } };

/**
 * Starts a browser and logs in by the server's link.
 * @returns page; complaints: what the console and the policy said; expected: takes out those that
 *   match, for tests in which something fails on purpose.
 */
export async function openDashboard(server, { size = SIZES.desk } = {}) {
  const browser = await launch();
  const context = await browser.newContext({ viewport: size, locale: 'en-GB' });
  const complaints = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
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

export function goTo(page, path) {
  return page.evaluate((hash) => {
    window.location.hash = hash;
  }, path);
}
