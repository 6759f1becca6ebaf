// The signing secret: there, but not shown; and what a receiver does with it.
import type { Webhook } from '../../api/types';
import { Button } from '../../ui/Button';
import { Time } from '../../ui/Time';
import { ReceiverExamples } from './SecretNotice';

interface SigningPanelProps {
  webhook: Webhook;
  onRotate: () => void;
}

export function SigningPanel({ webhook: { oldSecretUntil }, onRotate }: SigningPanelProps) {
  return (
    <section class="card stack-small" aria-label="Signing">
      <h2>Signing</h2>
      <p>
        Each message is signed with a secret, which was shown once, when it was made.
        {oldSecretUntil && (
          <>
            {' '}
            The secret before it signs too; that ends <Time at={oldSecretUntil} />.
          </>
        )}
      </p>
      <div>
        <Button onClick={onRotate}>Rotate the secret…</Button>
      </div>
      <details class="disclosure">
        <summary>How a receiver checks what comes</summary>
        <ReceiverExamples />
      </details>
    </section>
  );
}
