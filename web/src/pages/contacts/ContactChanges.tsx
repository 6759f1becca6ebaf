// The segments that a contact entered and left.
import { api } from '../../api';
import type { Contact, ContactChange } from '../../api/types';
import { href } from '../../app/router';
import { ChangeList, type Mover } from '../ChangeList';

const EMPTY = {
  title: 'No entries and exits yet',
  text: 'When this contact enters or leaves a tracked segment, it will be listed here.',
};

export function ContactChanges({ contact }: { contact: Contact }) {
  return (
    <ChangeList
      read={(query, signal) => api.contacts.changes(contact.id, query, signal)}
      inputs={[contact.id]}
      moverTitle="Segment"
      moverOf={moverOf}
      empty={EMPTY}
    />
  );
}

function moverOf({ segment }: ContactChange): Mover {
  return { title: segment.name, href: href`/segments/${segment.id}` };
}
