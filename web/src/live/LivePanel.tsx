// The counts beside a filter: who matches, and what saving would change.
import { useEffect, useState } from 'preact/hooks';
import type { Contact, Usage } from '../api/types';
import { href } from '../app/router';
import { isUsed, UsageList } from '../pages/UsageList';
import { formatCount, formatNumber, formatShare } from '../ui/format';
import { Icon } from '../ui/Icon';
import { Note } from '../ui/States';
import type { Live } from './live';
import type { Answer, Moves } from './protocol';
import { useSample } from './useSample';

/** Screen readers are told the count when it has rested for so long. */
const SPOKEN_AFTER_MS = 1_200;

/** What saving has to do with, for a segment that is there already. */
export interface SegmentImpact {
  usage: Usage | undefined;
  /** The events of those who enter and leave; null if none fire. */
  events: { entry: string; exit: string } | null;
  /** Tracking begins with this save. */
  startsTracking: boolean;
}

interface LivePanelProps {
  live: Live;
  impact: SegmentImpact | null;
}

export function LivePanel({ live, impact }: LivePanelProps) {
  const answer = live.answer.value?.answer ?? null;
  const isCounting = live.isCounting.value;
  return (
    <section class="live" aria-label="Who matches" aria-busy={isCounting}>
      <div class="card stack">
        <CountHead answer={answer} isCounting={isCounting} />
        <Source live={live} />
        <Spoken answer={answer} />
        <Sample live={live} ids={answer?.sampleIds ?? []} count={answer?.count ?? 0} title="For example" />
      </div>
      {impact && answer?.moves && <ChangesCard live={live} moves={answer.moves} impact={impact} />}
    </section>
  );
}

function CountHead({ answer, isCounting }: { answer: Answer | null; isCounting: boolean }) {
  const share = answer && answer.total > 0 ? answer.count / answer.total : 0;
  return (
    <div class="live-head" data-counting={isCounting}>
      <h2 class="live-title">
        Matching contacts
        <span class="live-counting" aria-hidden="true">
          {isCounting ? 'counting …' : ''}
        </span>
      </h2>
      <p class="live-count">{answer ? formatNumber(answer.count) : '–'}</p>
      <span class="live-bar" style={{ '--share': share }} aria-hidden="true" />
      <dl class="live-figures">
        <div>
          <dt>of all</dt>
          <dd>{answer ? formatShare(answer.count, answer.total) : '–'}</dd>
        </div>
        <div>
          <dt>subscribed</dt>
          <dd>{answer ? formatNumber(answer.subscribed) : '–'}</dd>
        </div>
        <div>
          <dt>contacts</dt>
          <dd>{answer ? formatNumber(answer.total) : '–'}</dd>
        </div>
      </dl>
    </div>
  );
}

/** Where the numbers come from, if not from the page; or why there are none. */
function Source({ live }: { live: Live }) {
  if (live.problem.value !== null) {
    return (
      <div class="note" data-kind="error" role="alert">
        <Icon name="warning" />
        <div>This could not be counted: {live.problem.value}</div>
      </div>
    );
  }
  if (live.countedBy.value === 'page') return null;
  return (
    <Note>This project is too large to count in the page, so the server counts: a moment after each change.</Note>
  );
}

/** For those who do not see the number change: it is said once it rests. */
function Spoken({ answer }: { answer: Answer | null }) {
  const [said, setSaid] = useState('');
  const sentence = answer
    ? `${formatCount(answer.count, 'contact')} of ${formatNumber(answer.total)} match, ${formatNumber(answer.subscribed)} of them subscribed.`
    : '';
  useEffect(() => {
    const timer = setTimeout(() => setSaid(sentence), SPOKEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [sentence]);
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  );
}

interface SampleProps {
  live: Live;
  ids: readonly string[];
  /** How many there are in all. */
  count: number;
  title: string;
}

function Sample({ live, ids, count, title }: SampleProps) {
  const contacts = useSample(live, ids);
  return (
    <div class="sample">
      <h3>{title}</h3>
      {ids.length === 0 ? (
        <p class="muted small">Nobody.</p>
      ) : (
        <ul>
          {contacts.map((contact) => (
            <SampleRow key={contact.id} contact={contact} />
          ))}
        </ul>
      )}
      {count > ids.length && ids.length > 0 && (
        <p class="muted small">and {formatNumber(count - ids.length)} more</p>
      )}
    </div>
  );
}

function SampleRow({ contact }: { contact: Contact }) {
  return (
    <li>
      {/* Beside what is being written: it stays open. */}
      <a href={href`/contacts/${contact.id}`} target="_blank" rel="noopener" title={contact.email}>
        {contact.email}
      </a>
      {!contact.subscribed && <span class="muted small"> not subscribed</span>}
    </li>
  );
}

interface ChangesCardProps {
  live: Live;
  moves: Moves;
  impact: SegmentImpact;
}

function ChangesCard({ live, moves, impact }: ChangesCardProps) {
  const { entering, leaving, enteringIds, leavingIds } = moves;
  return (
    <div class="card stack">
      <h2>What saving changes</h2>
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
      {entering > 0 && <Sample live={live} ids={enteringIds} count={entering} title="Entering" />}
      {leaving > 0 && <Sample live={live} ids={leavingIds} count={leaving} title="Leaving" />}
      <EventsNote moves={moves} impact={impact} />
      <UsageNote usage={impact.usage} />
    </div>
  );
}

function EventsNote({ moves, impact: { events, startsTracking } }: Omit<ChangesCardProps, 'live'>) {
  if (!events) {
    return <p class="muted small">No events fire: membership changes are not tracked.</p>;
  }
  if (moves.entering + moves.leaving === 0 && !startsTracking) {
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

function UsageNote({ usage }: { usage: Usage | undefined }) {
  if (!usage) return null;
  if (!isUsed(usage)) return <p class="muted small">No segment, campaign or webhook refers to it.</p>;
  return (
    <div class="small stack-small">
      <h3>It is used by</h3>
      <UsageList usage={usage} />
    </div>
  );
}
