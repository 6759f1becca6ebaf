// Who entered a segment and who left it.
import { api } from '../../api';
import type { Segment, SegmentChange } from '../../api/types';
import { href } from '../../app/router';
import { ChangeList, type Mover } from '../ChangeList';

export function ChangesTab({ segment, version }: { segment: Segment; version: number }) {
  return (
    <ChangeList
      read={(query, signal) => api.segments.changes(segment.id, query, signal)}
      inputs={[segment.id, version]}
      moverTitle="Contact"
      moverOf={moverOf}
      empty={{ title: 'Nobody has entered or left yet', text: whyEmpty(segment) }}
    />
  );
}

function moverOf({ contact }: SegmentChange): Mover {
  return { title: contact.email, href: href`/contacts/${contact.id}` };
}

function whyEmpty({ type, trackMembership }: Segment): string {
  return type === 'DYNAMIC' && !trackMembership
    ? 'Entries and exits are written down while the segment is tracked.'
    : 'Entries and exits will be listed here, with what caused them.';
}
