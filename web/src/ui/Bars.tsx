// Counts by day as bars, and shares as bars in a table.
import { useState } from 'preact/hooks';
import { ticksFor } from './chart';
import { formatDay, formatNumber } from './format';
import { useWidth } from './useWidth';

export interface DayCount {
  /** The first instant of the day. */
  day: string;
  count: number;
}

const HEIGHT = 180;
/** Before the place is known, and where there is none. */
const WIDTH_MIN = 200;
const LEFT = 44;
const TOP = 8;
const BOTTOM = 24;
const GAP = 4;
const BAR_WIDTH_MAX = 40;
/** A label takes so much room. */
const LABEL_WIDTH = 60;

function plotOf(days: readonly DayCount[], width: number) {
  const ticks = ticksFor(0, Math.max(...days.map(({ count }) => count), 1));
  const high = ticks.at(-1) ?? 1;
  const bottom = HEIGHT - BOTTOM;
  const place = (width - LEFT) / Math.max(days.length, 1);
  return {
    ticks,
    bottom,
    place,
    bar: Math.max(Math.min(place - GAP, BAR_WIDTH_MAX), 1),
    /** The middle of a day's place. */
    x: (index: number) => LEFT + (index + 0.5) * place,
    y: (count: number) => bottom - (count / high) * (bottom - TOP),
    labelEvery: Math.max(Math.ceil(LABEL_WIDTH / place), 1),
  };
}

export function DayBars({ title, days }: { title: string; days: readonly DayCount[] }) {
  const { element, width } = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number | null>(null);
  const whole = Math.max(width, WIDTH_MIN);
  const plot = plotOf(days, whole);
  const total = days.reduce((sum, { count }) => sum + count, 0);
  const read = chosen === null ? undefined : days[chosen];
  return (
    <div class="day-bars" ref={element}>
      <svg
        viewBox={`0 0 ${whole} ${HEIGHT}`}
        width={whole}
        height={HEIGHT}
        role="img"
        aria-label={`${title}: ${formatNumber(total)} in ${days.length} days`}
        onPointerLeave={() => setChosen(null)}
      >
        {plot.ticks.map((tick) => (
          <g key={tick}>
            <line class="chart-grid" x1={LEFT} x2={whole} y1={plot.y(tick)} y2={plot.y(tick)} />
            <text class="chart-label" x={LEFT - 8} y={plot.y(tick) + 4} text-anchor="end">
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {days.map(({ day, count }, index) => (
          <g key={day} onPointerEnter={() => setChosen(index)}>
            <rect
              class="chart-hit"
              x={plot.x(index) - plot.place / 2}
              y={TOP}
              width={plot.place}
              height={plot.bottom - TOP}
            />
            <rect
              class="chart-bar"
              x={plot.x(index) - plot.bar / 2}
              y={plot.y(count)}
              width={plot.bar}
              height={plot.bottom - plot.y(count)}
              rx="2"
            />
            {(days.length - 1 - index) % plot.labelEvery === 0 && (
              <text class="chart-label" x={plot.x(index)} y={HEIGHT - 6} text-anchor="middle">
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
