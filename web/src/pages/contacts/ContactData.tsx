// A contact's data: a name and a value each.
import type { Contact } from '../../api/types';
import { formatValue } from '../../ui/format';
import { LongText } from '../../ui/LongText';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';

type Entry = [name: string, value: unknown];

const COLUMNS: readonly Column<Entry>[] = [
  { id: 'name', title: 'Field', cell: ([name]) => <code class="break">{name}</code> },
  {
    id: 'value',
    title: 'Value',
    cell: ([, value]) => (
      <span class={typeof value === 'object' ? 'break code-text' : 'break'}>
        <LongText text={formatValue(value)} />
      </span>
    ),
  },
  { id: 'type', title: 'Type', wideOnly: true, cell: ([, value]) => typeInWords(value) },
];

function typeInWords(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'list';
  return { string: 'text', boolean: 'yes or no' }[typeof value as string] ?? typeof value;
}

export function ContactData({ contact }: { contact: Contact }) {
  const entries = Object.entries(contact.data);
  if (entries.length === 0) {
    return (
      <EmptyState icon="fields" title="Nothing is known beyond the address">
        Data comes with imports, with events, through the API, or by editing.
      </EmptyState>
    );
  }
  return <Table caption="Data" columns={COLUMNS} rows={entries} keyOf={([name]) => name} />;
}
