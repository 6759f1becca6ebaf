// The switch for tracking, and what it means.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { Checkbox } from '../../ui/Field';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { ListeningWebhooks } from '../webhooks/ListeningWebhooks';

interface TrackingPanelProps {
  segment: Segment;
  onChanged: (segment: Segment) => void;
}

export function TrackingPanel({ segment, onChanged }: TrackingPanelProps) {
  const action = useAction();
  // Shows what was asked for at once; if the server refuses, it goes back.
  const [wanted, want] = useState<boolean | null>(null);
  if (segment.type === 'STATIC') return <StaticPanel />;

  async function change(trackMembership: boolean): Promise<void> {
    want(trackMembership);
    await action.run(async () => {
      onChanged(await api.segments.update(segment.id, { trackMembership }));
      toast(trackMembership ? 'Entries and exits are tracked now.' : 'Tracking is off.');
    });
    want(null);
  }

  return (
    <section class="card stack-small" aria-label="Tracking">
      <h2>Tracking</h2>
      <Checkbox
        label="Track membership changes"
        checked={wanted ?? segment.trackMembership}
        onChange={(checked) => void change(checked)}
      />
      <p class="muted small">
        While it is on, members are stored, and whoever enters or leaves gets an event. A campaign,
        a webhook or another segment can wait for it:
      </p>
      <ul class="event-names">
        <li>
          <code>segment.{segment.slug}.entry</code>
        </li>
        <li>
          <code>segment.{segment.slug}.exit</code>
        </li>
      </ul>
      {action.error && <ErrorNote error={action.error} />}
      <ListeningWebhooks
        events={[
          { name: `segment.${segment.slug}.entry`, title: 'entry' },
          { name: `segment.${segment.slug}.exit`, title: 'exit' },
        ]}
      />
    </section>
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
