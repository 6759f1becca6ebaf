// PostgreSQL's side of the benchmark: a server of its own, asked through psql.
//
//   node postgresql.mjs FOLDER DIR NOW RUNS
//
// Tables, indexes and the first query are those that Plunk makes for its segments, as far as the filter
// touches them; the second query is one written by hand, with an index made for this filter. One
// process, as Segmentry has one thread, and memory for everything. What is timed is a prepared
// statement inside the server, so no client is in it. FOLDER gets the database, made from
// DIR/contacts.ndjson and DIR/emails.ndjson if it is not there. Events are left out: the filter does
// not ask for them.

import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, exit, getuid } from 'node:process';

import { emit } from './measure.mjs';

const PROGRAMS = '/usr/lib/postgresql/15/bin';
const [folder, dir, now, runs] = argv.slice(2);

if (!existsSync(join(PROGRAMS, 'initdb'))) {
  emit({ contestant: 'PostgreSQL', missing: 'not installed: postgresql-15' });
  exit(0);
}

// PostgreSQL refuses to run as root: then as the user that its package has made.
const number = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
const user = getuid() === 0 ? { uid: number('-u'), gid: number('-g') } : {};
const own = (path) => (user.uid === undefined ? undefined : chownSync(path, user.uid, user.gid));

const run = (program, args, options = {}) => {
  const { status, stdout, stderr, error } = spawnSync(join(PROGRAMS, program), args, {
    encoding: 'utf8', cwd: '/', maxBuffer: 1 << 26, ...user, ...options,
  });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr.trim()}`);
  return stdout;
};

const SETTINGS = {
  shared_buffers: '4GB', work_mem: '256MB', maintenance_work_mem: '512MB', effective_cache_size: '8GB',
  random_page_cost: '1.1', max_parallel_workers_per_gather: '0', jit: 'off', fsync: 'off', wal_level: 'minimal',
  max_wal_senders: '0', max_wal_size: '8GB', autovacuum: 'off', listen_addresses: '',
};

/** Runs `work` beside a server on `data`, whose socket lies in `sockets`. */
function withServer(data, sockets, work) {
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: sockets });
  const flags = settings.map(([name, value]) => `-c ${name}='${value}'`).join(' ');
  // Its output goes nowhere: the server would keep our pipe open.
  run('pg_ctl', ['start', '-w', '-D', data, '-o', flags], { stdio: 'ignore' });
  try {
    return work((args, options) => run('psql', ['-h', sockets, '-d', 'postgres', '-U', 'postgres', '-XAtq', '-v', 'ON_ERROR_STOP=1', ...args], options));
  } finally {
    run('pg_ctl', ['stop', '-w', '-m', 'fast', '-D', data], { stdio: 'ignore' });
  }
}

const SCHEMA = `
  CREATE TABLE contacts (
    "id" text PRIMARY KEY, "email" text NOT NULL, "data" jsonb, "subscribed" boolean NOT NULL DEFAULT true,
    "projectId" text NOT NULL, "createdAt" timestamp(3) NOT NULL, "updatedAt" timestamp(3) NOT NULL);
  CREATE TABLE emails (
    "id" text PRIMARY KEY, "contactId" text NOT NULL, "projectId" text NOT NULL, "sentAt" timestamp(3),
    "deliveredAt" timestamp(3), "openedAt" timestamp(3), "clickedAt" timestamp(3), "bouncedAt" timestamp(3),
    "complainedAt" timestamp(3));
  CREATE UNLOGGED TABLE lines (line jsonb NOT NULL);`;

// A line of NDJSON has neither of these two bytes: so it is one column, as it is.
const copy = (name) =>
  `\\copy lines FROM '${dir}/${name}.ndjson' (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')`;

const CONTACTS = `
  INSERT INTO contacts SELECT line->>'id', line->>'email', line->'data', (line->>'subscribed')::boolean, 'project',
    (line->>'createdAt')::timestamp, (line->>'updatedAt')::timestamp FROM lines;
  TRUNCATE lines;`;

const EMAILS = `
  INSERT INTO emails SELECT gen_random_uuid()::text, line->>'contactId', 'project', (line->>'sentAt')::timestamp,
    (line->>'deliveredAt')::timestamp, (line->>'openedAt')::timestamp, (line->>'clickedAt')::timestamp,
    (line->>'bouncedAt')::timestamp, (line->>'complainedAt')::timestamp FROM lines;
  DROP TABLE lines;`;

const INDEXES = `
  CREATE UNIQUE INDEX ON contacts ("projectId", "email");
  CREATE INDEX ON contacts ("projectId");
  CREATE INDEX ON contacts ("projectId", "subscribed");
  CREATE INDEX ON contacts USING gin ("data" jsonb_ops);
  CREATE INDEX ON contacts ((data->>'plan'), "subscribed", "createdAt");
  CREATE INDEX ON emails ("projectId", "contactId");
  CREATE INDEX ON emails ("contactId");
  CREATE INDEX ON emails ("contactId", "openedAt");
  CREATE INDEX ON emails ("contactId", "clickedAt");
  VACUUM ANALYZE;`;

// $1 is now, $2 30 days before, $3 14 days before.
const QUERIES = {
  'PostgreSQL 15, tables and query of Plunk': `
    SELECT count(*) FROM contacts WHERE "projectId" = 'project' AND "subscribed" = true
      AND (data#>ARRAY['plan']::text[])::jsonb = '"pro"'::jsonb AND "createdAt" < $2
      AND ("id" IN (SELECT "contactId" FROM emails WHERE "openedAt" >= $3 AND "contactId" IS NOT NULL)
        OR "id" IN (SELECT "contactId" FROM emails WHERE "clickedAt" >= $3 AND "contactId" IS NOT NULL))`,
  'PostgreSQL 15, an index and a query made for this filter': `
    SELECT count(*) FROM contacts c WHERE subscribed AND data->>'plan' = 'pro' AND "createdAt" < $2
      AND (EXISTS (SELECT FROM emails WHERE "contactId" = c.id AND "openedAt" BETWEEN $3 AND $1)
        OR EXISTS (SELECT FROM emails WHERE "contactId" = c.id AND "clickedAt" BETWEEN $3 AND $1))`,
};

/** The instant `days` before now, as PostgreSQL reads it. */
const before = (days) => new Date(Date.parse(now) - days * 86400000).toISOString().replace('Z', '');

/** Runs the statement once to warm up and then RUNS times; writes its answer and the best time. */
const stopwatch = (query) => `
  PREPARE counted (timestamp, timestamp, timestamp) AS ${query};
  CREATE FUNCTION pg_temp.best(OUT count bigint, OUT us double precision) LANGUAGE plpgsql AS $body$
  DECLARE start timestamptz;
  BEGIN
    us := 'infinity';
    FOR run IN 0..${Number(runs)} LOOP
      start := clock_timestamp();
      EXECUTE $run$EXECUTE counted('${before(0)}', '${before(30)}', '${before(14)}')$run$ INTO count;
      IF run > 0 THEN us := least(us, extract(epoch FROM clock_timestamp() - start) * 1e6); END IF;
    END LOOP;
  END $body$;
  SELECT json_build_object('count', count, 'us', us) FROM pg_temp.best();`;

function make(data, sockets) {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  own(data);
  run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C']);
  withServer(data, sockets, (psql) => {
    psql(['-c', SCHEMA]);
    psql(['-c', copy('contacts')]);
    psql(['-c', CONTACTS]);
    psql(['-c', copy('emails')]);
    psql(['-c', EMAILS]);
    for (const statement of INDEXES.split(';').slice(0, -1)) psql(['-c', statement]);
  });
}

const sockets = mkdtempSync(join(tmpdir(), 'segmentry-bench-'));
own(sockets);
try {
  if (!existsSync(folder)) {
    make(`${folder}.loading`, sockets);
    renameSync(`${folder}.loading`, folder);
  }
  withServer(folder, sockets, (psql) => {
    for (const [contestant, query] of Object.entries(QUERIES)) {
      emit({ contestant, ...JSON.parse(psql(['-c', stopwatch(query)])) });
    }
  });
} finally {
  rmSync(sockets, { recursive: true, force: true });
}
