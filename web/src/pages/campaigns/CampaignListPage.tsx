// All campaigns, the newest first.
import { api } from '../../api';
import type { Campaign, CampaignStatus } from '../../api/types';
import { href, location, setQuery } from '../../app/router';
import { ButtonLink } from '../../ui/Button';
import { Select } from '../../ui/Field';
import { formatNumber } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { Pager } from '../../ui/Pager';
import { SearchField } from '../../ui/SearchField';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useResource } from '../../ui/useResource';
import { CampaignStatusBadge } from './CampaignStatusBadge';

const PAGE_SIZE = 20;

const STATUSES: readonly { value: CampaignStatus | ''; title: string }[] = [
  { value: '', title: 'Any status' },
  { value: 'DRAFT', title: 'Draft' },
  { value: 'SCHEDULED', title: 'Scheduled' },
  { value: 'SENDING', title: 'Sending' },
  { value: 'SENT', title: 'Sent' },
  { value: 'CANCELLED', title: 'Cancelled' },
];

const COLUMNS: readonly Column<Campaign>[] = [
  {
    id: 'name',
    title: 'Name',
    cell: ({ id, name, subject }) => (
      <>
        <a class="row-title" href={href`/campaigns/${id}`}>
          {name}
        </a>
        <span class="row-note">{subject}</span>
      </>
    ),
  },
  { id: 'status', title: 'Status', cell: ({ status }) => <CampaignStatusBadge status={status} /> },
  {
    id: 'recipients',
    title: 'Recipients',
    numeric: true,
    wideOnly: true,
    cell: ({ totalRecipients }) => formatNumber(totalRecipients),
  },
  {
    id: 'changed',
    title: 'Changed',
    wideOnly: true,
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
  },
];

export default function CampaignListPage() {
  const { query } = location.value;
  const search = query.get('search') ?? '';
  const status = (query.get('status') ?? '') as CampaignStatus | '';
  const page = Number(query.get('page') ?? 1);
  const list = useResource(
    (signal) => api.campaigns.list({ page, pageSize: PAGE_SIZE, search, status }, signal),
    [page, search, status],
  );
  return (
    <>
      <PageHead
        title="Campaigns"
        lead="What is to be sent, and to whom. Sending itself is your mail program’s work: it takes the list of recipients from here."
        actions={<NewCampaign />}
      />
      <div class="toolbar">
        <SearchField
          label="Search campaigns"
          value={search}
          onSearch={(text) => setQuery({ search: text, page: null })}
        />
        <Select
          label="Status"
          hideLabel
          value={status}
          options={STATUSES}
          onChange={(chosen) => setQuery({ status: chosen, page: null })}
        />
      </div>
      <Loaded from={list} rows={6}>
        {({ data, total, page: shown }) =>
          total === 0 ? (
            <NoCampaigns isFiltered={search !== '' || status !== ''} />
          ) : (
            <>
              <Table
                caption="Campaigns"
                columns={COLUMNS}
                rows={data}
                keyOf={({ id }) => id}
                busy={list.isLoading}
              />
              <Pager
                page={shown}
                pageSize={PAGE_SIZE}
                total={total}
                one="campaign"
                onPage={(next) => setQuery({ page: String(next) })}
              />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function NewCampaign() {
  return (
    <ButtonLink variant="primary" href="#/campaigns/new">
      <Icon name="plus" />
      New campaign
    </ButtonLink>
  );
}

function NoCampaigns({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState icon="search" title="No campaign fits">
      Names, subjects and senders are searched.
    </EmptyState>
  ) : (
    <EmptyState icon="campaigns" title="No campaigns yet" action={<NewCampaign />}>
      A campaign goes to everybody, to a segment, or to those who match a filter.
    </EmptyState>
  );
}
