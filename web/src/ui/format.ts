// Numbers, shares, values and instants as texts.

const NUMBER = new Intl.NumberFormat('en');
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export function formatNumber(value: number): string {
  return NUMBER.format(value);
}

/** Less than this is written as less than this: a few of very many are not nobody. */
const SHARE_MIN = 0.001;

/** `part` of `whole`; nothing of nothing is 0%. */
export function formatShare(part: number, whole: number): string {
  const share = whole === 0 ? 0 : part / whole;
  return share > 0 && share < SHARE_MIN ? `<${PERCENT.format(SHARE_MIN)}` : PERCENT.format(share);
}

/** `1 member`, `2,000 members`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 24 * 3600_000],
  ['month', 30 * 24 * 3600_000],
  ['day', 24 * 3600_000],
  ['hour', 3600_000],
  ['minute', 60_000],
];

/** `3 days ago`, `in 2 hours`, `now`. */
export function formatRelative(instantMs: number, nowMs: number): string {
  const distanceMs = instantMs - nowMs;
  for (const [unit, sizeMs] of UNITS) {
    if (Math.abs(distanceMs) >= sizeMs) {
      return RELATIVE.format(Math.trunc(distanceMs / sizeMs), unit);
    }
  }
  return distanceMs > 0 ? 'in a moment' : 'just now';
}

/** To the second, in the reader's zone. */
export function formatInstant(instant: string | number): string {
  return EXACT.format(new Date(instant));
}

/** The time of the day, to the second: for what is minutes away. */
export function formatClock(instant: string | number): string {
  return CLOCK.format(new Date(instant));
}

/** A day without a time, wherever the reader is: `1 Jun 2026`. */
export function formatDate(day: string): string {
  return DATE.format(new Date(day));
}

export function formatDay(instant: string | number): string {
  return DAY.format(new Date(instant));
}

/** Any JSON value as one line of text. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'absent';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** `1.4 MB`. */
export function formatBytes(sizeBytes: number): string {
  let size = sizeBytes;
  let unit = 0;
  while (size >= 1000 && unit < BYTE_UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit: BYTE_UNITS[unit] ?? 'byte',
    // Whole words for the smallest: the short form has no plural.
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: unit === 0 ? 0 : 1,
  }).format(size);
}
