// What a filter saw, in words.
import type { Seen } from '../../../api/types';
import { formatCount, formatInstant, formatNumber } from '../../../ui/format';

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Null where there is nothing to say. */
export function seenInWords(seen: Seen | undefined): string | null {
  switch (seen?.kind) {
    case undefined:
      return null;
    case 'absent':
      return 'nothing there';
    case 'object':
      return 'an object';
    case 'boolean':
      return seen.value ? 'yes' : 'no';
    case 'membership':
      return seen.value ? 'a member' : 'not a member';
    case 'number':
      return formatNumber(seen.value);
    case 'instant':
      return formatInstant(seen.value);
    case 'text':
      if (isInstant(seen.value)) return formatInstant(seen.value);
      return `“${seen.value}${seen.isCut ? '…' : ''}”`;
    case 'array':
      return seen.value.length === 0
        ? 'an empty list'
        : `${seen.value.map((text) => `“${text}”`).join(', ')}${seen.isCut ? ', …' : ''}`;
    case 'occurrences':
      return `${formatCount(seen.count, 'time')}, last ${formatInstant(seen.last)}`;
  }
}
