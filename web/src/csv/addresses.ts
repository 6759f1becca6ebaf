// Addresses out of what people paste and upload.
import { emailColumn } from './columns';
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

/** From a list with lines, commas, semicolons or spaces between them; also `Ada <ada@…>`. */
export function addressesIn(text: string): string[] {
  return unique(
    text
      .split(/[\s,;]+/)
      .map((word) => word.replace(/^[<"'(]+|[>"')]+$/g, ''))
      .filter((word) => word.includes('@')),
  );
}

/** From a CSV with a column `email`, or else one whose first column has the addresses. */
export function addressesInCsv(text: string): string[] {
  const rows = parseCsv(text);
  const column = emailColumn(rows[0] ?? []);
  if (column >= 0) return unique(rows.slice(1).map((row) => row[column] ?? ''));
  return unique(rows.map((row) => row[0] ?? '').filter((cell) => cell.includes('@')));
}
