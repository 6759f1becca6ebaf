// What it sets off to switch tracking on or off, in words: at the switch itself, and in the editor.
import { api } from '../api';
import type { Segment } from '../api/types';
import { formatCount } from '../ui/format';
import { useResource } from '../ui/useResource';

/** The events of those who enter and leave. */
export interface MoveEvents {
  entry: string;
  exit: string;
}

export function moveEvents(slug: string): MoveEvents {
  return { entry: `segment.${slug}.entry`, exit: `segment.${slug}.exit` };
}

export function MoveEventList({ events }: { events: MoveEvents }) {
  return (
    <ul class="event-names">
      <li>
        <code>{events.entry}</code>
      </li>
      <li>
        <code>{events.exit}</code>
      </li>
    </ul>
  );
}

/**
 * Whether a segment that is not tracked was tracked before: then its members of that time are stored,
 * and only the difference to them fires. Undefined while that is not known.
 */
export function useWasTracked(segment: Segment | null): boolean | undefined {
  const asked = segment?.type === 'DYNAMIC' && !segment.trackMembership ? segment.id : null;
  const { data, error } = useResource(
    async (signal) =>
      asked !== null && (await api.segments.changes(asked, { limit: 1 }, signal)).data.length > 0,
    [asked],
  );
  return error ? undefined : data;
}

interface TrackingBeginsProps {
  events: MoveEvents;
  /** Those who match then. */
  count: number;
  wasTracked: boolean | undefined;
}

export function TrackingBegins({ events, count, wasTracked }: TrackingBeginsProps) {
  const entry = <code>{events.entry}</code>;
  if (wasTracked === undefined) {
    return (
      <p>
        Whoever matches and was not a member when it was last tracked gets {entry} shortly after.
      </p>
    );
  }
  if (wasTracked) {
    return (
      <p>
        It was tracked before. Whoever has come in since then gets {entry} shortly after, and whoever
        has left gets <code>{events.exit}</code>. Whoever stayed gets neither.
      </p>
    );
  }
  if (count === 0) return <p>Nobody matches now, so no event fires until somebody enters.</p>;
  return (
    <p>
      Everyone who matches now counts as entering: shortly after, {formatCount(count, 'contact')}{' '}
      {count === 1 ? 'gets' : 'get'} {entry}, once. Whatever waits for that event starts for all of
      them.
    </p>
  );
}

export function TrackingEnds() {
  return (
    <p>
      No event fires from then on. The entries and exits so far stay listed. If tracking is switched on
      again, whoever has come in or left meanwhile gets the event then.
    </p>
  );
}
