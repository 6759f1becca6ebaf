// What charts have in common: round numbers for their axes.

/** A step of 1, 2 or 5 times a power of ten that cuts a range into at most `countMax` parts. */
function stepFor(range: number, countMax: number): number {
  const rough = Math.max(range / countMax, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((it) => it * power >= rough) ?? 10;
  return factor * power;
}

/** Round numbers around a range of whole ones: the first at or below it, the last at or above. */
export function ticksFor(low: number, high: number, countMax = 4): number[] {
  const step = stepFor(high - low, countMax);
  const first = Math.floor(low / step) * step;
  const last = Math.max(Math.ceil(high / step) * step, first + step);
  const count = Math.round((last - first) / step);
  return Array.from({ length: count + 1 }, (_, index) => first + index * step);
}
