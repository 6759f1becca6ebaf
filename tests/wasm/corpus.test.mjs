// The corpus under Node, through the package. The same runner goes to the browser.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { runFile } from './corpus.mjs';
import { load } from './helpers.mjs';

const CORPUS = new URL('../corpus/', import.meta.url);

async function readFolder(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const files = names.map(async (name) => [
    name.slice(0, -5),
    JSON.parse(await readFile(new URL(name, folder), 'utf8')),
  ]);
  return Object.fromEntries(await Promise.all(files));
}

const tables = await readFolder(new URL('tables/', CORPUS));
const files = await readFolder(CORPUS);
const segmentry = await load();

for (const [name, source] of Object.entries(files)) {
  test(`corpus: ${name}`, () => {
    const { count, problems } = runFile(segmentry, name, source, tables);
    assert.deepEqual(problems, []);
    assert.ok(count > 0);
    assert.equal(segmentry.memory.usedBytes, 0);
  });
}
