// The package as others get it: installed, typed, and as its README says.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DIST, Segmentry } from './helpers.mjs';

const run = promisify(execFile);
const tests = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(tests, 'node_modules/typescript/bin/tsc');
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segmentry-package-'));
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'sample', private: true, type: 'module' }),
  );
  await run(
    'npm',
    ['install', '--offline', '--install-links', '--no-audit', '--no-fund', fileURLToPath(DIST)],
    { cwd: folder },
  );
});

after(() => rm(folder, { recursive: true, force: true }));

async function runScript(source) {
  await writeFile(join(folder, 'script.mjs'), source);
  const { stdout } = await run(process.execPath, ['script.mjs'], { cwd: folder });
  return stdout;
}

test('installs with everything it needs and nothing more', async () => {
  const files = await readdir(join(folder, 'node_modules/segmentry'));
  assert.deepEqual(files.sort(), [
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES',
    'index.d.ts',
    'index.js',
    'package.json',
    'segmentry.wasm',
  ]);
  const manifest = JSON.parse(
    await readFile(join(folder, 'node_modules/segmentry/package.json'), 'utf8'),
  );
  assert.equal(manifest.version, Segmentry.version);
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(
    await readdir(join(folder, 'node_modules')).then((names) =>
      names.filter((name) => !name.startsWith('.')),
    ),
    ['segmentry'],
  );
});

test('runs where it is installed', async () => {
  assert.equal(
    await runScript(`
      import * as everything from 'segmentry';
      const segmentry = await everything.Segmentry.load();
      const wasm = import.meta.resolve?.('segmentry/segmentry.wasm') ?? 'segmentry.wasm';
      console.log(Object.keys(everything).sort().join(), segmentry.slug('A b'), wasm.endsWith('segmentry.wasm'));
    `),
    'Segmentry,SegmentryError a-b true\n',
  );
});

test("the README's example prints what it says", async () => {
  const readme = await readFile(join(folder, 'node_modules/segmentry/README.md'), 'utf8');
  const [, example] = readme.match(/```js\n(import [^]*?)```/);
  const [, expected] = readme.match(/```text\n([^]*?)```/);
  assert.equal(await runScript(example), expected);
});

test("the README's other examples run too", async () => {
  const readme = await readFile(join(folder, 'node_modules/segmentry/README.md'), 'utf8');
  const [, load, values] = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code);
  const printed = await runScript(`
    import { readFile } from 'node:fs/promises';
    import { Segmentry } from 'segmentry';
    globalThis.fetch = async (path) => new Response(await readFile('node_modules/segmentry/' + path.split('/').pop()));
    const segmentry = ${load}
    ${values.replace(/^(.*); (\/\/ .*)$/gm, 'console.log($1);')}
  `);
  const said = [...values.matchAll(/\/\/ (.*)$/gm)].map(([, text]) =>
    text.replace(/^'(.*)'$/, '$1'),
  );
  assert.equal(printed, `${said.join('\n')}\n`);
});

const SAMPLE = `
import { Segmentry, SegmentryError } from 'segmentry';
import type { AddResult, Condition, Contact, Explanation, Filter, Problem, Segments, Table } from 'segmentry';

interface Traits { plan: string; seats?: number }
const traits: Traits = { plan: 'pro' };
const segmentry: Segmentry = await Segmentry.load();
await Segmentry.load({ wasm: new Uint8Array(1) });
await Segmentry.load({ wasm: new ArrayBuffer(1), memoryLimitBytes: 1e9 });
const table: Table = segmentry.table();
const contact: Contact = { id: '1', email: 'a@b.c', subscribed: true, createdAt: new Date(), updatedAt: '2024-01-01', data: traits };
const result: AddResult = table.addContacts([contact]);
table.addContacts('{}');
table.addEvents([{ contactId: '1', name: 'x', createdAt: '2024-01-01', data: { any: ['thing'] } }]);
table.addEmailActivity([{ contactId: '1', sentAt: '2024-01-01', openedAt: null }]);
table.update(contact);
table.setMembers('s', new Set(['1']));
const condition: Condition = { logic: 'AND', groups: [{ filters: [{ field: 'subscribed', operator: 'equals', value: true }] }] };
const filter: Filter = segmentry.filter(condition);
segmentry.filter(JSON.stringify(condition));
segmentry.filter(filter.toJSON());
const segments: Segments = { a: filter, b: { name: 'B', filter }, c: {} };
const count: number = filter.count(table, { now: new Date(), segments });
const ids: string[] = filter.members(table, { now: 0, limit: 5, offset: 1, segments: new Map([['a', filter]]) });
const nodes: { path: string; count: number }[] = filter.nodes(table, { now: '2024-01-01' });
const told: Explanation = filter.explain(table, '1', { now: 0, segments });
const flips: string | null = told.nodes[0]?.flipsAt ?? told.flipsAt;
const seen = told.nodes[1]?.seen;
const last: string | undefined = seen?.kind === 'occurrences' ? seen.last : undefined;
filter.check({ id: 'x', name: 'X', segments });
const email: string | undefined = table.email('1');
const bytes: Uint8Array = table.snapshot({ fields: filter.fields });
table.load(bytes);
table.load(bytes.slice().buffer as ArrayBuffer);
const { entered, left } = segmentry.diff(ids, new Set(['2']));
const heap: number = segmentry.memory.heapBytes;
const removed: number = table.remove([...entered, ...left]);
try {
  segmentry.slug('x');
} catch (error) {
  if (error instanceof SegmentryError) {
    const problems: readonly Problem[] = error.errors;
    const text: string = error.name + error.code + error.message + problems[0]?.field;
    console.log(text);
  }
}
console.log(result.errors[0]?.line, count, nodes, email, heap, removed, flips, last, Segmentry.version);
{
  using other = segmentry.table();
  console.log(other.size);
}
filter.free();

// What must not compile:
// @ts-expect-error now is required
filter.count(table, {});
// @ts-expect-error so are the options
filter.count(table);
// @ts-expect-error a contact's id is required
filter.explain(table, { now: 0 });
// @ts-expect-error not a logic
const wrong: Condition = { logic: 'XOR', groups: [] };
// @ts-expect-error not an operator
segmentry.filter({ logic: 'AND', groups: [{ filters: [{ field: 'email', operator: 'is' }] }] });
// @ts-expect-error made by load alone
new Segmentry();
// @ts-expect-error not a size that can be set
table.size = 1;
// @ts-expect-error not a source
Segmentry.load({ wasm: 5 });
// @ts-expect-error a contact has an email
table.update({ id: '1', subscribed: true, createdAt: '', updatedAt: '' });
console.log(wrong);
`;

const PLATFORM_SAMPLE = `
import { Segmentry } from 'segmentry';
await Segmentry.load({ wasm: fetch('segmentry.wasm') });
await Segmentry.load({ wasm: await WebAssembly.compile(new Uint8Array(8)) });
const segmentry = await Segmentry.load();
new Blob([segmentry.table().snapshot()]);
`;

for (const [name, source, options] of [
  [
    "with no platform's types",
    SAMPLE,
    ['--target', 'es2022', '--lib', 'es2022,esnext.disposable', '--module', 'nodenext'],
  ],
  [
    "with the DOM's types",
    PLATFORM_SAMPLE,
    ['--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler'],
  ],
]) {
  test(`the types hold ${name}`, async () => {
    // console is the sample's own need, not the package's.
    const head = options.includes('nodenext')
      ? 'declare const console: { log(...all: unknown[]): void };\n'
      : '';
    await writeFile(join(folder, 'sample.ts'), head + source);
    const all = [
      '--noEmit',
      '--strict',
      '--ignoreConfig',
      '--skipLibCheck',
      'false',
      ...options,
      'sample.ts',
    ];
    await run(process.execPath, [tsc, ...all], { cwd: folder }).catch(({ stdout }) =>
      assert.fail(stdout),
    );
  });
}
