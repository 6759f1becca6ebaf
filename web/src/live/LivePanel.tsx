// The counts beside a filter: who matches, and what saving would set off.
import { useEffect, useState } from 'preact/hooks';
import { formatCount, formatNumber, formatShare } from '../ui/format';
import { Icon } from '../ui/Icon';
import { Note } from '../ui/States';
import { ImpactCard, type SegmentImpact } from './ImpactCard';
import type { Live } from './live';
import type { Answer } from './protocol';
import { Sample } from './Sample';

/** Screen readers are told the count when it has rested for so long. */
const SPOKEN_AFTER_MS = 1_200;

interface LivePanelProps {
  live: Live;
  /** What saving would set off. */
  impact: SegmentImpact;
  /** What is typed is no filter: the counts are of the last one. */
  isStale: boolean;
}

export function LivePanel({ live, impact, isStale }: LivePanelProps) {
  const answer = live.answer.value?.answer ?? null;
  const isCounting = live.isCounting.value;
  return (
    <section class="live" aria-label="Who matches" aria-busy={isCounting} data-stale={isStale}>
      {isStale && (
        <Note icon="warning">
          <p>
            {answer
              ? 'These are the counts of the last filter that was valid.'
              : 'Counted as soon as what you type is a valid filter.'}
          </p>
        </Note>
      )}
      <div class="card stack">
        <CountHead answer={answer} isCounting={isCounting} />
        <Source live={live} />
        <Spoken answer={answer} />
        {answer ? (
          <Sample live={live} ids={answer.sampleIds} count={answer.count} title="For example" />
        ) : (
          live.isIdle.value && <p class="muted small">Add a filter to see who matches.</p>
        )}
      </div>
      {answer && <ImpactCard live={live} answer={answer} impact={impact} />}
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
