// One webhook: whether it arrives and what to do about it, what it is told of, and the log.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Webhook } from '../../api/types';
import { go, href } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { Button, ButtonLink, IconButton } from '../../ui/Button';
import { formatNumber } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { Figure, PageHead } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useRepeat } from '../../ui/useRepeat';
import { useResource, type Resource } from '../../ui/useResource';
import { DefinitionPanel } from './DefinitionPanel';
import { DeleteWebhookDialog } from './DeleteWebhookDialog';
import { DeliveryLog } from './DeliveryLog';
import { HealthBadge } from './HealthBadge';
import { HealthPanel } from './HealthPanel';
import { ReplayDialog } from './ReplayDialog';
import { RotateSecretDialog } from './RotateSecretDialog';
import { SigningPanel } from './SigningPanel';
import { TestDialog } from './TestDialog';
import { titleOf } from './words';

/** While something waits, what is shown is about to change. */
const ASK_EVERY_MS = 4_000;

export default function WebhookPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const webhook = useResource((signal) => api.webhooks.get(id, signal), [id]);
  const { data } = webhook;
  useRepeat(webhook, data !== undefined && data.enabled && data.pending > 0, ASK_EVERY_MS);
  return (
    <Loaded from={webhook} isPage upwards={{ href: '#/webhooks', title: 'Go to the webhooks' }}>
      {(shown) => <Content webhook={shown} resource={webhook} />}
    </Loaded>
  );
}

export type Asked = 'test' | 'replay' | 'rotate' | 'delete';

interface ContentProps {
  webhook: Webhook;
  resource: Resource<Webhook>;
}

function Content({ webhook, resource }: ContentProps) {
  const [asked, ask] = useState<Asked | null>(null);
  const close = () => ask(null);
  /** After something that sends: the figures and the log follow. */
  const closeAndReload = () => {
    close();
    resource.reload();
  };
  return (
    <>
      <Head webhook={webhook} ask={ask} />
      <Figures webhook={webhook} />
      <div class="panels">
        <div class="stack">
          <HealthPanel webhook={webhook} onChanged={resource.set} ask={ask} />
          <SigningPanel webhook={webhook} onRotate={() => ask('rotate')} />
        </div>
        <DefinitionPanel webhook={webhook} />
      </div>
      <DeliveryLog webhook={webhook} onChanged={resource.reload} onReplay={() => ask('replay')} />
      {asked === 'test' && (
        <TestDialog webhook={webhook} onChanged={resource.set} onClose={closeAndReload} />
      )}
      {asked === 'replay' && <ReplayDialog webhook={webhook} onClose={closeAndReload} />}
      {asked === 'rotate' && <RotateSecretDialog webhook={webhook} onClose={closeAndReload} />}
      {asked === 'delete' && (
        <DeleteWebhookDialog
          webhook={webhook}
          onDeleted={() => go('/webhooks')}
          onClose={close}
        />
      )}
    </>
  );
}

function Head({ webhook, ask }: { webhook: Webhook; ask: (asked: Asked) => void }) {
  return (
    <PageHead
      title={titleOf(webhook)}
      back={{ href: '#/webhooks', title: 'Webhooks' }}
      lead={webhook.name !== null && webhook.url}
      marks={<HealthBadge webhook={webhook} />}
      actions={
        <>
          <IconButton label="Delete" framed onClick={() => ask('delete')}>
            <Icon name="trash" />
          </IconButton>
          {webhook.enabled && (
            <Button onClick={() => ask('test')}>
              <Icon name="play" />
              Send a test
            </Button>
          )}
          <ButtonLink variant="primary" href={href`/webhooks/${webhook.id}/edit`}>
            <Icon name="edit" />
            Edit
          </ButtonLink>
        </>
      }
    />
  );
}

function Figures({ webhook }: { webhook: Webhook }) {
  const { lastSuccessAt } = webhook.health;
  return (
    <dl class="figures">
      <Figure title="Waiting" note="to be sent, or sent again">
        {formatNumber(webhook.pending)}
      </Figure>
      <Figure title="Delivered" note="since it was created">
        {formatNumber(webhook.delivered)}
      </Figure>
      <Figure title="Parked" note="given up">
        {formatNumber(webhook.parked)}
      </Figure>
      <Figure title="Last delivery">
        <span class="figure-text">{lastSuccessAt ? <Time at={lastSuccessAt} /> : 'never'}</span>
      </Figure>
    </dl>
  );
}
