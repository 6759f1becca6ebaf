import { Segmentry } from './segmentry/index.js';
import { runCorpus } from './corpus.mjs';
import { json } from './json.js';

// Without a module in the message, the worker finds it by itself.
onmessage = async ({ data: { wasm } }) => {
  try {
    postMessage({ value: await runCorpus(await Segmentry.load({ wasm }), json) });
  } catch (error) {
    postMessage({ error: String(error.stack) });
  }
};
