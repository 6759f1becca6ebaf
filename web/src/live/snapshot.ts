// Asks the server for the columns of all contacts, and whether they have changed.

/** The server takes so many bytes of names. */
const FIELDS_BYTES_MAX = 8192;
/** `Date` comes in whole seconds, and an answer takes its time: less than this says nothing. */
const CLOCK_SKEW_MS_MIN = 2_000;

export interface Snapshot {
  kind: 'snapshot';
  bytes: ArrayBuffer;
  tag: string | null;
  /** What the server's clock is ahead of this one. */
  skewMs: number;
}

export type SnapshotAnswer =
  | Snapshot
  | { kind: 'unchanged' }
  | { kind: 'too-many' }
  | { kind: 'failed'; status: number; message: string };

/** In a list, a comma and a backslash within a name need one before them. */
function listOf(fields: Iterable<string>): string {
  return [...fields].map((field) => field.replace(/[\\,]/g, '\\$&')).join(',');
}

function skewOf(response: Response): number {
  const serverMs = Date.parse(response.headers.get('Date') ?? '');
  const skewMs = serverMs - Date.now();
  return Math.abs(skewMs) >= CLOCK_SKEW_MS_MIN ? skewMs : 0;
}

async function messageOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
  return body?.error?.message ?? `The server answered ${response.status}.`;
}

/** @param tag  Of the snapshot that is there, if it has these fields. */
export async function fetchSnapshot(
  projectId: string | null,
  fields: Iterable<string>,
  tag: string | null,
): Promise<SnapshotAnswer> {
  const list = listOf(fields);
  if (new TextEncoder().encode(list).length > FIELDS_BYTES_MAX) return { kind: 'too-many' };
  const headers: Record<string, string> = {};
  if (projectId !== null) headers['Segmentry-Project'] = projectId;
  if (tag !== null) headers['If-None-Match'] = tag;
  try {
    const response = await fetch(`/snapshot?${new URLSearchParams({ fields: list })}`, {
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
    });
    if (response.status === 304) return { kind: 'unchanged' };
    if (response.status === 409) return { kind: 'too-many' };
    if (!response.ok) {
      return { kind: 'failed', status: response.status, message: await messageOf(response) };
    }
    const skewMs = skewOf(response);
    return {
      kind: 'snapshot',
      bytes: await response.arrayBuffer(),
      tag: response.headers.get('ETag'),
      skewMs,
    };
  } catch {
    return { kind: 'failed', status: 0, message: 'The server cannot be reached.' };
  }
}
