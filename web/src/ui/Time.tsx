// An instant relative to now; the exact one is in its title.
import { signal } from '@preact/signals';
import { formatInstant, formatRelative } from './format';

const TICK_MS = 30_000;

const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), TICK_MS);

export function Time({ at }: { at: string }) {
  return (
    <time class="time" dateTime={at} title={formatInstant(at)}>
      {formatRelative(Date.parse(at), Math.max(now.value, Date.now()))}
    </time>
  );
}
