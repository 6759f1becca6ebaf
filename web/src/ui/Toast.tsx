// Short messages about what has just happened, read out by screen readers.
import { signal } from '@preact/signals';
import { ApiError } from '../api/client';
import { IconButton } from './Button';
import { Icon } from './Icon';

/** Long enough to read two lines. */
const SHOWN_MS = 6_000;
/** More at once would cover the page. */
const COUNT_MAX = 4;

interface Message {
  id: number;
  text: string;
  kind: 'info' | 'error';
}

const messages = signal<readonly Message[]>([]);
let lastId = 0;

function dismiss(id: number): void {
  messages.value = messages.value.filter((message) => message.id !== id);
}

function show(text: string, kind: Message['kind']): void {
  lastId += 1;
  const id = lastId;
  messages.value = [...messages.value, { id, text, kind }].slice(-COUNT_MAX);
  // A mistake stays until somebody has seen it.
  if (kind === 'info') setTimeout(() => dismiss(id), SHOWN_MS);
}

export function toast(text: string): void {
  show(text, 'info');
}

/** What went wrong, as the server says it. */
export function toastError(error: unknown): void {
  if (error instanceof ApiError && error.isUnreachable) {
    show('That did not reach the server. Try again when it is back.', 'error');
    return;
  }
  show(error instanceof Error ? error.message : String(error), 'error');
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {messages.value.map(({ id, text, kind }) => (
        <div key={id} class="toast" data-kind={kind}>
          <Icon name={kind === 'error' ? 'warning' : 'check'} />
          <p>{text}</p>
          <IconButton label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
