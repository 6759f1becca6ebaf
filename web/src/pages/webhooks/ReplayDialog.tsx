// Sends again what was told in a time: says first how many it is.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { ReplayRange, Webhook } from '../../api/types';
import { FormDialog } from '../../ui/Dialog';
import { Select, TextField } from '../../ui/Field';
import { formatCount } from '../../ui/format';
import { localText, zoneName } from '../../ui/localInstant';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useResource, type Resource } from '../../ui/useResource';

type Which = 'PARKED' | 'DELIVERED' | 'BOTH';

const WHICH: readonly { value: Which; title: string }[] = [
  { value: 'PARKED', title: 'What was given up' },
  { value: 'DELIVERED', title: 'What was delivered' },
  { value: 'BOTH', title: 'Both' },
];

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** So long the log goes back. */
const LOG_MS = 30 * DAY_MS;

/** What a field says, as an instant; null while it says none. */
function instantOf(text: string): string | null {
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function rangeOf(from: string, to: string, which: Which): ReplayRange | null {
  const [start, end] = [instantOf(from), instantOf(to)];
  if (start === null || end === null || start >= end) return null;
  return { from: start, to: end, ...(which === 'BOTH' ? {} : { status: which }) };
}

interface ReplayDialogProps {
  webhook: Webhook;
  onClose: () => void;
}

export function ReplayDialog({ webhook, onClose }: ReplayDialogProps) {
  const hasParked = webhook.parked > 0;
  const [which, choose] = useState<Which>(hasParked ? 'PARKED' : 'BOTH');
  const [from, setFrom] = useState(() =>
    localText(new Date(Date.now() - (hasParked ? LOG_MS : DAY_MS))),
  );
  // Up to and with this minute.
  const [to, setTo] = useState(() => localText(new Date(Date.now() + MINUTE_MS)));
  const range = rangeOf(from, to, which);
  const count = useResource(
    () => (range ? api.webhooks.countReplay(webhook.id, range) : Promise.resolve(null)),
    [JSON.stringify(range)],
  );
  const isKnown = !count.isLoading && typeof count.data === 'number' && count.data > 0;

  async function replay(): Promise<void> {
    if (range === null) return;
    const replayed = await api.webhooks.replay(webhook.id, range);
    toast(`${formatCount(replayed, 'delivery is', 'deliveries are')} sent again.`);
    onClose();
  }
  return (
    <FormDialog
      title="Replay deliveries"
      action="Send again"
      isReady={isKnown}
      onSubmit={replay}
      onClose={onClose}
    >
      <p>
        What was recorded in a time is sent again, with the same ids and as it was: a receiver
        that remembers ids passes over what it has had.
      </p>
      <Select label="Which" value={which} options={WHICH} onChange={choose} />
      <TextField label="From" type="datetime-local" value={from} onInput={setFrom} required />
      <TextField
        label="Before"
        type="datetime-local"
        hint={`In your time zone, ${zoneName()}. The log goes back 30 days.`}
        error={range === null ? 'Both are needed, and this one is the later one.' : undefined}
        value={to}
        onInput={setTo}
        required
      />
      <HowMany count={count} />
    </FormDialog>
  );
}

function HowMany({ count }: { count: Resource<number | null> }) {
  if (count.error) return <ErrorNote error={count.error} />;
  const isKnown = !count.isLoading && typeof count.data === 'number';
  return (
    <p role="status">
      {isKnown ? (
        <strong>
          {formatCount(count.data ?? 0, 'delivery', 'deliveries')} will be sent again.
        </strong>
      ) : (
        '\u00a0'
      )}
    </p>
  );
}
