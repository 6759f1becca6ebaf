import { DayBars } from '../../ui/Bars';
import { Loaded } from '../../ui/Loaded';
import { useResource } from '../../ui/useResource';
import { countsOf, DAYS_SHOWN, readDays } from './dayCounts';

/** How many events there were each day: of one name, or of all (null). */
export function DaysPanel({ name }: { name: string | null }) {
  const days = useResource(readDays, []);
  return (
    <section class="card days-panel" aria-label="Events by day">
      <h2>Last {DAYS_SHOWN} days</h2>
      <Loaded from={days} compact rows={4}>
        {(data) => {
          const days = countsOf(data, name);
          return days.some(({ count }) => count > 0) ? (
            <DayBars title="Events" days={days} />
          ) : (
            <p class="muted">There were none in these days.</p>
          );
        }}
      </Loaded>
    </section>
  );
}
