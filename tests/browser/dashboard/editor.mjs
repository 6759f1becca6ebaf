// The segment editor, as tests use it.
import { goTo } from './browser.mjs';

/** Longer than the page waits between two looks at the contacts. */
export const FRESH_MS = 15_000;

export const filter = (field, operator, more = {}) => ({ field, operator, ...more });
export const all = (...filters) => ({ logic: 'AND', groups: [{ filters }] });
export const isPro = filter('data.plan', 'equals', { value: 'pro' });

/** Leaves the editor, and forgets what is not saved: it is not the next test's. */
export async function leaveEditor(page) {
  page.once('dialog', (dialog) => void dialog.accept());
  await goTo(page, '/settings');
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  page.removeAllListeners('dialog');
  await page.evaluate(() => {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith('segmentry.draft')) localStorage.removeItem(key);
    }
  });
}

/** What is done and seen in the editor of a page. */
export function editorOf(page) {
  const json = () => page.getByLabel('Condition as JSON');
  const showJson = () => page.getByRole('tab', { name: 'JSON' }).click();
  const showBuilder = () => page.getByRole('tab', { name: 'Builder' }).click();

  async function shownJson() {
    await showJson();
    return JSON.parse(await json().inputValue());
  }
  return {
    json,
    showBuilder,
    shownJson,
    open: async (path) => {
      await goTo(page, path);
      await page.getByRole('heading', { level: 1, name: /(New|Edit) segment/ }).waitFor();
      await page.getByRole('region', { name: 'Name and kind' }).waitFor();
    },
    typeJson: async (condition) => {
      await showJson();
      await json().fill(
        typeof condition === 'string' ? condition : JSON.stringify(condition, null, 2),
      );
    },
    /** The number at the head of the counts, once it is this one. */
    counts: (count) =>
      page
        .locator('.live-count')
        .filter({ hasText: new RegExp(`^${count.toLocaleString('en')}$`) })
        .waitFor({ timeout: FRESH_MS }),
    /** Any number at the head of the counts, and a sample below it. */
    counted: async () => {
      await page.locator('.live-count').filter({ hasText: /\d/ }).waitFor({ timeout: FRESH_MS });
      await page.locator('.sample li').first().waitFor();
    },
    /** What stands beside the groups and filters of the builder, in document order. */
    nodeCounts: async () =>
      (await page.locator('.node-count-value').allTextContents()).map((text) =>
        Number(text.replace(',', '')),
      ),
    /** Chooses a field for the filter that has the focus, by the keyboard alone. */
    chooseField: async (search) => {
      await page.keyboard.type(search);
      await page.keyboard.press('Enter');
    },
    /** A handle by its name, such as `filter 1 of group 2`. */
    handle: (name) => page.getByRole('button', { name: `Move ${name} with the arrow keys` }),
    /** Logic, and which `data.*` filters stand in which groups: `OR ab|c(d)`. */
    shape: async () => {
      const { logic, groups } = await shownJson();
      await showBuilder();
      const spell = (group) =>
        group.filters.map(({ field }) => field.slice('data.'.length)).join('') +
        (group.conditions ? `(${group.conditions.groups.map(spell).join('|')})` : '');
      return `${logic} ${groups.map(spell).join('|')}`;
    },
  };
}
