// Segmentry's own WebAssembly build under Node.
//
//   node wasm.mjs PACKAGE_DIR DIR NOW RUNS CONDITION_FILE

import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { pathToFileURL } from 'node:url';

import { bestOf, emit } from './measure.mjs';

const contestant = 'Segmentry, WASM under Node';
const [packageDir, dir, now, runs, conditionFile] = argv.slice(2);

const entry = join(packageDir, 'index.js');
if (!existsSync(entry)) {
  emit({ contestant, missing: 'not built (make wasm)' });
  exit(0);
}
const { Segmentry } = await import(pathToFileURL(entry));

/** Hands a file over in chunks of whole lines. */
async function feed(name, add) {
  let rest = Buffer.alloc(0);
  for await (const bytes of createReadStream(join(dir, `${name}.ndjson`), { highWaterMark: 4 << 20 })) {
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, bytes]);
      continue;
    }
    add(Buffer.concat([rest, bytes.subarray(0, end)]));
    rest = Buffer.from(bytes.subarray(end));
  }
  if (rest.length > 0) add(rest);
}

const segmentry = await Segmentry.load();
const table = segmentry.table();
const start = process.hrtime.bigint();
await feed('contacts', (bytes) => table.addContacts(bytes));
await feed('events', (bytes) => table.addEvents(bytes));
await feed('emails', (bytes) => table.addEmailActivity(bytes));
const loadSeconds = Number(process.hrtime.bigint() - start) / 1e9;

const filter = segmentry.filter(JSON.parse(readFileSync(conditionFile, 'utf8')));
const options = { now: Date.parse(now) };
// A run is short enough here for the clock to matter, so there are many.
const { result, us } = await bestOf(20 * Number(runs), () => filter.count(table, options));
emit({ contestant, count: result, us, loadSeconds });
