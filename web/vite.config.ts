// How the dashboard is built: one page, modules beside it, and a gzip of each file that gains by it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** A gzip that saves less than this is not worth a second copy in the program. */
const GZIP_SAVES_BYTES_MIN = 256;

function writeGzip(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    const gzip = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
    if (gzip.length + GZIP_SAVES_BYTES_MIN < bytes.length) writeFileSync(`${path}.gz`, gzip);
  }
}

function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle: () => writeGzip(folder),
  };
}

const wasmDist = fileURLToPath(new URL('../wasm/dist', import.meta.url));

export default defineConfig({
  plugins: [compressed()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    alias: [
      { find: /^segmentry$/, replacement: join(wasmDist, 'index.js') },
    ],
  },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Nothing inlined: the page's policy has no data: for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
