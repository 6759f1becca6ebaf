import { api } from '../../api';
import { useCursorList } from '../../ui/useCursorList';
import { EventList } from './EventList';

const PIECE = 50;

/** The latest events: of one name, or of all (null). */
export function EventFeed({ name }: { name: string | null }) {
  const list = useCursorList(
    async (cursor, signal) => {
      const page = await api.events.list(
        { limit: PIECE, cursor, ...(name === null ? {} : { eventName: name }) },
        signal,
      );
      return { ...page, data: page.events };
    },
    [name],
  );
  return name === null ? <EventList list={list} /> : <EventList list={list} without="name" />;
}
