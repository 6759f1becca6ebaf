// Shows the page of the current address, and moves the focus to it when the address changes.
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { projectId } from '../api/project';
import { ErrorState, LoadingState, NotFoundState } from '../ui/States';
import { path } from './router';
import { routeAt, type PageProps } from './routes';

interface Loaded {
  load: unknown;
  Page: ComponentType<PageProps>;
}

export function Outlet() {
  const found = routeAt(path.value);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const load = found?.route.load;

  useEffect(() => {
    if (!load) return;
    let isCurrent = true;
    setError(null);
    load()
      .then((module) => isCurrent && setLoaded({ load, Page: module.default }))
      .catch((reason: Error) => isCurrent && setError(reason));
    return () => {
      isCurrent = false;
    };
  }, [load]);

  useFocusOnNavigation(path.value);

  if (!found) return <NotFoundState />;
  if (error) return <ErrorState error={error} onRetry={() => window.location.reload()} isPage />;
  if (loaded?.load !== load || !loaded) return <LoadingState />;
  // Another address or project is another page: nothing of the old one may linger.
  return <loaded.Page key={`${projectId.value} ${path.value}`} params={found.params} />;
}

/** So that whoever uses a keyboard or a screen reader goes on at the top of the new page. */
function useFocusOnNavigation(at: string): void {
  const before = useRef(at);
  useLayoutEffect(() => {
    if (before.current === at) return;
    before.current = at;
    window.scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [at]);
}
