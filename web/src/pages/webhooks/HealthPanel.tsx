// How sending to a webhook goes, and what to do about it.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Webhook } from '../../api/types';
import { Button } from '../../ui/Button';
import { ConfirmDialog } from '../../ui/Dialog';
import { formatClock, formatCount } from '../../ui/format';
import { ErrorNote } from '../../ui/States';
import { Time } from '../../ui/Time';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { HEALTH_LOOKS, healthOf, wantsNoMore, type HealthKind } from './health';
import type { Asked } from './WebhookPage';
import { failureInWords, timesInWords } from './words';

interface HealthPanelProps {
  webhook: Webhook;
  onChanged: (webhook: Webhook) => void;
  ask: (asked: Asked) => void;
}

export function HealthPanel({ webhook, onChanged, ask }: HealthPanelProps) {
  const [isDisabling, setDisabling] = useState(false);
  const action = useAction();
  const kind = healthOf(webhook);

  const set = async (enabled: boolean, done: string) => {
    onChanged(await api.webhooks.update(webhook.id, { enabled }));
    toast(done);
  };
  const enable = (done: string) => void action.run(() => set(true, done));
  return (
    <section class="card stack-small" aria-label="Health">
      <h2>Health</h2>
      {EXPLAINED[kind](webhook)}
      <Parked webhook={webhook} />
      {/* The word alone: the text has times that change by themselves. */}
      <span class="visually-hidden" role="status">
        {HEALTH_LOOKS[kind].title}
      </span>
      {action.error && <ErrorNote error={action.error} />}
      <div class="row health-actions">
        {kind === 'paused' && (
          <Button
            variant="primary"
            busy={action.isBusy}
            onClick={() => enable('The pause is over: it is sent to again.')}
          >
            Resume now
          </Button>
        )}
        {webhook.enabled ? (
          <Button onClick={() => setDisabling(true)}>Disable</Button>
        ) : (
          <Button
            variant="primary"
            busy={action.isBusy}
            onClick={() => enable('The webhook is enabled.')}
          >
            Enable
          </Button>
        )}
        {webhook.parked > 0 && <Button onClick={() => ask('replay')}>Replay…</Button>}
      </div>
      {isDisabling && (
        <ConfirmDialog
          title="Disable this webhook?"
          action="Disable"
          onConfirm={() => set(false, 'The webhook is disabled.')}
          onClose={() => setDisabling(false)}
        >
          <p>
            While it is disabled it is told nothing: what happens in that time is not sent later
            either. What waits already waits until it is enabled.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}

/** The last attempt that failed: when, and why. */
function LastFailure({ webhook: { health } }: { webhook: Webhook }) {
  if (health.lastFailureAt === null) return null;
  return (
    <>
      {health.lastFailure ? (
        <strong class="break">{failureInWords(health.lastFailure)}</strong>
      ) : (
        'it failed'
      )}
      , <Time at={health.lastFailureAt} />
    </>
  );
}

const waiting = ({ pending }: Webhook) =>
  formatCount(pending, 'delivery waits', 'deliveries wait');

function Failures({ webhook }: { webhook: Webhook }) {
  return (
    <>
      Sending failed {timesInWords(webhook.health.failuresInARow)}:{' '}
      <LastFailure webhook={webhook} />.
    </>
  );
}

/** What each state means, and what follows of itself. */
const EXPLAINED: Readonly<Record<HealthKind, (webhook: Webhook) => ComponentChildren>> = {
  disabled: (webhook) => (
    <p>
      {wantsNoMore(webhook) && 'The receiver answered 410: it wants no more. '}
      It is told nothing of what happens now.
      {webhook.pending > 0 && ` ${waiting(webhook)} until it is enabled.`}
    </p>
  ),
  paused: (webhook) => (
    <>
      <p>
        <Failures webhook={webhook} /> So the receiver is left alone until{' '}
        {webhook.health.pausedUntil && formatClock(webhook.health.pausedUntil)}, and then asked with
        one delivery. Nothing is lost meanwhile.
      </p>
      <p class="muted">When your receiver is mended, you need not wait: resume.</p>
    </>
  ),
  failing: (webhook) => (
    <>
      <p>
        <Failures webhook={webhook} />
      </p>
      <p class="muted">
        It is tried again after growing pauses, for a day; then it is parked. Each attempt and what
        was answered stand in the log below.
      </p>
    </>
  ),
  delivering: (webhook) => (
    <>
      <p>
        Messages arrive
        {webhook.health.lastSuccessAt && (
          <>
            ; the last one was taken <Time at={webhook.health.lastSuccessAt} />
          </>
        )}
        .
      </p>
      {webhook.health.lastFailureAt && (
        <p class="muted">
          The last failure: <LastFailure webhook={webhook} />.
        </p>
      )}
    </>
  ),
  untried: () => (
    <p>Nothing has been sent yet. Send a test, to see whether your receiver answers.</p>
  ),
  resumed: (webhook) => (
    <p>
      What waits is sent when its time comes. The last attempt failed:{' '}
      <LastFailure webhook={webhook} />.
    </p>
  ),
};

function Parked({ webhook: { parked } }: { webhook: Webhook }) {
  if (parked === 0) return null;
  return (
    <p>
      {formatCount(parked, 'delivery was', 'deliveries were')} given up. Replay what is wanted, once
      the receiver is mended; after 30 days it is deleted.
    </p>
  );
}
