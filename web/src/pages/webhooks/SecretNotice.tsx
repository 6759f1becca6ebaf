// A signing secret, the one time that it is shown, and what a receiver does with it.
import { useState } from 'preact/hooks';
import { CopyField } from '../../ui/CopyField';
import { Tabs } from '../../ui/Tabs';
import { RECEIVER_EXAMPLES, SECRET_VARIABLE, type ReceiverExample } from './receiverExamples';

export function SecretNotice({ secret }: { secret: string }) {
  return (
    <>
      <p>
        Each message is signed with this secret, so that your receiver can tell that it came from
        here. <strong>It is shown this once.</strong> Copy it now, and keep it where your receiver
        reads it; if it is lost, make a new one.
      </p>
      <CopyField label="the secret" value={secret} />
    </>
  );
}

export function ReceiverExamples() {
  const [current, choose] = useState<ReceiverExample['id']>('js');
  const { code } = RECEIVER_EXAMPLES.find(({ id }) => id === current) ?? { code: '' };
  return (
    <div class="stack-small">
      <p class="muted">
        A whole receiver: it reads the secret from <code>{SECRET_VARIABLE}</code>, checks the
        signature of what comes, and answers. The libraries of{' '}
        <a href="https://www.standardwebhooks.com/" rel="noreferrer">
          Standard Webhooks
        </a>{' '}
        do the same.
      </p>
      <Tabs label="Languages" tabs={RECEIVER_EXAMPLES} current={current} onChange={choose}>
        <CopyField label="the example" value={code} />
      </Tabs>
    </div>
  );
}
