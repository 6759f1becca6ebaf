// Segmentry for browsers, workers and Node: what people call, over the flat exports of
// segmentry.wasm. Nothing here knows what a filter means; the module does.

const VERSION = '0.1.0';

/** The core's statuses, by number. */
const STATUS_CODES = [
  'ok',
  'out_of_memory',
  'invalid_json',
  'invalid',
  'limit',
  'duplicate',
  'unknown_contact',
  'segment_reference',
  'field_not_loaded',
  'corrupt_snapshot',
  'newer_snapshot',
];

/** Kinds of lines, as the core numbers them. */
const CONTACTS = 0;
const EVENTS = 1;
const EMAILS = 2;

/** Data is fed in pieces of about this size, so that it is never in memory twice as a whole. */
const CHUNK_SIZE = 1 << 18;

const UINT32_MAX = 0xffffffff;

/** The years 0001 to 9999, in milliseconds. */
const INSTANT_MIN = -62135596800000;
const INSTANT_MAX = 253402300799999;

export class SegmentryError extends Error {
  constructor(code, errors, options) {
    super(
      errors.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('\n'),
      options,
    );
    this.name = 'SegmentryError';
    this.code = code;
    this.errors = errors;
  }
}

function errorOf(code, message, options) {
  return new SegmentryError(code, [{ field: '', message, code }], options);
}

// Text in and out

const encoder = new TextEncoder();
// Without ignoreBOM a leading U+FEFF would be lost.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function isWellFormed(text) {
  return text.isWellFormed ? text.isWellFormed() : !/\p{Cs}/u.test(text);
}

/** UTF-8. A lone surrogate has none: it becomes a byte that the core refuses, naming the place. */
function encode(text) {
  if (isWellFormed(text)) return encoder.encode(text);
  const pieces = text.split(/\p{Cs}/u).map((piece) => encoder.encode(piece));
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length + 1, -1)).fill(
    0xff,
  );
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length + 1;
  }
  return bytes;
}

function requireString(value, what) {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string`);
  return value;
}

function arrayOfStrings(values, what) {
  if (typeof values === 'string' || typeof values?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`${what} must be an array of strings`);
  }
  const list = [...values];
  for (const value of list) {
    requireString(value, `each of ${what}`);
    if (!isWellFormed(value)) throw new TypeError(`${what} must be without lone surrogates`);
  }
  return list;
}

/** A list as the module reads it: each text ends with a NUL. */
function encodeList(values, what) {
  const list = arrayOfStrings(values, what);
  if (list.some((value) => value.includes('\0'))) {
    throw new TypeError(`${what} must be without NUL characters`);
  }
  return encoder.encode(list.map((value) => `${value}\0`).join(''));
}

const readNumber = ({ number }) => number;
const readText = ({ output }) => decoder.decode(output);
const readList = ({ output }) => decoder.decode(output).split('\0').slice(0, -1);
const readBytes = ({ output }) => output.slice();

/** Bytes of any view or buffer, from any realm. */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  const tag = Object.prototype.toString.call(value);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]'
    ? new Uint8Array(value)
    : undefined;
}

function compareCodePoints(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for what comes after U+FFFF.
    if (x >= 0xd800 && x < 0xe000) x += 0x10000;
    if (y >= 0xd800 && y < 0xe000) y += 0x10000;
    return x - y;
  }
  return a.length - b.length;
}

// The module

/** One instance of segmentry.wasm: passes bytes in, and results and errors out. */
class Engine {
  #exports;
  #resultArea;
  #view;
  #trap;

  constructor({ exports }, memoryLimitBytes) {
    this.#exports = exports;
    this.#view = new DataView(new ArrayBuffer(0));
    if (this.#readVersion() !== VERSION) {
      throw errorOf('wrong_module', `this is not the segmentry.wasm of version ${VERSION}`);
    }
    exports._initialize();
    this.#resultArea = exports.js_result_area() >>> 0;
    exports.js_set_limit(memoryLimitBytes);
  }

  /** Growth of the memory leaves earlier views without a buffer. */
  #memory() {
    const { buffer } = this.#exports.memory;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  #bytes(address, size) {
    return new Uint8Array(this.#memory().buffer, address >>> 0, size);
  }

  #readVersion() {
    if (!(this.#exports.memory instanceof WebAssembly.Memory) || !this.#exports.js_version) {
      return undefined;
    }
    return decoder
      .decode(this.#bytes(this.#exports.js_version(), VERSION.length + 1))
      .replace('\0', '');
  }

  #result() {
    const memory = this.#memory();
    const [address, size] = [
      memory.getUint32(this.#resultArea, true),
      memory.getUint32(this.#resultArea + 4, true),
    ];
    return {
      output: this.#bytes(address, size),
      number: memory.getFloat64(this.#resultArea + 8, true),
      lines: memory.getFloat64(this.#resultArea + 16, true),
    };
  }

  #failure(status) {
    const texts = readList(this.#result());
    const errors = [];
    for (let i = 0; i < texts.length; i += 3) {
      errors.push({
        field: texts[i],
        message: texts[i + 1],
        code: texts[i + 2] || STATUS_CODES[status],
      });
    }
    if (errors.length === 0) {
      return errorOf(STATUS_CODES[status], STATUS_CODES[status].replaceAll('_', ' '));
    }
    return new SegmentryError(STATUS_CODES[status], errors);
  }

  #copyIn(bytes, blocks) {
    const size = Math.max(bytes.length, 1);
    const address = this.#guard('js_alloc', [size]) >>> 0;
    if (address === 0) throw errorOf('out_of_memory', `out of memory: no room for ${size} bytes`);
    blocks.push([address, size]);
    this.#bytes(address, size).set(bytes);
    return address;
  }

  /** After a trap the module's data may be anything, so nothing is asked of it again. */
  #guard(name, args) {
    if (this.#trap) {
      throw errorOf('broken', 'an earlier call broke this engine: load another', {
        cause: this.#trap,
      });
    }
    try {
      return this.#exports[name](...args);
    } catch (cause) {
      this.#trap = cause;
      throw errorOf('broken', `the engine broke: ${cause.message}`, { cause });
    }
  }

  /** Calls what gives its value right away. */
  get(name, ...args) {
    return this.#guard(name, args);
  }

  /** Frees an object. In a broken engine there is nothing left to save. */
  free(name, address) {
    if (!this.#trap) this.#guard(name, [address]);
  }

  /**
   * Calls what gives a status. Bytes among the arguments are copied in, and passed as an address
   * and a size. `read` takes from the result area what is wanted, before it is released.
   */
  call(name, args, read = readNumber) {
    const blocks = [];
    try {
      const flat = args.flatMap((arg) =>
        ArrayBuffer.isView(arg) ? [this.#copyIn(arg, blocks), arg.length] : arg,
      );
      const status = this.#guard(name, flat);
      if (status !== 0) throw this.#failure(status);
      return read(this.#result());
    } finally {
      if (!this.#trap) {
        this.#exports.js_release();
        for (const [address, size] of blocks) this.#exports.js_free(address, size);
      }
    }
  }
}

/** A Uint32Array's bytes, copied: the module's output need not stay. */
function readNumbers({ output, number }) {
  return { numbers: new Uint32Array(output.slice().buffer), number };
}

/** An object in the module's memory, freed by hand or when nothing refers to its owner any more. */
class Handle {
  constructor(engine, what, address) {
    this.engine = engine;
    this.what = what;
    this.address = address;
  }

  get() {
    if (this.address === 0) throw errorOf('freed', `this ${this.what} has been freed`);
    return this.address;
  }

  replace(address) {
    const old = this.address;
    this.address = address;
    if (old !== 0) this.engine.free(`js_${this.what}_free`, old);
  }
}

const handles = new WeakMap();
const abandoned = new FinalizationRegistry((handle) => handle.replace(0));

function own(owner, handle) {
  handles.set(owner, handle);
  abandoned.register(owner, handle, handle);
}

function release(owner) {
  const handle = handles.get(owner);
  abandoned.unregister(handle);
  handle.replace(0);
}

/** The address behind a table or filter that came in as an argument. */
function addressOf(value, kind, engine, what) {
  const handle = handles.get(value);
  if (handle?.what !== kind) {
    throw new TypeError(`${what} must be one that segmentry.${kind}() made`);
  }
  if (handle.engine !== engine) throw new TypeError(`${what} belongs to another engine`);
  return handle.get();
}

// Arguments of evaluations

function instantOf(engine, now) {
  if (now === undefined || now === null) {
    throw new TypeError(
      'now is required: the engine never reads the clock; pass new Date() for this moment',
    );
  }
  if (typeof now === 'string') return engine.call('js_instant', [encode(now)]);
  const ms = typeof now?.getTime === 'function' ? now.getTime() : now;
  if (typeof ms !== 'number') {
    throw new TypeError('now must be a Date, an ISO 8601 string or milliseconds');
  }
  if (!Number.isInteger(ms) || ms < INSTANT_MIN || ms > INSTANT_MAX) {
    throw new TypeError(`now must be whole milliseconds in the years 0001 to 9999, not ${ms}`);
  }
  return ms;
}

function rowNumber(value, otherwise, what) {
  if (value === undefined || value === Infinity) return otherwise;
  if (!Number.isInteger(value) || value < 0) {
    throw new TypeError(`${what} must be a whole number from 0`);
  }
  return Math.min(value, UINT32_MAX);
}

function requireOptions(options) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object');
  }
  return options;
}

/** The caller's segments as three lists in one order: ids, filters (0 without one), names. */
function knownSegments(engine, segments) {
  if (segments === undefined) segments = {};
  if (typeof segments !== 'object' || segments === null) {
    throw new TypeError('segments must be an object or a Map from segment id to Filter');
  }
  const [ids, filters, names] = [[], [], []];
  for (const [id, segment] of segments instanceof Map ? segments : Object.entries(segments)) {
    if (typeof segment !== 'object' || segment === null) {
      throw new TypeError(`segments: ${id} must be a Filter or an object`);
    }
    const filter = handles.has(segment) ? segment : (segment.filter ?? undefined);
    ids.push(id);
    filters.push(
      filter === undefined ? 0 : addressOf(filter, 'filter', engine, `the filter of segment ${id}`),
    );
    names.push(segment.name ?? id);
  }
  return [
    encodeList(ids, 'the ids of segments'),
    new Uint8Array(Uint32Array.from(filters).buffer),
    encodeList(names, 'the names of segments'),
  ];
}

// Lines of data

/** Pieces of whole lines of a text or of bytes. */
function* linePieces(data, newline, cut) {
  for (let begin = 0; begin < data.length;) {
    const newlineAt = data.indexOf(newline, begin + CHUNK_SIZE);
    const end = newlineAt < 0 ? data.length : newlineAt + 1;
    yield cut(begin, end);
    begin = end;
  }
}

/**
 * Pieces of lines made of objects. What JSON.stringify refuses is reported, and its line is left
 * blank.
 */
function* objectPieces(objects, errors) {
  let lines = '';
  for (let i = 0; i < objects.length; i++) {
    try {
      lines += JSON.stringify(objects[i]) ?? 'null';
    } catch (error) {
      errors.push({ line: i + 1, message: error.message });
    }
    lines += '\n';
    if (lines.length >= CHUNK_SIZE) {
      yield encode(lines);
      lines = '';
    }
  }
  if (lines !== '') yield encode(lines);
}

function piecesOf(data, errors) {
  if (typeof data === 'string') {
    return linePieces(data, '\n', (begin, end) => encode(data.slice(begin, end)));
  }
  if (Array.isArray(data)) return objectPieces(data, errors);
  const bytes = bytesOf(data);
  if (!bytes) {
    throw new TypeError(
      'data must be a Uint8Array, an ArrayBuffer, a string of NDJSON or an array of objects',
    );
  }
  return linePieces(bytes, 10, (begin, end) => bytes.subarray(begin, end));
}

function ingest(table, kind, data) {
  const handle = handles.get(table);
  handle.get();
  const errors = [];
  let added = 0;
  let linesBefore = 0;
  for (const piece of piecesOf(data, errors)) {
    // Asked for anew each time: a toJSON among the objects may have loaded or freed the table.
    handle.engine.call('js_table_ingest', [handle.get(), kind, piece], (result) => {
      added += result.number;
      const texts = readList(result);
      for (let i = 0; i < texts.length; i += 2) {
        errors.push({ line: linesBefore + Number(texts[i]), message: texts[i + 1] });
      }
      linesBefore += result.lines;
    });
  }
  errors.sort((a, b) => a.line - b.line);
  return { added, errors };
}

// What people call

class Table {
  constructor(engine, address) {
    own(this, new Handle(engine, 'table', address));
  }

  #call(name, args, read) {
    const handle = handles.get(this);
    return handle.engine.call(name, [handle.get(), ...args], read);
  }

  addContacts(data) {
    return ingest(this, CONTACTS, data);
  }

  addEvents(data) {
    return ingest(this, EVENTS, data);
  }

  addEmailActivity(data) {
    return ingest(this, EMAILS, data);
  }

  update(contact) {
    if (typeof contact !== 'object' || contact === null) {
      throw new TypeError('contact must be an object');
    }
    this.#call('js_table_update', [encode(JSON.stringify(contact) ?? 'null')]);
  }

  remove(ids) {
    return this.#call('js_table_remove', [encodeList(ids, 'ids')]);
  }

  setMembers(segmentId, contactIds) {
    requireString(segmentId, 'segmentId');
    this.#call('js_table_set_members', [encode(segmentId), encodeList(contactIds, 'contactIds')]);
  }

  email(id) {
    const emails = this.#call('js_table_email', [encode(requireString(id, 'id'))], readList);
    return emails[0];
  }

  get size() {
    const handle = handles.get(this);
    return handle.engine.get('js_table_size', handle.get()) >>> 0;
  }

  snapshot({ fields } = {}) {
    const list = fields === undefined ? [] : fields;
    return this.#call(
      'js_snapshot_write',
      [fields === undefined ? 1 : 0, encodeList(list, 'fields')],
      readBytes,
    );
  }

  load(snapshot) {
    const bytes = bytesOf(snapshot);
    if (!bytes) throw new TypeError('a snapshot must be a Uint8Array or an ArrayBuffer');
    const handle = handles.get(this);
    handle.get();
    handle.replace(handle.engine.call('js_snapshot_read', [...randomSeed(), bytes]));
  }

  free() {
    release(this);
  }
}

class Filter {
  #fields;
  #paths;

  constructor(engine, address) {
    own(this, new Handle(engine, 'filter', address));
  }

  #call(name, args, read) {
    const handle = handles.get(this);
    return handle.engine.call(name, [handle.get(), ...args], read);
  }

  #evaluate(name, table, options = {}, more = [], read = readNumber) {
    const { engine } = handles.get(this);
    const { now, segments } = requireOptions(options);
    const tableAddress = addressOf(table, 'table', engine, 'table');
    const [ids, filters] = knownSegments(engine, segments);
    return this.#call(name, [tableAddress, instantOf(engine, now), ids, filters, ...more], read);
  }

  count(table, options) {
    return this.#evaluate('js_filter_count', table, options);
  }

  members(table, options = {}) {
    const { limit, offset } = requireOptions(options);
    const rows = [rowNumber(offset, 0, 'offset'), rowNumber(limit, UINT32_MAX, 'limit')];
    return this.#evaluate('js_filter_members', table, options, rows, readList);
  }

  nodes(table, options) {
    const { numbers } = this.#evaluate('js_filter_nodes', table, options, [], readNumbers);
    this.#paths ??= this.#call('js_filter_paths', [], readList);
    return this.#paths.map((path, i) => ({ path, count: numbers[i] }));
  }

  explain(table, contactId, options) {
    const id = encode(requireString(contactId, 'contactId'));
    return JSON.parse(this.#evaluate('js_filter_explain', table, options, [id], readText));
  }

  check({ id = '', name = id, segments } = {}) {
    const { engine } = handles.get(this);
    requireString(id, 'id');
    requireString(name, 'name');
    this.#call('js_filter_check', [encode(id), encode(name), ...knownSegments(engine, segments)]);
  }

  get fields() {
    this.#fields ??= [...new Set(this.#call('js_filter_fields', [], readList))];
    return [...this.#fields];
  }

  toJSON() {
    return JSON.parse(this.#call('js_filter_write', [], readText));
  }

  free() {
    release(this);
  }
}

if (Symbol.dispose) {
  for (const { prototype } of [Table, Filter]) {
    Object.defineProperty(prototype, Symbol.dispose, {
      value: prototype.free,
      configurable: true,
      writable: true,
    });
  }
}

export class Segmentry {
  static version = VERSION;

  #engine;

  /** People come here through load(). */
  constructor(engine) {
    if (!(engine instanceof Engine)) throw new TypeError('use await Segmentry.load()');
    this.#engine = engine;
  }

  static async load(options = {}) {
    const { wasm, memoryLimitBytes } = requireOptions(options);
    const limit = rowNumber(memoryLimitBytes, UINT32_MAX, 'memoryLimitBytes');
    const instance = await instantiate(await (wasm ?? besideThisModule()));
    return new Segmentry(new Engine(instance, limit));
  }

  table() {
    return new Table(this.#engine, this.#engine.call('js_table_create', randomSeed()));
  }

  filter(condition) {
    const json = typeof condition === 'string' ? condition : JSON.stringify(condition);
    if (json === undefined) {
      throw new TypeError('a condition must be an object or a string of JSON');
    }
    return new Filter(this.#engine, this.#engine.call('js_filter_parse', [encode(json)]));
  }

  slug(name) {
    return this.#engine.call('js_slug', [encode(requireString(name, 'name'))], readText);
  }

  diff(previousIds, currentIds) {
    const rows = new Map();
    const rowOf = (id) => {
      if (!rows.has(id)) rows.set(id, rows.size);
      return rows.get(id);
    };
    const previousRows = arrayOfStrings(previousIds, 'previousIds').map(rowOf);
    const currentRows = arrayOfStrings(currentIds, 'currentIds').map(rowOf);
    const masks = [previousRows, currentRows].map((members) => maskOf(members, rows.size));
    const { numbers, number: enteredCount } = this.#engine.call('js_diff', masks, readNumbers);
    const ids = [...rows.keys()];
    const changed = Array.from(numbers, (row) => ids[row]);
    return {
      entered: changed.slice(0, enteredCount).sort(compareCodePoints),
      left: changed.slice(enteredCount).sort(compareCodePoints),
    };
  }

  get memory() {
    return {
      usedBytes: this.#engine.get('js_used_bytes') >>> 0,
      heapBytes: this.#engine.get('js_heap_bytes') >>> 0,
    };
  }
}

/** One bit a row, in whole words of 64. */
function maskOf(rows, rowCount) {
  const mask = new Uint8Array(Math.ceil(rowCount / 64) * 8);
  for (const row of rows) mask[row >> 3] |= 1 << (row & 7);
  return mask;
}

/** Two random numbers for the hash tables: whoever chooses the strings must not know them. */
function randomSeed() {
  const seed = new Uint32Array(2);
  if (globalThis.crypto) return [...globalThis.crypto.getRandomValues(seed)];
  return [...seed.map(() => Math.random() * 2 ** 32)];
}

// Finding and starting the module

async function besideThisModule() {
  const url = new URL('./segmentry.wasm', import.meta.url);
  if (url.protocol === 'file:') {
    // Only Node and its likes come here; bundlers must leave it alone.
    const { readFile } = await import(
      /* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises'
    );
    return readFile(url);
  }
  try {
    return await fetch(url);
  } catch (cause) {
    throw errorOf('load', `${url} could not be fetched`, { cause });
  }
}

/** source  Bytes, a compiled module or a response. */
async function instantiate(source) {
  const imports = { env: { emscripten_notify_memory_growth() {} } };
  if (source instanceof WebAssembly.Module) return WebAssembly.instantiate(source, imports);
  const bytes = bytesOf(source);
  if (bytes) return (await WebAssembly.instantiate(bytes, imports)).instance;
  if (typeof source?.arrayBuffer !== 'function') {
    throw new TypeError('wasm must be bytes, a Response or a WebAssembly.Module');
  }
  if (source.ok === false) {
    throw errorOf('load', `segmentry.wasm: HTTP ${source.status} from ${source.url}`);
  }
  // Streaming insists on the MIME type; without it the bytes are as good.
  const type = source.headers?.get('content-type') ?? '';
  if (WebAssembly.instantiateStreaming && /^application\/wasm\s*$/i.test(type)) {
    return (await WebAssembly.instantiateStreaming(source, imports)).instance;
  }
  return (await WebAssembly.instantiate(await source.arrayBuffer(), imports)).instance;
}
