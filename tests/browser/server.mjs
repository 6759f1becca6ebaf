// A server for the pages of these tests: a few folders, the right MIME types, a strict policy.
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  'img-src data:',
].join('; ');

const here = (path) => new URL(path, import.meta.url);

/** Where paths lead, the longest beginning first. */
const ROUTES = [
  ['/corpus/tables/', here('../corpus/tables/')],
  ['/corpus/', here('../corpus/')],
  ['/corpus.mjs', here('../wasm/corpus.mjs')],
  ['/segmentry/', here('../../wasm/dist/')],
  ['/plain/', here('../../wasm/dist/')],
  ['/missing/', here('../../wasm/dist/')],
  ['/', here('site/')],
];

async function namesIn(folder) {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();
}

async function bodyOf(path) {
  if (path === '/corpus/index.json') {
    return JSON.stringify({
      files: await namesIn(here('../corpus/')),
      tables: await namesIn(here('../corpus/tables/')),
    });
  }
  if (path === '/missing/segmentry.wasm') return undefined;
  const [prefix, target] = ROUTES.find(([beginning]) => path.startsWith(beginning));
  const rest = path === '/' ? 'index.html' : path.slice(prefix.length);
  // One folder deep: nothing outside the routes can be named.
  if (rest.includes('/') || rest.startsWith('.')) return undefined;
  return readFile(new URL(rest, target)).catch(() => undefined);
}

async function answer(request, response) {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  const body = await bodyOf(path);
  const type =
    path.startsWith('/plain/') && path.endsWith('.wasm')
      ? 'application/octet-stream'
      : TYPES[extname(path) || '.html'];
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': body === undefined ? 'text/plain' : type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(body ?? 'not found');
}

/** Returns the server's address and a function that stops it. */
export async function serve() {
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
