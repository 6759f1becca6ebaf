// Who entered and who left, the newest first, and why.
import { api } from '../../api';
import type { Segment, SegmentChange } from '../../api/types';
import { href } from '../../app/router';
import { ListLoaded } from '../../ui/Loaded';
import { More } from '../../ui/Pager';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useCursorList } from '../../ui/useCursorList';
import { causeInWords, ChangeMark } from '../changes';

const PIECE = 50;

const COLUMNS: readonly Column<SegmentChange>[] = [
  { id: 'type', title: 'Change', cell: (change) => <ChangeMark change={change} /> },
  {
    id: 'contact',
    title: 'Contact',
    cell: ({ contact, cause, at }) => (
      <>
        <a class="row-title" href={href`/contacts/${contact.id}`}>
          {contact.email}
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

export function ChangesTab({ segment, version }: { segment: Segment; version: number }) {
  const list = useCursorList(
    (cursor, signal) => api.segments.changes(segment.id, { limit: PIECE, cursor }, signal),
    [segment.id, version],
  );
  return (
    <ListLoaded from={list}>
      {(changes) =>
        changes.length === 0 ? (
          <EmptyState icon="clock" title="Nobody has entered or left yet">
            {segment.type === 'DYNAMIC' && !segment.trackMembership
              ? 'Entries and exits are written down while the segment is tracked.'
              : 'Entries and exits will be listed here, with what caused them.'}
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
