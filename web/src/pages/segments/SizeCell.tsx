// The small curve of a segment's size in the list; asked for when the row comes into view. One point
// is no curve: so a new segment, and one whose members are not stored, has none.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { formatNumber } from '../../ui/format';
import { Sparkline } from '../../ui/Sparkline';

export const CURVE_DAYS = 30;

export function SizeCell({ segment }: { segment: Segment }) {
  const place = useRef<HTMLSpanElement>(null);
  const [sizes, setSizes] = useState<readonly number[] | null>(null);

  useEffect(() => {
    const abort = new AbortController();
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      api.segments
        .sizes(segment.id, CURVE_DAYS, abort.signal)
        .then(({ data }) => setSizes(data.map(({ count }) => count)))
        // A curve is an extra: the list is whole without it.
        .catch(() => undefined);
    });
    if (place.current) observer.observe(place.current);
    return () => {
      observer.disconnect();
      abort.abort();
    };
  }, [segment.id]);

  const values = sizes ?? [];
  return (
    <span class="size-cell" ref={place}>
      {values.length > 1 && (
        <Sparkline
          values={values}
          label={`From ${formatNumber(values[0] ?? 0)} to ${formatNumber(values.at(-1) ?? 0)} members in ${CURVE_DAYS} days`}
        />
      )}
    </span>
  );
}
