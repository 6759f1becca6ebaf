// Counts by day as bars, and shares as bars in a table.
import { useState } from 'preact/hooks';
import { ticksFor } from './chart';
import { formatDay, formatNumber } from './format';

export interface DayCount {
  /** The first instant of the day. */
  day: string;
  count: number;
}

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 44;
const TOP = 8;
const BOTTOM = 24;
const GAP = 3;
/** So many labels fit under the bars. */
const LABELS_MAX = 6;

export function DayBars({ title, days }: { title: string; days: readonly DayCount[] }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const ticks = ticksFor(0, Math.max(...days.map(({ count }) => count), 1));
  const high = ticks.at(-1) ?? 1;
  const bottom = HEIGHT - BOTTOM;
  const width = (WIDTH - LEFT) / Math.max(days.length, 1);
  const y = (count: number) => bottom - (count / high) * (bottom - TOP);
  const every = Math.ceil(days.length / LABELS_MAX);
  const total = days.reduce((sum, { count }) => sum + count, 0);
  const read = chosen === null ? undefined : days[chosen];
  return (
    <div class="day-bars">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${formatNumber(total)} in ${days.length} days`}
        onPointerLeave={() => setChosen(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="chart-grid" x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} />
            <text class="chart-label" x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {days.map(({ day, count }, index) => (
          <g key={day} onPointerEnter={() => setChosen(index)}>
            <rect class="chart-hit" x={LEFT + index * width} y={TOP} width={width} height={bottom - TOP} />
            <rect
              class="chart-bar"
              x={LEFT + index * width + GAP / 2}
              y={y(count)}
              width={Math.max(width - GAP, 1)}
              height={bottom - y(count)}
              rx="2"
            />
            {index % every === 0 && (
              <text class="chart-label" x={LEFT + index * width} y={HEIGHT - 6}>
                {formatDay(day)}
              </text>
            )}
          </g>
        ))}
      </svg>
      <p class="chart-reading" aria-live="polite">
        {read ? `${formatDay(read.day)}: ${formatNumber(read.count)}` : '\u00a0'}
      </p>
    </div>
  );
}

/** A share from 0 to 1 as a bar; the number stands beside it in words. */
export function ShareBar({ share }: { share: number }) {
  const width = Math.max(Math.min(share, 1), 0) * 100;
  return (
    <svg class="share-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="share-ground" width="100" height="6" />
      <rect class="share-fill" width={width} height="6" />
    </svg>
  );
}
