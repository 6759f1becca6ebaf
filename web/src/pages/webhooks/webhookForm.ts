// A webhook as it is typed: what would be sent, what is wrong with it, and where the server's
// refusal belongs.
import type { Problem } from '../../api/client';
import type { Condition, Webhook, WebhookDraft } from '../../api/types';
import { placeProblems } from '../../ui/placeProblems';
import { patternProblem } from './patterns';

/** Stands for the value of a header that the server keeps to itself; given back, it stays. */
const MASK = '***';

/** Limits of the server. */
const PATTERNS_MAX = 50;
const HEADERS_MAX = 16;
const URL_BYTES_MAX = 2048;
const HEADER_NAME_MAX = 100;
const HEADER_VALUE_MAX = 2048;

export interface HeaderRow {
  key: number;
  name: string;
  /** What was typed; empty: what the server keeps. */
  value: string;
  /** The name under which the server keeps a value; null: it has none. */
  keptAs: string | null;
}

export interface WebhookForm {
  name: string;
  url: string;
  events: readonly string[];
  headers: readonly HeaderRow[];
  /** Only contacts that match the condition. */
  isFiltered: boolean;
  /** Null while it is not a whole one. */
  condition: Condition | null;
  enabled: boolean;
}

let lastKey = 0;

export function newHeader(name = '', keptAs: string | null = null): HeaderRow {
  lastKey += 1;
  return { key: lastKey, name, value: '', keptAs };
}

export function formOf(webhook: Webhook | null): WebhookForm {
  return {
    name: webhook?.name ?? '',
    url: webhook?.url ?? '',
    events: webhook?.events ?? [],
    headers: Object.keys(webhook?.headers ?? {}).map((name) => newHeader(name, name)),
    isFiltered: webhook?.condition != null,
    condition: webhook?.condition ?? null,
    enabled: webhook?.enabled ?? true,
  };
}

const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

export function isKept({ name, value, keptAs }: HeaderRow): boolean {
  return value === '' && keptAs !== null && sameName(keptAs, name.trim());
}

export function draftOf(form: WebhookForm): WebhookDraft {
  return {
    name: form.name.trim() || null,
    url: form.url.trim(),
    events: [...form.events],
    headers: Object.fromEntries(
      form.headers.map((row) => [row.name.trim(), isKept(row) ? MASK : row.value]),
    ),
    condition: form.isFiltered ? form.condition : null,
    enabled: form.enabled,
  };
}

/** Of a change: the members that are another value than before. `enabled: true` ends a pause. */
export function changesOf(before: Webhook, draft: WebhookDraft): Partial<WebhookDraft> {
  const changed = (Object.keys(draft) as (keyof WebhookDraft)[]).filter(
    (member) => JSON.stringify(draft[member]) !== JSON.stringify(before[member]),
  );
  return Object.fromEntries(changed.map((member) => [member, draft[member]]));
}

/** What is wrong, by where it is shown. */
export interface FormProblems {
  name?: string;
  url?: string;
  events?: string;
  /** Of the headers as a whole. */
  headers?: string;
  /** Of single headers, by key. */
  headerRows: ReadonlyMap<number, string>;
  condition?: string;
}

export function urlProblem(typed: string): string | null {
  const url = typed.trim();
  if (url === '') return 'Say where to send to.';
  if (!/^https?:\/\//i.test(url)) return 'A URL begins with https:// or http://.';
  if (/[^\x21-\x7e]|["<>\\^`{|}]/.test(url)) {
    return 'Has a character that a URL has only as %XX, such as a space.';
  }
  if (url.length > URL_BYTES_MAX) return `Is too long: at most ${URL_BYTES_MAX} bytes are allowed.`;
  if (url.includes('#')) return 'What stands behind # is never sent: leave it out.';
  if (!URL.canParse(url)) return 'Is no URL: the name of the server, or its port, is not right.';
  const { username, password } = new URL(url);
  if (username || password) return 'Has a user name or a password: send it as a header instead.';
  return null;
}

/** Hosts of the server's own machine and network, as far as the name tells. */
const PRIVATE_HOST =
  /^((.+\.)?localhost|(127|10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)(\.\d+)+|0\.0\.0\.0|\[(::1?|f[cd].*|fe80.*)\])$/;

/** Whether the server takes such a URL only if it was started so that it does. */
export function isPrivateUrl(typed: string): boolean {
  const url = typed.trim();
  return URL.canParse(url) && PRIVATE_HOST.test(new URL(url).hostname);
}

/** As RFC 9110 has it. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const RESERVED_HEADER =
  /^(host|content-(length|type|encoding)|transfer-encoding|te|connection|keep-alive|upgrade|trailer|expect|accept-encoding|user-agent|(webhook|proxy)-.*)$/i;
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

export function headerProblem(row: HeaderRow, all: readonly HeaderRow[]): string | null {
  const name = row.name.trim();
  if (!HEADER_NAME.test(name) || name.length > HEADER_NAME_MAX) {
    return 'A name has letters, digits and dashes, and no spaces.';
  }
  if (RESERVED_HEADER.test(name)) return `“${name}” is a header that only Segmentry sets.`;
  if (all.some((other) => other.key < row.key && sameName(other.name.trim(), name))) {
    return `“${name}” is there twice.`;
  }
  if (isKept(row)) return null;
  if (row.value === '' && row.keptAs !== null) {
    return `The value that is kept is that of “${row.keptAs}”: type it again.`;
  }
  if (!HEADER_VALUE.test(row.value) || row.value.length > HEADER_VALUE_MAX) {
    return 'A value has printable ASCII characters, and no space at its ends.';
  }
  return null;
}

function eventsProblem(events: readonly string[]): string | undefined {
  if (events.length === 0) return 'Say what it is told of: add at least one event.';
  if (events.length > PATTERNS_MAX) return `At most ${PATTERNS_MAX} are allowed.`;
  return events.map(patternProblem).find((problem) => problem !== null) ?? undefined;
}

/** Only what is wrong has a member. */
function present(problems: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(problems).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
}

/** What can be said before the server is asked. */
export function problemsOf(form: WebhookForm): FormProblems {
  const rows = form.headers
    .map((row) => [row.key, headerProblem(row, form.headers)] as const)
    .filter((pair): pair is readonly [number, string] => pair[1] !== null);
  return {
    ...present({
      url: urlProblem(form.url),
      events: eventsProblem(form.events),
      headers: form.headers.length > HEADERS_MAX ? `At most ${HEADERS_MAX} are allowed.` : null,
      condition:
        form.isFiltered && form.condition === null
          ? 'The filter is not finished. Finish it, or tell of everybody.'
          : null,
    }),
    headerRows: new Map(rows),
  };
}

export function hasProblems({ headerRows, ...others }: FormProblems): boolean {
  return headerRows.size > 0 || Object.keys(others).length > 0;
}

/** The parts of the form that have a place for what the server says of them. */
const PLACES = ['name', 'url', 'events', 'headers', 'condition'] as const;

/** Sorts what the server refused by where it is shown; null: it is about nothing of the form. */
export function placeRefusal(problems: readonly Problem[]): FormProblems | null {
  const placed = placeProblems(problems, PLACES);
  return placed === null ? null : { ...placed, headerRows: new Map() };
}
