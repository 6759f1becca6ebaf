// The one door to the server: JSON in and out, errors as the server says them.
import { serverReached, serverUnreachable, untilReachable } from './connection';
import { projectId } from './project';

/** Header that names the project of a call made with a session. */
const PROJECT_HEADER = 'Segmentry-Project';

/** One place that the server found fault with. */
export interface Problem {
  field: string;
  message: string;
  code: string;
}

/** What the server answered instead of what was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** Of HTTP; 0 if the server could not be reached. */
    readonly status: number,
    readonly code: string,
    readonly problems: readonly Problem[] = [],
    readonly suggestion?: string,
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

interface ErrorBody {
  error?: {
    code?: string;
    message?: string;
    errors?: Problem[];
    suggestion?: string;
  };
}

function errorOf(status: number, body: ErrorBody | null): ApiError {
  const error = body?.error;
  return new ApiError(
    error?.message ?? `The server answered ${status}.`,
    status,
    error?.code ?? 'UNKNOWN',
    error?.errors ?? [],
    error?.suggestion,
  );
}

function unreachable(): ApiError {
  serverUnreachable();
  return new ApiError('The server cannot be reached.', 0, 'UNREACHABLE');
}

/** The error of an answer, after whoever has to know of it does. */
function refused(status: number, body: ErrorBody | null): ApiError {
  if (status === 401) onLoggedOut();
  return errorOf(status, body);
}

let onLoggedOut: () => void = () => undefined;

/** Called whenever the server no longer knows the session. */
export function whenLoggedOut(callback: () => void): void {
  onLoggedOut = callback;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  if (pairs.length === 0) return path;
  return `${path}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

/** Sends one request. Throws an ApiError unless the answer is one of success. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (projectId.value !== null) headers.set(PROJECT_HEADER, projectId.value);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: 'same-origin' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw unreachable();
  }
  serverReached();
  if (response.ok) return response;
  throw refused(response.status, (await response.json().catch(() => null)) as ErrorBody | null);
}

/** Sends a form with a file, and says on the way how far it is, which `fetch` cannot. */
export function upload<T>(
  path: string,
  form: FormData,
  onSent: (sent: number, total: number) => void,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'json';
    if (projectId.value !== null) request.setRequestHeader(PROJECT_HEADER, projectId.value);
    request.upload.onprogress = ({ loaded, total }) => onSent(loaded, total);
    request.onload = () => {
      serverReached();
      if (request.status < 400) resolve(request.response as T);
      else reject(refused(request.status, request.response as ErrorBody | null));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

/**
 * Reads. While the server cannot be reached, it waits and asks again: whoever shows the result goes
 * on showing what was there.
 */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      const response = await send(withQuery(path, query), signal ? { signal } : {});
      return (await response.json()) as T;
    } catch (error) {
      if (!(error instanceof ApiError && error.isUnreachable)) throw error;
      await untilReachable(signal);
    }
  }
}

/** Changes something. Is not tried again by itself: the caller keeps what was typed. */
async function change<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await send(path, {
    method,
    ...(body === undefined
      ? { headers }
      : {
          body: JSON.stringify(body),
          headers: { ...headers, 'Content-Type': 'application/json' },
        }),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const post = <T>(path: string, body: unknown = {}): Promise<T> => change('POST', path, body);
/** With the same key and body it is carried out once, however often it is sent. */
export const postOnce = <T>(path: string, body: unknown, key: string): Promise<T> =>
  change('POST', path, body, { 'Idempotency-Key': key });
export const put = <T>(path: string, body: unknown): Promise<T> => change('PUT', path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => change('PATCH', path, body);
export const remove = <T = void>(path: string, body?: unknown): Promise<T> =>
  change('DELETE', path, body);

/** A path with its parameters escaped: path`/contacts/${id}`. */
export function path(texts: TemplateStringsArray, ...values: string[]): string {
  return texts.reduce(
    (whole, text, index) => whole + encodeURIComponent(values[index - 1] ?? '') + text,
  );
}
