// All segments of the project.
import { api } from '../../api';
import { href } from '../../app/router';
import { ButtonLink } from '../../ui/Button';
import { formatNumber } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useResource } from '../../ui/useResource';
import type { Segment } from '../../api/types';

const COLUMNS: readonly Column<Segment>[] = [
  {
    id: 'name',
    title: 'Name',
    cell: ({ id, name }) => (
      <a class="row-title" href={href`/segments/${id}`}>
        {name}
      </a>
    ),
  },
  {
    id: 'members',
    title: 'Members',
    numeric: true,
    cell: ({ memberCount }) => formatNumber(memberCount),
  },
  { id: 'changed', title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
];

export default function SegmentListPage() {
  const list = useResource((signal) => api.segments.list(signal), []);
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
      <Loaded from={list}>
        {(segments) =>
          segments.length === 0 ? (
            <EmptyState icon="segments" title="No segments yet">
              A segment is a named group of contacts.
            </EmptyState>
          ) : (
            <Table
              caption="Segments"
              columns={COLUMNS}
              rows={segments}
              keyOf={({ id }) => id}
            />
          )
        }
      </Loaded>
    </>
  );
}
