// Which contacts something is done to: rows that were ticked, or all that a search finds.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../../api';
import type { Contact, ContactPage } from '../../../api/types';
import { patiently } from './patiently';

/** What a deed needs to know of somebody. */
export type Person = Pick<Contact, 'id' | 'email'>;

export type Selection =
  | { kind: 'rows'; people: readonly Person[] }
  /** Also those that are not on the page: they are read while the deed is done. */
  | { kind: 'all'; search: string; total: number };

/** The most that one page of contacts may have. */
const PAGE_MAX = 1_000;

export function countOf(selection: Selection): number {
  return selection.kind === 'rows' ? selection.people.length : selection.total;
}

/** The people of a selection, at most `size` at a time. */
export async function* piecesOf(
  selection: Selection,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Person[]> {
  if (selection.kind === 'rows') {
    for (let at = 0; at < selection.people.length; at += size) {
      yield selection.people.slice(at, at + size);
    }
    return;
  }
  // Newest first, by cursor: what is deleted or created meanwhile moves nobody into another page.
  let cursor: string | null = null;
  do {
    const query = { limit: Math.min(size, PAGE_MAX), cursor, search: selection.search };
    signal.throwIfAborted();
    const page: ContactPage = await patiently(() => api.contacts.list(query, signal));
    if (page.data.length > 0) yield page.data;
    cursor = page.cursor;
  } while (cursor !== null);
}

export interface Choice {
  selection: Selection | null;
  has: (person: Person) => boolean;
  toggle: (person: Person) => void;
  /** All that are shown, or none if all of them are chosen. */
  toggleShown: () => void;
  chooseFound: (total: number) => void;
  clear: () => void;
}

const mapOf = (people: readonly Person[]) => new Map(people.map((person) => [person.id, person]));

/**
 * What has been chosen in a list that `search` finds, of which it shows `shown`. Another search
 * begins with nothing.
 */
export function useChoice(search: string, shown: readonly Person[]): Choice {
  const [people, setPeople] = useState<ReadonlyMap<string, Person>>(new Map());
  const [total, setTotal] = useState<number | null>(null);

  function clear(): void {
    setPeople(new Map());
    setTotal(null);
  }
  useEffect(clear, [search]);

  const selection: Selection | null =
    total !== null
      ? { kind: 'all', search, total }
      : people.size > 0
        ? { kind: 'rows', people: [...people.values()] }
        : null;
  const has = ({ id }: Person) => total !== null || people.has(id);
  return {
    selection,
    has,
    toggle: (person) => {
      const next = total === null ? new Map(people) : mapOf(shown);
      if (!next.delete(person.id)) next.set(person.id, person);
      setPeople(next);
      setTotal(null);
    },
    toggleShown: () => {
      setPeople(shown.every(has) ? new Map() : mapOf(shown));
      setTotal(null);
    },
    chooseFound: setTotal,
    clear,
  };
}
