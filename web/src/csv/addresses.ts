// Addresses out of what people paste and upload.
import { emailColumn, headerProblem } from './columns';
import { parseCsv } from './parse';

function unique(addresses: Iterable<string>): string[] {
  const seen = new Map<string, string>();
  for (const address of addresses) {
    const trimmed = address.trim();
    const key = trimmed.toLowerCase();
    if (trimmed !== '' && !seen.has(key)) seen.set(key, trimmed);
  }
  return [...seen.values()];
}

export interface Found {
  emails: readonly string[];
  /** Words that are neither addresses nor names of their owners. */
  others: readonly string[];
}

/** An address that has its owner's name before it: `Ada <ada@…>`, `"Lovelace, Ada" <ada@…>`. */
const NAMED = /(?:"[^"\n]*"|[^\n,;"<>]*)<([^<>\s]*@[^<>\s]*)>/g;

/** From a list with lines, commas, semicolons or spaces between them; also `Ada <ada@…>`. */
export function addressesIn(text: string): Found {
  const words = text
    .replace(NAMED, ' $1 ')
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^[<"'(]+|[>"')]+$/g, ''));
  const isEmail = (word: string) => word.includes('@');
  return {
    emails: unique(words.filter(isEmail)),
    others: unique(words.filter((word) => !isEmail(word))),
  };
}

export interface CsvAddresses {
  emails: readonly string[];
  /** Why there are none; null if there are. */
  problem: string | null;
}

/** From a CSV with a column `email`, or else one whose first column has the addresses. */
export function addressesInCsv(text: string): CsvAddresses {
  const rows = parseCsv(text);
  const column = emailColumn(rows[0] ?? []);
  const cells =
    column >= 0
      ? rows.slice(1).map((row) => row[column] ?? '')
      : rows.map((row) => row[0] ?? '').filter((cell) => cell.includes('@'));
  const emails = unique(cells);
  return { emails, problem: emails.length > 0 ? null : headerProblem(rows) };
}
