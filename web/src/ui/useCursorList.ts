// A list that the server gives in pieces, each with a cursor to the next.
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Piece<T> {
  data: T[];
  cursor: string | null;
  hasMore: boolean;
  total?: number;
}

export interface CursorList<T> {
  /** Undefined before the first piece. */
  items: T[] | undefined;
  /** How many there are in all, where the server says so. */
  total: number | undefined;
  error: Error | null;
  hasMore: boolean;
  isLoading: boolean;
  more: () => void;
  reload: () => void;
}

interface State<T> {
  items: T[] | undefined;
  total: number | undefined;
  cursor: string | null;
  hasMore: boolean;
  error: Error | null;
  isLoading: boolean;
}

/** Begins anew whenever `inputs` change; what was there stays until the first piece is. */
export function useCursorList<T>(
  read: (cursor: string | null, signal: AbortSignal) => Promise<Piece<T>>,
  inputs: readonly unknown[],
): CursorList<T> {
  const [state, setState] = useState<State<T>>({
    items: undefined,
    total: undefined,
    cursor: null,
    hasMore: false,
    error: null,
    isLoading: true,
  });
  const [turn, setTurn] = useState(0);
  const abort = useRef<AbortController>(undefined);
  const latest = useRef(read);
  latest.current = read;

  function load(cursor: string | null): void {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setState((before) => ({ ...before, isLoading: true }));
    latest.current(cursor, own.signal).then(
      (piece) => {
        if (own.signal.aborted) return;
        setState((before) => ({
          items: cursor === null ? piece.data : [...(before.items ?? []), ...piece.data],
          total: piece.total ?? (cursor === null ? undefined : before.total),
          cursor: piece.cursor,
          hasMore: piece.hasMore,
          error: null,
          isLoading: false,
        }));
      },
      (error: Error) => {
        if (!own.signal.aborted) setState((before) => ({ ...before, error, isLoading: false }));
      },
    );
  }

  useEffect(() => {
    load(null);
    return () => abort.current?.abort();
  }, [turn, ...inputs]);

  return {
    items: state.items,
    total: state.total,
    error: state.error,
    hasMore: state.hasMore,
    isLoading: state.isLoading,
    more: () => load(state.cursor),
    reload: () => setTurn((before) => before + 1),
  };
}
