// All contacts of the project, the newest first.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Contact } from '../../api/types';
import { go, href } from '../../app/router';
import { Button, ButtonLink } from '../../ui/Button';
import { formatCount, formatValue } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { ListLoaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { More } from '../../ui/Pager';
import { SearchField } from '../../ui/SearchField';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { useCursorList, type CursorList } from '../../ui/useCursorList';
import { useQueryText } from '../../ui/useQueryText';
import { BulkBar } from './bulk/BulkBar';
import { useChoice, type Choice } from './bulk/selection';
import { CREATED, EMAIL, SUBSCRIBED } from './columns';
import { ContactDialog } from './ContactDialog';

const PIECE = 50;
/** So much of somebody's data stands in a row; the rest is on the contact's page. */
const DATA_SHOWN_MAX = 3;

const COLUMNS: readonly Column<Contact>[] = [
  EMAIL,
  SUBSCRIBED,
  { id: 'data', title: 'Data', wideOnly: true, cell: ({ data }) => <DataSummary data={data} /> },
  CREATED,
];

function choiceColumn(contacts: readonly Contact[], choice: Choice): Column<Contact> {
  const count = contacts.filter(choice.has).length;
  return {
    id: 'chosen',
    title: 'Chosen',
    head: () => (
      <input
        type="checkbox"
        aria-label="Choose all that are shown"
        checked={count === contacts.length}
        indeterminate={count > 0 && count < contacts.length}
        onChange={() => choice.toggleShown()}
      />
    ),
    cell: (contact) => (
      <input
        type="checkbox"
        aria-label={`Choose ${contact.email}`}
        checked={choice.has(contact)}
        onChange={() => choice.toggle(contact)}
      />
    ),
  };
}

function DataSummary({ data }: { data: Contact['data'] }) {
  const entries = Object.entries(data).filter(([, value]) => typeof value !== 'object');
  return (
    <span class="data-summary">
      {entries
        .slice(0, DATA_SHOWN_MAX)
        .map(([name, value]) => `${name}: ${formatValue(value)}`)
        .join(' · ')}
    </span>
  );
}

export default function ContactListPage() {
  const [search, setSearch] = useQueryText('search');
  const [isCreating, setCreating] = useState(false);
  const list = useCursorList(
    (cursor, signal) => api.contacts.list({ limit: PIECE, cursor, search }, signal),
    [search],
  );
  const choice = useChoice(search, list.items ?? []);
  return (
    <>
      <PageHead
        title="Contacts"
        actions={
          <>
            <ButtonLink href="#/contacts/import">
              <Icon name="upload" />
              Import CSV
            </ButtonLink>
            <Button variant="primary" onClick={() => setCreating(true)}>
              <Icon name="plus" />
              New contact
            </Button>
          </>
        }
      />
      <div class="toolbar">
        <SearchField label="Search contacts by email" value={search} onSearch={setSearch} />
        <p class="muted small toolbar-end" role="status">
          {list.total !== undefined && formatCount(list.total, 'contact')}
        </p>
      </div>
      <BulkBar choice={choice} total={list.total} onChanged={list.reload} />
      <ListLoaded from={list} rows={10}>
        {(contacts) =>
          contacts.length === 0 ? (
            <NoContacts search={search} />
          ) : (
            <ContactTable contacts={contacts} list={list} choice={choice} />
          )
        }
      </ListLoaded>
      {isCreating && (
        <ContactDialog
          contact={null}
          onSaved={({ id }) => go(href`/contacts/${id}`)}
          onClose={() => setCreating(false)}
        />
      )}
    </>
  );
}

function ContactTable({
  contacts,
  list,
  choice,
}: {
  contacts: readonly Contact[];
  list: CursorList<Contact>;
  choice: Choice;
}) {
  return (
    <>
      <Table
        caption="Contacts"
        columns={[choiceColumn(contacts, choice), ...COLUMNS]}
        rows={contacts}
        keyOf={({ id }) => id}
        busy={list.isLoading}
      />
      <More
        shown={contacts.length}
        one="contact"
        hasMore={list.hasMore}
        busy={list.isLoading}
        onMore={list.more}
      />
    </>
  );
}

function NoContacts({ search }: { search: string }) {
  if (search) {
    return (
      <EmptyState icon="search" title="No contact has this in the address">
        Any part of an email address is found; upper and lower case do not matter.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="contacts"
      title="No contacts yet"
      action={
        <ButtonLink variant="primary" href="#/contacts/import">
          <Icon name="upload" />
          Import a CSV
        </ButtonLink>
      }
    >
      Contacts come by import, through the API, or with the first event that is tracked for them.
      The <a href="#/settings">settings</a> show how.
    </EmptyState>
  );
}
