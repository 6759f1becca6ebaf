// How the package finds and starts its module.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DIST, failsWith, load, Segmentry } from './helpers.mjs';

const bytes = await readFile(new URL('segmentry.wasm', DIST));

function response(body, init) {
  return new Response(body, { headers: { 'content-type': 'application/wasm' }, ...init });
}

test('finds the module beside itself', async () => {
  assert.equal((await Segmentry.load()).slug('A b'), 'a-b');
});

test('takes the module in every form', async () => {
  const forms = {
    'a Buffer': bytes,
    'a Uint8Array within a larger buffer': new Uint8Array([0, ...bytes, 0]).subarray(
      1,
      bytes.length + 1,
    ),
    'an ArrayBuffer': new Uint8Array(bytes).buffer,
    'a Response': response(bytes),
    'a promise of a Response': Promise.resolve(response(bytes)),
    'a Response without the MIME type': new Response(bytes),
    'a module': await WebAssembly.compile(bytes),
    'a promise of bytes': Promise.resolve(bytes),
  };
  for (const [name, wasm] of Object.entries(forms)) {
    assert.equal((await Segmentry.load({ wasm })).slug('A b'), 'a-b', name);
  }
});

test('refuses what is no module', async () => {
  await assert.rejects(Segmentry.load({ wasm: 'segmentry.wasm' }), TypeError);
  await assert.rejects(Segmentry.load({ wasm: {} }), TypeError);
  await assert.rejects(Segmentry.load(null), TypeError);
  await assert.rejects(Segmentry.load({ memoryLimitBytes: -1 }), TypeError);
  await assert.rejects(Segmentry.load({ wasm: new Uint8Array(8) }), WebAssembly.CompileError);
  await assert.rejects(
    Segmentry.load({ wasm: response('no', { status: 404 }) }),
    failsWith('load', '404'),
  );
});

test('refuses a module that is not its own', async () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  await assert.rejects(
    Segmentry.load({ wasm: empty }),
    failsWith('wrong_module', Segmentry.version),
  );
  const other = new Uint8Array(bytes);
  const at = bytes.indexOf(`${Segmentry.version}\0`);
  assert.ok(at > 0 && bytes.indexOf(`${Segmentry.version}\0`, at + 1) < 0);
  other[at] ^= 1;
  await assert.rejects(
    Segmentry.load({ wasm: other }),
    failsWith('wrong_module', Segmentry.version),
  );
});

test('is made by load alone', () => {
  assert.throws(() => new Segmentry(), TypeError);
});

test('the module wants one import and no operating system', async () => {
  const imports = WebAssembly.Module.imports(await WebAssembly.compile(bytes));
  assert.deepEqual(imports, [
    { module: 'env', name: 'emscripten_notify_memory_growth', kind: 'function' },
  ]);
});

test('engines are apart', async () => {
  const [a, b] = [await load(), await load()];
  const condition = {
    logic: 'AND',
    groups: [{ filters: [{ field: 'subscribed', operator: 'equals', value: true }] }],
  };
  const [filter, table] = [a.filter(condition), b.table()];
  assert.throws(
    () => filter.count(table, { now: 0 }),
    /TypeError: table belongs to another engine/,
  );
  const segments = { vip: filter };
  assert.throws(() => b.filter(condition).count(table, { now: 0, segments }), TypeError);
});

test('an engine that broke says so from then on', async () => {
  // Nothing in the API is known to trap, so one export is made to.
  const { instantiate } = WebAssembly;
  const trap = new WebAssembly.RuntimeError('unreachable');
  WebAssembly.instantiate = async (...args) => {
    const { exports } = await instantiate.apply(WebAssembly, args);
    const js_slug = () => {
      throw trap;
    };
    return { exports: { ...exports, js_slug } };
  };
  const engine = await load().finally(() => {
    WebAssembly.instantiate = instantiate;
  });
  const table = engine.table();
  assert.throws(() => engine.slug('A b'), failsWith('broken', 'unreachable'));
  for (const action of [
    () => engine.slug('A b'),
    () => engine.table(),
    () => engine.memory,
    () => table.size,
    () => table.addContacts([{}]),
  ]) {
    assert.throws(action, (error) => {
      assert.equal(error.code, 'broken');
      assert.equal(error.cause, trap);
      return true;
    });
  }
  table.free();
});
