// All segments of the project: to find one, to make one, to take one away.
import { useMemo, useState } from 'preact/hooks';
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { href, location, setQuery } from '../../app/router';
import { ButtonLink, IconButton } from '../../ui/Button';
import { formatCount, formatNumber } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { SearchField } from '../../ui/SearchField';
import { EmptyState } from '../../ui/States';
import { Table, type Column, type Sort } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useQueryText } from '../../ui/useQueryText';
import { useResource } from '../../ui/useResource';
import { DeleteSegmentDialog } from './DeleteSegmentDialog';
import { DuplicateSegmentDialog } from './DuplicateSegmentDialog';
import { TrackingBadge, TypeBadge } from './marks';
import { SizeCell } from './SizeCell';

const BY: Readonly<Record<string, (a: Segment, b: Segment) => number>> = {
  name: (a, b) => a.name.localeCompare(b.name),
  type: (a, b) => a.type.localeCompare(b.type),
  members: (a, b) => a.memberCount - b.memberCount,
  tracking: (a, b) => Number(a.trackMembership) - Number(b.trackMembership),
  changed: (a, b) => a.updatedAt.localeCompare(b.updatedAt),
};

const NEWEST_FIRST: Sort = { column: 'changed', descending: true };

/** The order in the address: `name`, or `-name` the other way round. */
function readSort(text: string | null): Sort {
  const descending = text?.startsWith('-') ?? false;
  const column = text?.slice(descending ? 1 : 0) ?? '';
  return column in BY ? { column, descending } : NEWEST_FIRST;
}

function arranged(all: readonly Segment[], search: string, sort: Sort): Segment[] {
  const wanted = search.trim().toLowerCase();
  const compare = BY[sort.column] ?? (() => 0);
  return all
    .filter((segment) =>
      [segment.name, segment.slug, segment.description ?? ''].some((text) =>
        text.toLowerCase().includes(wanted),
      ),
    )
    .sort((a, b) => (sort.descending ? compare(b, a) : compare(a, b)));
}

type Asked = { deed: 'duplicate' | 'delete'; segment: Segment } | null;

const COLUMNS: readonly Column<Segment>[] = [
  {
    id: 'name',
    title: 'Name',
    sortable: true,
    cell: ({ id, name, description }) => (
      <>
        <a class="row-title" href={href`/segments/${id}`}>
          {name}
        </a>
        {description && <span class="row-note">{description}</span>}
      </>
    ),
  },
  {
    id: 'type',
    title: 'Type',
    sortable: true,
    wideOnly: true,
    cell: (segment) => <TypeBadge segment={segment} />,
  },
  {
    id: 'members',
    title: 'Members',
    numeric: true,
    sortable: true,
    cell: ({ memberCount }) => formatNumber(memberCount),
  },
  {
    id: 'size',
    title: 'Last 30 days',
    wideOnly: true,
    cell: (segment) => <SizeCell segment={segment} />,
  },
  {
    id: 'tracking',
    title: 'Tracking',
    sortable: true,
    wideOnly: true,
    cell: (segment) => <TrackingBadge segment={segment} />,
  },
  {
    id: 'changed',
    title: 'Changed',
    sortable: true,
    wideOnly: true,
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
  },
];

function actionColumn(ask: (asked: Asked) => void): Column<Segment> {
  return {
    id: 'actions',
    title: 'Actions',
    hideTitle: true,
    numeric: true,
    wideOnly: true,
    cell: (segment) => (
      <span class="row-actions">
        <IconButton
          label={`Duplicate ${segment.name}`}
          onClick={() => ask({ deed: 'duplicate', segment })}
        >
          <Icon name="copy" />
        </IconButton>
        <IconButton
          label={`Delete ${segment.name}`}
          onClick={() => ask({ deed: 'delete', segment })}
        >
          <Icon name="trash" />
        </IconButton>
      </span>
    ),
  };
}

export default function SegmentListPage() {
  const list = useResource((signal) => api.segments.list(signal), []);
  const [asked, ask] = useState<Asked>(null);
  return (
    <>
      <PageHead
        title="Segments"
        actions={
          <ButtonLink variant="primary" href="#/segments/new">
            <Icon name="plus" />
            New segment
          </ButtonLink>
        }
      />
      <Loaded from={list} rows={8}>
        {(segments) =>
          segments.length === 0 ? <NoSegments /> : <List segments={segments} ask={ask} />
        }
      </Loaded>
      {asked?.deed === 'duplicate' && (
        <DuplicateSegmentDialog segment={asked.segment} onClose={() => ask(null)} />
      )}
      {asked?.deed === 'delete' && (
        <DeleteSegmentDialog
          segment={asked.segment}
          onDeleted={list.reload}
          onClose={() => ask(null)}
        />
      )}
    </>
  );
}

function List({ segments, ask }: { segments: readonly Segment[]; ask: (asked: Asked) => void }) {
  const [search, setSearch] = useQueryText('search');
  const sort = readSort(location.value.query.get('sort'));
  const rows = arranged(segments, search, sort);
  const shown = useMemo(() => [...COLUMNS, actionColumn(ask)], [ask]);
  return (
    <>
      <div class="toolbar">
        <SearchField label="Search segments" value={search} onSearch={setSearch} immediate />
        <p class="muted small toolbar-end" role="status">
          {formatCount(rows.length, 'segment')}
        </p>
      </div>
      {rows.length === 0 ? (
        <EmptyState icon="search" title="No segment is called that">
          Names, slugs and descriptions are searched.
        </EmptyState>
      ) : (
        <Table
          caption="Segments"
          columns={shown}
          rows={rows}
          keyOf={({ id }) => id}
          sort={sort}
          onSort={({ column, descending }) =>
            setQuery({ sort: descending ? `-${column}` : column })
          }
        />
      )}
    </>
  );
}

function NoSegments() {
  return (
    <EmptyState
      icon="segments"
      title="No segments yet"
      action={
        <ButtonLink variant="primary" href="#/segments/new">
          <Icon name="plus" />
          Create the first segment
        </ButtonLink>
      }
    >
      A segment is a named group of contacts: those that a filter finds, or those that you put in by
      hand. Campaigns go to segments, and entering or leaving one can start something.
    </EmptyState>
  );
}
