// The switch for tracking, and what it means.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { ConfirmDialog } from '../../ui/Dialog';
import { Checkbox } from '../../ui/Field';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import {
  MoveEventList,
  moveEvents,
  TrackingBegins,
  TrackingEnds,
  useWasTracked,
  type MoveEvents,
} from '../tracking';
import { ListeningWebhooks } from '../webhooks/ListeningWebhooks';

interface TrackingPanelProps {
  segment: Segment;
  onChanged: (segment: Segment) => void;
}

export function TrackingPanel(props: TrackingPanelProps) {
  return props.segment.type === 'STATIC' ? <StaticPanel /> : <Switch {...props} />;
}

function Switch({ segment, onChanged }: TrackingPanelProps) {
  const action = useAction();
  // Shows what was asked for at once; if the server refuses, it goes back.
  const [wanted, want] = useState<boolean | null>(null);
  const [isAsking, ask] = useState(false);
  const wasTracked = useWasTracked(segment);
  const events = moveEvents(segment.slug);
  const begins = (
    <TrackingBegins events={events} count={segment.memberCount} wasTracked={wasTracked} />
  );

  async function change(trackMembership: boolean): Promise<void> {
    onChanged(await api.segments.update(segment.id, { trackMembership }));
    toast(trackMembership ? 'Entries and exits are tracked now.' : 'Tracking is off.');
  }
  const switchOff = () => {
    want(false);
    void action.run(() => change(false)).then(() => want(null));
  };

  return (
    <section class="card stack-small" aria-label="Tracking">
      <h2>Tracking</h2>
      <Checkbox
        label="Track membership changes"
        checked={wanted ?? segment.trackMembership}
        onChange={(isOn) => (isOn ? ask(true) : switchOff())}
      />
      <EventsOf events={events} isOn={segment.trackMembership} />
      <div class="muted small stack-small">
        <h3>{segment.trackMembership ? 'If you switch it off' : 'If you switch it on'}</h3>
        {segment.trackMembership ? <TrackingEnds /> : begins}
      </div>
      {action.error && <ErrorNote error={action.error} />}
      <ListeningWebhooks
        events={[
          { name: events.entry, title: 'entry' },
          { name: events.exit, title: 'exit' },
        ]}
      />
      {isAsking && (
        <ConfirmDialog
          title="Track membership changes?"
          action="Switch it on"
          onConfirm={() => change(true)}
          onClose={() => ask(false)}
        >
          {begins}
        </ConfirmDialog>
      )}
    </section>
  );
}

function EventsOf({ events, isOn }: { events: MoveEvents; isOn: boolean }) {
  return (
    <>
      <p class="muted small">
        {isOn
          ? 'Whoever enters or leaves gets an event, which a webhook or another segment can react to:'
          : 'It is off: nobody gets an event for entering or leaving. While it is on, these fire:'}
      </p>
      <MoveEventList events={events} />
    </>
  );
}

function StaticPanel() {
  return (
    <section class="card stack-small" aria-label="Membership">
      <h2>By hand</h2>
      <p class="muted">
        This segment is static: its members are those that you add. Adding and removing fires no
        events.
      </p>
    </section>
  );
}
