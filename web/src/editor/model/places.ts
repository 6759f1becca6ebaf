// Where in a JSON text a place such as `groups[0].filters[1].value` is. The text may be broken: what
// stands before the break is found.

export interface Range {
  /** Offsets in the text, the end being behind the last character. */
  begin: number;
  end: number;
}

/** The path of a member, as the core writes it: names of letters, digits and `_` are not quoted. */
function memberPath(path: string, name: string): string {
  if (!/^[A-Za-z0-9_]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** Thrown where the text is no JSON any more. */
class Broken extends Error {}

class Scanner {
  readonly ranges = new Map<string, Range>();
  private at = 0;

  constructor(private readonly text: string) {}

  scan(): Map<string, Range> {
    try {
      this.value('');
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    }
    return this.ranges;
  }

  private skip(): void {
    while (/[\s]/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  private take(mark: string): boolean {
    this.skip();
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  private value(path: string): void {
    this.skip();
    const begin = this.at;
    try {
      if (this.take('{')) this.members(path);
      else if (this.take('[')) this.elements(path);
      else if (this.text[this.at] === '"') this.string();
      else this.word();
    } finally {
      this.ranges.set(path, { begin, end: Math.max(this.at, begin + 1) });
    }
  }

  private members(path: string): void {
    if (this.take('}')) return;
    do {
      this.skip();
      const begin = this.at;
      const name = this.string();
      const own = memberPath(path, name);
      const nameEnd = this.at;
      if (!this.take(':')) throw new Broken();
      // For a member whose value is wrong or that should not be there, the value is marked; its
      // name is kept beside it.
      this.ranges.set(`${own}#name`, { begin, end: nameEnd });
      this.value(own);
    } while (this.take(','));
    if (!this.take('}')) throw new Broken();
  }

  private elements(path: string): void {
    if (this.take(']')) return;
    let index = 0;
    do {
      this.value(`${path}[${index}]`);
      index += 1;
    } while (this.take(','));
    if (!this.take(']')) throw new Broken();
  }

  private string(): string {
    const match = /"(?:[^"\\\n]|\\.)*"/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text)?.[0];
    if (found === undefined) throw new Broken();
    this.at += found.length;
    try {
      return JSON.parse(found) as string;
    } catch {
      throw new Broken();
    }
  }

  private word(): void {
    const match = /[^\s,\]}]+/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text)?.[0];
    if (found === undefined) throw new Broken();
    this.at += found.length;
  }
}

/** Every place of a text with its range. */
export function rangesOf(text: string): Map<string, Range> {
  return new Scanner(text).scan();
}

function parentOf(path: string): string {
  return path.replace(/(\.?[A-Za-z0-9_]+|\[[^\]]*\])$/, '');
}

/** The end of the line that an offset is in. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

/** Where a place is; for one that is missing, where what should hold it begins. */
export function rangeOf(
  text: string,
  ranges: ReadonlyMap<string, Range>,
  path: string,
  code?: string,
): Range {
  const isName = code === 'unknown_member' || code === 'duplicate_member';
  const own = (isName ? ranges.get(`${path}#name`) : undefined) ?? ranges.get(path);
  if (own) return { begin: own.begin, end: Math.min(own.end, lineEnd(text, own.begin)) };
  if (path === '') return { begin: 0, end: Math.min(text.length, lineEnd(text, 0)) };
  return rangeOf(text, ranges, parentOf(path));
}

export interface Position {
  /** From 1. */
  line: number;
  column: number;
}

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

/** The range of one character at a line and column, as a parser gives them. */
export function rangeAt(text: string, { line, column }: Position): Range {
  let begin = 0;
  for (let i = 1; i < line; i += 1) {
    const next = text.indexOf('\n', begin);
    if (next < 0) break;
    begin = next + 1;
  }
  const at = Math.min(begin + column - 1, text.length);
  return { begin: Math.max(Math.min(at, text.length - 1), 0), end: Math.max(at + 1, 1) };
}

/** Of a text with one line the line is not named. */
const POSITION = /(?<=^not JSON: )(?:line (\d+), )?column (\d+): /;

/** The line and column that a message such as `not JSON: line 2, column 11: …` names. */
export function positionIn(message: string): Position | null {
  const found = POSITION.exec(message);
  if (!found) return null;
  return { line: Number(found[1] ?? 1), column: Number(found[2]) };
}

/** Such a message for where the position is said already. */
export function withoutPosition(message: string): string {
  return message.replace(POSITION, '');
}
