// Events by day. The server counts ranges: a day is a range, so each one is a question.
import { api } from '../../api';
import type { EventStat } from '../../api/types';
import type { DayCount } from '../../ui/Bars';

export const DAYS_SHOWN = 14;

interface Day {
  /** Of the reader's zone: its first instant. */
  day: string;
  stats: EventStat[];
}

/** The beginnings of the last days and of tomorrow, in the reader's zone. */
function boundaries(now: Date): Date[] {
  return Array.from(
    { length: DAYS_SHOWN + 1 },
    (_, index) =>
      new Date(now.getFullYear(), now.getMonth(), now.getDate() - DAYS_SHOWN + 1 + index),
  );
}

export async function readDays(signal: AbortSignal): Promise<Day[]> {
  const bounds = boundaries(new Date());
  return Promise.all(
    bounds.slice(0, -1).map(async (start, index) => {
      const next = bounds[index + 1] ?? start;
      const range = {
        startDate: start.toISOString(),
        endDate: new Date(next.getTime() - 1).toISOString(),
      };
      return { day: range.startDate, stats: await api.events.stats(range, signal) };
    }),
  );
}

/** Of one name, or of all. */
export function countsOf(days: readonly Day[], name: string | null): DayCount[] {
  return days.map(({ day, stats }) => ({
    day,
    count: stats
      .filter((stat) => name === null || stat.name === name)
      .reduce((sum, { count }) => sum + count, 0),
  }));
}
