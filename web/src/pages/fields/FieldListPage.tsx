// What is known of contacts: every field, its type, and how many contacts have it.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Field } from '../../api/types';
import { href } from '../../app/router';
import { ShareBar } from '../../ui/Bars';
import { formatShare } from '../../ui/format';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { SearchField } from '../../ui/SearchField';
import { Table, type Column } from '../../ui/Table';
import { useResource } from '../../ui/useResource';
import { FieldTypeBadge } from './FieldTypeBadge';

const COLUMNS: readonly Column<Field>[] = [
  {
    id: 'field',
    title: 'Field',
    cell: ({ field }) => (
      <a class="row-title" href={href`/fields/${field}`}>
        <code>{field}</code>
      </a>
    ),
  },
  { id: 'type', title: 'Type', wideOnly: true, cell: ({ type }) => <FieldTypeBadge type={type} /> },
  {
    id: 'kind',
    title: 'Kind',
    wideOnly: true,
    cell: ({ isCustom }) => (isCustom ? 'custom' : 'built in'),
  },
  {
    id: 'coverage',
    title: 'Contacts that have it',
    cell: ({ coverage }) => (
      <span class="coverage">
        <ShareBar share={coverage / 100} />
        <span>{formatShare(coverage, 100)}</span>
      </span>
    ),
  },
];

export default function FieldListPage() {
  const [search, setSearch] = useState('');
  const list = useResource((signal) => api.fields.list(signal), []);
  return (
    <>
      <PageHead
        title="Fields"
        lead="Custom fields come into being when the first contact has them; their type is what most contacts have there."
      />
      <div class="toolbar">
        <SearchField label="Search fields" value={search} onSearch={setSearch} immediate />
      </div>
      <Loaded from={list} rows={8}>
        {({ fields }) => (
          <Table
            caption="Fields"
            columns={COLUMNS}
            rows={fields.filter(({ field }) => field.toLowerCase().includes(search.toLowerCase()))}
            keyOf={({ field }) => field}
          />
        )}
      </Loaded>
    </>
  );
}
