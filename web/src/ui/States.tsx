// What a page shows while it has nothing, has nothing yet, or could not get it.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';

/** What comes faster than this shows no sign of loading: a flicker says less than nothing. */
const LOADING_SHOWN_AFTER_MS = 250;

export function LoadingState({ rows = 5 }: { rows?: number }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), LOADING_SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="loading" role="status" data-shown={isShown}>
      <span class="visually-hidden">{isShown ? 'Loading' : ''}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} class="loading-row" />
      ))}
    </div>
  );
}

interface EmptyStateProps {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  /** What to do about it. */
  action?: ComponentChildren;
  /** There is nothing else on the page: this is its head. */
  isPage?: boolean;
}

export function EmptyState({ icon, title, children, action, isPage }: EmptyStateProps) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <StateTitle isPage={isPage}>{title}</StateTitle>
      {children && <p>{children}</p>}
      {action && <div class="empty-action">{action}</div>}
    </div>
  );
}

/** As large everywhere; a level-one head where the page has no other. */
function StateTitle({
  isPage,
  children,
}: {
  isPage: boolean | undefined;
  children: ComponentChildren;
}) {
  return isPage ? <h1 class="state-title">{children}</h1> : <h2>{children}</h2>;
}

/** A link to the list that something is missing from. */
export interface Upwards {
  href: string;
  title: string;
}

interface ErrorStateProps {
  error: Error;
  onRetry: () => void;
  /** As of EmptyState. */
  isPage?: boolean;
  upwards?: Upwards | undefined;
}

export function ErrorState({ error, onRetry, isPage, upwards }: ErrorStateProps) {
  // What is not there does not come by asking again.
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <div class="empty" role="alert">
      <span class="empty-icon" data-kind="error">
        <Icon name="warning" />
      </span>
      <StateTitle isPage={isPage}>{titleOf(error)}</StateTitle>
      <p>{error.message}</p>
      <div class="empty-action">
        {isGone && upwards ? (
          <a href={upwards.href}>{upwards.title}</a>
        ) : (
          <Button onClick={onRetry}>Try again</Button>
        )}
      </div>
    </div>
  );
}

function titleOf(error: Error): string {
  if (error instanceof ApiError && error.status === 404) return 'This is not here';
  return 'This could not be loaded';
}

export function NotFoundState() {
  return (
    <EmptyState
      icon="question"
      title="There is no such page"
      isPage
      action={<a href="#/segments">Go to the segments</a>}
    >
      The address leads nowhere, or to something that has been deleted.
    </EmptyState>
  );
}

/** What is wrong, at the place where it was tried: the message and each single place. */
export function ErrorNote({ error }: { error: Error }) {
  const all = error instanceof ApiError ? error.problems : [];
  // Of a single one the message says it all.
  const problems = all.filter(({ field, message }) => error.message !== `${field}: ${message}`);
  return (
    <div class="note" data-kind="error" role="alert">
      <Icon name="warning" />
      <div>
        <p>{error.message}</p>
        {problems.length > 0 && (
          <ul>
            {problems.map(({ field, message }) => (
              <li key={field + message}>
                {field && <code>{field}</code>} {message}
              </li>
            ))}
          </ul>
        )}
        {error instanceof ApiError && error.suggestion && <p>{error.suggestion}</p>}
      </div>
    </div>
  );
}

export function Note({
  icon = 'info',
  children,
}: {
  icon?: IconName;
  children: ComponentChildren;
}) {
  return (
    <div class="note">
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}
