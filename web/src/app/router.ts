// Routing by the part of the address behind `#`: the plain paths belong to the API.
import { computed, signal } from '@preact/signals';

export interface Location {
  /** Such as `/segments/42`. */
  path: string;
  query: URLSearchParams;
}

function read(hash: string): Location {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  return { path: path.startsWith('/') ? path : '/', query: new URLSearchParams(query) };
}

export const location = signal<Location>(read(window.location.hash));
export const path = computed(() => location.value.path);

/** A link's target: href`/segments/${id}`. */
export function href(texts: TemplateStringsArray, ...values: string[]): string {
  return `#${texts.reduce(
    (whole, text, index) => whole + encodeURIComponent(values[index - 1] ?? '') + text,
  )}`;
}

/** Goes somewhere, as a link made by `href` would. */
export function go(target: string): void {
  window.location.hash = target;
}

/** Writes parameters behind the path without a step in the history: a search, a tab. */
export function setQuery(changes: Record<string, string | null>): void {
  const query = new URLSearchParams(location.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  const hash = `#${location.value.path}${text ? `?${text}` : ''}`;
  history.replaceState(null, '', hash);
  location.value = read(hash);
}

/** Asks whether a page with something unsaved may be left. */
type LeaveGuard = () => boolean;
let guard: LeaveGuard | null = null;

/** A page with something unsaved sets one, and takes it away with null. */
export function setLeaveGuard(own: LeaveGuard | null): void {
  guard = own;
}

let settled = window.location.hash;

window.addEventListener('hashchange', () => {
  const target = read(window.location.hash);
  if (guard !== null && target.path !== location.value.path && !guard()) {
    history.replaceState(null, '', settled || '#/');
    return;
  }
  settled = window.location.hash;
  location.value = target;
});

window.addEventListener('beforeunload', (event) => {
  if (guard !== null) event.preventDefault();
});

export type Params = Record<string, string>;

/** Matches a pattern such as `/segments/:id`; null if the path is another one. */
export function match(pattern: string, at: string): Params | null {
  const names = pattern.split('/');
  const parts = at.split('/');
  if (names.length !== parts.length) return null;
  const params: Params = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? '';
    if (!name.startsWith(':')) {
      if (name !== part) return null;
      continue;
    }
    try {
      params[name.slice(1)] = decodeURIComponent(part);
    } catch {
      return null;
    }
  }
  return params;
}
