// An entry or exit, in words.
import type { Cause, ChangeBase } from '../api/types';
import { Icon } from '../ui/Icon';

const CAUSES: Readonly<Record<Cause, string>> = {
  DATA: 'the contact or its events changed',
  CLOCK: 'time passed',
  DEFINITION: 'the filter changed',
  MANUAL: 'by hand',
  DELETE: 'the contact was deleted',
};

export function causeInWords(cause: Cause): string {
  return CAUSES[cause] ?? cause;
}

export function ChangeMark({ change }: { change: ChangeBase }) {
  const isEntry = change.type === 'entry';
  return (
    <span class="change-mark" data-type={change.type}>
      <Icon name={isEntry ? 'enter' : 'leave'} />
      {isEntry ? 'Entered' : 'Left'}
    </span>
  );
}
