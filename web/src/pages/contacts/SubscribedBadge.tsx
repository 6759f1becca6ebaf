import { Badge } from '../../ui/Badge';

export function SubscribedBadge({ subscribed }: { subscribed: boolean }) {
  return subscribed ? <Badge tone="good">Subscribed</Badge> : <Badge>Not subscribed</Badge>;
}
