// DuckDB's side of the benchmark, through its own Node client.
//
//   node duckdb.mjs DB DIR NOW RUNS
//
// Three ways to lay the same contacts out: `data` as JSON, one column a field, and one column a
// field with the last open and click folded into the contact, which is as good as a schema made
// by hand for one filter can get. One thread, as Segmentry has. What is timed is a prepared
// statement from start to its one row, about 0.2 ms of which is the client's. DB is made from
// DIR/contacts.ndjson and DIR/emails.ndjson if it is not there. Events are left out: the filter
// does not ask for them.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { argv, exit } from 'node:process';

import { bestOf, emit } from './measure.mjs';

const [path, dir, now, runs] = argv.slice(2);

const duckdb = await import('@duckdb/node-api').catch((error) => {
  emit({ contestant: 'DuckDB', missing: `not installed (${error.code ?? error.message}): npm ci in tests/bench` });
  exit(0);
});

const LOAD = `
  CREATE TABLE contacts AS
    SELECT row_number() OVER () AS contact_id, id AS uuid, email, subscribed,
           createdAt AS created_at, updatedAt AS updated_at, data
    FROM read_json('${dir}/contacts.ndjson', format = 'newline_delimited', columns = {
      id: 'UUID', email: 'VARCHAR', subscribed: 'BOOLEAN', createdAt: 'TIMESTAMP', updatedAt: 'TIMESTAMP', data: 'JSON' });

  CREATE TABLE emails AS
    SELECT c.contact_id, e.sentAt AS sent_at, e.openedAt AS opened_at, e.clickedAt AS clicked_at
    FROM read_json('${dir}/emails.ndjson', format = 'newline_delimited', columns = {
      contactId: 'UUID', sentAt: 'TIMESTAMP', openedAt: 'TIMESTAMP', clickedAt: 'TIMESTAMP' }) e
    JOIN contacts c ON c.uuid = e.contactId;

  CREATE TABLE contacts_columns AS
    SELECT c.* EXCLUDE (data),
           data->>'$.plan' AS plan, data->>'$.country' AS country, data->>'$.language' AS language,
           data->>'$.company' AS company, CAST(data->>'$.logins' AS INTEGER) AS logins, CAST(data->>'$.mrr' AS DOUBLE) AS mrr,
           e.last_opened_at, e.last_clicked_at
    FROM contacts c LEFT JOIN (
      SELECT contact_id, max(opened_at) AS last_opened_at, max(clicked_at) AS last_clicked_at FROM emails GROUP BY contact_id
    ) e USING (contact_id)
    ORDER BY contact_id;
`;

const opensAndClicks = `contact_id IN (
  SELECT contact_id FROM emails WHERE opened_at BETWEEN $since AND $now OR clicked_at BETWEEN $since AND $now)`;

const QUERIES = {
  'DuckDB, 1 thread, JSON column': `SELECT count(*) FROM contacts
    WHERE subscribed AND (data->>'$.plan') = 'pro' AND created_at < $old AND ${opensAndClicks}`,
  'DuckDB, 1 thread, one column a field': `SELECT count(*) FROM contacts_columns
    WHERE subscribed AND plan = 'pro' AND created_at < $old AND ${opensAndClicks}`,
  'DuckDB, 1 thread, one column a field, last open and click too': `SELECT count(*) FROM contacts_columns
    WHERE subscribed AND plan = 'pro' AND created_at < $old
      AND (last_opened_at BETWEEN $since AND $now OR last_clicked_at BETWEEN $since AND $now)`,
};

if (!existsSync(path)) {
  const half = `${path}.loading`;
  rmSync(half, { force: true });
  const instance = await duckdb.DuckDBInstance.create(half);
  const connection = await instance.connect();
  await connection.run(LOAD);
  await connection.run('CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
  renameSync(half, path);
}

const instance = await duckdb.DuckDBInstance.create(path, { access_mode: 'READ_ONLY', threads: '1' });
const connection = await instance.connect();

const DAY = 86_400_000;
const timestamp = (ms) => new duckdb.DuckDBTimestampValue(BigInt(ms) * 1000n);
const instants = {
  now: timestamp(Date.parse(now)),
  old: timestamp(Date.parse(now) - 30 * DAY),
  since: timestamp(Date.parse(now) - 14 * DAY),
};

for (const [contestant, sql] of Object.entries(QUERIES)) {
  const statement = await connection.prepare(sql);
  statement.bind(instants);
  const { result, us } = await bestOf(Number(runs), async () => {
    const reader = await statement.runAndReadAll();
    return Number(reader.getRows()[0][0]);
  });
  emit({ contestant, count: result, us });
}
