// A resource in each of its states.
import type { ComponentChildren } from 'preact';
import { ErrorState, LoadingState } from './States';
import type { Resource } from './useResource';

interface LoadedProps<T> {
  from: Resource<T>;
  /** Rows of the picture that stands for what comes. */
  rows?: number;
  children: (data: T) => ComponentChildren;
}

export function Loaded<T>({ from, rows = 5, children }: LoadedProps<T>) {
  if (from.error) return <ErrorState error={from.error} onRetry={from.reload} />;
  if (from.data === undefined) return <LoadingState rows={rows} />;
  return <>{children(from.data)}</>;
}
