// What a deed is called, before it is done and after it.
import { formatCount, formatNumber } from '../../../ui/format';
import type { BulkProgress, Deed } from './deeds';
import { countOf, type Selection } from './selection';

const contacts = (count: number) => formatCount(count, 'contact');

export interface DeedWords {
  title: string;
  action: string;
  /** What follows from it. */
  lead: string;
  /** It takes something away. */
  isDanger: boolean;
  /** While it is being done. */
  doing: string;
  done: (progress: BulkProgress) => string;
}

const already = (skipped: number, what: string) =>
  skipped > 0 ? ` ${contacts(skipped)} ${skipped === 1 ? 'was' : 'were'} ${what}.` : '';

export function wordsOf(deed: Deed, selection: Selection): DeedWords {
  const some = contacts(countOf(selection));
  switch (deed.kind) {
    case 'subscribe':
      return {
        title: `Subscribe ${some}?`,
        action: `Subscribe ${some}`,
        lead: 'They will be among the recipients of campaigns. Subscribe only those who have agreed to it.',
        isDanger: false,
        doing: 'Subscribing',
        done: ({ changed, skipped }) =>
          `${contacts(changed)} subscribed.${already(skipped, 'subscribed already')}`,
      };
    case 'unsubscribe':
      return {
        title: `Unsubscribe ${some}?`,
        action: `Unsubscribe ${some}`,
        lead: 'No campaign will be sent to them any more, until somebody subscribes them again.',
        isDanger: true,
        doing: 'Unsubscribing',
        done: ({ changed, skipped }) =>
          `${contacts(changed)} unsubscribed.${already(skipped, 'not subscribed already')}`,
      };
    case 'delete':
      return {
        title: `Delete ${some}?`,
        action: `Delete ${some}`,
        lead: 'Their data, their events and their memberships go with them. This cannot be undone.',
        isDanger: true,
        doing: 'Deleting',
        done: ({ changed, skipped }) =>
          `${contacts(changed)} deleted.${already(skipped, 'gone already')}`,
      };
    case 'add':
      return {
        title: `Add ${some} to a segment`,
        action: `Add ${some}`,
        lead: '',
        isDanger: false,
        doing: 'Adding',
        done: ({ changed, skipped }) =>
          `${contacts(changed)} added to “${deed.segment.name}”.${already(skipped, 'a member already')}`,
      };
  }
}

/** Who is meant, where that is more than one sees. */
export function scopeOf(selection: Selection): string | null {
  if (selection.kind === 'rows') return null;
  return selection.search === ''
    ? `This is every contact of the project: all ${formatNumber(selection.total)}.`
    : `These are all contacts with “${selection.search}” in the address, also those that the page does not show.`;
}
