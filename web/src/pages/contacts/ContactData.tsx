// A contact's data: a name and a value each.
import { api } from '../../api';
import type { Contact } from '../../api/types';
import { formatDate, formatInstant, formatValue } from '../../ui/format';
import { LongText } from '../../ui/LongText';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { useResource } from '../../ui/useResource';

interface Entry {
  name: string;
  value: unknown;
  /** The field has dates, and this is one. */
  isDate: boolean;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

const COLUMNS: readonly Column<Entry>[] = [
  { id: 'name', title: 'Field', cell: ({ name }) => <code class="break">{name}</code> },
  { id: 'value', title: 'Value', cell: (entry) => <Value {...entry} /> },
  {
    id: 'type',
    title: 'Type',
    wideOnly: true,
    cell: ({ value, isDate }) => (isDate ? 'date' : typeInWords(value)),
  },
];

function Value({ value, isDate }: Entry) {
  if (isDate) {
    const text = String(value);
    return (
      <time dateTime={text} title={text}>
        {DAY.test(text) ? formatDate(text) : formatInstant(text)}
      </time>
    );
  }
  return (
    <span class={typeof value === 'object' ? 'break code-text' : 'break'}>
      <LongText text={formatValue(value)} />
    </span>
  );
}

function typeInWords(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'list';
  return { string: 'text', boolean: 'yes or no' }[typeof value as string] ?? typeof value;
}

/** The paths of the fields that have dates in most contacts. */
async function readDateFields(signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { fields } = await api.fields.list(signal);
  return new Set(fields.filter(({ type }) => type === 'date').map(({ field }) => field));
}

export function ContactData({ contact }: { contact: Contact }) {
  const dateFields = useResource(readDateFields, []);
  const entries = Object.entries(contact.data).map(([name, value]) => ({
    name,
    value,
    isDate:
      dateFields.data?.has(`data.${name}`) === true &&
      typeof value === 'string' &&
      !Number.isNaN(Date.parse(value)),
  }));
  if (entries.length === 0) {
    return (
      <EmptyState icon="fields" title="Nothing is known beyond the address">
        Data comes with imports, with events, through the API, or by editing.
      </EmptyState>
    );
  }
  return <Table caption="Data" columns={COLUMNS} rows={entries} keyOf={({ name }) => name} />;
}
