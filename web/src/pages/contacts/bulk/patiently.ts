// A project may ask for so much a minute: whoever does something thousands of times waits its turn.
import { ApiError } from '../../../api';

const WAIT_MS = 2_000;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again for as long as the answer is that it was too often. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 429)) throw error;
      await pause(WAIT_MS);
    }
  }
}
