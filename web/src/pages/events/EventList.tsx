// Events, the newest first: a name, who it happened to, and its data.
import type { ContactEvent } from '../../api/types';
import { href } from '../../app/router';
import { Address } from '../../ui/Address';
import { ListLoaded } from '../../ui/Loaded';
import { OneLine } from '../../ui/LongText';
import { More } from '../../ui/Pager';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import type { CursorList } from '../../ui/useCursorList';

/** Longer names may break anywhere. */
const NAME_WHOLE_MAX = 30;

const NAME: Column<ContactEvent> = {
  id: 'name',
  title: 'Event',
  cell: ({ name, createdAt }) => (
    <>
      <code class={name.length > NAME_WHOLE_MAX ? 'break' : 'whole'}>{name}</code>
      <span class="row-note narrow-only">
        <Time at={createdAt} />
      </span>
    </>
  ),
};

const CONTACT: Column<ContactEvent> = {
  id: 'contact',
  title: 'Contact',
  cell: ({ contactId, contact }) => (
    <a class="row-title" href={href`/contacts/${contactId}`}>
      <Address email={contact?.email ?? contactId} />
    </a>
  ),
};

const DATA: Column<ContactEvent> = {
  id: 'data',
  title: 'Data',
  wideOnly: true,
  cell: ({ data }) => <EventData data={data} />,
};

const AT: Column<ContactEvent> = {
  id: 'at',
  title: 'When',
  wideOnly: true,
  cell: ({ createdAt }) => <Time at={createdAt} />,
};

function EventData({ data }: { data: unknown }) {
  if (data === null || data === undefined) return null;
  const text = JSON.stringify(data);
  if (text === '{}') return null;
  return <OneLine text={text} />;
}

interface EventListProps {
  list: CursorList<ContactEvent>;
  /** Left out where all are of one. */
  without?: 'name' | 'contact';
}

export function EventList({ list, without }: EventListProps) {
  const columns = [NAME, CONTACT, DATA, AT].filter(({ id }) => id !== without);
  return (
    <ListLoaded from={list}>
      {(events) =>
        events.length === 0 ? (
          <EmptyState icon="events" title="No events yet">
            What is tracked for a contact will be listed here.
          </EmptyState>
        ) : (
          <>
            <Table caption="Events" columns={columns} rows={events} keyOf={({ id }) => id} />
            <More
              shown={events.length}
              one="event"
              hasMore={list.hasMore}
              busy={list.isLoading}
              onMore={list.more}
            />
          </>
        )
      }
    </ListLoaded>
  );
}
