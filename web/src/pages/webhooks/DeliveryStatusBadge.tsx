import type { Delivery, DeliveryStatus } from '../../api/types';
import { Badge, type BadgeTone } from '../../ui/Badge';
import { Time } from '../../ui/Time';

const LOOKS: Readonly<Record<DeliveryStatus, { tone: BadgeTone; title: string }>> = {
  PENDING: { tone: 'neutral', title: 'Waiting' },
  DELIVERED: { tone: 'good', title: 'Delivered' },
  PARKED: { tone: 'bad', title: 'Parked' },
};

const RETRYING = { tone: 'warning', title: 'Trying again' } as const;

export function DeliveryStatusBadge({ delivery }: { delivery: Delivery }) {
  const isRetrying = delivery.status === 'PENDING' && delivery.attempts.length > 0;
  const { tone, title } = isRetrying ? RETRYING : LOOKS[delivery.status];
  return <Badge tone={tone}>{title}</Badge>;
}

/** When the next attempt is made; what is due waits for earlier ones, or for the end of a pause. */
export function NextAttempt({ at }: { at: string }) {
  return Date.parse(at) <= Date.now() ? <>due</> : <Time at={at} />;
}
