// Shows the page of the current address, and moves the focus to it when the address changes.
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isAway, untilReachable } from '../api/connection';
import { projectId } from '../api/project';
import { ErrorState, LoadingState, NotFoundState } from '../ui/States';
import { path } from './router';
import { routeAt, type PageProps } from './routes';

const NOT_LOADED =
  'The server answers, but a part of this page is missing: it may have been updated meanwhile.';

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
      .catch(async () => {
        // A browser may remember that a part of the page failed: it is asked for anew as a whole.
        // Nothing typed is lost by that, since the page before has been left.
        if (await isAway()) await untilReachable().then(() => isCurrent && window.location.reload());
        else if (isCurrent) setError(new Error(NOT_LOADED));
      });
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
