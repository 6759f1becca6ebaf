// One name of an event: when it occurs, to whom, and who relies on it.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import { go } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { PageHead, Section } from '../../ui/Page';
import { toast } from '../../ui/Toast';
import { useResource } from '../../ui/useResource';
import { DeleteUsedDialog } from '../DeleteUsedDialog';
import { UsedBy } from '../UsedBy';
import { ListeningWebhooks } from '../webhooks/ListeningWebhooks';
import { DaysPanel } from './DaysPanel';
import { EventFeed } from './EventFeed';

/** The server writes these itself. */
const RESERVED = /^(segment|contact|email)\./;

export default function EventPage({ params }: PageProps) {
  const name = params['name'] ?? '';
  const [isAsked, ask] = useState(false);
  const usage = useResource((signal) => api.events.usage(name, signal), [name]);

  async function remove(): Promise<void> {
    await api.events.delete(name);
    toast(`All “${name}” events have been deleted.`);
    go('/events');
  }
  /** Who uses it may be otherwise by now. */
  function askToDelete(): void {
    usage.reload();
    ask(true);
  }

  return (
    <>
      <PageHead
        title={name}
        back={{ href: '#/events', title: 'Events' }}
        lead={RESERVED.test(name) && 'Segmentry writes this event itself.'}
        actions={
          !RESERVED.test(name) && (
            <Button onClick={askToDelete}>
              <Icon name="trash" />
              Delete
            </Button>
          )
        }
      />
      <div class="panels">
        <DaysPanel name={name} />
        <UsedBy usage={usage} unused="No filter asks for this event.">
          <ListeningWebhooks events={[{ name }]} />
        </UsedBy>
      </div>
      <Section title="Latest">
        <EventFeed name={name} />
      </Section>
      {isAsked && (
        <DeleteUsedDialog
          title={`Delete all “${name}” events?`}
          action="Delete events"
          usage={usage}
          onConfirm={remove}
          onClose={() => ask(false)}
        >
          <p>Every occurrence goes, of every contact. This cannot be undone.</p>
        </DeleteUsedDialog>
      )}
    </>
  );
}
