// What the columns of an imported CSV become. The server decides; this says beforehand what it will.

/** Names that are no data of a contact: the server drops such columns. */
const RESERVED = new Set([
  'id',
  'plunk_id',
  'plunk_email',
  'email',
  'subscribed',
  'unsubscribeUrl',
  'subscribeUrl',
  'manageUrl',
  'createdAt',
  'updatedAt',
]);

export type Becomes =
  | { kind: 'email' | 'subscribed' | 'nothing' }
  | { kind: 'data'; field: string };

/** Two names have a case of their own. */
function keyOf(text: string): string {
  const name = text.trim();
  const folded = name.toLowerCase();
  return folded === 'email' || folded === 'subscribed' ? folded : name;
}

/** The position of the column `email` in a header row; -1 if there is none. */
export function emailColumn(header: readonly string[]): number {
  return header.findIndex((name) => keyOf(name) === 'email');
}

export function columnsOf(header: readonly string[]): Becomes[] {
  const keys = header.map(keyOf);
  return keys.map((key, index) => {
    if (key === 'email') return { kind: key };
    if (keys.lastIndexOf(key) !== index) return { kind: 'nothing' }; // the last of a name counts
    if (key === 'subscribed') return { kind: key };
    if (key === '' || RESERVED.has(key)) return { kind: 'nothing' };
    return { kind: 'data', field: `data.${key}` };
  });
}

/** Why a file with these rows, the header first, cannot be imported; null if it can. */
export function headerProblem(rows: readonly (readonly string[])[]): string | null {
  const [header] = rows;
  if (header === undefined) return 'The file is empty.';
  const emails = header.filter((name) => keyOf(name) === 'email').length;
  if (emails === 0) return 'The first row has no column “email”.';
  if (emails > 1) return `The first row names the column “email” ${emails} times.`;
  return null;
}
