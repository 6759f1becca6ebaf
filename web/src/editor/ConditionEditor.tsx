// A condition in its two forms, the builder and JSON, and as a sentence.
import type { RefObject } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { conditionInWords } from '../condition/words';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Note } from '../ui/States';
import { Tabs } from '../ui/Tabs';
import type { Builder } from './builder/builder';
import { ConditionView } from './builder/ConditionView';
import { JsonPanel } from './JsonPanel';
import { toCondition, without } from './model/tree';

export type ConditionForm = 'builder' | 'json';

const TABS = [
  { id: 'builder', title: 'Builder' },
  { id: 'json', title: 'JSON' },
] as const;

export function ConditionEditor({ builder }: { builder: Builder }) {
  const { store } = builder;
  const root = useRef<HTMLDivElement>(null);
  const [form, setForm] = useState<ConditionForm>(store.isTextAhead.peek() ? 'json' : 'builder');
  useEffect(() => {
    if (store.showText.value) setForm('json');
    store.showText.value = false;
  }, [store.showText.value]);

  // Undo belongs to the condition as a whole; in the JSON it is the text's own.
  const press = (event: KeyboardEvent) => {
    if (form !== 'builder' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const isRedo = key === 'y' || (key === 'z' && event.shiftKey);
    if (key !== 'z' && !isRedo) return;
    event.preventDefault();
    go(isRedo ? 'redo' : 'undo');
  };
  const go = (way: Way) => {
    store[way]();
    keepFocus(root);
  };
  return (
    <div class="condition-editor" ref={root} onKeyDown={press}>
      <div class="condition-editor-tools">
        <Steps builder={builder} onGo={go} />
      </div>
      <Tabs label="Forms of the filter" tabs={TABS} current={form} onChange={setForm}>
        {form === 'builder' ? (
          <BuilderPanel builder={builder} onShowText={() => setForm('json')} />
        ) : (
          <JsonPanel store={store} />
        )}
      </Tabs>
      <Sentence builder={builder} />
      <span class="visually-hidden" role="status">
        {store.announcement.value}
      </span>
    </div>
  );
}

type Way = 'undo' | 'redo';

/**
 * A step back or forth may take what has the focus away, or put it elsewhere: then it goes to the same
 * filter's handle, or to the first one, so that the next key is for the builder as well.
 */
function keepFocus(root: RefObject<HTMLElement | null>): void {
  const node = document.activeElement?.closest<HTMLElement>('[data-node]')?.dataset['node'];
  requestAnimationFrame(() => {
    const { activeElement } = document;
    const isLost = !root.current?.contains(activeElement) || activeElement?.matches(':disabled');
    if (!isLost) return;
    const handles = [...(root.current?.querySelectorAll<HTMLElement>('.drag-handle') ?? [])];
    const same = handles.find(
      (handle) => handle.closest<HTMLElement>('[data-node]')?.dataset['node'] === node,
    );
    (same ?? handles[0])?.focus();
  });
}

interface StepsProps {
  builder: Builder;
  onGo: (way: Way) => void;
}

function Steps({ builder: { store }, onGo }: StepsProps) {
  const { past, future } = store.history.value;
  return (
    <>
      <IconButton label="Undo" disabled={past.length === 0} onClick={() => onGo('undo')}>
        <Icon name="undo" />
      </IconButton>
      <IconButton label="Redo" disabled={future.length === 0} onClick={() => onGo('redo')}>
        <Icon name="redo" />
      </IconButton>
    </>
  );
}

function BuilderPanel({ builder, onShowText }: { builder: Builder; onShowText: () => void }) {
  const { store } = builder;
  const isAhead = store.isTextAhead.value;
  return (
    <div class="stack">
      {isAhead && (
        <Note icon="warning">
          <p>What you typed under JSON is not a filter yet. Until it is, the builder shows the last one that was.</p>
          <div class="row">
            <Button size="small" onClick={onShowText}>
              Go on with the JSON
            </Button>
            <Button size="small" variant="quiet" onClick={() => store.discardText()}>
              Discard what I typed
            </Button>
          </div>
        </Note>
      )}
      {/* So that nothing typed under JSON is lost to a change here. */}
      <fieldset class="builder" disabled={isAhead} inert={isAhead}>
        <legend class="visually-hidden">Filter</legend>
        <ConditionView builder={builder} condition={store.tree.value} />
      </fieldset>
      {store.problems.value.ofWhole.map((message) => (
        <p key={message} class="field-error">
          {message}
        </p>
      ))}
    </div>
  );
}

/** The whole filter in words; without what is not finished. */
function Sentence({ builder: { store, catalog } }: { builder: Builder }) {
  const id = useId();
  const { faulty } = store.problems.value;
  const whole = store.isEmpty.value ? null : without(store.tree.value, faulty);
  const left = faulty.size;
  const isStale = store.isTextAhead.value;
  return (
    <div class="sentence" aria-labelledby={id} data-stale={isStale}>
      <h3 class="visually-hidden" id={id}>
        In words
      </h3>
      <p>
        {whole
          ? conditionInWords(toCondition(whole), catalog.segmentName)
          : 'Add a filter to say who belongs here.'}
        {whole && left > 0 && (
          <span class="muted">
            {' '}
            {left === 1 ? 'One part is' : `${left} parts are`} not finished and left out.
          </span>
        )}
      </p>
      {whole && isStale && <p class="small">In words, the last filter that was valid.</p>}
    </div>
  );
}
