/// <reference lib="esnext.disposable" />

/**
 * A point in time. Strings are ISO 8601; without a zone they mean UTC. Numbers are milliseconds
 * since 1970.
 */
export type Instant = Date | string | number;

/** UTF-8 lines of JSON, one object a line, or the objects themselves. */
export type Lines<T> = Uint8Array | ArrayBuffer | string | readonly T[];

/** A contact as it comes in. */
export interface Contact {
  /** Unique in its table. */
  id: string;
  /** Stored trimmed, its ASCII letters lower-cased. */
  email: string;
  subscribed: boolean;
  /** ISO 8601. */
  createdAt: string | Date;
  /** ISO 8601. */
  updatedAt: string | Date;
  /**
   * What filters reach as `data.<path>`. What `JSON.stringify` turns into null, such as `NaN`,
   * counts as absent.
   */
  data?: object | null;
}

/** One occurrence of a custom event. */
export interface ContactEvent {
  contactId: string;
  /** What filters reach as `event.<name>`. */
  name: string;
  /** ISO 8601. */
  createdAt: string | Date;
  /** Kept by the caller: filters do not look into it. */
  data?: unknown;
}

/** What became of one email to a contact; null or absent where it did not happen. */
export interface EmailActivity {
  contactId: string;
  sentAt?: string | Date | null;
  deliveredAt?: string | Date | null;
  openedAt?: string | Date | null;
  clickedAt?: string | Date | null;
  bouncedAt?: string | Date | null;
  complainedAt?: string | Date | null;
}

/** What became of lines or objects. Each bad one is refused as a whole; the others are in. */
export interface AddResult {
  added: number;
  /** `line` is the 1-based line, or the 1-based position in the array. In ascending order. */
  errors: { line: number; message: string }[];
}

/** Groups joined by `logic`. */
export interface Condition {
  logic: 'AND' | 'OR';
  /** At least one. */
  groups: Group[];
}

/** Filters and a nested condition, all joined with AND. Holds at least one of them. */
export interface Group {
  filters: ConditionFilter[];
  conditions?: Condition;
}

export type Operator =
  | 'equals'
  | 'notEquals'
  | 'contains'
  | 'notContains'
  | 'greaterThan'
  | 'lessThan'
  | 'greaterThanOrEqual'
  | 'lessThanOrEqual'
  | 'exists'
  | 'notExists'
  | 'within'
  | 'olderThan'
  | 'triggered'
  | 'notTriggered'
  | 'triggeredWithin'
  | 'triggeredOlderThan'
  | 'notTriggeredWithin'
  | 'memberOfSegment'
  | 'notMemberOfSegment';

export interface ConditionFilter {
  /**
   * `email`, `subscribed`, `createdAt`, `updatedAt`, `data.<path>`, `event.<name>`,
   * `email.<activity>` or `segment.<id>`.
   */
  field: string;
  operator: Operator;
  value?: unknown;
  /** For the operators that look back in time. */
  unit?: 'days' | 'hours' | 'minutes';
}

/** One thing that is wrong. */
export interface Problem {
  /** The place, such as `groups[1].filters[0].operator`; empty for the whole. */
  field: string;
  /** What was found and what is allowed, for people. */
  message: string;
  /** For programs. */
  code: string;
}

/**
 * What went wrong, in data or conditions, or with the engine. Arguments of a wrong type are
 * TypeErrors.
 */
export class SegmentryError extends Error {
  private constructor();
  readonly name: 'SegmentryError';
  /**
   * What kind of call failed: `invalid`, `invalid_json`, `limit`, `duplicate`, `unknown_contact`,
   * `segment_reference`, `field_not_loaded`, `corrupt_snapshot`, `newer_snapshot`, `out_of_memory`,
   * `freed`, `load`, `wrong_module` or `broken`.
   */
  readonly code: string;
  /** At least one: all that is wrong with a condition, in document order. */
  readonly errors: readonly Problem[];
}

/** A segment that a filter may refer to: its filter, or an object with its name and filter. */
export type Segment = Filter | { readonly name?: string; readonly filter?: Filter | null };

/** Segments by id. */
export type Segments = ReadonlyMap<string, Segment> | { readonly [id: string]: Segment };

export interface EvaluateOptions {
  /** The present moment. Required: the engine never reads the clock. */
  now: Instant;
  /**
   * Dynamic segments that the filter refers to, evaluated at the same `now`. Segments without a
   * filter here are looked up in the table's stored members.
   */
  segments?: Segments;
}

export interface MembersOptions extends EvaluateOptions {
  /** At most so many; all by default. */
  limit?: number;
  /** Skips so many matching contacts first; 0 by default. */
  offset?: number;
}

/** A verdict, and when it changes if nothing but time does. */
export interface Verdict {
  matches: boolean;
  /** From this instant on, to the millisecond, it is the other one; null if it stays. ISO 8601. */
  flipsAt: string | null;
}

/** What a table holds of a contact. `isCut`: the value is longer than what is shown. */
export type Seen =
  | { kind: 'absent' }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'number'; value: number }
  | { kind: 'text'; value: string; isCut?: true }
  /** The strings among the elements. */
  | { kind: 'array'; value: string[]; isCut?: true }
  | { kind: 'object' }
  /** `createdAt` and `updatedAt`. */
  | { kind: 'instant'; value: string }
  /** Of an event or an email activity; the last may lie in the future. */
  | { kind: 'occurrences'; count: number; last: string }
  /** Whether the contact is a member. */
  | { kind: 'membership'; value: boolean };

/** A group, or a filter with what it sees. */
export interface ExplainedNode extends Verdict {
  path: string;
  /** Filters alone have it. */
  seen?: Seen;
}

export interface Explanation extends Verdict {
  /** Nothing later was looked at: the year 9999, or a limit on very many future events. */
  searchedUntil: string;
  /** In document order. */
  nodes: ExplainedNode[];
}

/** Contacts with their events and email activity, in columns. Made by {@link Segmentry.table}. */
export interface Table {
  /** Contacts in the table. */
  readonly size: number;

  addContacts(contacts: Lines<Contact>): AddResult;
  /** Contacts come first: an event of an unknown contact is an error. */
  addEvents(events: Lines<ContactEvent>): AddResult;
  addEmailActivity(emails: Lines<EmailActivity>): AddResult;

  /**
   * Replaces everything of the contact with this id, but not its events and memberships.
   * @throws {SegmentryError} if no contact has the id, or something is wrong; nothing changes then.
   */
  update(contact: Contact): void;

  /** Removes contacts with their events and memberships. Returns how many were there. */
  remove(ids: Iterable<string>): number;

  /**
   * Stores a segment's members, for references to segments without a filter: these contacts and no
   * others. An empty list makes a segment known that has no members yet.
   * @throws {SegmentryError} if no contact has one of the ids; nothing changes then.
   */
  setMembers(segmentId: string, contactIds: Iterable<string>): void;

  /** A contact's email as it is stored; undefined if no contact has the id. */
  email(id: string): string | undefined;

  /** Writes the table as bytes: the columns of these fields, or all of them. Ids always are in. */
  snapshot(options?: { fields?: Iterable<string> }): OwnBytes;

  /**
   * Replaces the content by a snapshot's.
   * @throws {SegmentryError} if the bytes are not a whole snapshot; the content stays then.
   */
  load(snapshot: Uint8Array | ArrayBuffer): void;

  /** Gives the memory back. Any later use throws; freeing twice is harmless. */
  free(): void;
  [Symbol.dispose](): void;
}

/** A checked condition. Made by {@link Segmentry.filter}; works on every table of its engine. */
export interface Filter {
  /** The fields that the condition uses, each once: what a snapshot must hold for it. */
  readonly fields: string[];

  /** How many contacts match. */
  count(table: Table, options: EvaluateOptions): number;

  /** Ids of the contacts that match, in the table's order. */
  members(table: Table, options: MembersOptions): string[];

  /** How many contacts match each group and each filter by itself, in document order. */
  nodes(table: Table, options: EvaluateOptions): { path: string; count: number }[];

  /**
   * Why one contact matches or does not, and when time alone changes that.
   * @throws {SegmentryError} `unknown_contact` if no contact has the id.
   */
  explain(table: Table, contactId: string, options: EvaluateOptions): Explanation;

  /**
   * Checks the references of a filter that is to become the condition of segment `id`.
   * @throws {SegmentryError} with `unknown_segment` and `segment_cycle` among its errors.
   */
  check(options: { id?: string; name?: string; segments: Segments }): void;

  /** The condition, for `JSON.stringify`. */
  toJSON(): Condition;

  /** Gives the memory back. Any later use throws; freeing twice is harmless. */
  free(): void;
  [Symbol.dispose](): void;
}

export interface LoadOptions {
  /** The module, where it is not `segmentry.wasm` beside this package's index.js. */
  wasm?: WasmSource | Promise<WasmSource>;
  /**
   * Calls that would need more than this for tables and filters throw `out_of_memory`; 4 GiB by
   * default.
   */
  memoryLimitBytes?: number;
}

/** Bytes, a compiled module, or what `fetch` gives. */
export type WasmSource = Uint8Array | ArrayBuffer | Global<'Response'> | WasmModule;

/** Types of the platform, where the project has them: neither the DOM's nor Node's are asked for. */
type Global<Name extends string> = typeof globalThis extends { [K in Name]: { prototype: infer T } }
  ? T
  : never;
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer T } } }
  ? T & object
  : never;

/** Bytes in a buffer of their own. (Newer versions of TypeScript say so, older ones cannot.) */
type OwnBytes = ReturnType<Uint8Array['slice']>;

/** One engine: an instance of the module, with memory of its own. */
export class Segmentry {
  private constructor();

  static readonly version: string;

  /** Starts an engine. */
  static load(options?: LoadOptions): Promise<Segmentry>;

  /** Makes an empty table. */
  table(): Table;

  /**
   * Checks a condition.
   * @param condition  An object or a string of JSON.
   * @throws {SegmentryError} with everything that is wrong with it, each with its place.
   */
  filter(condition: Condition | string): Filter;

  /**
   * Derives the slug of a segment's name: `VIP Customers` gives `vip-customers`.
   * @throws {SegmentryError} if nothing is left of the name, or it is too long.
   */
  slug(name: string): string;

  /** Who entered and who left, each once, in ascending order of code points. */
  diff(
    previousIds: Iterable<string>,
    currentIds: Iterable<string>,
  ): { entered: string[]; left: string[] };

  /** Memory in use: by tables, filters and calls, and on the module's heap as a whole. */
  readonly memory: { usedBytes: number; heapBytes: number };
}
