// One contact: what is known, what happened, and where it belongs.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Contact } from '../../api/types';
import { go, location, setQuery } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { Button, IconButton } from '../../ui/Button';
import { ConfirmDialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { Tabs } from '../../ui/Tabs';
import { Time } from '../../ui/Time';
import { toast } from '../../ui/Toast';
import { useResource, type Resource } from '../../ui/useResource';
import { ContactChanges } from './ContactChanges';
import { ContactData } from './ContactData';
import { ContactDialog } from './ContactDialog';
import { ContactEvents } from './ContactEvents';
import { ContactSegments } from './ContactSegments';
import { SubscribedBadge } from './SubscribedBadge';

const TABS = [
  { id: 'data', title: 'Data' },
  { id: 'segments', title: 'Segments' },
  { id: 'events', title: 'Events' },
  { id: 'changes', title: 'Entries and exits' },
] as const;

export default function ContactPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const contact = useResource((signal) => api.contacts.get(id, signal), [id]);
  return (
    <Loaded from={contact} isPage upwards={{ href: '#/contacts', title: 'Go to the contacts' }}>
      {(data) => <Content contact={data} resource={contact} />}
    </Loaded>
  );
}

function Content({ contact, resource }: { contact: Contact; resource: Resource<Contact> }) {
  const asked = location.value.query.get('tab');
  const current = TABS.find(({ id }) => id === asked)?.id ?? 'data';
  return (
    <>
      <Head contact={contact} onSaved={resource.set} />
      <Tabs
        label="Details"
        tabs={TABS}
        current={current}
        onChange={(tab) => setQuery({ tab: tab === 'data' ? null : tab })}
      >
        {current === 'data' && <ContactData contact={contact} />}
        {current === 'segments' && <ContactSegments contact={contact} />}
        {current === 'events' && <ContactEvents contact={contact} />}
        {current === 'changes' && <ContactChanges contact={contact} />}
      </Tabs>
    </>
  );
}

function Head({ contact, onSaved }: { contact: Contact; onSaved: (contact: Contact) => void }) {
  const [asked, ask] = useState<'edit' | 'delete' | null>(null);

  async function remove(): Promise<void> {
    await api.contacts.delete(contact.id);
    toast(`${contact.email} has been deleted.`);
    go('/contacts');
  }

  return (
    <PageHead
      title={contact.email}
      back={{ href: '#/contacts', title: 'Contacts' }}
      marks={<SubscribedBadge subscribed={contact.subscribed} />}
      lead={
        <>
          Created <Time at={contact.createdAt} />, last changed <Time at={contact.updatedAt} />.
        </>
      }
      actions={
        <>
          <IconButton label="Delete" framed onClick={() => ask('delete')}>
            <Icon name="trash" />
          </IconButton>
          <Button variant="primary" onClick={() => ask('edit')}>
            <Icon name="edit" />
            Edit
          </Button>
          {asked === 'edit' && (
            <ContactDialog contact={contact} onSaved={onSaved} onClose={() => ask(null)} />
          )}
          {asked === 'delete' && (
            <ConfirmDialog
              title="Delete this contact?"
              action="Delete contact"
              danger
              onConfirm={remove}
              onClose={() => ask(null)}
            >
              <p class="break">
                {contact.email} goes, with all events and memberships. This cannot be undone.
              </p>
            </ConfirmDialog>
          )}
        </>
      }
    />
  );
}
