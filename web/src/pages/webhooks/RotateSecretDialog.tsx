// Another signing secret: asked first, then shown once.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Webhook, WebhookWithSecret } from '../../api/types';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { formatInstant } from '../../ui/format';
import { ErrorNote } from '../../ui/States';
import { useAction } from '../../ui/useAction';
import { SecretNotice } from './SecretNotice';
import { titleOf } from './words';

interface RotateSecretDialogProps {
  webhook: Webhook;
  onClose: () => void;
}

export function RotateSecretDialog({ webhook, onClose }: RotateSecretDialogProps) {
  const [rotated, setRotated] = useState<WebhookWithSecret | null>(null);
  const action = useAction();
  const rotate = () =>
    void action.run(async () => setRotated(await api.webhooks.rotateSecret(webhook.id)));
  return (
    <Dialog
      title={`Rotate the secret of “${titleOf(webhook)}”`}
      onClose={onClose}
      actions={
        rotated ? (
          <Button variant="primary" onClick={onClose}>
            I have the secret
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button variant="primary" busy={action.isBusy} onClick={rotate}>
              Make a new secret
            </Button>
          </>
        )
      }
    >
      <div class="stack" aria-live="polite">
        {rotated ? (
          <>
            <SecretNotice secret={rotated.secret} />
            {rotated.oldSecretUntil && (
              <p class="muted">The old one signs too until {formatInstant(rotated.oldSecretUntil)}.</p>
            )}
          </>
        ) : (
          <Question webhook={webhook} />
        )}
        {action.error && <ErrorNote error={action.error} />}
      </div>
    </Dialog>
  );
}

function Question({ webhook }: { webhook: Webhook }) {
  return (
    <>
      <p>
        A new secret is made and shown once. For a day both sign, the old one and the new one, so
        that nothing is refused while your receivers take the new one.
      </p>
      {webhook.oldSecretUntil && (
        <p>
          <strong>The last change is not a day old.</strong> The secret from before it, which signs
          too now, ends at once.
        </p>
      )}
    </>
  );
}
