import { Segmentry } from './segmentry/index.js';
import { Segmentry as PlainSegmentry } from './plain/index.js';
import { Segmentry as MissingSegmentry } from './missing/index.js';
import { runCorpus } from './corpus.mjs';
import { json } from './json.js';

function inWorker(message) {
  const worker = new Worker('worker.js', { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { value, error } }) =>
      error ? reject(new Error(error)) : resolve(value);
    worker.onerror = ({ message: text }) => reject(new Error(text ?? 'the worker did not start'));
    worker.postMessage(message);
  }).finally(() => worker.terminate());
}

/** Which of the two ways of starting a module a load takes. */
async function waysOf(load) {
  const ways = [];
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = (...args) => {
      ways.push(name);
      return original.apply(WebAssembly, args);
    };
    ways[name] = original;
  }
  try {
    const engine = await load();
    return { ways: [...ways], slug: engine.slug('Été à Paris') };
  } finally {
    for (const name of ['instantiate', 'instantiateStreaming']) WebAssembly[name] = ways[name];
  }
}

/** Whether the policy holds, asked as the page starts: a driven browser is let off later. */
const evaluates = (() => {
  try {
    return new Function('return true')();
  } catch (error) {
    return error.name;
  }
})();

window.scenarios = {
  corpusInPage: async () => runCorpus(await Segmentry.load(), json),
  corpusInWorker: () => inWorker({}),
  corpusInWorkerWithModule: async () =>
    inWorker({ wasm: await WebAssembly.compileStreaming(fetch('segmentry/segmentry.wasm')) }),
  loads: async () => ({
    beside: await waysOf(() => Segmentry.load()),
    response: await waysOf(async () =>
      Segmentry.load({ wasm: await fetch('segmentry/segmentry.wasm') }),
    ),
    promise: await waysOf(() => Segmentry.load({ wasm: fetch('segmentry/segmentry.wasm') })),
    otherType: await waysOf(() => PlainSegmentry.load()),
    bytes: await waysOf(async () =>
      Segmentry.load({ wasm: await (await fetch('segmentry/segmentry.wasm')).arrayBuffer() }),
    ),
  }),
  evaluates: () => evaluates,
  missing: () =>
    MissingSegmentry.load().then(
      () => undefined,
      ({ name, code, message }) => ({ name, code, message }),
    ),
  gone: () =>
    Segmentry.load({ wasm: fetch('nothing.wasm') }).then(
      () => undefined,
      ({ name, code, message }) => ({ name, code, message }),
    ),
};
