// How many members there were, over the last 30 days.
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { Curve, type CurvePoint } from '../../ui/Curve';
import { Loaded } from '../../ui/Loaded';
import { useResource } from '../../ui/useResource';
import { CURVE_DAYS } from './SizeCell';

export function SizePanel({ segment, version }: { segment: Segment; version: number }) {
  const sizes = useResource(
    (signal) => api.segments.sizes(segment.id, CURVE_DAYS, signal),
    [segment.id, version],
  );
  return (
    <section class="card size-panel" aria-label="Size">
      <h2>Members, last {CURVE_DAYS} days</h2>
      <Loaded from={sizes} compact rows={3}>
        {({ data }) => <Curve title="Members" points={[...data.map(pointOf), now(segment)]} />}
      </Loaded>
    </section>
  );
}

function pointOf({ at, count }: { at: string; count: number }): CurvePoint {
  return { at, value: count };
}

function now(segment: Segment): CurvePoint {
  return { at: new Date().toISOString(), value: segment.memberCount };
}
