// What saving a segment would set off: who enters and leaves, which events fire, who relies on it.
import type { Usage } from '../api/types';
import { TrackingBegins, TrackingEnds, type MoveEvents } from '../pages/tracking';
import { isUsed, UsageList } from '../pages/UsageList';
import { ToldWebhooks, type ListenedEvent } from '../pages/webhooks/ListeningWebhooks';
import { formatNumber } from '../ui/format';
import { Icon } from '../ui/Icon';
import type { Live } from './live';
import type { Answer, Moves } from './protocol';
import { Sample } from './Sample';

export interface SegmentImpact {
  /** It is there already: who is in it now is compared with who would be. */
  isSaved: boolean;
  usage: Usage | undefined;
  events: MoveEvents;
  /** Whether it is tracked now, and after saving. */
  tracking: { now: boolean; next: boolean };
  /** Whether it was tracked before it was not; undefined while that is not known. */
  wasTracked: boolean | undefined;
}

interface ImpactCardProps {
  live: Live;
  answer: Answer;
  impact: SegmentImpact;
}

export function ImpactCard({ live, answer, impact }: ImpactCardProps) {
  const { moves } = answer;
  if (!impact.isSaved) {
    return impact.tracking.next ? (
      <div class="card stack-small">
        <h2>What creating it sets off</h2>
        <EventsNote answer={answer} impact={impact} />
        <ToldNote answer={answer} impact={impact} />
      </div>
    ) : null;
  }
  if (!moves) return null;
  return (
    <div class="card stack">
      <h2>What saving changes</h2>
      <MovesList moves={moves} />
      {moves.entering > 0 && (
        <Sample live={live} ids={moves.enteringIds} count={moves.entering} title="Entering" />
      )}
      {moves.leaving > 0 && (
        <Sample live={live} ids={moves.leavingIds} count={moves.leaving} title="Leaving" />
      )}
      <EventsNote answer={answer} impact={impact} />
      <ToldNote answer={answer} impact={impact} />
      <UsageNote usage={impact.usage} />
    </div>
  );
}

function MovesList({ moves: { entering, leaving } }: { moves: Moves }) {
  return (
    <dl class="live-moves">
      <div data-kind="entry">
        <dt>
          <Icon name="enter" />
          enter
        </dt>
        <dd>{formatNumber(entering)}</dd>
      </div>
      <div data-kind="exit">
        <dt>
          <Icon name="leave" />
          leave
        </dt>
        <dd>{formatNumber(leaving)}</dd>
      </div>
    </dl>
  );
}

function EventsNote({ answer, impact }: Omit<ImpactCardProps, 'live'>) {
  const { tracking, events, wasTracked } = impact;
  if (tracking.next && !tracking.now) {
    return (
      <div class="small stack-small break">
        <h3>Tracking begins</h3>
        <TrackingBegins events={events} count={answer.count} wasTracked={wasTracked} />
      </div>
    );
  }
  if (tracking.now && !tracking.next) {
    return (
      <div class="small stack-small">
        <h3>Tracking ends</h3>
        <TrackingEnds />
      </div>
    );
  }
  if (!tracking.next) {
    return <p class="muted small">No events fire: membership changes are not tracked.</p>;
  }
  return answer.moves && <FiringEvents moves={answer.moves} events={events} />;
}

function FiringEvents({ moves, events }: { moves: Moves; events: MoveEvents }) {
  if (moves.entering + moves.leaving === 0) {
    return <p class="muted small">No events fire: nobody enters or leaves.</p>;
  }
  return (
    <div class="small">
      <h3>Events that fire</h3>
      <ul class="event-names">
        {moves.entering > 0 && (
          <li>
            <code>{events.entry}</code> × {formatNumber(moves.entering)}
          </li>
        )}
        {moves.leaving > 0 && (
          <li>
            <code>{events.exit}</code> × {formatNumber(moves.leaving)}
          </li>
        )}
      </ul>
    </div>
  );
}

/** The events that saving fires. */
function firingOf({ answer, impact }: Omit<ImpactCardProps, 'live'>): ListenedEvent[] {
  const { tracking, events, wasTracked } = impact;
  if (!tracking.next) return [];
  const entry = { name: events.entry, title: 'entry' };
  const exit = { name: events.exit, title: 'exit' };
  // When tracking begins anew, who has left since the last time is not known here.
  if (!tracking.now) return wasTracked === false ? [entry] : [entry, exit];
  return [
    ...((answer.moves?.entering ?? 0) > 0 ? [entry] : []),
    ...((answer.moves?.leaving ?? 0) > 0 ? [exit] : []),
  ];
}

function ToldNote(props: Omit<ImpactCardProps, 'live'>) {
  const firing = firingOf(props);
  if (firing.length === 0) return null;
  return (
    <div class="small stack-small">
      <ToldWebhooks events={firing} />
    </div>
  );
}

function UsageNote({ usage }: { usage: Usage | undefined }) {
  if (!usage) return null;
  if (!isUsed(usage)) {
    return <p class="muted small">No filter of a segment, campaign or webhook refers to it.</p>;
  }
  return (
    <div class="small stack-small">
      <h3>It is used by</h3>
      <UsageList usage={usage} />
    </div>
  );
}
