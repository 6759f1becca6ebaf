// One delivery: the message as it is sent, and each attempt with its answer.
import type { ComponentChildren } from 'preact';
import { api } from '../../api';
import type { Attempt, Delivery } from '../../api/types';
import { href } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { Button } from '../../ui/Button';
import { formatInstant } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead, Section } from '../../ui/Page';
import { toast, toastError } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { useRepeat } from '../../ui/useRepeat';
import { useResource } from '../../ui/useResource';
import { AnswerText, AttemptBadge } from './AttemptReport';
import { DeliveryStatusBadge, NextAttempt } from './DeliveryStatusBadge';
import { attemptInWords, contactOf, TEST_EVENT, titleOf } from './words';

/** While it waits, an attempt may be made at any moment. */
const ASK_EVERY_MS = 2_000;

/** Spaces of indentation of a body, which is sent without any. */
const INDENT = 2;

export default function DeliveryPage({ params }: PageProps) {
  const id = params['delivery'] ?? '';
  const delivery = useResource((signal) => api.webhooks.delivery(id, signal), [id]);
  useRepeat(delivery, delivery.data?.status === 'PENDING', ASK_EVERY_MS);
  return (
    <Loaded from={delivery} isPage>
      {(data) => <Content delivery={data} onChanged={delivery.set} />}
    </Loaded>
  );
}

interface ContentProps {
  delivery: Delivery;
  onChanged: (delivery: Delivery) => void;
}

function Content({ delivery, onChanged }: ContentProps) {
  const { webhookId, payload, attempts } = delivery;
  const webhook = useResource((signal) => api.webhooks.get(webhookId, signal), [webhookId]);
  const action = useAction();
  const retry = () =>
    void action.run(async () => {
      try {
        onChanged(await api.webhooks.retry(delivery.id));
        toast('It is sent again.');
      } catch (error) {
        toastError(error);
      }
    });
  return (
    <>
      <PageHead
        title={payload.event.name}
        back={{
          href: href`/webhooks/${webhookId}`,
          title: webhook.data ? titleOf(webhook.data) : 'Webhook',
        }}
        marks={<DeliveryStatusBadge delivery={delivery} />}
        actions={
          <Button variant="primary" busy={action.isBusy} onClick={retry}>
            <Icon name="refresh" />
            Send again
          </Button>
        }
      />
      <Facts delivery={delivery} />
      <Section title="Attempts">
        {attempts.length === 0 ? (
          <p class="muted">None yet.</p>
        ) : (
          <ol class="stack-small">
            {attempts.map((attempt, index) => (
              <li key={attempt.at}>
                <AttemptCard attempt={attempt} isOpen={index === 0} />
              </li>
            ))}
          </ol>
        )}
      </Section>
      <Section title="Body">
        <p class="muted body-note">
          With the contact as it was at the moment of the event. It is sent without these spaces.
        </p>
        <pre class="code message-text" tabIndex={0} aria-label="Body">
          {JSON.stringify(payload, null, INDENT)}
        </pre>
      </Section>
    </>
  );
}

function Facts({ delivery }: { delivery: Delivery }) {
  const contact = contactOf(delivery);
  return (
    <dl class="card facts">
      <dt>Event</dt>
      <dd>
        <EventLink delivery={delivery} />
      </dd>
      <dt>Contact</dt>
      <dd>
        {contact === null && 'Nobody in particular'}
        {contact && delivery.payload.event.name === TEST_EVENT && `${contact.email}, who is nobody`}
        {contact && delivery.payload.event.name !== TEST_EVENT && (
          <a href={href`/contacts/${contact.id}`}>{contact.email}</a>
        )}
      </dd>
      <dt>Recorded</dt>
      <dd>{formatInstant(delivery.createdAt)}</dd>
      <dt>Next attempt</dt>
      <dd>
        {delivery.nextAttemptAt ? (
          <>
            <NextAttempt at={delivery.nextAttemptAt} />
            <span class="row-note">
              after the earlier ones of the same contact, and when the webhook is neither paused nor
              disabled
            </span>
          </>
        ) : (
          'none'
        )}
      </dd>
      <dt>Id</dt>
      <dd>
        <code>{delivery.id}</code>
      </dd>
    </dl>
  );
}

/** To what the event is about. */
function EventLink({ delivery: { payload } }: { delivery: Delivery }) {
  const { name, segmentId, campaignId } = payload.event;
  const to = (target: string): ComponentChildren => <a href={target}>{name}</a>;
  if (name === TEST_EVENT) return <>A test</>;
  if (typeof segmentId === 'string' && name.startsWith('segment.')) {
    return to(href`/segments/${segmentId}`);
  }
  if (typeof campaignId === 'string' && name.startsWith('campaign.')) {
    return to(href`/campaigns/${campaignId}`);
  }
  return to(href`/events/${name}`);
}

function AttemptCard({ attempt, isOpen }: { attempt: Attempt; isOpen: boolean }) {
  return (
    <details class="card disclosure attempt" open={isOpen}>
      <summary>
        <span class="attempt-head">
          <AttemptBadge attempt={attempt} />
          <strong>{attemptInWords(attempt)}</strong>
          <span class="muted">{formatInstant(attempt.at)}</span>
        </span>
      </summary>
      <div class="stack-small">
        {attempt.error !== null && <p class="break">{attempt.error}</p>}
        <h3>Answer</h3>
        {attempt.status === null ? <p class="muted">There was none.</p> : null}
        <AnswerText attempt={attempt} />
        <h3>Headers that were sent</h3>
        <pre class="code message-text" tabIndex={0} aria-label="Headers that were sent">
          {attempt.request ?? ''}
        </pre>
      </div>
    </details>
  );
}
