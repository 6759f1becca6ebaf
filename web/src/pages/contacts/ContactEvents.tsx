import { api } from '../../api';
import type { Contact } from '../../api/types';
import { useCursorList } from '../../ui/useCursorList';
import { EventList } from '../events/EventList';

const PIECE = 50;

export function ContactEvents({ contact }: { contact: Contact }) {
  const list = useCursorList(
    async (cursor, signal) => {
      const page = await api.events.ofContact(contact.id, { limit: PIECE, cursor }, signal);
      return { ...page, data: page.events };
    },
    [contact.id],
  );
  return <EventList list={list} without="contact" />;
}
