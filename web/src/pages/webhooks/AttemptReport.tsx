// One attempt to deliver: how it went, how long it took, and how the answer begins.
import type { Attempt } from '../../api/types';
import { Badge } from '../../ui/Badge';
import { attemptInWords, isTaken } from './words';

export function AttemptBadge({ attempt }: { attempt: Attempt }) {
  return isTaken(attempt) ? <Badge tone="good">Taken</Badge> : <Badge tone="bad">Failed</Badge>;
}

export function AttemptReport({ attempt }: { attempt: Attempt }) {
  return (
    <div class="stack-small">
      <p class="row">
        <AttemptBadge attempt={attempt} />
        <strong>{attemptInWords(attempt)}</strong>
      </p>
      {attempt.error !== null && <p class="break">{attempt.error}</p>}
      <AnswerText attempt={attempt} />
    </div>
  );
}

export function AnswerText({ attempt: { answer, status } }: { attempt: Attempt }) {
  if (answer === null) {
    return status === null ? null : <p class="muted">The answer had no body.</p>;
  }
  return (
    <pre class="code message-text" tabIndex={0} aria-label="How the answer begins">
      {answer}
    </pre>
  );
}
