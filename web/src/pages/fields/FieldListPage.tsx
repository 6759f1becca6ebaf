// What is known of contacts: every field, its type, and how many contacts have it.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Field } from '../../api/types';
import { href } from '../../app/router';
import { ShareBar } from '../../ui/Bars';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { SearchField } from '../../ui/SearchField';
import { Table, type Column, type Sort } from '../../ui/Table';
import { useResource } from '../../ui/useResource';
import { coverageInWords } from './coverage';
import { FieldTypeBadge } from './FieldTypeBadge';

const COLUMNS: readonly Column<Field>[] = [
  {
    id: 'field',
    title: 'Field',
    sortable: true,
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
    sortable: true,
    cell: (field) => (
      <span class="coverage">
        <ShareBar share={field.coverage / 100} />
        <span>{coverageInWords(field)}</span>
      </span>
    ),
  },
];

/** As the server lists them, until somebody asks for another order. */
function sorted(fields: readonly Field[], sort: Sort | undefined): readonly Field[] {
  if (sort === undefined) return fields;
  const byName = (a: Field, b: Field) => a.field.localeCompare(b.field);
  const compare =
    sort.column === 'coverage'
      ? (a: Field, b: Field) => a.coverage - b.coverage || byName(b, a)
      : byName;
  return [...fields].sort((a, b) => (sort.descending ? compare(b, a) : compare(a, b)));
}

export default function FieldListPage() {
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<Sort>();
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
            rows={sorted(
              fields.filter(({ field }) => field.toLowerCase().includes(search.toLowerCase())),
              sort,
            )}
            keyOf={({ field }) => field}
            {...(sort ? { sort } : {})}
            onSort={setSort}
          />
        )}
      </Loaded>
    </>
  );
}
