// Reads something again and again, for as long as it is about to change.
import { useEffect } from 'preact/hooks';
import type { Resource } from './useResource';

/** Waits for each answer before it asks again; stops at a mistake. */
export function useRepeat(
  { isLoading, error, reload }: Pick<Resource<unknown>, 'isLoading' | 'error' | 'reload'>,
  isWanted: boolean,
  everyMs: number,
): void {
  useEffect(() => {
    if (!isWanted || isLoading || error) return;
    const timer = setTimeout(reload, everyMs);
    return () => clearTimeout(timer);
  }, [isWanted, isLoading, error]);
}
