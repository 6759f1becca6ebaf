#!/usr/bin/env node
// How long the README's filter takes, in Segmentry and in what one might use instead.
//
// Every contestant counts the same contacts in the same run, one after the other and each in a
// process of its own, so that neither memory nor compiled code is shared. Times are the best of
// several runs on warm data. The counts have to agree: a contestant that answers another question
// faster has not won anything. A contestant that is not there is named as such and left out.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { argv, execPath, exit, stderr, stdout, version } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { generate } from '../../native/demo/generate.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const filterFile = join(here, 'readme_filter.json');
const dataRoot = join(root, 'build', 'bench-data');
const peer = (name) => join(here, 'peers', name);

const NOW = '2026-06-01T12:00:00.000Z';
const EVENTS_PER_CONTACT = 5;
const EMAILS_PER_CONTACT = 3;
const ROWS_PER_CONTACT = 1 + EVENTS_PER_CONTACT + EMAILS_PER_CONTACT;
const PEERS = ['js', 'duckdb', 'sqlite', 'postgresql', 'mingo'];

const USAGE = `usage: node bench.mjs [--contacts N,N...] [--peers NAME,NAME...] [--runs N]

  --contacts  how many contacts, one table each (default: 100000,1000000)
  --peers     whom to measure beside Segmentry (default, and all there are: ${PEERS.join(',')})
  --runs      take the best of so many (default: 7)

Data is generated once into build/bench-data. Peers from npm: npm ci in tests/bench.
`;

// --- Arguments ----------------------------------------------------------------------------------

function fail(message) {
  stderr.write(`bench.mjs: ${message}\n\n${USAGE}`);
  exit(2);
}

function readOptions() {
  let values;
  try {
    const text = (value) => ({ type: 'string', default: value });
    ({ values } = parseArgs({
      args: argv.slice(2),
      options: {
        contacts: text('100000,1000000'), peers: text(PEERS.join()), runs: text('7'),
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    fail(error.message);
  }
  if (values.help) {
    stdout.write(USAGE);
    exit(0);
  }
  const natural = (name, text) => {
    if (!/^[1-9]\d{0,8}$/.test(text)) fail(`--${name} wants whole numbers, not "${text}"`);
    return Number(text);
  };
  const peers = values.peers.split(',').filter((name) => name !== '');
  for (const name of peers) if (!PEERS.includes(name)) fail(`no peer "${name}"; there are ${PEERS.join(', ')}`);
  const sizes = values.contacts.split(',').map((text) => natural('contacts', text));
  return { sizes, peers, runs: natural('runs', values.runs) };
}

// --- Data ---------------------------------------------------------------------------------------

const fingerprint = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
};

/** The directory with `contacts` contacts, made now unless this generator has made it before. */
function dataFor(contacts) {
  const dir = join(dataRoot, String(contacts));
  const stamp = join(dir, 'made-by');
  const demo = join(root, 'native', 'demo');
  const maker = fingerprint(join(demo, 'generate.mjs'), join(demo, 'people.mjs'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === maker) return dir;

  progress(`generating ${contacts.toLocaleString('en')} contacts`);
  rmSync(dir, { recursive: true, force: true });
  generate({
    out: dir,
    contacts,
    events: EVENTS_PER_CONTACT * contacts,
    emails: EMAILS_PER_CONTACT * contacts,
    now: Date.parse(NOW),
  });
  writeFileSync(stamp, maker);
  return dir;
}

// --- Contestants --------------------------------------------------------------------------------
// Each is an async function giving reports: { contestant, count, us, loadSeconds? }, or
// { contestant, missing } with the reason, or { contestant, failed }.

const progress = (text) => stderr.write(`${text} ...\n`);

/** The JSON lines a child prints. Rejects if it ends badly. */
function reportsOf(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { output += text; });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status !== 0) reject(new Error(`ended with ${signal ?? `status ${status}`}`));
      else resolve(output.split('\n').filter(Boolean).map((line) => JSON.parse(line)));
    });
  });
}

/** As `segmentry eval --timings` has it: a run is too short for the clock and the machine to be few. */
const TIMED_EVALUATIONS = 100;

async function nativeSegmentry({ dir }) {
  const contestant = 'Segmentry, native';
  const program = join(root, 'build', 'segmentry');
  if (!existsSync(program)) return [{ contestant, missing: 'not built' }];
  const cases = join(dir, 'readme_case.json');
  const condition = JSON.parse(readFileSync(filterFile, 'utf8'));
  writeFileSync(cases, JSON.stringify([{ name: contestant, condition }]));
  const start = process.hrtime.bigint();
  const args = ['eval', '--data', dir, '--cases', cases, '--now', NOW, '--timings'];
  const [{ count, us }] = await reportsOf(program, args);
  // The rest of its time is start and load; the best of many evaluations says how long most took.
  const loadSeconds = Number(process.hrtime.bigint() - start) / 1e9 - TIMED_EVALUATIONS * us / 1e6;
  return [{ contestant, count, us, loadSeconds }];
}

const wasmSegmentry = ({ dir, runs }) =>
  reportsOf(execPath, [peer('wasm.mjs'), join(root, 'wasm', 'dist'), dir, NOW, runs, filterFile]);

async function objects({ dir, runs, contacts, peers }) {
  const wanted = peers.filter((name) => name === 'js' || name === 'mingo');
  if (wanted.length === 0) return [];
  // A contact with its data measures 0.7 to 1 KB once parsed; the collector wants room on top.
  const needed = 3000 * contacts;
  if (freemem() < needed) {
    const missing = `skipped: wants ${gigabytes(needed)} of memory, ${gigabytes(freemem())} free`;
    return wanted.map((name) => ({ contestant: name, missing }));
  }
  const heap = `--max-old-space-size=${Math.max(512, Math.ceil(needed / 2 ** 20))}`;
  return reportsOf(execPath, [heap, peer('objects.mjs'), dir, NOW, runs, ...wanted]);
}

async function duckdb({ dir, runs, peers }) {
  if (!peers.includes('duckdb')) return [];
  const database = join(dir, `duckdb-${fingerprint(peer('duckdb.mjs'), join(here, 'package.json'))}.db`);
  return reportsOf(execPath, [peer('duckdb.mjs'), database, dir, NOW, runs]);
}

async function sqlite({ dir, runs, peers }) {
  if (!peers.includes('sqlite')) return [];
  const program = join(dataRoot, 'sqlite');
  try {
    execFileSync('cc', ['-std=c11', '-O2', '-o', program, peer('sqlite.c'), '-lsqlite3'], { stdio: 'pipe' });
  } catch (error) {
    const reason = error.code === 'ENOENT'
      ? 'no C compiler'
      : String(error.stderr).split('\n').find((line) => line.includes('error'));
    return [{ contestant: 'SQLite', missing: `not installed (${reason}): libsqlite3-dev and a C compiler` }];
  }
  const database = join(dir, `sqlite-${fingerprint(peer('sqlite.c'))}.db`);
  if (!existsSync(database)) {
    rmSync(`${database}.loading`, { force: true });
    await reportsOf(program, ['load', `${database}.loading`, dir]);
    renameSync(`${database}.loading`, database);
  }
  return reportsOf(program, ['count', database, Date.parse(NOW), runs]);
}

async function postgresql({ dir, runs, peers }) {
  if (!peers.includes('postgresql')) return [];
  const folder = join(dir, `postgresql-${fingerprint(peer('postgresql.mjs'))}`);
  return reportsOf(execPath, [peer('postgresql.mjs'), folder, dir, NOW, runs]);
}

const CONTESTANTS = {
  'Segmentry, native': nativeSegmentry,
  'Segmentry, WASM under Node': wasmSegmentry,
  JavaScript: objects,
  DuckDB: duckdb,
  SQLite: sqlite,
  PostgreSQL: postgresql,
};

async function measure(setting) {
  const reports = [];
  for (const [name, contestant] of Object.entries(CONTESTANTS)) {
    progress(`${setting.contacts.toLocaleString('en')} contacts: ${name}`);
    try {
      reports.push(...await contestant(setting));
    } catch (error) {
      reports.push({ contestant: name, failed: error.message });
    }
  }
  return reports;
}

// --- Tables -------------------------------------------------------------------------------------

const gigabytes = (bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const duration = (us) => (us < 1000 ? `${us.toFixed(us < 100 ? 1 : 0)} µs` : `${us < 1e6 ? (us / 1000).toPrecision(3) : Math.round(us / 1000).toLocaleString('en')} ms`);

function ratioOf(us, nativeUs) {
  if (nativeUs === undefined) return '-';
  const ratio = us / nativeUs;
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en')} ×`;
}

function timesTable(reports) {
  const nativeUs = reports.find((report) => report.contestant === 'Segmentry, native')?.us;
  const rows = reports.map(({ contestant, us, missing, failed }) => {
    if (us === undefined) return `| ${contestant} | ${failed ? `**failed: ${failed}**` : missing} | - |`;
    return `| ${contestant} | ${duration(us)} | ${ratioOf(us, nativeUs)} |`;
  });
  return ['| contestant | time | ratio to Segmentry, native |', '| :-- | --: | --: |', ...rows].join('\n');
}

function loadTable(reports, contacts) {
  const rowCount = ROWS_PER_CONTACT * contacts;
  const rows = reports.filter((report) => report.loadSeconds !== undefined).map(({ contestant, loadSeconds }) =>
    `| ${contestant} | ${loadSeconds.toFixed(2)} s | ${Math.round(rowCount / loadSeconds).toLocaleString('en')} |`);
  if (rows.length === 0) return '';
  return [
    '', `Loading the NDJSON (${rowCount.toLocaleString('en')} rows):`, '',
    '| contestant | time | rows a second |', '| :-- | --: | --: |', ...rows,
  ].join('\n');
}

/** What the counts say: one number they agree on, or who counted what. */
function verdict(reports) {
  const counted = reports.filter((report) => report.count !== undefined);
  const counts = new Set(counted.map((report) => report.count));
  if (counts.size === 0) return { agree: true, text: 'nobody counted' };
  if (counts.size === 1) return { agree: true, text: `${[...counts][0].toLocaleString('en')} match, say all` };
  const votes = counted.map(({ contestant, count }) => `${contestant} ${count}`).join('; ');
  return { agree: false, text: `**MISMATCH**: ${votes}` };
}

function machine() {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${model}, ${cpus().length} cores, ${gigabytes(totalmem())} of memory, Node ${version}`;
}

const options = readOptions();
mkdirSync(dataRoot, { recursive: true });
stdout.write(`Machine: ${machine()}\n`);
let ok = true;
for (const contacts of options.sizes) {
  const reports = await measure({ ...options, contacts, dir: dataFor(contacts) });
  const { agree, text } = verdict(reports);
  ok &&= agree && reports.every((report) => report.failed === undefined);
  const head = `${contacts.toLocaleString('en')} contacts, ${EVENTS_PER_CONTACT} events and ${EMAILS_PER_CONTACT} emails each: ${text}`;
  stdout.write(`\n### ${head}\n\n${timesTable(reports)}\n${loadTable(reports, contacts)}\n`);
}
exit(ok ? 0 : 1);
