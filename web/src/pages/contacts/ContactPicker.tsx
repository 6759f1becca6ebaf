// Finds one contact by a part of its address.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import { Address } from '../../ui/Address';
import { Loaded } from '../../ui/Loaded';
import { SearchField } from '../../ui/SearchField';
import { useResource } from '../../ui/useResource';

/** As many as one looks through. */
const FOUND_MAX = 8;

interface ContactPickerProps {
  label: string;
  chosenId: string | null;
  onChoose: (id: string) => void;
}

export function ContactPicker({ label, chosenId, onChoose }: ContactPickerProps) {
  const [search, setSearch] = useState('');
  const found = useResource(
    (signal) => api.contacts.list({ limit: FOUND_MAX, search }, signal),
    [search],
  );
  return (
    <div class="stack-small">
      <SearchField label={label} value={search} onSearch={setSearch} />
      <Loaded from={found} compact rows={4}>
        {({ data }) => (
          <ul class="choose-list" aria-label="Contacts found">
            {data.map(({ id, email }) => (
              <li key={id}>
                <button type="button" aria-pressed={id === chosenId} onClick={() => onChoose(id)}>
                  <Address email={email} />
                </button>
              </li>
            ))}
            {data.length === 0 && <li class="muted small">No contact has this in the address.</li>}
          </ul>
        )}
      </Loaded>
    </div>
  );
}
