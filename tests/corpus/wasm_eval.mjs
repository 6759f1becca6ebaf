#!/usr/bin/env node
/**
 * The npm package behind the command line of the native program, so that the corpus and the random
 * runs can ask both the same questions.
 *
 *   wasm_eval.mjs eval --data DIR --cases FILE --now ISO [--members]
 *   wasm_eval.mjs slug [--] NAME...
 *   wasm_eval.mjs diff FILE          FILE is [[previous ids, current ids], ...]
 *
 * One difference is in the nature of an API that takes objects: what JSON.parse loses (repeated
 * members, numbers like 1e400) never reaches the engine.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmentry } from '../../wasm/dist/index.js';

const EXIT_INVALID_CASE = 1;
const EXIT_BAD_LINE = 2;
const EXIT_USAGE = 64;

const segmentry = await Segmentry.load();

/** Errors of the engine are answers; anything else is a bug and ends the program. */
function attempt(work) {
  try {
    return { value: work() };
  } catch (error) {
    if (!Array.isArray(error?.errors)) throw error;
    return { errors: error.errors.map(({ field, message, code }) => ({ field, message, code })) };
  }
}

/** Addresses as the engine stores them, by contact id, of the lines it accepted. */
function readEmails(bytes, badLines) {
  const emails = new Map();
  const lines = bytes.toString('utf8').split('\n');
  lines.forEach((line, index) => {
    if (badLines.has(index + 1) || /^[ \t\r]*$/.test(line)) return;
    const { id, email } = JSON.parse(line);
    const trimmed = email.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
    emails.set(id, trimmed.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
  });
  return emails;
}

function load(table, directory) {
  let status = 0;
  const feed = (file, add) => {
    const path = join(directory, file);
    const isOptional = file !== 'contacts.ndjson';
    const bytes = isOptional && !existsSync(path) ? Buffer.alloc(0) : readFileSync(path);
    const { errors } = add(bytes);
    for (const { line, message } of errors) console.error(`${file}:${line}: ${message}`);
    if (errors.length > 0) status |= EXIT_BAD_LINE;
    return { bytes, bad: new Set(errors.map(({ line }) => line)) };
  };
  const { bytes, bad } = feed('contacts.ndjson', (input) => table.addContacts(input));
  feed('events.ndjson', (input) => table.addEvents(input));
  feed('emails.ndjson', (input) => table.addEmailActivity(input));
  return { emails: readEmails(bytes, bad), status };
}

function evaluate({ data, cases: file, now: nowText, members: withMembers }) {
  // JavaScript reads a time without a zone as local time; the contract says UTC.
  const hasZone = /^[^T]*$|(Z|[+-]\d\d:\d\d)$/.test(nowText);
  const now = Date.parse(hasZone ? nowText : `${nowText}Z`);
  if (!data || !file || Number.isNaN(now)) return EXIT_USAGE;
  const table = segmentry.table();
  let { emails, status } = load(table, data);

  const parsed = JSON.parse(readFileSync(file, 'utf8')).map(({ name, condition }) =>
    ({ name, ...attempt(() => segmentry.filter(typeof condition === 'string' ? JSON.stringify(condition) : condition)) }));
  const segments = Object.create(null);
  for (const { name, value } of parsed) {
    if (value && !(name in segments)) segments[name] = value;
  }

  for (const { name, value: filter, errors } of parsed) {
    const answer = errors
      ? { errors }
      : attempt(() => ({
        count: filter.count(table, { now, segments }),
        ids: filter.members(table, { now, segments }),
      }));
    if (answer.errors) {
      status |= EXIT_INVALID_CASE;
      console.log(JSON.stringify({ name, errors: answer.errors }));
      continue;
    }
    const { count, ids } = answer.value;
    const line = { name, count };
    if (withMembers) {
      line.members = ids.map((id) => emails.get(id) ?? `no address: ${id}`)
        .map((email) => [email, Buffer.from(email)])
        .sort(([, a], [, b]) => Buffer.compare(a, b))
        .map(([email]) => email);
    }
    console.log(JSON.stringify(line));
  }

  for (const { value } of parsed) value?.free();
  table.free();
  return status;
}

function slug(names) {
  let status = 0;
  for (const name of names) {
    try {
      console.log(segmentry.slug(name));
    } catch (error) {
      console.error(error.message);
      status = 1;
    }
  }
  return status;
}

function diff(file) {
  const pairs = JSON.parse(readFileSync(file, 'utf8'));
  console.log(JSON.stringify(pairs.map(([previous, current]) => {
    const { entered, left } = segmentry.diff(previous, current);
    return { entered, left };
  })));
  return 0;
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'eval') {
  const { values } = parseArgs({
    args: rest,
    options: {
      data: { type: 'string' }, cases: { type: 'string' }, now: { type: 'string' },
      members: { type: 'boolean' },
    },
  });
  process.exitCode = evaluate(values);
} else if (command === 'slug') {
  process.exitCode = slug(rest[0] === '--' ? rest.slice(1) : rest);
} else if (command === 'diff') {
  process.exitCode = diff(rest[0]);
} else {
  console.error('usage: wasm_eval.mjs eval | slug | diff');
  process.exitCode = EXIT_USAGE;
}
