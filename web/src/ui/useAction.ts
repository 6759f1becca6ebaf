// Something that somebody does on a page: one at a time, and what went wrong is kept.
import { useState } from 'preact/hooks';

export interface Action {
  isBusy: boolean;
  error: Error | null;
  /** Runs it; true if it succeeded. */
  run: (deed: () => Promise<void>) => Promise<boolean>;
  clear: () => void;
}

export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  return {
    isBusy,
    error,
    clear: () => setError(null),
    run: async (deed) => {
      setBusy(true);
      setError(null);
      try {
        await deed();
        return true;
      } catch (reason) {
        setError(reason as Error);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
