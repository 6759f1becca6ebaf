// Whether the server can be reached. Once it cannot, /health is asked until it answers again.
import { signal } from '@preact/signals';

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;

export const isReachable = signal(true);

let waiting: (() => void)[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

export function serverReached(): void {
  if (isReachable.value) return;
  isReachable.value = true;
  clearTimeout(timer);
  const woken = waiting;
  waiting = [];
  for (const wake of woken) wake();
}

export function serverUnreachable(): void {
  if (!isReachable.value) return;
  isReachable.value = false;
  retryIn(RETRY_MS_MIN);
}

function retryIn(delayMs: number): void {
  timer = setTimeout(() => void ask(delayMs), delayMs);
}

async function isThere(): Promise<boolean> {
  try {
    const response = await fetch('/health', { cache: 'no-store' });
    // Read to its end: an answer that is left half-read keeps its connection.
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function ask(delayMs: number): Promise<void> {
  if (await isThere()) return serverReached();
  if (!isReachable.value) retryIn(Math.min(delayMs * 2, RETRY_MS_MAX));
}

/** Asks at once, for those who do not want to wait. */
export function tryNow(): void {
  clearTimeout(timer);
  void ask(RETRY_MS_MIN);
}

/**
 * After something else than a call has failed: whether that is because the server is away. If it is,
 * everybody is told so.
 */
export async function isAway(): Promise<boolean> {
  if (await isThere()) return false;
  serverUnreachable();
  return true;
}

/** Resolves when the server answers again; rejects if the signal aborts. */
export function untilReachable(signal?: AbortSignal): Promise<void> {
  if (isReachable.value) return Promise.resolve();
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    waiting.push(resolve);
  });
}
