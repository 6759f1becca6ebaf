// Events by day, in the reader's time zone: the server counts from one given instant to the next.
import { api } from '../../api';
import type { EventRangeStat } from '../../api/types';
import type { DayCount } from '../../ui/Bars';

export const DAYS_SHOWN = 14;

export interface Days {
  /** The first instants of the days. */
  starts: string[];
  stats: EventRangeStat[];
}

/** The beginnings of the last days and of tomorrow. Not all days have 24 hours. */
function boundaries(now: Date): string[] {
  return Array.from({ length: DAYS_SHOWN + 1 }, (_, index) =>
    new Date(
      now.getFullYear(),
      now.getMonth(),
      now.getDate() - DAYS_SHOWN + 1 + index,
    ).toISOString(),
  );
}

export async function readDays(signal: AbortSignal): Promise<Days> {
  const bounds = boundaries(new Date());
  return { starts: bounds.slice(0, -1), stats: await api.events.statsBetween(bounds, signal) };
}

/** Of one name, or of all. */
export function countsOf({ starts, stats }: Days, name: string | null): DayCount[] {
  const asked = stats.filter((stat) => name === null || stat.name === name);
  return starts.map((day, index) => ({
    day,
    count: asked.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0),
  }));
}
