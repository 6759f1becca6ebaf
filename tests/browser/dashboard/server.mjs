// The real program on a database of its own, and a client that speaks for one project.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const PROGRAM =
  process.env.SEGMENTRY ?? new URL('../../../build/segmentry', import.meta.url).pathname;

const run = promisify(execFile);

async function createProject(db, name) {
  const { stdout } = await run(PROGRAM, ['project', 'create', name, '--db', db, '--json']);
  return JSON.parse(stdout);
}

/** Resolves with what `find` finds in one of the lines, and goes on reading. */
function lineOf(stream, find) {
  return new Promise((resolve, reject) => {
    const lines = createInterface(stream);
    lines.on('line', (line) => {
      const found = find(line);
      if (found !== undefined) resolve(found);
    });
    lines.on('close', () => reject(new Error('the server ended before it was ready')));
  });
}

async function listen(db, port, { options = [], environment = {} }) {
  const listenOn = ['--listen', `127.0.0.1:${port}`];
  const child = spawn(PROGRAM, ['serve', '--db', db, ...listenOn, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const [link, url] = await Promise.all([
    lineOf(child.stdout, (line) => /\S+\/login\?token=\S+/.exec(line)?.[0]),
    lineOf(child.stderr, (line) =>
      line.includes('"server.listening"')
        ? `http://127.0.0.1:${/port (\d+)/.exec(line)[1]}`
        : undefined,
    ),
  ]);
  return { child, link, url };
}

function ended(child) {
  return new Promise((resolve) => child.once('exit', resolve));
}

/** A client with a project's secret key. */
function clientOf(url, key) {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
}

/**
 * Starts a server with one project for each name.
 * @param settings options of `serve`, and an environment.
 * @returns url, a login link, a client for each project; stop and start pause it on the same port.
 */
export async function startServer(settings, ...names) {
  const folder = await mkdtemp(join(tmpdir(), 'segmentry-dashboard-'));
  const db = join(folder, 'test.db');
  const projects = [];
  for (const name of names) projects.push(await createProject(db, name));
  let own = await listen(db, 0, settings);
  const { url, link } = own;
  // Tests that cannot even begin end without clearing away.
  process.once('exit', () => own.child.kill('SIGKILL'));

  const stop = async () => {
    own.child.kill('SIGTERM');
    await ended(own.child);
  };
  return {
    url,
    link,
    calls: projects.map(({ secretKey }) => clientOf(url, secretKey)),
    projects,
    stop,
    start: async () => {
      own = await listen(db, new URL(url).port, settings);
    },
    end: async () => {
      if (own.child.exitCode === null && own.child.signalCode === null) await stop();
      await rm(folder, { recursive: true });
    },
  };
}
