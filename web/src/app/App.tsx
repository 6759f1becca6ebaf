// The frame around all pages.
import { useEffect } from 'preact/hooks';
import { ErrorState, LoadingState } from '../ui/States';
import { Toasts } from '../ui/Toast';
import { Banners } from './Banners';
import { LoginNotice } from './LoginNotice';
import { Navigation } from './Navigation';
import { NoProjectNotice } from './NoProjectNotice';
import { Outlet } from './Outlet';
import { openSession, project, session } from './session';

export function App() {
  useEffect(() => void openSession(), []);
  return (
    <>
      <Banners />
      <Body />
      <Toasts />
    </>
  );
}

function Body() {
  const state = session.value;
  switch (state.kind) {
    case 'loading':
      return <LoadingState />;
    case 'none':
      return <LoginNotice />;
    case 'failed':
      return <ErrorState error={state.error} onRetry={() => void openSession()} isPage />;
    case 'open':
      return project.value === null ? <NoProjectNotice /> : <Shell />;
  }
}

function Shell() {
  return (
    <div class="shell">
      <a class="skip-link" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Navigation />
      <main id="main" class="main" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

/** The part behind `#` is the route: so the focus is moved without touching it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
