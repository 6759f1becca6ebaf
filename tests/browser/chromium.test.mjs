// The same module in a real browser: in a page and in a worker, under a strict policy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCorpus } from '../wasm/corpus.mjs';
import { load } from '../wasm/helpers.mjs';
import { launch } from './chromium.mjs';
import { serve } from './server.mjs';

let server;
let browser;
let page;
const complaints = [];

before(async () => {
  server = await serve();
  browser = await launch();
  page = await browser.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.url);
  await page.waitForFunction(() => window.scenarios !== undefined, undefined, { timeout: 30_000 });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const scenario = (name) => page.evaluate((it) => window.scenarios[it](), name);

async function inNode() {
  const json = async (path) => (await fetch(new URL(`corpus/${path}`, server.url))).json();
  return runCorpus(await load(), json);
}

for (const name of ['corpusInPage', 'corpusInWorker', 'corpusInWorkerWithModule']) {
  test(`the corpus gives the same answers as in Node: ${name}`, async () => {
    const { results, leftBytes } = await scenario(name);
    assert.deepEqual(
      Object.values(results).flatMap(({ problems }) => problems),
      [],
    );
    assert.deepEqual({ results, leftBytes }, await inNode());
    assert.ok(Object.keys(results).length > 10);
    assert.equal(leftBytes, 0);
  });
}

test('the module is compiled while it arrives, or from its bytes', async () => {
  const slug = 'ete-a-paris';
  const [streaming, bytes] = [['instantiateStreaming'], ['instantiate']].map((ways) => ({
    ways,
    slug,
  }));
  assert.deepEqual(await scenario('loads'), {
    beside: streaming,
    response: streaming,
    promise: streaming,
    otherType: bytes,
    bytes,
  });
});

test('a module that is not there is an error that says so', async () => {
  const quiet = complaints.length;
  for (const [name, path] of [
    ['missing', 'missing/segmentry.wasm'],
    ['gone', 'nothing.wasm'],
  ]) {
    const error = await scenario(name);
    assert.equal(error.name, 'SegmentryError');
    assert.equal(error.code, 'load');
    assert.ok(
      error.message.includes('404') && error.message.includes(`${server.url}${path}`),
      error.message,
    );
  }
  // The browser's own line about a 404 is expected here.
  complaints.splice(quiet).forEach((text) => assert.match(text, /404/));
});

test('all of this runs under a policy that forbids evaluating text', async () => {
  assert.equal(await scenario('evaluates'), 'EvalError');
});

test('nothing was complained about', () => {
  assert.deepEqual(complaints, []);
});
