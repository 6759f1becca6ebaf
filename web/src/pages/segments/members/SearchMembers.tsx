// Contacts of the project by a part of their address; those that are members already are greyed
// out.
import { useState } from 'preact/hooks';
import { api } from '../../../api';
import type { Contact } from '../../../api/types';
import { Button } from '../../../ui/Button';
import { Icon } from '../../../ui/Icon';
import { Loaded } from '../../../ui/Loaded';
import { SearchField } from '../../../ui/SearchField';
import { EmptyState } from '../../../ui/States';
import { toastError } from '../../../ui/Toast';
import { useResource } from '../../../ui/useResource';
import type { AddMembersProps } from './AddMembersDialog';

/** As many as one looks through; a longer search finds the rest. */
const FOUND_MAX = 20;
const MEMBERS_PAGE = 100;

interface Found {
  contacts: Contact[];
  memberIds: ReadonlySet<string>;
}

/** Which of the contacts are members. One page answers for most searches; the rest are asked one by
 * one. */
async function membersAmong(
  segmentId: string,
  found: readonly Contact[],
  search: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const same = await api.segments.members(
    segmentId,
    { page: 1, pageSize: MEMBERS_PAGE, search },
    signal,
  );
  const ids = new Set(same.data.map(({ id }) => id));
  if (same.totalPages <= 1) return ids;
  const unknown = found.filter(({ id }) => !ids.has(id));
  await Promise.all(
    unknown.map(async ({ id, email }) => {
      const page = await api.segments.members(
        segmentId,
        { page: 1, pageSize: MEMBERS_PAGE, search: email },
        signal,
      );
      if (page.data.some((member) => member.id === id)) ids.add(id);
    }),
  );
  return ids;
}

async function find(segmentId: string, search: string, signal: AbortSignal): Promise<Found> {
  const { data } = await api.contacts.list({ limit: FOUND_MAX, search }, signal);
  return { contacts: data, memberIds: await membersAmong(segmentId, data, search, signal) };
}

export function SearchMembers({ segment, onAdded }: AddMembersProps) {
  const [search, setSearch] = useState('');
  const found = useResource((signal) => find(segment.id, search, signal), [segment.id, search]);

  async function add(contact: Contact): Promise<void> {
    try {
      await api.segments.addMembers(segment.id, { emails: [contact.email] });
      if (found.data) {
        found.set({
          ...found.data,
          memberIds: new Set([...found.data.memberIds, contact.id]),
        });
      }
      onAdded();
    } catch (error) {
      toastError(error);
    }
  }

  return (
    <div class="stack">
      <SearchField label="Search contacts by email" value={search} onSearch={setSearch} autofocus />
      <Loaded from={found} rows={6}>
        {({ contacts, memberIds }) =>
          contacts.length === 0 ? (
            <EmptyState icon="search" title="No contact has this in the address">
              Contacts that do not exist yet can be pasted or uploaded.
            </EmptyState>
          ) : (
            <ul class="pick-list" aria-label="Contacts found">
              {contacts.map((contact) => (
                <FoundContact
                  key={contact.id}
                  contact={contact}
                  isMember={memberIds.has(contact.id)}
                  onAdd={() => add(contact)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  );
}

interface FoundContactProps {
  contact: Contact;
  isMember: boolean;
  onAdd: () => Promise<void>;
}

function FoundContact({ contact, isMember, onAdd }: FoundContactProps) {
  const [isBusy, setBusy] = useState(false);
  return (
    <li data-member={isMember}>
      <span class="break">{contact.email}</span>
      {isMember ? (
        <span class="pick-state">
          <Icon name="check" />
          Member
        </span>
      ) : (
        <Button
          size="small"
          busy={isBusy}
          aria-label={`Add ${contact.email}`}
          onClick={() => {
            setBusy(true);
            void onAdd().finally(() => setBusy(false));
          }}
        >
          <Icon name="plus" />
          Add
        </Button>
      )}
    </li>
  );
}
