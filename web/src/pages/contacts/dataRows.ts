// A contact's `data` as rows that people can edit, and back as what changes.

export type DataKind = 'text' | 'number' | 'boolean' | 'json';

export interface DataRow {
  /** Stays with the row while its name is typed. */
  key: number;
  name: string;
  kind: DataKind;
  /** The value as it is typed: for JSON its text, for a boolean `true` or `false`. */
  text: string;
}

let lastKey = 0;

export function newRow(): DataRow {
  lastKey += 1;
  return { key: lastKey, name: '', kind: 'text', text: '' };
}

function rowOf([name, value]: [string, unknown]): DataRow {
  const row = { ...newRow(), name };
  switch (typeof value) {
    case 'string':
      return { ...row, text: value };
    case 'number':
      return { ...row, kind: 'number', text: String(value) };
    case 'boolean':
      return { ...row, kind: 'boolean', text: String(value) };
    default:
      return { ...row, kind: 'json', text: JSON.stringify(value) };
  }
}

export function rowsOf(data: Record<string, unknown>): DataRow[] {
  return Object.entries(data).map(rowOf);
}

/** Why a row cannot be saved; null if it can. */
export function problemOf({ name, kind, text }: DataRow, all: readonly DataRow[]): string | null {
  if (name === '') return text === '' ? null : 'The field needs a name.';
  if (all.filter((row) => row.name === name).length > 1) return 'This name is there twice.';
  if (kind === 'number' && (text.trim() === '' || !Number.isFinite(Number(text)))) {
    return 'This is not a number.';
  }
  if (kind === 'json') {
    try {
      JSON.parse(text);
    } catch {
      return 'This is not JSON.';
    }
  }
  return null;
}

function valueOf({ kind, text }: DataRow): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'json':
      return JSON.parse(text);
  }
}

/** What has to be sent so that `before` becomes what the rows say: null takes a field away. */
export function changesBetween(
  before: Record<string, unknown>,
  rows: readonly DataRow[],
): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  const kept = new Set<string>();
  for (const row of rows) {
    // An empty text is not stored: the field goes.
    if (row.name === '' || (row.kind === 'text' && row.text === '')) continue;
    kept.add(row.name);
    const value = valueOf(row);
    if (JSON.stringify(before[row.name]) !== JSON.stringify(value)) changes[row.name] = value;
  }
  for (const name of Object.keys(before)) if (!kept.has(name)) changes[name] = null;
  return changes;
}
