// The dashboard's pure modules, compiled for Node by web/tsconfig.tests.json.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../build/web-tests/', import.meta.url));

export const load = (name) => require(`./${name}.js`);
