// Why somebody is in the segment, or is not: the verdict of each filter on one contact.
import { api } from '../../../api';
import type { Segment } from '../../../api/types';
import { location, setQuery } from '../../../app/router';
import { ContactPicker } from '../../contacts/ContactPicker';
import { Loaded } from '../../../ui/Loaded';
import { EmptyState } from '../../../ui/States';
import { useResource } from '../../../ui/useResource';
import { ExplanationTree } from './ExplanationTree';

export function WhyTab({ segment }: { segment: Segment }) {
  const contactId = location.value.query.get('contact');
  return (
    <div class="why">
      <ContactPicker
        label="Search a contact by email"
        chosenId={contactId}
        onChoose={(contact) => setQuery({ contact })}
      />
      {contactId === null ? (
        <EmptyState icon="question" title="Why is somebody in here, or not?">
          Choose any contact. Each filter says what it saw, whether that matches, and when that will
          change by itself.
        </EmptyState>
      ) : (
        <Verdict segment={segment} contactId={contactId} />
      )}
    </div>
  );
}

async function read(segment: Segment, contactId: string, signal: AbortSignal) {
  const [explanation, contact] = await Promise.all([
    api.segments.explain(segment.id, contactId, signal),
    api.contacts.get(contactId, signal),
  ]);
  return { explanation, contact };
}

function Verdict({ segment, contactId }: { segment: Segment; contactId: string }) {
  const verdict = useResource(
    (signal) => read(segment, contactId, signal),
    [segment.id, segment.updatedAt, contactId],
  );
  return (
    <Loaded from={verdict} rows={4}>
      {(data) =>
        segment.condition && (
          <ExplanationTree
            condition={segment.condition}
            contact={data.contact}
            explanation={data.explanation}
          />
        )
      }
    </Loaded>
  );
}
