// A number over time, with axes. A number holds until the next one: so the curve has steps. Arrow
// keys and the pointer read single points.
import { useState } from 'preact/hooks';
import { ticksFor } from './chart';
import { formatDay, formatInstant, formatNumber } from './format';
import { useWidth } from './useWidth';

export interface CurvePoint {
  at: string;
  value: number;
}

interface CurveProps {
  title: string;
  /** At least one, in order of time. */
  points: readonly CurvePoint[];
}

const HEIGHT = 200;
/** Before the place is known, and where there is none. */
const WIDTH_MIN = 200;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;
/** The axis begins above zero if no value is below this share of the largest. */
const ZOOMED_FROM = 0.5;
/** A label every so many pixels at the most. */
const LABEL_WIDTH = 90;

export function Curve({ title, points }: CurveProps) {
  const { element, width } = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number | null>(null);
  const plot = plotOf(points, Math.max(width, WIDTH_MIN));
  const read = chosen === null ? undefined : points[chosen];

  function choose(event: PointerEvent): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    setChosen(plot.nearest(event.clientX - box.left));
  }

  function step(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const last = points.length - 1;
    setChosen(Math.min(Math.max((chosen ?? last) + by, 0), last));
  }

  const summary = `${title}: from ${formatNumber(points[0]?.value ?? 0)} to ${formatNumber(points.at(-1)?.value ?? 0)}`;
  return (
    <div class="curve" ref={element}>
      <svg
        viewBox={`0 0 ${plot.width} ${HEIGHT}`}
        width={plot.width}
        height={HEIGHT}
        role="img"
        aria-label={summary}
        tabIndex={0}
        onPointerMove={choose}
        onPointerLeave={() => setChosen(null)}
        onKeyDown={step}
        onBlur={() => setChosen(null)}
      >
        {plot.valueTicks.map(({ value, y }) => (
          <g key={value}>
            <line class="chart-grid" x1={LEFT} x2={plot.width - RIGHT} y1={y} y2={y} />
            <text class="chart-label" x={LEFT - 8} y={y + 4} text-anchor="end">
              {formatNumber(value)}
            </text>
          </g>
        ))}
        {plot.timeTicks.map(({ at, x, anchor }) => (
          <text key={at} class="chart-label" x={x} y={HEIGHT - 6} text-anchor={anchor}>
            {formatDay(at)}
          </text>
        ))}
        <path class="chart-area" d={plot.area} />
        <path class="chart-line" d={plot.line} />
        {chosen !== null && read && (
          <g>
            <line
              class="chart-cursor"
              x1={plot.x(chosen)}
              x2={plot.x(chosen)}
              y1={TOP}
              y2={HEIGHT - BOTTOM}
            />
            <circle class="chart-point" cx={plot.x(chosen)} cy={plot.y(read.value)} r="4" />
          </g>
        )}
      </svg>
      <p class="chart-reading" aria-live="polite">
        {read ? `${formatInstant(read.at)}: ${formatNumber(read.value)}` : '\u00a0'}
      </p>
    </div>
  );
}

function plotOf(points: readonly CurvePoint[], width: number) {
  const times = points.map(({ at }) => Date.parse(at));
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // From zero, unless that would press a small change into a flat line.
  const ticks = ticksFor(least < most * ZOOMED_FROM ? 0 : least, most);
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const start = times[0] ?? 0;
  const end = Math.max(times.at(-1) ?? 1, start + 1);
  const right = width - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const xAt = (time: number) => LEFT + ((time - start) / (end - start)) * (right - LEFT);
  const y = (value: number) => bottom - ((value - low) / (high - low)) * (bottom - TOP);
  const x = (index: number) => xAt(times[index] ?? start);

  let line = `M${x(0)},${y(values[0] ?? 0)}`;
  for (let index = 1; index < values.length; index++) {
    line += `H${x(index).toFixed(1)}V${y(values[index] ?? 0).toFixed(1)}`;
  }
  line += `H${right}`;
  const labels = Math.max(Math.min(Math.floor((right - LEFT) / LABEL_WIDTH), 6), 2);
  return {
    width,
    x,
    y,
    line,
    // Filled only down to zero: anything else would exaggerate.
    area: low === 0 ? `${line}V${bottom}H${LEFT}Z` : '',
    valueTicks: ticks.map((value) => ({ value, y: y(value) })),
    timeTicks: Array.from({ length: labels }, (_, index) => {
      const at = start + ((end - start) * index) / (labels - 1);
      const anchor = index === 0 ? 'start' : index === labels - 1 ? 'end' : 'middle';
      return { at, x: xAt(at), anchor } as const;
    }),
    /** The point that holds at a place. */
    nearest: (place: number): number => {
      let found = 0;
      for (let index = 0; index < times.length; index++) if (x(index) <= place) found = index;
      return found;
    },
  };
}
