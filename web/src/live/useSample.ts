// Contacts of a sample, read from the server for display: their ids come from the counting.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import type { Contact } from '../api/types';
import type { Live } from './live';

/** Names need not change at every key. */
const PAUSE_MS = 200;
/** What was read is kept: of one sample much is in the next. */
const KEPT_MAX = 200;

export class SampleReader {
  private readonly kept = new Map<string, Contact>();
  private generation = -1;

  constructor(private readonly live: Live) {}

  /** Those that are there; who has been deleted meanwhile is left out. */
  async read(ids: readonly string[], signal: AbortSignal): Promise<Contact[]> {
    const generation = this.live.generation.peek();
    if (generation !== this.generation || this.kept.size > KEPT_MAX) this.kept.clear();
    this.generation = generation;
    const found = await Promise.all(ids.map((id) => this.one(id, signal)));
    return found.filter((contact) => contact !== null);
  }

  private async one(id: string, signal: AbortSignal): Promise<Contact | null> {
    const known = this.live.brought.get(id) ?? this.kept.get(id);
    if (known) return known;
    const contact = await api.contacts.get(id, signal).catch(() => null);
    if (contact) this.kept.set(id, contact);
    return contact;
  }
}

/** The contacts behind ids; what was there stays until the new ones are. */
export function useSample(live: Live, ids: readonly string[]): readonly Contact[] {
  const reader = useRef<SampleReader>(undefined);
  reader.current ??= new SampleReader(live);
  const [contacts, setContacts] = useState<readonly Contact[]>([]);
  const generation = live.generation.value;
  const key = ids.join(' ');
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      void reader.current?.read(ids, abort.signal).then((read) => {
        if (!abort.signal.aborted) setContacts(read);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, generation]);
  return contacts;
}
