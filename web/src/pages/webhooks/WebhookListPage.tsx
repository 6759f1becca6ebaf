// All webhooks of the project: whom they tell, of what, and whether it arrives.
import { api } from '../../api';
import type { Webhook } from '../../api/types';
import { href } from '../../app/router';
import { ButtonLink } from '../../ui/Button';
import { formatNumber } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useResource } from '../../ui/useResource';
import { HealthBadge, HealthReason } from './HealthBadge';
import { titleOf } from './words';

/** More patterns would make a row a page. */
const PATTERNS_SHOWN = 3;

/** What a narrow list says instead of its columns. */
function undelivered({ pending, parked }: Webhook): string {
  const counts: [number, string][] = [
    [pending, 'waiting'],
    [parked, 'parked'],
  ];
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${formatNumber(count)} ${what}`)
    .join(', ');
}

const COLUMNS: readonly Column<Webhook>[] = [
  {
    id: 'webhook',
    title: 'Webhook',
    cell: (webhook) => (
      <>
        <a class="row-title" href={href`/webhooks/${webhook.id}`}>
          {titleOf(webhook)}
        </a>
        {webhook.name !== null && <span class="row-note">{webhook.url}</span>}
      </>
    ),
  },
  {
    id: 'events',
    title: 'Told of',
    wideOnly: true,
    cell: ({ events, condition }) => (
      <>
        <ul class="pattern-names">
          {events.slice(0, PATTERNS_SHOWN).map((pattern) => (
            <li key={pattern}>
              <code>{pattern}</code>
            </li>
          ))}
        </ul>
        {events.length > PATTERNS_SHOWN && (
          <span class="row-note">and {formatNumber(events.length - PATTERNS_SHOWN)} more</span>
        )}
        {condition !== null && <span class="row-note">if a filter matches</span>}
      </>
    ),
  },
  {
    id: 'health',
    title: 'Health',
    cell: (webhook) => (
      <>
        <HealthBadge webhook={webhook} />
        <span class="row-note">
          <HealthReason webhook={webhook} />
        </span>
        <span class="row-note narrow-only">{undelivered(webhook)}</span>
      </>
    ),
  },
  {
    id: 'pending',
    title: 'Waiting',
    numeric: true,
    wideOnly: true,
    cell: ({ pending }) => formatNumber(pending),
  },
  {
    id: 'delivered',
    title: 'Delivered',
    numeric: true,
    wideOnly: true,
    cell: ({ delivered, health }) => (
      <>
        {formatNumber(delivered)}
        {health.lastSuccessAt && (
          <span class="row-note">
            <Time at={health.lastSuccessAt} />
          </span>
        )}
      </>
    ),
  },
  {
    id: 'parked',
    title: 'Parked',
    numeric: true,
    wideOnly: true,
    cell: ({ parked }) => formatNumber(parked),
  },
];

export default function WebhookListPage() {
  const list = useResource((signal) => api.webhooks.list(signal), []);
  return (
    <>
      <PageHead
        title="Webhooks"
        lead="Other programs are told at once when somebody enters or leaves a segment, or when an event is recorded."
        actions={<NewWebhook />}
      />
      <Loaded from={list} rows={4}>
        {(webhooks) =>
          webhooks.length === 0 ? (
            <NoWebhooks />
          ) : (
            <Table
              caption="Webhooks"
              columns={COLUMNS}
              rows={webhooks}
              keyOf={({ id }) => id}
              busy={list.isLoading}
            />
          )
        }
      </Loaded>
    </>
  );
}

function NewWebhook({ title = 'New webhook' }: { title?: string }) {
  return (
    <ButtonLink variant="primary" href="#/webhooks/new">
      <Icon name="plus" />
      {title}
    </ButtonLink>
  );
}

function NoWebhooks() {
  return (
    <EmptyState
      icon="webhooks"
      title="No webhooks yet"
      action={<NewWebhook title="Create the first webhook" />}
    >
      A webhook starts something elsewhere: a welcome email, a message to your team, a row in your
      CRM. Segmentry sends a signed message to your URL, again and again until it arrives, and keeps
      a log of what became of it.
    </EmptyState>
  );
}
