#!/usr/bin/env node
// How much the server takes: requests and events a second, entries a second, latency, start.
//
// Each part runs on a copy of one database: contacts with five events each, made by bench_fill
// straight through the store. Beside the server's numbers stand those of bench_floor in the same
// run: SQLite alone, putting rows like ours into a file of its own, with the same durability.

import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, symlinkSync,
} from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { argv, exit, stderr, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dataRoot = join(root, 'build', 'bench-data');
const KEY = 'sk_benchmark';
const EVENTS_PER_CONTACT = 5;
const TRACKED_SEGMENTS = 200;
const DELIVERIES = 100_000;
const CSV_ROWS = 500000;
const EVENT_NAMES = 12; // as bench_fill and bench_load have them

const USAGE = `usage: node server.mjs [--contacts N] [--seconds N] [--server FILE] [--programs DIR]

  --contacts  in the project (default: 1000000), each with ${EVENTS_PER_CONTACT} events
  --seconds   that a load lasts (default: 10)
  --server    the program segmentry (default: build/segmentry)
  --lines     a folder with contacts.ndjson to import (default: what bench.mjs makes)
  --programs  where bench_fill, bench_load and bench_floor are (default: build/release/tests/bench/server)
`;

const progress = (text) => stderr.write(`${text} ...\n`);
const number = (value) => Math.round(value).toLocaleString('en');
const milliseconds = (us) => `${(us / 1000).toPrecision(3)} ms`;

function readOptions() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    args: argv.slice(2),
    options: {
      contacts: text('1000000'), seconds: text('10'), help: { type: 'boolean', short: 'h' },
      lines: { type: 'string' },
      programs: text(join(root, 'build', 'release', 'tests', 'bench', 'server')),
      server: text(join(root, 'build', 'segmentry')),
    },
  });
  if (values.help) {
    stdout.write(USAGE);
    exit(0);
  }
  return { ...values, contacts: Number(values.contacts), seconds: Number(values.seconds) };
}

const options = readOptions();
const program = (name) => join(options.programs, name);
const lines = (output) => output.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const run = (name, ...args) => execFileSync(program(name), args.map(String), { encoding: 'utf8' });

// --- The server ---------------------------------------------------------------------------------

function fill() {
  const made = join(dataRoot, `server-${options.contacts}.db`);
  if (!existsSync(made)) {
    progress(`filling a database with ${number(options.contacts)} contacts`);
    rmSync(`${made}.filling`, { force: true });
    run('bench_fill', `${made}.filling`, KEY, options.contacts, EVENTS_PER_CONTACT);
    renameSync(`${made}.filling`, made);
  }
  return made;
}

/** A server on a copy of the database; `end` stops it and removes the copy. */
async function serve(database, ...more) {
  const copy = join(dataRoot, 'server-run.db');
  const remove = () => ['', '-wal', '-shm', '-lock'].forEach((end) => rmSync(copy + end, { force: true }));
  remove();
  copyFileSync(database, copy);
  const beginMs = performance.now();
  const args = ['serve', '--db', copy, '--listen', '127.0.0.1:0', '--rate', '0', ...more];
  // Its log goes to a file: a pipe that nobody reads while a load runs would hold it up.
  const logFile = join(dataRoot, 'server-run.log');
  const log = openSync(logFile, 'w');
  const child = spawn(options.server, args, { stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  let port;
  while (port === undefined) {
    await sleep(5);
    const text = readFileSync(logFile, 'utf8');
    if (child.exitCode !== null) throw new Error(`the server ended: ${text}`);
    port = /"port (\d+)"/.exec(text)?.[1];
  }
  const startSeconds = (performance.now() - beginMs) / 1000;
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const memoryBytes = 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  const end = () => new Promise((resolve) => {
    child.on('exit', () => { remove(); resolve(); });
    child.kill('SIGTERM');
  });
  return { pid: child.pid, port, startSeconds, memoryBytes, call, end };
}

const load = (server, what, connections, seconds = options.seconds) =>
  lines(run('bench_load', server.port, KEY, what, connections, seconds, options.contacts))[0];

/** The same while other things go on. */
async function loadBeside(server, what, connections, seconds) {
  const args = [server.port, KEY, what, connections, seconds, options.contacts].map(String);
  const { stdout: printed } = await promisify(execFile)(program('bench_load'), args);
  return lines(printed)[0];
}

/** A receiver of webhooks, and how many it has had. */
async function receive() {
  const child = spawn(program('bench_receive'), { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
  const url = `http://127.0.0.1:${port}/`;
  return { url, count: async () => Number(await (await fetch(url)).text()), end: () => child.kill() };
}

// --- What is measured ---------------------------------------------------------------------------

const segment = (name, filter) => ({
  name, trackMembership: true, condition: { logic: 'AND', groups: [{ filters: [filter] }] },
});

/** One segment that everybody is in. Gives entries a second. */
async function computeAll(server) {
  const everybody = segment('Everybody', { field: 'email', operator: 'contains', value: '@' });
  const { id } = await server.call('POST', '/segments', everybody);
  const beginMs = performance.now();
  const { added } = await server.call('POST', `/segments/${id}/compute`);
  const seconds = (performance.now() - beginMs) / 1000;
  if (added !== options.contacts) throw new Error(`${added} entered, not ${options.contacts}`);
  return added / seconds;
}

/** A file of people whom the project does not have, eight columns each. */
function writeCsv(rows) {
  const plans = ['free', 'pro', 'team'];
  const countries = ['DE', 'FR', 'US', 'JP', 'BR'];
  const out = ['email,subscribed,firstName,lastName,plan,country,score,signupDate'];
  for (let i = 0; i < rows; i++) {
    // Addresses in no order, as those of a list that was sorted by something else.
    const shuffled = Math.imul(i + 1, 0x9E3779B1) >>> 0;
    const day = `${1 + (i % 28)}`.padStart(2, '0');
    out.push(`p${shuffled.toString(16)}@mail${i % 50}.example.com,${i % 5 > 0},Name${i % 900},`
      + `Family${i % 20000},${plans[i % 3]},${countries[i % 5]},${i % 1000},2024-03-${day}T10:00:00Z`);
  }
  return `${out.join('\n')}\n`;
}

/** Processor time of a process and all its threads so far. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // user and system, in ticks of 10 ms
}

/** Uploads a CSV file and waits for its job. Gives rows a second, from the upload on. */
async function importCsv(server) {
  const form = new FormData();
  form.append('file', new Blob([writeCsv(CSV_ROWS)], { type: 'text/csv' }), 'people.csv');
  const beginMs = performance.now();
  const beginCpu = cpuSeconds(server.pid);
  const answer = await fetch(`http://127.0.0.1:${server.port}/contacts/import`, {
    method: 'POST', headers: { Authorization: `Bearer ${KEY}` }, body: form,
  });
  let job = await answer.json();
  if (!answer.ok) throw new Error(`the import was refused: ${JSON.stringify(job)}`);
  while (!['COMPLETED', 'FAILED'].includes(job.status)) {
    await sleep(20);
    job = await server.call('GET', `/contacts/import/${job.jobId}`);
  }
  if (job.imported !== CSV_ROWS) throw new Error(`${job.imported} rows imported, not ${CSV_ROWS}`);
  return {
    perSecond: CSV_ROWS / ((performance.now() - beginMs) / 1000),
    cpuUs: ((cpuSeconds(server.pid) - beginCpu) * 1e6) / CSV_ROWS,
  };
}

/** `segmentry import` of the lines that bench.mjs has made; undefined if it has not. Gives seconds. */
function importLines() {
  const data = options.lines ?? join(dataRoot, String(options.contacts));
  if (!existsSync(join(data, 'contacts.ndjson'))) return undefined;
  const folder = mkdtempSync(join(dataRoot, 'import-'));
  try {
    // The contacts alone: with events and emails there are nine lines a contact.
    symlinkSync(resolve(data, 'contacts.ndjson'), join(folder, 'contacts.ndjson'));
    const db = join(folder, 'import.db');
    const json = (...args) => JSON.parse(execFileSync(options.server, [...args, '--db', db, '--json'], { encoding: 'utf8' }));
    const { id } = json('project', 'create', 'Bench');
    const beginMs = performance.now();
    json('import', '--project', id, '--data', folder);
    return (performance.now() - beginMs) / 1000;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Segments of which one event lets a contact enter one, and others that most contacts are not in. */
async function makeSegments(server) {
  for (let i = 0; i < TRACKED_SEGMENTS; i++) {
    const filter = i < EVENT_NAMES
      ? { field: `event.event-${i}`, operator: 'triggeredWithin', value: 10, unit: 'minutes' }
      : { field: 'data.score', operator: 'equals', value: i };
    const { id } = await server.call('POST', '/segments', segment(`Segment ${i}`, filter));
    await server.call('POST', `/segments/${id}/compute`);
  }
}

/** Events that a webhook is told of; gives deliveries a second, and what a request takes meanwhile. */
async function deliverAll(server) {
  const receiver = await receive();
  await server.call('POST', '/webhooks', { url: receiver.url, events: ['ordered'] });
  const before = await loadBeside(server, 'track', 1, options.seconds);
  for (let i = 0; i < DELIVERIES; i += 1000) {
    const batch = Array.from({ length: 1000 }, (_, k) => ({
      event: 'ordered', email: `user${(i + k) % options.contacts}@example.com`, data: { total: 7 },
    }));
    await server.call('POST', '/v1/track/batch', batch);
  }
  const begun = await receiver.count();
  const beginMs = performance.now();
  const beside = loadBeside(server, 'track', 1, 3);
  let count = begun;
  while (count < DELIVERIES) {
    await sleep(10);
    count = await receiver.count();
  }
  const seconds = (performance.now() - beginMs) / 1000;
  const during = await beside;
  receiver.end();
  if (count !== DELIVERIES) throw new Error(`${count} deliveries came, not ${DELIVERIES}`);
  return { perSecond: (DELIVERIES - begun) / seconds, left: DELIVERIES - begun, seconds, before, during };
}

async function measure(database) {
  const results = {};
  for (const [name, what] of [['track', 'track'], ['batch', 'batch']]) {
    progress(name);
    const server = await serve(database);
    Object.assign(results, { startSeconds: server.startSeconds, memoryBytes: server.memoryBytes });
    results[name] = load(server, what, 64);
    await server.end();
  }
  progress('compute');
  let server = await serve(database);
  results.entries = await computeAll(server);
  await server.end();
  progress('import of CSV');
  server = await serve(database);
  results.csv = await importCsv(server);
  await server.end();
  progress('import of lines');
  results.importSeconds = importLines();
  progress(`${TRACKED_SEGMENTS} tracked segments`);
  server = await serve(database);
  await makeSegments(server);
  results.latency = load(server, 'track', 1);
  results.trackedTrack = load(server, 'track', 64);
  await server.end();
  progress(`${number(DELIVERIES)} webhook deliveries`);
  server = await serve(database, '--allow-private-webhooks');
  results.webhooks = await deliverAll(server);
  await server.end();
  progress('SQLite alone');
  const file = join(dataRoot, 'floor.db');
  ['', '-wal', '-shm'].forEach((end) => rmSync(file + end, { force: true }));
  results.floor = Object.fromEntries(lines(run('bench_floor', file, options.contacts))
    .map(({ name, perSecond }) => [name, perSecond]));
  ['', '-wal', '-shm'].forEach((end) => rmSync(file + end, { force: true }));
  return results;
}

function table(results) {
  const {
    track, batch, entries, csv, importSeconds, latency, trackedTrack, webhooks, floor,
  } = results;
  const share = (value, of) => `${((100 * value) / of).toFixed(0)} % of ${number(of)}`;
  const rows = [
    ['`POST /v1/track`, 64 connections', `${number(track.perSecond)} requests/s`, share(track.perSecond, floor.events64)],
    ['its latency', `p50 ${milliseconds(track.p50Us)}, p99 ${milliseconds(track.p99Us)}`, ''],
    ['`POST /v1/track/batch`, 1,000 events each', `${number(batch.itemsPerSecond)} events/s`, share(batch.itemsPerSecond, floor.events16384)],
    ['`compute` that all contacts enter', `${number(entries)} entries/s`, share(entries, floor.members)],
    [`CSV of ${number(CSV_ROWS)} new contacts, 8 columns`, `${number(csv.perSecond)} rows/s, ${csv.cpuUs.toFixed(1)} µs of processor time each`, share(csv.perSecond, floor.contacts)],
    ['`segmentry import` of the contacts, as lines', importSeconds === undefined ? 'no data' : `${importSeconds.toFixed(1)} s`, ''],
    [`one event to its entry, ${TRACKED_SEGMENTS} tracked segments, 1 connection`, `p50 ${milliseconds(latency.p50Us)}, p99 ${milliseconds(latency.p99Us)}`, `${milliseconds(1e6 / floor.commits)} a commit`],
    ['the same, 64 connections', `${number(trackedTrack.perSecond)} requests/s, p99 ${milliseconds(trackedTrack.p99Us)}`, ''],
    ['webhook deliveries to one receiver', `${number(webhooks.perSecond)}/s`, ''],
    ['`POST /v1/track`, 1 connection, meanwhile', `p50 ${milliseconds(webhooks.during.p50Us)}, p99 ${milliseconds(webhooks.during.p99Us)}`, ''],
    ['the same without deliveries', `p50 ${milliseconds(webhooks.before.p50Us)}, p99 ${milliseconds(webhooks.before.p99Us)}`, ''],
    ['start', `${results.startSeconds.toFixed(2)} s`, ''],
    ['memory', `${number(results.memoryBytes / options.contacts)} bytes a contact`, ''],
  ];
  return ['| what | Segmentry | SQLite alone |', '| :-- | --: | --: |',
    ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

mkdirSync(dataRoot, { recursive: true });
const results = await measure(fill());
const events = EVENTS_PER_CONTACT * options.contacts;
stdout.write(`\n### The server: ${number(options.contacts)} contacts with ${number(events)} events, ${cpus().length} cores\n\n`);
stdout.write(`${table(results)}\n`);
exit(results.track.failed + results.batch.failed + results.latency.failed === 0 ? 0 : 1);
