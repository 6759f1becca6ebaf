// A small curve without axes: it shows which way something goes.

const WIDTH = 96;
const HEIGHT = 24;
const MARGIN = 2;

interface SparklineProps {
  /** Two at least, evenly spaced in time. */
  values: readonly number[];
  label: string;
}

export function Sparkline({ values, label }: SparklineProps) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (index: number) => MARGIN + (index * (WIDTH - 2 * MARGIN)) / (values.length - 1);
  // What never changed is a line in the middle.
  const y = (value: number) =>
    high === low
      ? HEIGHT / 2
      : HEIGHT - MARGIN - ((value - low) * (HEIGHT - 2 * MARGIN)) / (high - low);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
