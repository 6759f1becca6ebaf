// The members, a page at a time.
import { useState } from 'preact/hooks';
import { api } from '../../../api';
import type { Contact, Segment } from '../../../api/types';
import { setQuery } from '../../../app/router';
import { CREATED, EMAIL, SUBSCRIBED } from '../../contacts/columns';
import { Button, IconButton } from '../../../ui/Button';
import { Icon } from '../../../ui/Icon';
import { Loaded } from '../../../ui/Loaded';
import { Pager } from '../../../ui/Pager';
import { SearchField } from '../../../ui/SearchField';
import { EmptyState } from '../../../ui/States';
import { Table, type Column } from '../../../ui/Table';
import { toast, toastError } from '../../../ui/Toast';
import { useResource } from '../../../ui/useResource';
import { AddMembersDialog } from './AddMembersDialog';

const PAGE_SIZE = 20;

interface MembersTabProps {
  segment: Segment;
  version: number;
  onMoved: () => void;
}

export function MembersTab({ segment, version, onMoved }: MembersTabProps) {
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  const [isAdding, setAdding] = useState(false);
  const members = useResource(
    (signal) => api.segments.members(segment.id, { page, pageSize: PAGE_SIZE, search }, signal),
    [segment.id, page, search, version],
  );
  const isStatic = segment.type === 'STATIC';

  return (
    <>
      <div class="toolbar">
        <SearchField
          label="Search members by email"
          value={search}
          onSearch={(text) => {
            setSearch(text);
            setPage(1);
          }}
        />
        {isStatic && (
          <div class="toolbar-end">
            <Button variant="primary" onClick={() => setAdding(true)}>
              <Icon name="plus" />
              Add members
            </Button>
          </div>
        )}
      </div>
      <Loaded from={members} rows={6}>
        {({ data, total, page: shown }) =>
          total === 0 ? (
            <NoMembers segment={segment} search={search} />
          ) : (
            <>
              <Table
                caption="Members"
                columns={isStatic ? staticColumns(segment, onMoved) : dynamicColumns}
                rows={data}
                keyOf={({ id }) => id}
                busy={members.isLoading}
              />
              <Pager
                page={shown}
                pageSize={PAGE_SIZE}
                total={total}
                one="member"
                onPage={setPage}
              />
            </>
          )
        }
      </Loaded>
      {isAdding && (
        <AddMembersDialog segment={segment} onAdded={onMoved} onClose={() => setAdding(false)} />
      )}
    </>
  );
}

const BASE_COLUMNS: readonly Column<Contact>[] = [EMAIL, SUBSCRIBED, CREATED];

const dynamicColumns: readonly Column<Contact>[] = [
  ...BASE_COLUMNS,
  {
    id: 'why',
    title: 'Why',
    hideTitle: true,
    numeric: true,
    cell: ({ id, email }) => (
      <Button
        size="small"
        variant="quiet"
        aria-label={`Why is ${email} a member?`}
        onClick={() => setQuery({ tab: 'why', contact: id })}
      >
        <Icon name="question" />
        Why?
      </Button>
    ),
  },
];

function staticColumns(segment: Segment, onMoved: () => void): readonly Column<Contact>[] {
  async function remove({ email }: Contact): Promise<void> {
    try {
      await api.segments.removeMembers(segment.id, [email]);
      toast(`${email} is no longer a member.`);
      onMoved();
    } catch (error) {
      toastError(error);
    }
  }
  return [
    ...BASE_COLUMNS,
    {
      id: 'remove',
      title: 'Remove',
      hideTitle: true,
      numeric: true,
      cell: (contact) => (
        <IconButton
          label={`Remove ${contact.email} from the segment`}
          onClick={() => void remove(contact)}
        >
          <Icon name="close" />
        </IconButton>
      ),
    },
  ];
}

function NoMembers({ segment, search }: { segment: Segment; search: string }) {
  if (search) {
    return (
      <EmptyState icon="search" title="No member has this in the address">
        Only members of this segment are searched.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon="contacts" title="No members">
      {segment.type === 'STATIC'
        ? 'Add contacts by search, paste a list of addresses, or upload a CSV.'
        : 'Nobody matches the filter now. Whoever does later will appear here by itself.'}
    </EmptyState>
  );
}
