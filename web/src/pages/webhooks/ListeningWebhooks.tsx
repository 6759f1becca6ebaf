// The webhooks that are told of some events: on the pages of what the events are about.
import { api } from '../../api';
import type { Webhook } from '../../api/types';
import { href } from '../../app/router';
import { Badge } from '../../ui/Badge';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { useResource } from '../../ui/useResource';
import { listening } from './patterns';
import { titleOf } from './words';

/** An event, and what it is called where it is clear what it is about. */
export interface ListenedEvent {
  name: string;
  title?: string;
}

interface Listener {
  webhook: Webhook;
  events: ListenedEvent[];
}

function listenersOf(webhooks: readonly Webhook[], events: readonly ListenedEvent[]): Listener[] {
  return webhooks
    .map((webhook) => ({
      webhook,
      events: events.filter(({ name }) => listening([webhook], name).length > 0),
    }))
    .filter(({ events: heard }) => heard.length > 0);
}

/** Those that are told of some events, each with which of them. */
export function ToldWebhooks({ events }: { events: readonly ListenedEvent[] }) {
  const webhooks = useResource((signal) => api.webhooks.list(signal), []);
  return (
    <>
      <h3>Webhooks that are told</h3>
      <Loaded from={webhooks} compact rows={1}>
        {(data) => {
          const listeners = listenersOf(data, events);
          if (listeners.length === 0) return <p class="muted">None.</p>;
          return <List listeners={listeners} />;
        }}
      </Loaded>
    </>
  );
}

interface ListeningWebhooksProps {
  /** At least one: a new webhook is told of the first. */
  events: readonly [ListenedEvent, ...ListenedEvent[]];
}

export function ListeningWebhooks({ events }: ListeningWebhooksProps) {
  const [first] = events;
  return (
    <div class="stack-small listening">
      <ToldWebhooks events={events} />
      <p>
        <a href={`#/webhooks/new?${new URLSearchParams({ event: first.name })}`}>Tell a webhook</a>
      </p>
    </div>
  );
}

function List({ listeners }: { listeners: readonly Listener[] }) {
  return (
    <ul class="link-list">
      {listeners.map(({ webhook, events }) => (
        <li key={webhook.id}>
          <Icon name="webhooks" />
          <a href={href`/webhooks/${webhook.id}`}>{titleOf(webhook)}</a>
          <span class="muted small">
            {events
              .map(({ title }) => title)
              .filter(Boolean)
              .join(' and ')}
          </span>
          {!webhook.enabled && <Badge>Disabled</Badge>}
        </li>
      ))}
    </ul>
  );
}
