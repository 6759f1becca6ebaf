// What a webhook was told, the newest first, and what became of it.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { api } from '../../api';
import type { Delivery, DeliveryStatus, Webhook } from '../../api/types';
import { href, location, setQuery } from '../../app/router';
import { Button, IconButton } from '../../ui/Button';
import { Select } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { ListLoaded } from '../../ui/Loaded';
import { Section } from '../../ui/Page';
import { More } from '../../ui/Pager';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { toast, toastError } from '../../ui/Toast';
import { useCursorList } from '../../ui/useCursorList';
import { DeliveryStatusBadge, NextAttempt } from './DeliveryStatusBadge';
import { attemptInWords, contactOf, failureInWords, isTaken, TEST_EVENT } from './words';

const PIECE = 25;

/** The server shows so many attempts of a delivery; there may have been more. */
const ATTEMPTS_SHOWN = 20;

type StatusFilter = DeliveryStatus | '';

const STATUSES: readonly { value: StatusFilter; title: string }[] = [
  { value: '', title: 'Any status' },
  { value: 'PENDING', title: 'Waiting' },
  { value: 'DELIVERED', title: 'Delivered' },
  { value: 'PARKED', title: 'Parked' },
];

const COLUMNS: readonly Column<Delivery>[] = [
  {
    id: 'event',
    title: 'Event',
    cell: ({ id, webhookId, payload, createdAt }) => (
      <>
        <a class="row-title" href={href`/webhooks/${webhookId}/deliveries/${id}`}>
          {payload.event.name}
        </a>
        <span class="row-note narrow-only">
          {payload.contact?.email} <Time at={createdAt} />
        </span>
      </>
    ),
  },
  {
    id: 'contact',
    title: 'Contact',
    wideOnly: true,
    cell: (delivery) => <ContactCell delivery={delivery} />,
  },
  {
    id: 'status',
    title: 'Status',
    cell: (delivery) => (
      <>
        <DeliveryStatusBadge delivery={delivery} />
        {delivery.attempts.length > 0 && delivery.nextAttemptAt && (
          <span class="row-note">
            next: <NextAttempt at={delivery.nextAttemptAt} />
          </span>
        )}
      </>
    ),
  },
  {
    id: 'attempts',
    title: 'Attempts',
    numeric: true,
    wideOnly: true,
    cell: ({ attempts }) =>
      attempts.length < ATTEMPTS_SHOWN ? attempts.length : `${ATTEMPTS_SHOWN} or more`,
  },
  {
    id: 'answer',
    title: 'Last answer',
    wideOnly: true,
    cell: ({ attempts: [last] }) => {
      if (!last) return <span class="muted">none yet</span>;
      return (
        <span class="answer-cell">
          {isTaken(last) || last.error === null ? attemptInWords(last) : failureInWords(last)}
        </span>
      );
    },
  },
  {
    id: 'at',
    title: 'When',
    wideOnly: true,
    cell: ({ createdAt }) => <Time at={createdAt} />,
  },
];

function ContactCell({ delivery }: { delivery: Delivery }) {
  const contact = contactOf(delivery);
  if (contact === null) return <span class="muted">nobody in particular</span>;
  if (delivery.payload.event.name === TEST_EVENT) return <>{contact.email}</>;
  return (
    <a class="break" href={href`/contacts/${contact.id}`}>
      {contact.email}
    </a>
  );
}

function retryColumn(retry: (delivery: Delivery) => void): Column<Delivery> {
  return {
    id: 'retry',
    title: 'Send again',
    hideTitle: true,
    numeric: true,
    wideOnly: true,
    cell: (delivery) => (
      <IconButton
        label={`Send ${delivery.payload.event.name} again`}
        onClick={() => retry(delivery)}
      >
        <Icon name="refresh" />
      </IconButton>
    ),
  };
}

interface DeliveryLogProps {
  webhook: Webhook;
  /** Something is sent again: the figures follow. */
  onChanged: () => void;
  onReplay: () => void;
}

export function DeliveryLog({ webhook, onChanged, onReplay }: DeliveryLogProps) {
  const asked = location.value.query.get('status');
  const status = STATUSES.find(({ value }) => value === asked)?.value ?? '';
  const list = useCursorList(
    (cursor, signal) =>
      api.webhooks.deliveries(webhook.id, { limit: PIECE, cursor, status }, signal),
    [webhook.id, status],
  );
  useFollow(webhook, list);
  const columns = useMemo(() => {
    const retry = async ({ id }: Delivery) => {
      try {
        await api.webhooks.retry(id);
        toast('It is sent again.');
        onChanged();
        list.reload();
      } catch (error) {
        toastError(error);
      }
    };
    return [...COLUMNS, retryColumn((delivery) => void retry(delivery))];
  }, [webhook.id]);
  return (
    <Section title="Deliveries" actions={<Button onClick={onReplay}>Replay…</Button>}>
      <div class="toolbar">
        <Select
          label="Status"
          hideLabel
          value={status}
          options={STATUSES}
          onChange={(chosen) => setQuery({ status: chosen })}
        />
        <Button busy={list.isLoading && list.items !== undefined} onClick={list.reload}>
          <Icon name="refresh" />
          Refresh
        </Button>
      </div>
      <ListLoaded from={list}>
        {(deliveries) =>
          deliveries.length === 0 ? (
            <NoDeliveries isFiltered={status !== ''} />
          ) : (
            <>
              <Table
                caption="Log of deliveries"
                columns={columns}
                rows={deliveries}
                keyOf={({ id }) => id}
              />
              <More
                shown={deliveries.length}
                one="delivery"
                many="deliveries"
                hasMore={list.hasMore}
                busy={list.isLoading}
                onMore={list.more}
              />
            </>
          )
        }
      </ListLoaded>
    </Section>
  );
}

/** Reads again when the webhook's figures have moved, unless somebody has gone on in the list. */
function useFollow(
  { pending, delivered, parked, health }: Webhook,
  list: { items: Delivery[] | undefined; reload: () => void },
): void {
  const figures = `${pending} ${delivered} ${parked} ${health.lastFailureAt}`;
  const seen = useRef(figures);
  useEffect(() => {
    if (seen.current === figures) return;
    seen.current = figures;
    if ((list.items?.length ?? 0) <= PIECE) list.reload();
  }, [figures]);
}

function NoDeliveries({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState icon="search" title="No delivery has this status">
      What is done is kept for 30 days.
    </EmptyState>
  ) : (
    <EmptyState icon="webhooks" title="Nothing has been told yet">
      Each event that the webhook is told of will be listed here, with every attempt to deliver it
      and what was answered.
    </EmptyState>
  );
}
