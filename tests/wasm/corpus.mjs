// The corpus of tests/corpus, run through the package. It imports nothing, so that a page can run
// it too.

const CONTACT_DEFAULTS = {
  subscribed: true,
  createdAt: '2024-01-01T00:00:00Z',
  updatedAt: '2024-01-01T00:00:00Z',
};

const LINE_ADDERS = { contacts: 'addContacts', events: 'addEvents', emails: 'addEmailActivity' };

/** Replaces the builders that keep long values short in the corpus (see its README.md). */
export function expand(value) {
  if (Array.isArray(value)) {
    return value.flatMap((item) =>
      item?.$repeat
        ? Array.from({ length: item.$repeat[0] }, () => expand(item.$repeat[1]))
        : [expand(item)],
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value.$fill) return value.$fill[0].repeat(value.$fill[1]);
  if (value.$join) return value.$join.map(expand).join('');
  if (value.$nest) {
    let inner = expand(value.$nest[1]);
    for (let i = 0; i < value.$nest[0]; i++) {
      inner = { logic: 'AND', groups: [{ filters: [], conditions: inner }] };
    }
    return inner;
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expand(member)]));
}

function lineOf(row, defaults) {
  const expanded = expand(row);
  if (typeof expanded === 'string') return new TextEncoder().encode(expanded);
  if (expanded.hex !== undefined) {
    return Uint8Array.from(expanded.hex.match(/../g) ?? [], (digits) =>
      Number.parseInt(digits, 16),
    );
  }
  const whole = defaults
    ? { email: `${expanded.id}@example.com`, ...defaults, ...expanded }
    : expanded;
  return new TextEncoder().encode(JSON.stringify(whole));
}

function join(lines) {
  const bytes = new Uint8Array(lines.reduce((size, line) => size + line.length + 1, 0)).fill(10);
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length + 1;
  }
  return bytes;
}

/** Adds what a source holds; returns the places of bad lines. */
function fill(table, source, defaults) {
  const bad = [];
  for (const [name, adder] of Object.entries(LINE_ADDERS)) {
    const lines = (source[name] ?? []).map((row) =>
      lineOf(row, name === 'contacts' ? defaults : undefined),
    );
    const { errors } = table[adder](join(lines));
    bad.push(...errors.map(({ line }) => `${name}.ndjson:${line}`));
  }
  return bad;
}

function conditionOf(test) {
  if (test.condition_text !== undefined) return expand(test.condition_text);
  if (test.filter === undefined) {
    const condition = expand(test.condition);
    // A string would be taken for JSON text.
    return typeof condition === 'string' ? JSON.stringify(condition) : condition;
  }
  const [field, operator, value, unit] = expand(test.filter);
  return { logic: 'AND', groups: [{ filters: [{ field, operator, value, unit }] }] };
}

const isReferenceCode = (code) => code === 'unknown_segment' || code === 'segment_cycle';
const placesOf = (errors) => errors.map(({ field, code }) => `${code} at ${field}`).sort();

function expectedErrors(test) {
  const errors = test.errors.map(({ field, code, says }) => {
    const place = expand(field);
    return { field: place.startsWith('.') ? `groups[0].filters[0]${place}` : place, code, says };
  });
  // The package looks references up once a condition is valid, not before.
  const own = errors.filter(({ code }) => !isReferenceCode(code));
  return own.length > 0 ? own : errors;
}

function errorProblem(expected, found) {
  const [wanted, given] = [placesOf(expected), placesOf(found)].map((places) =>
    [...new Set(places)].join(', '),
  );
  if (wanted !== given) return `errors: ${given || 'none'}; expected: ${wanted || 'none'}`;
  for (const { field, code, says = [] } of expected) {
    const messages = found
      .filter((error) => error.field === field && error.code === code)
      .map(({ message }) => message);
    const unsaid = says.find((words) => !messages.some((message) => message.includes(words)));
    if (unsaid) return `${messages.join('; ')} does not say ${unsaid}`;
  }
  return undefined;
}

function errorsOf(action) {
  try {
    action();
    return [];
  } catch (error) {
    if (error.name !== 'SegmentryError') throw error;
    return error.errors;
  }
}

function roundTripProblem(segmentry, filter, table, options, members) {
  let given;
  const errors = errorsOf(() => {
    const again = segmentry.filter(JSON.stringify(filter));
    given = again.members(table, options).join();
    again.free();
  });
  if (errors.length > 0) return `the round trip gives errors: ${placesOf(errors)}`;
  return given === members.join() ? undefined : `the round trip gives: ${given}`;
}

/** What is wrong with the answers to one case. */
function caseProblem(segmentry, test, filter, table, now, segments) {
  const found = filter.errors ?? errorsOf(() => filter.check({ id: test.name, segments }));
  if (test.errors || found.length > 0)
    return errorProblem(test.errors ? expectedErrors(test) : [], found);
  const options = { now, segments };
  const members = filter.members(table, options);
  const [wanted, given] = [[...test.ids].sort().join(), [...members].sort().join()];
  if (wanted !== given) return `members: ${given}; expected: ${wanted}`;
  if (filter.count(table, options) !== members.length) return 'count and members differ';
  if (filter.nodes(table, options).some(({ count }) => count > table.size))
    return 'a node counts too many';
  return roundTripProblem(segmentry, filter, table, options, members);
}

function runCases(segmentry, source, report) {
  const table = segmentry.table();
  const bad = fill(table, source, CONTACT_DEFAULTS);
  report('table', bad.length > 0 ? `bad lines: ${bad}` : undefined);
  const tests = source.cases.filter(({ executors }) => !executors || executors.includes('wasm'));
  const segments = {};
  const filters = tests.map((test) => {
    let filter;
    const errors = errorsOf(() => {
      filter = segmentry.filter(conditionOf(test));
    });
    if (filter) segments[test.name] = filter;
    return filter ?? { errors };
  });
  tests.forEach((test, i) => {
    report(test.name, caseProblem(segmentry, test, filters[i], table, source.now, segments));
  });
  for (const filter of Object.values(segments)) filter.free();
  table.free();
}

function runSlugs(segmentry, rows, report) {
  for (const row of rows) {
    const name = expand(row.name);
    let slug = null;
    errorsOf(() => {
      slug = segmentry.slug(name);
    });
    report(name, slug === expand(row.slug) ? undefined : `${slug}, expected ${row.slug}`);
  }
}

function runDiffs(segmentry, rows, report) {
  for (const { previous, current, entered, left } of rows) {
    const given = JSON.stringify(segmentry.diff(previous, current));
    report(
      given,
      given === JSON.stringify({ entered, left }) ? undefined : `expected ${entered} and ${left}`,
    );
  }
}

/** Each text once as a stored value and once as a filter's; see instants_as_cases of run.py. */
function instantsAsCases(rows) {
  const now = '2024-01-01T00:00:00Z';
  const dates = rows.map(({ ms }, i) => ({ id: `t${i}`, ms })).filter(({ ms }) => ms !== null);
  const cases = [];
  for (const ms of new Set(dates.map((date) => date.ms))) {
    const iso = new Date(ms).toISOString();
    // An instant outside the years 0001 to 9999 has no text that is a date.
    if (/^\d{4}-/.test(iso) && !iso.startsWith('0000')) {
      const ids = dates.filter((date) => date.ms === ms).map(({ id }) => id);
      cases.push({ name: iso, filter: ['data.t', 'equals', iso], ids });
    }
  }
  for (const { text, ms } of rows) {
    const ids = ms !== null && Date.parse(now) > ms ? rows.map((_, i) => `t${i}`) : [];
    const test = { name: `as a value: ${text}`, filter: ['createdAt', 'greaterThan', text], ids };
    if (ms === null) test.errors = [{ field: '.value', code: 'invalid_value' }];
    cases.push(test);
  }
  return { now, contacts: rows.map(({ text }, i) => ({ id: `t${i}`, data: { t: text } })), cases };
}

function runBadLines(segmentry, rows, report) {
  for (const row of rows) {
    const table = segmentry.table();
    const bad = fill(table, row);
    const filter = segmentry.filter(conditionOf({ filter: ['email', 'contains', ''] }));
    const left = filter.members(table, { now: 0 }).map((id) => table.email(id));
    const wanted = [[...row.bad].sort(), [...row.left].sort()].join(' | ');
    const given = [bad.sort(), left.sort()].join(' | ');
    report(row.about, wanted === given ? undefined : `${given}; expected ${wanted}`);
    filter.free();
    table.free();
  }
}

function runTexts(segmentry, rows, report) {
  for (const { text, codes } of rows) {
    const found = errorsOf(() => segmentry.filter(text).free());
    const given = found
      .map(({ code }) => code)
      .sort()
      .join();
    report(text, given === codes.join() ? undefined : `${given || 'none'}, expected ${codes}`);
  }
}

const RUNNERS = { slugs: runSlugs, diffs: runDiffs, bad_lines: runBadLines, texts: runTexts };

/**
 * Runs one file of the corpus.
 * tables  what tests/corpus/tables holds, by name
 * Returns how many cases there were, and what is wrong with them.
 */
export function runFile(segmentry, name, source, tables) {
  const result = { count: 0, problems: [] };
  const report = (what, problem) => {
    result.count++;
    if (problem) result.problems.push(`${name}: ${what.slice(0, 200)}: ${problem.slice(0, 2000)}`);
  };
  if (RUNNERS[name]) RUNNERS[name](segmentry, source, report);
  else if (name === 'instants') runCases(segmentry, instantsAsCases(source), report);
  else runCases(segmentry, { ...source, ...tables[source.table] }, report);
  return result;
}

/**
 * Runs the whole corpus.
 * json   reads a file of tests/corpus; `index.json` lists the names of its `files` and `tables`
 * Returns what runFile gives, by name, and the memory in use afterwards.
 */
export async function runCorpus(segmentry, json) {
  const { files, tables: tableNames } = await json('index.json');
  const tables = {};
  for (const name of tableNames) tables[name] = await json(`tables/${name}.json`);
  const results = {};
  for (const name of files)
    results[name] = runFile(segmentry, name, await json(`${name}.json`), tables);
  return { results, leftBytes: segmentry.memory.usedBytes };
}
