// What happens to contacts: by day, by name, and one by one.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { EventStat } from '../../api/types';
import { href, location, setQuery } from '../../app/router';
import { formatNumber } from '../../ui/format';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { SearchField } from '../../ui/SearchField';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Tabs } from '../../ui/Tabs';
import { Time } from '../../ui/Time';
import { useResource } from '../../ui/useResource';
import { DaysPanel } from './DaysPanel';
import { EventFeed } from './EventFeed';

const TABS = [
  { id: 'names', title: 'By name' },
  { id: 'feed', title: 'Latest' },
] as const;

const COLUMNS: readonly Column<EventStat>[] = [
  {
    id: 'name',
    title: 'Event',
    cell: ({ name }) => (
      <a class="row-title" href={href`/events/${name}`}>
        <code>{name}</code>
      </a>
    ),
  },
  { id: 'count', title: 'Times', numeric: true, cell: ({ count }) => formatNumber(count) },
  { id: 'last', title: 'Last', wideOnly: true, cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
];

export default function EventsPage() {
  const asked = location.value.query.get('tab');
  const current = asked === 'feed' ? 'feed' : 'names';
  return (
    <>
      <PageHead title="Events" />
      <DaysPanel name={null} />
      <div class="section">
        <Tabs
          label="Events"
          tabs={TABS}
          current={current}
          onChange={(tab) => setQuery({ tab: tab === 'names' ? null : tab })}
        >
          {current === 'names' ? <Names /> : <EventFeed name={null} />}
        </Tabs>
      </div>
    </>
  );
}

function Names() {
  const [search, setSearch] = useState('');
  const stats = useResource((signal) => api.events.stats({}, signal), []);
  return (
    <Loaded from={stats} rows={6}>
      {(all) =>
        all.length === 0 ? (
          <NoEvents />
        ) : (
          <>
            <div class="toolbar">
              <SearchField label="Search events" value={search} onSearch={setSearch} immediate />
            </div>
            <Table
              caption="Events by name"
              columns={COLUMNS}
              rows={all.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()))}
              keyOf={({ name }) => name}
            />
          </>
        )
      }
    </Loaded>
  );
}

function NoEvents() {
  return (
    <EmptyState icon="events" title="No events yet">
      Your product tells Segmentry what happens, by <code>POST /v1/track</code>. The{' '}
      <a href="#/settings">settings</a> show how.
    </EmptyState>
  );
}
