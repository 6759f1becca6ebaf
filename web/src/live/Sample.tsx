// A few of the contacts that are counted, by name.
import type { Contact } from '../api/types';
import { href } from '../app/router';
import { formatNumber } from '../ui/format';
import type { Live } from './live';
import { useSample } from './useSample';

interface SampleProps {
  live: Live;
  ids: readonly string[];
  /** How many there are in all. */
  count: number;
  title: string;
}

export function Sample({ live, ids, count, title }: SampleProps) {
  const contacts = useSample(live, ids);
  return (
    <div class="sample">
      <h3>{title}</h3>
      {ids.length === 0 ? (
        <p class="muted small">Nobody.</p>
      ) : (
        <ul>
          {contacts.map((contact) => (
            <SampleRow key={contact.id} contact={contact} />
          ))}
        </ul>
      )}
      {count > ids.length && ids.length > 0 && (
        <p class="muted small">and {formatNumber(count - ids.length)} more</p>
      )}
    </div>
  );
}

function SampleRow({ contact }: { contact: Contact }) {
  return (
    <li>
      {/* Beside what is being written: it stays open. */}
      <a href={href`/contacts/${contact.id}`} target="_blank" rel="noopener" title={contact.email}>
        {contact.email}
      </a>
      {!contact.subscribed && <span class="muted small"> not subscribed</span>}
    </li>
  );
}
