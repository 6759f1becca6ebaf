// Something that is read from the server for a page.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Resource<T> {
  /** What was read last. It stays while something newer is being read: nothing jumps. */
  data: T | undefined;
  error: Error | null;
  isLoading: boolean;
  /** Reads again. */
  reload: () => void;
  /** Replaces what was read, after a change whose answer is at hand. */
  set: (data: T) => void;
}

interface State<T> {
  data: T | undefined;
  error: Error | null;
  isLoading: boolean;
}

/** Reads when the component appears, and again whenever `inputs` change. */
export function useResource<T>(
  read: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
): Resource<T> {
  const [state, setState] = useState<State<T>>({ data: undefined, error: null, isLoading: true });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;

  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    latest.current(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, error: null, isLoading: false });
      },
      (error: Error) => {
        if (abort.signal.aborted) return;
        setState((before) => ({ ...before, error, isLoading: false }));
      },
    );
    return () => abort.abort();
  }, [turn, ...inputs]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const set = useCallback((data: T) => setState({ data, error: null, isLoading: false }), []);
  return { ...state, reload, set };
}
