// CSV as RFC 4180 has it, in the browser: for previews, and for lists of addresses. What is stored
// is read by the server itself.

/** Commas, or semicolons if the first row has none: spreadsheets of many countries write those. */
function separatorOf(text: string): string {
  const end = text.search(/\r?\n/);
  const first = end < 0 ? text : text.slice(0, end);
  return first.includes(',') ? ',' : ';';
}

/** Rows of cells. A quote inside a quoted cell is written twice; either line end counts. */
export function parseCsv(text: string, rowsMax = Infinity): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const separator = separatorOf(text);
  const endCell = () => {
    row.push(cell);
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; at++) {
    const char = text[at];
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += char;
        at++;
      } else isQuoted = false;
    } else if (char === '"' && cell === '') isQuoted = true;
    else if (char === separator) endCell();
    else if (char === '\n') {
      endRow();
      if (rows.length >= rowsMax) return rows;
    } else if (char !== '\r' || text[at + 1] !== '\n') cell += char;
  }
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}
