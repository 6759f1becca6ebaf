// What kind of segment one is, in a word.
import type { Segment } from '../../api/types';
import { Badge } from '../../ui/Badge';

export function TypeBadge({ segment }: { segment: Segment }) {
  return segment.type === 'DYNAMIC' ? <Badge tone="accent">Dynamic</Badge> : <Badge>Static</Badge>;
}

export function TrackingBadge({ segment }: { segment: Segment }) {
  if (segment.type === 'STATIC' || !segment.trackMembership) return null;
  return <Badge tone="good">Tracked</Badge>;
}
