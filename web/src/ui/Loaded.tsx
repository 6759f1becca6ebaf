// Something read from the server, in each of its states.
import type { ComponentChildren } from 'preact';
import { Button } from './Button';
import { ErrorNote, ErrorState, LoadingState, type Upwards } from './States';
import type { CursorList } from './useCursorList';
import type { Resource } from './useResource';

interface LoadedProps<T> {
  from: Resource<T>;
  /** Rows of the picture that stands for what comes. */
  rows?: number;
  /** A part of a page that has more to show: a mistake takes little room. */
  compact?: boolean;
  /** The page has nothing else. */
  isPage?: boolean;
  /** Where to go from a page that is not there. */
  upwards?: Upwards;
  children: (data: T) => ComponentChildren;
}

export function Loaded<T>(props: LoadedProps<T>) {
  const { from, rows = 5, compact = false, isPage = false, upwards, children } = props;
  if (from.error && compact) return <CompactError error={from.error} onRetry={from.reload} />;
  if (from.error) {
    return (
      <ErrorState error={from.error} onRetry={from.reload} isPage={isPage} upwards={upwards} />
    );
  }
  if (from.data === undefined) return <LoadingState rows={rows} />;
  return <>{children(from.data)}</>;
}

function CompactError({ error, onRetry }: { error: Error; onRetry: () => void }) {
  return (
    <div class="stack-small">
      <ErrorNote error={error} />
      <div>
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      </div>
    </div>
  );
}

interface ListLoadedProps<T> {
  from: CursorList<T>;
  rows?: number;
  children: (items: T[]) => ComponentChildren;
}

export function ListLoaded<T>({ from, rows = 5, children }: ListLoadedProps<T>) {
  if (from.error) return <ErrorState error={from.error} onRetry={from.reload} />;
  if (from.items === undefined) return <LoadingState rows={rows} />;
  return <>{children(from.items)}</>;
}
