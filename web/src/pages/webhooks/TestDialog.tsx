// A trial: sent when the dialog opens, and its answer shown.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api';
import type { Delivery, Webhook } from '../../api/types';
import { href } from '../../app/router';
import { Button, ButtonLink } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { ErrorNote } from '../../ui/States';
import { useAction } from '../../ui/useAction';
import { useRepeat } from '../../ui/useRepeat';
import { useResource } from '../../ui/useResource';
import { AttemptReport } from './AttemptReport';
import { healthOf } from './health';
import { titleOf } from './words';

/** An answer comes in milliseconds, or within the ten seconds that a receiver has. */
const ASK_EVERY_MS = 400;

interface TestDialogProps {
  webhook: Webhook;
  onChanged: (webhook: Webhook) => void;
  onClose: () => void;
}

export function TestDialog({ webhook, onChanged, onClose }: TestDialogProps) {
  const [sent, setSent] = useState<Delivery | null>(null);
  const action = useAction();
  const send = () =>
    void action.run(async () => {
      setSent(null);
      setSent(await api.webhooks.test(webhook.id));
    });
  useEffect(send, []);
  return (
    <Dialog
      title={`Test of “${titleOf(webhook)}”`}
      wide
      onClose={onClose}
      actions={
        <>
          {sent && (
            <ButtonLink href={href`/webhooks/${webhook.id}/deliveries/${sent.id}`}>
              Show the whole message
            </ButtonLink>
          )}
          <Button busy={action.isBusy} onClick={send}>
            Test again
          </Button>
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      <div class="test-result" aria-live="polite">
        {action.error && <ErrorNote error={action.error} />}
        {sent && <Result key={sent.id} sent={sent} webhook={webhook} onChanged={onChanged} />}
      </div>
    </Dialog>
  );
}

interface ResultProps {
  sent: Delivery;
  webhook: Webhook;
  onChanged: (webhook: Webhook) => void;
}

function Result({ sent, webhook, onChanged }: ResultProps) {
  const delivery = useResource((signal) => api.webhooks.delivery(sent.id, signal), [sent.id]);
  const [attempt] = delivery.data?.attempts ?? [];
  useRepeat(delivery, attempt === undefined, ASK_EVERY_MS);
  if (delivery.error) return <ErrorNote error={delivery.error} />;
  if (attempt) return <AttemptReport attempt={attempt} />;
  if (healthOf(webhook) === 'paused') return <Paused webhook={webhook} onChanged={onChanged} />;
  return <p>Sent. Waiting for the answer, for ten seconds at most…</p>;
}

/** The trial waits with the rest. */
function Paused({ webhook, onChanged }: Pick<ResultProps, 'webhook' | 'onChanged'>) {
  const action = useAction();
  const resume = () =>
    void action.run(async () =>
      onChanged(await api.webhooks.update(webhook.id, { enabled: true })),
    );
  return (
    <div class="stack-small">
      <p>The webhook is paused, and the test waits with what else is to be sent.</p>
      <div>
        <Button busy={action.isBusy} onClick={resume}>
          Resume now
        </Button>
      </div>
      {action.error && <ErrorNote error={action.error} />}
    </div>
  );
}
