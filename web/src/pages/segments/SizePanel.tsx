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
        {({ data }) =>
          data.length > 1 ? (
            <Curve title="Members" points={data.map(pointOf)} />
          ) : (
            <p class="muted">{whyNoCurve(segment)}</p>
          )
        }
      </Loaded>
    </section>
  );
}

function pointOf({ at, count }: { at: string; count: number }): CurvePoint {
  return { at, value: count };
}

function whyNoCurve({ type, trackMembership }: Segment): string {
  return type === 'DYNAMIC' && !trackMembership
    ? 'The members of a segment that is not tracked are not stored, so there is no curve of how many there were.'
    : 'The curve begins tomorrow: it has a point for each day.';
}
