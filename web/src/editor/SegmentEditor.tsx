// The page of the editor: what the segment is called, who is in it, and beside it who that would be.
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { ApiError } from '../api/client';
import { isReachable } from '../api/connection';
import type { Segment, Usage } from '../api/types';
import { go, href, setLeaveGuard } from '../app/router';
import { useUnsavedGuard } from '../app/useUnsavedGuard';
import { baselineOf, Live } from '../live/live';
import type { SegmentImpact } from '../live/ImpactCard';
import { LivePanel } from '../live/LivePanel';
import { moveEvents, useWasTracked } from '../pages/tracking';
import { Button, ButtonLink } from '../ui/Button';
import { formatNumber, formatRelative } from '../ui/format';
import { Icon } from '../ui/Icon';
import { PageHead } from '../ui/Page';
import { ErrorNote, Note } from '../ui/States';
import { toast } from '../ui/Toast';
import { useAction } from '../ui/useAction';
import { useResource } from '../ui/useResource';
import type { Catalog } from './catalog';
import { ConditionEditor } from './ConditionEditor';
import { ConditionStore } from './conditionStore';
import { DetailsCard } from './DetailsCard';
import { SegmentStore } from './segmentStore';

const LEAVE_QUESTION =
  'Leave without saving? What you typed is kept in this browser and offered when you come back.';

interface SegmentEditorProps {
  segment: Segment | null;
  catalog: Catalog;
}

interface Stores {
  live: Live;
  condition: ConditionStore;
  store: SegmentStore;
}

function makeStores({ segment, catalog }: SegmentEditorProps): Stores {
  const live = new Live(catalog.segments);
  const isDynamic = segment?.type === 'DYNAMIC';
  const condition = new ConditionStore(segment?.condition ?? null, {
    live,
    segments: catalog.segments,
    own: segment,
    baseline: isDynamic ? baselineOf(segment) : null,
  });
  return { live, condition, store: new SegmentStore(segment, condition, catalog) };
}

export function SegmentEditor(props: SegmentEditorProps) {
  const { segment, catalog } = props;
  const stores = useMemo(() => makeStores(props), []);
  const { live, condition, store } = stores;
  useEffect(
    () => () => {
      store.end();
      condition.end();
      live.end();
    },
    [],
  );
  useUnsavedGuard(store.isChanged.value, LEAVE_QUESTION);
  const usage = useResource(
    (signal) => (segment ? api.segments.usage(segment.id, signal) : Promise.resolve(undefined)),
    [],
  );
  const wasTracked = useWasTracked(segment);
  const isDynamic = store.type.value === 'DYNAMIC';
  const back = segment
    ? { href: href`/segments/${segment.id}`, title: segment.name }
    : { href: '#/segments', title: 'Segments' };
  return (
    <>
      <PageHead title={segment ? 'Edit segment' : 'New segment'} back={back} />
      <Offer store={store} />
      <div class="editor" data-wide={isDynamic}>
        <div class="editor-main">
          <DetailsCard store={store} />
          {isDynamic && (
            <section class="card" aria-label="Who is in it">
              <h2>Who is in it</h2>
              <ConditionEditor builder={{ store: condition, catalog }} />
            </section>
          )}
        </div>
        {isDynamic && (
          <aside class="editor-side" aria-label="Live counts">
            <LivePanel
              live={live}
              impact={impactOf(store, { usage: usage.data, wasTracked })}
              isStale={condition.isTextAhead.value}
            />
          </aside>
        )}
      </div>
      <SaveBar store={store} live={live} back={back.href} />
    </>
  );
}

interface Relied {
  usage: Usage | undefined;
  wasTracked: boolean | undefined;
}

function impactOf(store: SegmentStore, { usage, wasTracked }: Relied): SegmentImpact {
  const { segment } = store;
  const slug = store.slug.value;
  const name = slug && 'slug' in slug ? slug.slug : (segment?.slug ?? '…');
  return {
    isSaved: segment !== null,
    usage,
    events: moveEvents(name),
    tracking: { now: segment?.trackMembership ?? false, next: store.trackMembership.value },
    wasTracked,
  };
}

function Offer({ store }: { store: SegmentStore }) {
  const offer = store.offered.value;
  if (!offer) return null;
  // The segment is called as it is saved, whatever the draft would call it.
  const name = store.segment?.name ?? offer.name;
  return (
    <div class="offer">
      <Note icon="clock">
        <p>
          There are changes from {formatRelative(offer.savedAtMs, Date.now())} that were not saved
          {name && <> to “{name}”</>}.
        </p>
        <div class="row">
          <Button size="small" variant="primary" onClick={() => store.takeOffer()}>
            Go on with them
          </Button>
          <Button size="small" onClick={() => store.refuseOffer()}>
            Discard them
          </Button>
        </div>
      </Note>
    </div>
  );
}

/** Why it cannot be saved yet, at which place; null if it can. */
function obstacleOf(store: SegmentStore): string | null {
  if (store.name.value.trim() === '') return 'Give the segment a name.';
  if (store.nameProblem.value !== null) return store.nameProblem.value;
  if (store.type.value === 'STATIC') return null;
  const { condition } = store;
  if (condition.isTextAhead.value) {
    return 'It cannot be saved: what you typed under JSON is not a valid filter yet.';
  }
  if (condition.isEmpty.value) return 'Add at least one filter.';
  return condition.isValid.value ? null : 'A filter is not finished.';
}

/** Shows the place that keeps it from being saved. */
function showObstacle(store: SegmentStore): void {
  const { condition } = store;
  condition.isStrict.value = true;
  if (store.name.value.trim() === '' || store.nameProblem.value !== null) {
    document.getElementById('segment-name')?.focus();
  } else if (condition.isTextAhead.value) {
    condition.showText.value = true;
  } else {
    // Once the mistakes are shown.
    requestAnimationFrame(() => focusFirstProblem(condition));
  }
}

function focusFirstProblem(condition: ConditionStore): void {
  const [first] = condition.problems.peek().faulty;
  const row = document.querySelector(`[data-node="${CSS.escape(first ?? '')}"]`);
  const control =
    row?.querySelector<HTMLElement>('[aria-invalid="true"]') ??
    row?.querySelector<HTMLElement>('input, select') ??
    document.querySelector<HTMLElement>('.builder button');
  control?.focus();
}

interface SaveBarProps {
  store: SegmentStore;
  live: Live;
  back: string;
}

/** Tells the style sheet how much of the window the bar covers: it grows with what it has to say. */
function useBottomBar(bar: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { style } = document.documentElement;
    const measure = new ResizeObserver(() => {
      style.setProperty('--bottom-bar', `${bar.current?.offsetHeight ?? 0}px`);
    });
    if (bar.current) measure.observe(bar.current);
    return () => {
      measure.disconnect();
      style.removeProperty('--bottom-bar');
    };
  }, []);
}

function SaveBar({ store, live, back }: SaveBarProps) {
  const bar = useRef<HTMLDivElement>(null);
  useBottomBar(bar);
  const action = useAction();
  const [obstacle, setObstacle] = useState<string | null>(null);
  const stillThere = obstacle === null ? null : obstacleOf(store);

  const save = () => {
    const found = obstacleOf(store);
    setObstacle(found);
    if (found !== null) return showObstacle(store);
    void action
      .run(async () => {
        const saved = await store.save();
        setLeaveGuard(null);
        toast(`“${saved.name}” has been saved.`);
        go(href`/segments/${saved.id}`);
      })
      .then((isSaved) => {
        if (!isSaved && obstacleOf(store) !== null) showObstacle(store);
      });
  };
  return (
    <div class="save-bar" ref={bar}>
      {action.error && <SaveError error={action.error} store={store} />}
      <div class="save-bar-row">
        <CountNote store={store} live={live} />
        <p class="save-note" role="status" data-kind={stillThere === null ? undefined : 'error'}>
          {stillThere === null ? (
            store.isChanged.value && <span class="wide-only">Not saved yet</span>
          ) : (
            <>
              <Icon name="warning" />
              {stillThere}
            </>
          )}
        </p>
        <ButtonLink href={back}>Cancel</ButtonLink>
        <Button variant="primary" busy={action.isBusy} onClick={save}>
          {store.segment ? 'Save' : 'Create segment'}
        </Button>
      </div>
    </div>
  );
}

/** On a phone the counts are far below: the one that matters stays in sight. */
function CountNote({ store, live }: { store: SegmentStore; live: Live }) {
  const answer = live.answer.value?.answer;
  if (store.type.value === 'STATIC') return null;
  return (
    <p class="save-count narrow-only">
      <strong>{answer ? formatNumber(answer.count) : '–'}</strong>
      <span class="muted small"> match</span>
    </p>
  );
}

function SaveError({ error, store }: { error: Error; store: SegmentStore }) {
  if (error instanceof ApiError && error.isUnreachable) {
    return (
      <div class="note" data-kind="error" role="alert">
        <div>
          <p>
            {isReachable.value
              ? 'The server is back. Nothing was saved before: save again.'
              : 'The server cannot be reached, so nothing was saved. Everything you typed is still here, and kept in this browser. Save again when it is back.'}
          </p>
        </div>
      </div>
    );
  }
  // What has a place is shown there.
  const isPlaced = store.condition.refused.value.length > 0 || store.nameProblem.value !== null;
  if (isPlaced && error instanceof ApiError) {
    return (
      <div class="note" data-kind="error" role="alert">
        <div>The server did not save it: {error.message}.</div>
      </div>
    );
  }
  return <ErrorNote error={error} />;
}
