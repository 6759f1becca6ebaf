// The condition as text. Mistakes are marked where they are, and listed with line and column.
import type { Problem } from 'segmentry';
import { useId, useRef } from 'preact/hooks';
import type { ConditionStore } from './conditionStore';
import {
  positionIn,
  positionOf,
  rangeAt,
  rangeOf,
  rangesOf,
  withoutPosition,
  type Position,
  type Range,
} from './model/places';

/** Rows of the text field: as many as the text has, within these. */
const ROWS_MIN = 12;
const ROWS_MAX = 36;

interface Mistake {
  range: Range;
  position: Position;
  message: string;
}

function mistakesIn(text: string, problems: readonly Problem[]): Mistake[] {
  const ranges = rangesOf(text);
  return problems.map(({ field, message, code }) => {
    const at = code === 'invalid_json' ? positionIn(message) : null;
    const range = at ? rangeAt(text, at) : rangeOf(text, ranges, field, code);
    const said = withoutPosition(message);
    return {
      range,
      position: positionOf(text, range.begin),
      message: field ? `${lastPart(field)} ${said}` : said,
    };
  });
}

/** `groups[0].filters[1].value` is too long to read, and the line says where it is. */
function lastPart(field: string): string {
  return /[^.]+$/.exec(field)?.[0] ?? field;
}

export function JsonPanel({ store }: { store: ConditionStore }) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const mirror = useRef<HTMLDivElement>(null);
  const text = store.text.value;
  const mistakes = mistakesIn(text, store.textProblems.value);
  const lineCount = text.split('\n').length;

  const follow = () => {
    if (!mirror.current || !area.current) return;
    mirror.current.scrollTop = area.current.scrollTop;
    mirror.current.scrollLeft = area.current.scrollLeft;
  };
  const show = ({ begin, end }: Range) => {
    area.current?.focus();
    area.current?.setSelectionRange(begin, end);
  };
  return (
    <div class="stack-small">
      <label class="field-label" for={id}>
        Condition as JSON
      </label>
      <div class="json">
        <div class="json-mirror" aria-hidden="true" ref={mirror}>
          <Marked text={text} mistakes={mistakes} />
        </div>
        <textarea
          ref={area}
          id={id}
          class="json-text"
          rows={Math.min(Math.max(lineCount + 1, ROWS_MIN), ROWS_MAX)}
          spellcheck={false}
          autocomplete="off"
          wrap="off"
          aria-invalid={mistakes.length > 0 ? true : undefined}
          aria-describedby={`${id}-mistakes`}
          value={text}
          onInput={(event) => store.type(event.currentTarget.value)}
          onScroll={follow}
        />
      </div>
      <div id={`${id}-mistakes`} class="json-mistakes" role="status">
        {mistakes.length === 0 ? (
          <p class="muted small">The builder shows the same, as long as this is a valid filter.</p>
        ) : (
          <ul class="stack-small">
            {mistakes.map((mistake) => (
              <li key={`${mistake.range.begin} ${mistake.message}`}>
                <button type="button" class="link-button" onClick={() => show(mistake.range)}>
                  Line {mistake.position.line}, column {mistake.position.column}
                </button>{' '}
                <span class="field-error">{mistake.message}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** Pieces of the text that lie in no other; of two mistakes at one place the first is marked. */
function Marked({ text, mistakes }: { text: string; mistakes: readonly Mistake[] }) {
  const ranges = mistakes.map(({ range }) => range).sort((a, b) => a.begin - b.begin);
  const pieces = [];
  let at = 0;
  for (const { begin, end } of ranges) {
    if (begin < at) continue;
    pieces.push(text.slice(at, begin), <mark key={begin}>{text.slice(begin, end) || ' '}</mark>);
    at = end;
  }
  pieces.push(text.slice(at), '\n');
  return <>{pieces}</>;
}
