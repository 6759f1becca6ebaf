// What a webhook is told of: patterns, picked from what the project has or typed.
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { api } from '../../api';
import { Button, IconButton } from '../../ui/Button';
import { Combobox } from '../../ui/Combobox';
import { Icon } from '../../ui/Icon';
import { ErrorNote } from '../../ui/States';
import { useResource } from '../../ui/useResource';
import { meaningOf, patternOptions, patternProblem, type Listenable } from './patterns';

interface PatternsFieldProps {
  events: readonly string[];
  error: string | undefined;
  onChange: (events: readonly string[]) => void;
}

async function readListenable(signal: AbortSignal): Promise<Listenable> {
  const [segments, { eventNames }] = await Promise.all([
    api.segments.list(signal),
    api.events.names(signal),
  ]);
  return { segments, eventNames };
}

export function PatternsField({ events, error, onChange }: PatternsFieldProps) {
  const listenable = useResource(readListenable, []);
  const [announcement, announce] = useState('');
  const input = useRef<HTMLInputElement>(null);

  const remove = (pattern: string) => {
    onChange(events.filter((other) => other !== pattern));
    announce(`${pattern} removed.`);
    // The button that had the focus is gone.
    input.current?.focus();
  };
  return (
    <fieldset class="fieldset">
      <legend>Events</legend>
      <p class="field-hint" id="patterns-hint">
        Names of events. A <code>*</code> stands for one part between dots:{' '}
        <code>segment.*.entry</code> is every entry.
      </p>
      {events.length > 0 && (
        <ul class="pick-list" aria-label="Told of">
          {events.map((pattern) => (
            <li key={pattern}>
              <Pattern pattern={pattern} listenable={listenable.data} />
              <IconButton label={`Remove ${pattern}`} onClick={() => remove(pattern)}>
                <Icon name="close" />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <PatternAdder
        events={events}
        listenable={listenable.data}
        isInvalid={error !== undefined}
        inputRef={input}
        onAdd={(pattern) => {
          onChange([...events, pattern]);
          announce(`${pattern} added.`);
        }}
      />
      {error && (
        <p class="field-error" id="patterns-error">
          {error}
        </p>
      )}
      {listenable.error && <ErrorNote error={listenable.error} />}
      <span class="visually-hidden" role="status">
        {announcement}
      </span>
    </fieldset>
  );
}

interface PatternProps {
  pattern: string;
  listenable: Listenable | undefined;
}

function Pattern({ pattern, listenable }: PatternProps) {
  const meaning = listenable && meaningOf(pattern, listenable);
  return (
    <span class="pattern">
      <code>{pattern}</code>
      <span class="row-note" data-vain={meaning?.isVain}>
        {meaning?.text ?? '\u00a0'}
      </span>
    </span>
  );
}

interface PatternAdderProps {
  events: readonly string[];
  listenable: Listenable | undefined;
  isInvalid: boolean;
  inputRef: RefObject<HTMLInputElement | null>;
  onAdd: (pattern: string) => void;
}

function PatternAdder({ events, listenable, isInvalid, inputRef, onAdd }: PatternAdderProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const options = listenable
    ? patternOptions(listenable).filter(({ id }) => !events.includes(id))
    : [];

  const add = (typed: string) => {
    const pattern = typed.trim();
    const found = events.includes(pattern) ? 'Is there already.' : patternProblem(pattern);
    setProblem(found);
    if (found !== null) return;
    setText('');
    onAdd(pattern);
  };
  return (
    <div class="stack-small">
      <div class="pattern-adder">
        <Combobox
          label="Add an event"
          placeholder="Choose, or type a name"
          text={text}
          options={options}
          onChoose={add}
          onText={(typed) => {
            setText(typed);
            setProblem(null);
          }}
          onEnter={() => add(text)}
          inputRef={inputRef}
          isInvalid={isInvalid || problem !== null}
          describedBy="patterns-hint patterns-problem patterns-error"
        />
        <Button onClick={() => add(text)}>
          <Icon name="plus" />
          Add
        </Button>
      </div>
      {problem !== null && (
        <p class="field-error" id="patterns-problem">
          {problem}
        </p>
      )}
    </div>
  );
}
