// Asks before a deed to many contacts, then shows how far it is and what became of it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { formatNumber } from '../../../ui/format';
import { ErrorNote } from '../../../ui/States';
import { perform, type BulkProgress, type Deed } from './deeds';
import { countOf, type Selection } from './selection';
import { scopeOf, wordsOf, type DeedWords } from './words';

type State =
  | { kind: 'asked'; error: Error | null }
  | { kind: 'running'; progress: BulkProgress; isStopping: boolean }
  | { kind: 'over'; progress: BulkProgress; isWhole: boolean };

const START: BulkProgress = { done: 0, changed: 0, skipped: 0, errors: [] };

interface BulkDialogProps {
  deed: Deed;
  selection: Selection;
  /** What there is to choose before it begins. */
  children?: ComponentChildren;
  isReady?: boolean;
  /** Something has changed, also where it did not come to its end. */
  onChanged: () => void;
  onClose: () => void;
}

export function BulkDialog({
  deed,
  selection,
  children,
  isReady = true,
  onChanged,
  onClose,
}: BulkDialogProps) {
  const [state, setState] = useState<State>({ kind: 'asked', error: null });
  const abort = useRef<AbortController>(undefined);
  const words = wordsOf(deed, selection);
  useEffect(() => () => abort.current?.abort(), []);

  async function run(): Promise<void> {
    const own = new AbortController();
    let progress = START;
    abort.current = own;
    setState({ kind: 'running', progress, isStopping: false });
    try {
      await perform(deed, selection, own.signal, (next) => {
        progress = next;
        if (!own.signal.aborted) setState({ kind: 'running', progress, isStopping: false });
      });
      setState({ kind: 'over', progress, isWhole: true });
    } catch (error) {
      setState(
        own.signal.aborted
          ? { kind: 'over', progress, isWhole: false }
          : { kind: 'asked', error: error as Error },
      );
    }
    onChanged();
  }

  const stop = () => {
    abort.current?.abort();
    setState((before) => (before.kind === 'running' ? { ...before, isStopping: true } : before));
  };
  return (
    <Dialog
      title={words.title}
      onClose={() => (state.kind === 'running' ? stop() : onClose())}
      actions={
        <Actions
          state={state}
          words={words}
          isReady={isReady}
          onRun={() => void run()}
          onStop={stop}
          onClose={onClose}
        />
      }
    >
      {state.kind === 'asked' && (
        <>
          {words.lead && <p>{words.lead}</p>}
          {scopeOf(selection) && <p>{scopeOf(selection)}</p>}
          {children}
          {state.error && <ErrorNote error={state.error} />}
        </>
      )}
      {state.kind === 'running' && (
        <Running state={state} words={words} total={countOf(selection)} />
      )}
      {state.kind === 'over' && <Outcome state={state} words={words} />}
    </Dialog>
  );
}

function Actions({
  state,
  words,
  isReady,
  onRun,
  onStop,
  onClose,
}: {
  state: State;
  words: DeedWords;
  isReady: boolean;
  onRun: () => void;
  onStop: () => void;
  onClose: () => void;
}) {
  if (state.kind === 'over') {
    return (
      <Button variant="primary" onClick={onClose}>
        Done
      </Button>
    );
  }
  if (state.kind === 'running') {
    return (
      <Button busy={state.isStopping} onClick={onStop}>
        Stop
      </Button>
    );
  }
  return (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button
        variant={words.isDanger ? 'danger' : 'primary'}
        disabled={!isReady}
        onClick={onRun}
      >
        {words.action}
      </Button>
    </>
  );
}

function Running({
  state: { progress, isStopping },
  words,
  total,
}: {
  state: Extract<State, { kind: 'running' }>;
  words: DeedWords;
  total: number;
}) {
  return (
    <div class="stack-small">
      <p role="status">
        {isStopping ? 'Stopping' : words.doing}: {formatNumber(progress.done)} of{' '}
        {formatNumber(total)}
      </p>
      <progress
        class="progress"
        aria-label="Contacts that have had their turn"
        max={Math.max(total, 1)}
        value={progress.done}
      />
      <p class="muted small">Keep this page open until it is done.</p>
    </div>
  );
}

function Outcome({
  state: { progress, isWhole },
  words,
}: {
  state: Extract<State, { kind: 'over' }>;
  words: DeedWords;
}) {
  return (
    <div class="stack-small">
      <p role="status">
        {!isWhole && 'Stopped. '}
        {words.done(progress)}
      </p>
      {progress.errors.length > 0 && (
        <ul class="link-list">
          {progress.errors.map(({ row, email, reason }) => (
            <li key={`${row} ${email}`}>
              {email ?? `Contact ${row}`}: {reason}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
