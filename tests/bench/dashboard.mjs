#!/usr/bin/env node
// How long the dashboard's editor takes to count at a key that is pressed, in the system's Chromium
// against the real server: the snapshot's size, the time until it is loaded, the time per key.
//
// The times are the page's own marks: `segmentry:ask` when a key has changed the filter,
// `segmentry:evaluate` for the worker's part, `segmentry:answer` when the page has the counts. The
// frame that shows them is measured from the key to the second frame after that.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, stderr, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { generate } from '../../native/demo/generate.mjs';
import { launch } from '../browser/chromium.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = process.env.SEGMENTRY ?? join(root, 'build', 'segmentry');
const NOW = '2026-06-01T12:00:00.000Z';
const EVENTS_PER_CONTACT = 5;
const EMAILS_PER_CONTACT = 3;
const LOAD_MS_MAX = 60_000;

const USAGE = `usage: node dashboard.mjs [--contacts N,N...] [--rounds N]

  --contacts  how many contacts, one project each (default: 20000,100000,250000)
  --rounds    how often the value is typed (default: 12)
`;

/** The filter of the README in spirit: five terms, and a text that is typed. */
const CONDITION = {
  logic: 'AND',
  groups: [
    {
      filters: [
        { field: 'data.plan', operator: 'equals', value: 'pro' },
        { field: 'subscribed', operator: 'equals', value: true },
        { field: 'createdAt', operator: 'olderThan', value: 30, unit: 'days' },
      ],
      conditions: {
        logic: 'OR',
        groups: [
          { filters: [{ field: 'email.opened', operator: 'triggeredWithin', value: 90, unit: 'days' }] },
          { filters: [{ field: 'email.clicked', operator: 'triggeredWithin', value: 90, unit: 'days' }] },
        ],
      },
    },
  ],
};
const FIELDS = ['data.plan', 'subscribed', 'createdAt', 'email.opened', 'email.clicked'];

function readOptions() {
  try {
    const text = (value) => ({ type: 'string', default: value });
    const { values } = parseArgs({
      args: argv.slice(2),
      options: { contacts: text('20000,100000,250000'), rounds: text('12') },
    });
    const numbers = [...values.contacts.split(','), values.rounds].map(Number);
    if (numbers.some((number) => !Number.isInteger(number) || number < 1)) throw new Error('not a number');
    return { counts: numbers.slice(0, -1), rounds: numbers.at(-1) };
  } catch (error) {
    stderr.write(`dashboard.mjs: ${error.message}\n\n${USAGE}`);
    return exit(2);
  }
}

/** A database with one project, made once. A folder that is there is whole. */
function prepare(contacts) {
  const folder = join(root, 'build', 'bench-data', `dashboard-${contacts}`);
  const db = join(folder, 'bench.db');
  if (existsSync(folder)) return db;
  stderr.write(`making ${contacts} contacts ...\n`);
  const making = `${folder}.new`;
  rmSync(making, { recursive: true, force: true });
  const data = join(making, 'data');
  mkdirSync(data, { recursive: true });
  generate({
    out: data,
    contacts,
    events: contacts * EVENTS_PER_CONTACT,
    emails: contacts * EMAILS_PER_CONTACT,
    seed: 1,
    now: Date.parse(NOW),
  });
  const run = (...args) => execFileSync(program, [...args, '--db', join(making, 'bench.db')], { encoding: 'utf8' });
  const { id } = JSON.parse(run('project', 'create', 'Bench', '--json'));
  run('import', '--project', id, '--data', data);
  rmSync(data, { recursive: true });
  renameSync(making, folder);
  return db;
}

async function serve(db) {
  const child = spawn(program, ['serve', '--db', db, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const link = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${program} ended`)));
    createInterface(child.stdout).on('line', (line) => {
      const found = /\S+\/login\?token=\S+/.exec(line);
      if (found) resolve(found[0]);
    });
  });
  const end = () =>
    new Promise((resolve) => {
      child.removeAllListeners('exit');
      child.once('exit', resolve);
      child.kill('SIGTERM');
    });
  return { link, end };
}

/** In the page: keeps the time of each key and of the frame that shows its counts. */
function watch() {
  window.keys = [];
  let keyAt = null;
  document.addEventListener('input', (event) => (keyAt = event.timeStamp), true);
  new PerformanceObserver((list) => {
    if (keyAt === null || list.getEntriesByName('segmentry:answer').length === 0) return;
    const begun = keyAt;
    keyAt = null;
    requestAnimationFrame(() => requestAnimationFrame((now) => window.keys.push(now - begun)));
  }).observe({ entryTypes: ['mark'] });
}

/** In the page: what the marks say. */
function measured() {
  const marks = (name) =>
    new Map(performance.getEntriesByName(name).map(({ detail, startTime }) => [detail, startTime]));
  const asked = marks('segmentry:ask');
  const answered = marks('segmentry:answer');
  return {
    loaded: performance.getEntriesByName('segmentry:loaded').map(({ detail }) => detail),
    evaluated: performance.getEntriesByName('segmentry:evaluate').map(({ duration }) => duration),
    answered: [...answered].map(([sequence, at]) => at - asked.get(sequence)),
    shown: window.keys,
  };
}

async function typeValues(page, rounds) {
  const value = page.getByLabel('Value', { exact: true }).first();
  await value.click();
  for (let round = 0; round < rounds; round += 1) {
    await value.fill('');
    for (const key of ['starter', 'pro', 'enterprise'][round % 3]) {
      await page.keyboard.type(key);
      await page.waitForTimeout(60);
    }
  }
}

async function measure(contacts, rounds) {
  const server = await serve(prepare(contacts));
  const browser = await launch();
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    await page.goto(server.link);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    const gzipBytes = await page.evaluate(async (fields) => {
      const response = await fetch(`/snapshot?fields=${fields}`);
      await response.arrayBuffer();
      return performance.getEntriesByType('resource').findLast(({ name }) => name.includes('/snapshot')).encodedBodySize;
    }, FIELDS.join());
    await page.evaluate(() => {
      window.location.hash = '/segments/new';
    });
    await page.getByRole('tab', { name: 'JSON' }).click();
    await page.getByLabel('Condition as JSON').fill(JSON.stringify(CONDITION));
    await page.locator('.live-count').filter({ hasText: /\d/ }).waitFor({ timeout: LOAD_MS_MAX });
    await page.getByRole('tab', { name: 'Builder' }).click();
    await typeValues(page, 2);
    await page.evaluate(() => {
      performance.clearMeasures();
      performance.clearMarks('segmentry:ask');
      performance.clearMarks('segmentry:answer');
    });
    await page.evaluate(watch);
    await typeValues(page, rounds);
    return { contacts, gzipBytes, ...(await page.evaluate(measured)) };
  } finally {
    await browser.close();
    await server.end();
  }
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)];
}

const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const both = (values) => `${ms(quantile(values, 0.5))} / ${ms(quantile(values, 0.95))}`;

const { counts, rounds } = readOptions();
const rows = [];
for (const contacts of counts) {
  const { gzipBytes, loaded, evaluated, answered, shown } = await measure(contacts, rounds);
  const { sizeBytes, loadedMs } = loaded[0];
  rows.push(
    `| ${contacts.toLocaleString('en')} | ${mb(gzipBytes)} | ${mb(sizeBytes)} | ${ms(loadedMs)} | ${both(evaluated)} | ${both(answered)} | ${both(shown)} |`,
  );
}
stdout.write(
  [
    '| contacts | snapshot, compressed | uncompressed | loaded in | counting, in the worker | key to counts | key to frame |',
    '| --: | --: | --: | --: | --: | --: | --: |',
    ...rows,
    '',
  ].join('\n'),
);
