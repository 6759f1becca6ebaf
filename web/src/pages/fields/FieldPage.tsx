// One field: its most frequent values, and who relies on it.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Field, FieldValues } from '../../api/types';
import { go } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { ShareBar } from '../../ui/Bars';
import { Button } from '../../ui/Button';
import { formatNumber, formatValue } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { EmptyState, Note } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { toast } from '../../ui/Toast';
import { useResource } from '../../ui/useResource';
import { DeleteUsedDialog } from '../DeleteUsedDialog';
import { UsedBy } from '../UsedBy';
import { coverageInWords } from './coverage';
import { FieldTypeBadge } from './FieldTypeBadge';

const VALUES_MAX = 50;

export default function FieldPage({ params }: PageProps) {
  const name = params['field'] ?? '';
  const list = useResource((signal) => api.fields.list(signal), [name]);
  return (
    <Loaded from={list} isPage>
      {({ fields }) => {
        const field = fields.find((it) => it.field === name);
        return field ? <Content field={field} /> : <Missing name={name} />;
      }}
    </Loaded>
  );
}

function Missing({ name }: { name: string }) {
  return (
    <EmptyState
      icon="fields"
      title="No contact has this field"
      action={<a href="#/fields">All fields</a>}
      isPage
    >
      <code>{name}</code> comes into being when the first contact has it.
    </EmptyState>
  );
}

function Content({ field }: { field: Field }) {
  const usage = useResource((signal) => api.fields.usage(field.field, signal), [field.field]);
  const [isAsked, ask] = useState(false);

  async function remove(): Promise<void> {
    await api.fields.delete(field.field);
    toast(`“${field.field}” has been taken from every contact.`);
    go('/fields');
  }
  /** Who uses it may be otherwise by now. */
  function askToDelete(): void {
    usage.reload();
    ask(true);
  }

  return (
    <>
      <PageHead
        title={field.field}
        back={{ href: '#/fields', title: 'Fields' }}
        marks={<FieldTypeBadge type={field.type} />}
        lead={`${coverageInWords(field)} of the contacts have it.`}
        actions={
          field.isCustom && (
            <Button onClick={askToDelete}>
              <Icon name="trash" />
              Delete
            </Button>
          )
        }
      />
      <div class="panels">
        <Values field={field} />
        <UsedBy usage={usage} unused="No segment, campaign or webhook refers to this field." />
      </div>
      {isAsked && (
        <DeleteUsedDialog
          title={`Delete “${field.field}”?`}
          action="Delete field"
          usage={usage}
          onConfirm={remove}
          onClose={() => ask(false)}
        >
          <p>The field is taken from every contact that has it. This cannot be undone.</p>
        </DeleteUsedDialog>
      )}
    </>
  );
}

/** The server lists values of these. */
function hasValues({ field }: Field): boolean {
  return field === 'subscribed' || field.startsWith('data.');
}

function Values({ field }: { field: Field }) {
  if (!hasValues(field)) {
    return (
      <Note>
        <p>Nearly every contact has a value of its own here, so there is no list of them.</p>
      </Note>
    );
  }
  return <ValueTable field={field} />;
}

interface ValueCount {
  value: unknown;
  count: number;
  share: number;
}

function rowsOf({ values, counts }: FieldValues): ValueCount[] {
  const most = Math.max(...counts, 1);
  return values.map((value, index) => {
    const count = counts[index] ?? 0;
    return { value, count, share: count / most };
  });
}

const COLUMNS: readonly Column<ValueCount>[] = [
  {
    id: 'value',
    title: 'Value',
    cell: ({ value }) => <span class="break">{formatValue(value)}</span>,
  },
  {
    id: 'bar',
    title: 'Share',
    hideTitle: true,
    wideOnly: true,
    cell: ({ share }) => <ShareBar share={share} />,
  },
  { id: 'count', title: 'Contacts', numeric: true, cell: ({ count }) => formatNumber(count) },
];

function ValueTable({ field }: { field: Field }) {
  const values = useResource(
    (signal) => api.fields.values(field.field, VALUES_MAX, signal),
    [field.field],
  );
  return (
    <Loaded from={values} rows={8}>
      {(data) =>
        data.values.length === 0 ? (
          <Note>
            <p>There are no single values to count here.</p>
          </Note>
        ) : (
          <Table
            caption="Most frequent values"
            columns={COLUMNS}
            rows={rowsOf(data)}
            keyOf={({ value }) => JSON.stringify(value)}
          />
        )
      }
    </Loaded>
  );
}
