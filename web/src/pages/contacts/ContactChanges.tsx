// The segments that a contact entered and left, the newest first.
import { api } from '../../api';
import type { Contact, ContactChange } from '../../api/types';
import { href } from '../../app/router';
import { ListLoaded } from '../../ui/Loaded';
import { More } from '../../ui/Pager';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useCursorList } from '../../ui/useCursorList';
import { causeInWords, ChangeMark } from '../changes';

const PIECE = 50;

const COLUMNS: readonly Column<ContactChange>[] = [
  { id: 'type', title: 'Change', cell: (change) => <ChangeMark change={change} /> },
  {
    id: 'segment',
    title: 'Segment',
    cell: ({ segment, cause, at }) => (
      <>
        <a class="row-title" href={href`/segments/${segment.id}`}>
          {segment.name}
        </a>
        <span class="row-note narrow-only">
          <Time at={at} />: {causeInWords(cause)}
        </span>
      </>
    ),
  },
  { id: 'cause', title: 'Because', wideOnly: true, cell: ({ cause }) => causeInWords(cause) },
  { id: 'at', title: 'When', wideOnly: true, cell: ({ at }) => <Time at={at} /> },
];

export function ContactChanges({ contact }: { contact: Contact }) {
  const list = useCursorList(
    (cursor, signal) => api.contacts.changes(contact.id, { limit: PIECE, cursor }, signal),
    [contact.id],
  );
  return (
    <ListLoaded from={list}>
      {(changes) =>
        changes.length === 0 ? (
          <EmptyState icon="clock" title="No entries and exits yet">
            When this contact enters or leaves a tracked segment, it will be listed here.
          </EmptyState>
        ) : (
          <>
            <Table
              caption="Entries and exits"
              columns={COLUMNS}
              rows={changes}
              keyOf={({ id }) => id}
            />
            <More
              shown={changes.length}
              one="change"
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
