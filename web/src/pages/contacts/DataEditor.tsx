// The rows of a contact's data: a name, a type, a value.
import { Button, IconButton } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { newRow, problemOf, type DataKind, type DataRow } from './dataRows';

const KINDS: readonly { value: DataKind; title: string }[] = [
  { value: 'text', title: 'Text' },
  { value: 'number', title: 'Number' },
  { value: 'boolean', title: 'Yes or no' },
  { value: 'json', title: 'JSON' },
];

interface DataEditorProps {
  rows: readonly DataRow[];
  /** What is wrong with the data as a whole. */
  error?: string | undefined;
  onChange: (rows: readonly DataRow[]) => void;
}

export function DataEditor({ rows, error, onChange }: DataEditorProps) {
  const change = (key: number, changes: Partial<DataRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  return (
    <fieldset class="fieldset">
      <legend>Data</legend>
      <div class="stack-small">
        {rows.map((row) => (
          <RowEditor
            key={row.key}
            row={row}
            problem={problemOf(row, rows)}
            onChange={(changes) => change(row.key, changes)}
            onRemove={() => onChange(rows.filter(({ key }) => key !== row.key))}
          />
        ))}
      </div>
      <Button size="small" onClick={() => onChange([...rows, newRow()])}>
        <Icon name="plus" />
        Add a field
      </Button>
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}

interface RowEditorProps {
  row: DataRow;
  problem: string | null;
  onChange: (changes: Partial<DataRow>) => void;
  onRemove: () => void;
}

function RowEditor({ row, problem, onChange, onRemove }: RowEditorProps) {
  const name = row.name || 'new field';
  return (
    <div class="data-row">
      <input
        class="input"
        aria-label="Name of the field"
        placeholder="name"
        value={row.name}
        spellcheck={false}
        onInput={(event) => onChange({ name: event.currentTarget.value })}
      />
      <select
        class="input"
        aria-label={`Type of ${name}`}
        value={row.kind}
        onChange={(event) => {
          const kind = event.currentTarget.value as DataKind;
          onChange({ kind, ...(kind === 'boolean' ? { text: 'true' } : {}) });
        }}
      >
        {KINDS.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      <ValueEditor row={row} name={name} problem={problem} onChange={onChange} />
      <IconButton label={`Remove ${name}`} onClick={onRemove}>
        <Icon name="close" />
      </IconButton>
      {problem && <p class="field-error data-row-error">{problem}</p>}
    </div>
  );
}

interface ValueEditorProps {
  row: DataRow;
  name: string;
  problem: string | null;
  onChange: (changes: Partial<DataRow>) => void;
}

function ValueEditor({ row, name, problem, onChange }: ValueEditorProps) {
  const label = `Value of ${name}`;
  if (row.kind === 'boolean') {
    return (
      <select
        class="input"
        aria-label={label}
        value={row.text}
        onChange={(event) => onChange({ text: event.currentTarget.value })}
      >
        <option value="true">Yes</option>
        <option value="false">No</option>
      </select>
    );
  }
  return (
    <input
      class={row.kind === 'json' ? 'input input-code' : 'input'}
      aria-label={label}
      aria-invalid={problem ? true : undefined}
      placeholder="value"
      inputMode={row.kind === 'number' ? 'decimal' : 'text'}
      value={row.text}
      onInput={(event) => onChange({ text: event.currentTarget.value })}
    />
  );
}
