// The editor in the hand: filters are dragged with a finger, a mouse or a pen, and whoever goes
// through it with the Tab key sees where they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIZES } from './browser.mjs';
import { all, editorOf, filter, leaveEditor } from './editor.mjs';
import { setUp } from './fixture.mjs';
import { seed } from './seed.mjs';

const { page } = await setUp({
  prepare: seed,
  leave: async (own) => {
    await leaveEditor(own);
    await own.setViewportSize(SIZES.phone);
  },
});
const { open, typeJson, showBuilder, counted, handle, shape } = editorOf(page);
await page.setViewportSize(SIZES.phone);
const debug = await page.context().newCDPSession(page);
await debug.send('Emulation.setTouchEmulationEnabled', { enabled: true });
const touch = (type, x, y) =>
  debug.send('Input.dispatchTouchEvent', { type, touchPoints: x === undefined ? [] : [{ x, y }] });

const has = (name) => filter(`data.${name}`, 'exists');

/** Opens the builder with two groups, the second of which has a nested one: `OR ab|c(d|e)`. */
async function openBuilder() {
  await open('/segments/new');
  const conditions = { logic: 'AND', groups: [{ filters: [has('d')] }, { filters: [has('e')] }] };
  await typeJson({
    logic: 'OR',
    groups: [{ filters: [has('a'), has('b')] }, { filters: [has('c')], conditions }],
  });
  await showBuilder();
}

const middleOf = async (locator) => {
  const { x, y, width, height } = await locator.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
};

const filterBox = (name) => page.getByRole('group', { name: new RegExp(`^Filter \\d+: ${name} `) });

/** Moves a finger from one point to another, as a hand does: not at once. */
async function swipe(from, to, steps = 12) {
  await touch('touchStart', from.x, from.y);
  for (let step = 1; step <= steps; step += 1) {
    const part = step / steps;
    await touch('touchMove', from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
    await page.waitForTimeout(16);
  }
}

const scrolled = () => page.evaluate(() => window.scrollY);
const isStill = (read) =>
  page.waitForFunction(
    (expected) => (document.querySelector('[data-dragged="true"]') !== null) === expected,
    read,
  );

/** Brings something to the middle of the window, clear of its bars and edges. */
const centre = (locator) =>
  locator.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));

test('a finger drags a filter past its neighbour, by the handle alone', async () => {
  await openBuilder();
  const first = handle('filter 1 of group 1');
  await centre(filterBox('b'));
  const from = await middleOf(first);
  const below = await filterBox('b').boundingBox();
  await swipe(from, { x: from.x, y: below.y + below.height - 4 });
  await isStill(true);
  assert.equal(await filterBox('b').getAttribute('data-drop'), 'after');
  await touch('touchEnd');
  await isStill(false);
  assert.equal(await shape(), 'OR ba|c(d|e)');
  assert.equal(
    await page.evaluate(() => document.querySelector('.condition-editor [role="status"]:last-child').textContent),
    'Moved.',
  );
});

test('a finger beside the handle scrolls the page, and moves nothing', async () => {
  await openBuilder();
  await centre(filterBox('b'));
  const at = await middleOf(page.getByRole('heading', { name: /^Group 1/ }));
  const before = await scrolled();
  await swipe(at, { x: at.x, y: at.y - 200 });
  await touch('touchEnd');
  await page.waitForFunction((from) => window.scrollY > from + 100, before);
  assert.equal(await shape(), 'OR ab|c(d|e)');
});

test('a drag that is given up changes nothing', async () => {
  await openBuilder();
  await centre(filterBox('b'));
  const from = await middleOf(handle('filter 1 of group 1'));
  const below = await filterBox('b').boundingBox();
  const to = { x: from.x, y: below.y + below.height - 4 };
  await swipe(from, to);
  await touch('touchCancel');
  await isStill(false);
  assert.equal(await shape(), 'OR ab|c(d|e)');

  await centre(filterBox('b'));
  const again = await middleOf(handle('filter 1 of group 1'));
  const box = await filterBox('b').boundingBox();
  await page.mouse.move(again.x, again.y);
  await page.mouse.down();
  await page.mouse.move(again.x, box.y + box.height - 4, { steps: 8 });
  await isStill(true);
  await page.keyboard.press('Escape');
  await isStill(false);
  await page.mouse.up();
  assert.equal(await shape(), 'OR ab|c(d|e)');
  // A press that hardly moves is none.
  await page.mouse.down();
  await page.mouse.move(again.x + 2, again.y + 2);
  await page.mouse.up();
  assert.equal(await shape(), 'OR ab|c(d|e)');
});

test('near the edge of the window the page scrolls along, to where the finger could not reach', async () => {
  await openBuilder();
  const first = handle('filter 1 of group 1');
  await centre(first);
  const from = await middleOf(first);
  const edge = { x: from.x, y: SIZES.phone.height - 90 };
  const before = await scrolled();
  await swipe(from, edge);
  await page.waitForFunction(
    ({ y }) => {
      const under = document.elementsFromPoint(60, y).find((it) => it.closest('.builder'));
      return under?.closest('[data-drag="group"]')?.getAttribute('aria-label') === 'Group 2.2';
    },
    edge,
  );
  assert.ok((await scrolled()) > before);
  await touch('touchEnd');
  await isStill(false);
  const after = await shape();
  assert.match(after, /^OR b\|c\((da|d|ad)\|(e|ae|ea)\)$/);
  assert.ok(after.includes('a'));
});

test('whole groups are dragged, into another condition too, and never into themselves', async () => {
  // All of the builder is seen, so that nothing scrolls.
  await page.setViewportSize({ ...SIZES.desk, height: 2_000 });
  await openBuilder();
  const drag = async (name, target, part) => {
    const box = await target.boundingBox();
    const from = await middleOf(handle(name));
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x, box.y + box.height * part, { steps: 10 });
    await page.waitForTimeout(50);
    await page.mouse.up();
  };
  const group = (number) => page.getByRole('region', { name: `Group ${number}`, exact: true });
  await drag('group 2', group(1), 0.2);
  assert.equal(await shape(), 'OR c(d|e)|ab');
  await drag('group 1', group('1.1'), 0.5);
  assert.equal(await shape(), 'OR c(d|e)|ab');
  await drag('group 2', group('1.2'), 0.8);
  assert.equal(await shape(), 'OR c(d|e|ab)');
  await drag('filter 1 of group 1', group('1.1'), 0.1);
  assert.equal(await shape(), 'OR (cd|e|ab)');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  assert.equal(await shape(), 'OR c(d|e)|ab');
});

/** What of the focused control a bar, or anything else, lies over; null if all of it is seen. */
const coveredFocus = () =>
  page.evaluate(() => {
    const focused = document.activeElement;
    const { left, right, top, bottom } = focused.getBoundingClientRect();
    const inset = 3;
    const xs = [left + inset, (left + right) / 2, right - inset];
    const ys = [top + inset, (top + bottom) / 2, bottom - inset];
    for (const y of ys) {
      for (const x of xs) {
        const seen = document.elementFromPoint(x, y);
        const isOwn = seen && (focused.contains(seen) || seen.closest('label, .combobox, .json')?.contains(focused));
        if (!isOwn) return `${focused.outerHTML.slice(0, 120)} behind ${seen?.outerHTML.slice(0, 120)}`;
      }
    }
    return null;
  });

for (const [sizeName, size] of Object.entries(SIZES)) {
  test(`on a ${sizeName} nothing that takes the focus is behind a bar`, async () => {
    await page.setViewportSize(size);
    await openBuilder();
    await page.getByRole('button', { name: 'Create segment' }).click();
    await page.getByText('Give the segment a name.').first().waitFor();
    for (const key of ['Tab', 'Shift+Tab']) {
      const last = key === 'Tab' ? page.getByRole('button', { name: 'Create segment' }) : page.getByLabel('Name', { exact: true });
      let count = 0;
      do {
        await page.keyboard.press(key);
        assert.equal(await coveredFocus(), null);
        count += 1;
      } while (!(await last.evaluate((element) => element === document.activeElement)));
      assert.ok(count > 25, `${count} stops`);
    }
  });
}

test('the list of the picker opens where there is room, and its options can be pressed', async () => {
  await open('/segments/new');
  await typeJson(all(has('a'), has('b'), has('c')));
  await showBuilder();
  await counted().catch(() => undefined);
  const add = page.getByRole('button', { name: 'Add filter' });
  for (const block of ['start', 'end']) {
    await add.evaluate((element, place) => element.scrollIntoView({ block: place, behavior: 'instant' }), block);
    await add.click();
    await page.keyboard.press('ArrowDown');
    const list = page.getByRole('listbox');
    await list.waitFor();
    const { y, height } = await list.boundingBox();
    const bar = await page.locator('.save-bar').boundingBox();
    const head = await page.locator('.side').boundingBox();
    assert.ok(y >= head.y + head.height - 1, `${y} is behind the bar at the top`);
    assert.ok(y + height <= bar.y + 1, `${y + height} is behind the bar at the bottom`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+z');
  }
});
