// Headers of one's own: a name and a value, which the server keeps to itself once it has it.
import { Button, IconButton } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { isKept, newHeader, type HeaderRow } from './webhookForm';

interface HeadersFieldProps {
  rows: readonly HeaderRow[];
  /** By key. */
  problems: ReadonlyMap<number, string>;
  /** Of all of them. */
  error: string | undefined;
  onChange: (rows: readonly HeaderRow[]) => void;
}

export function HeadersField({ rows, problems, error, onChange }: HeadersFieldProps) {
  const change = (key: number, changes: Partial<HeaderRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  return (
    <fieldset class="fieldset">
      <legend>Headers of your own</legend>
      <p class="field-hint">
        Sent with each message, such as <code>Authorization</code>. Values are never shown again.
      </p>
      {rows.length > 0 && (
        <div class="stack-small">
          {rows.map((row) => (
            <HeaderEditor
              key={row.key}
              row={row}
              problem={problems.get(row.key)}
              onChange={(changes) => change(row.key, changes)}
              onRemove={() => onChange(rows.filter(({ key }) => key !== row.key))}
            />
          ))}
        </div>
      )}
      <Button size="small" onClick={() => onChange([...rows, newHeader()])}>
        <Icon name="plus" />
        Add a header
      </Button>
      {error && <p class="field-error">{error}</p>}
    </fieldset>
  );
}

interface HeaderEditorProps {
  row: HeaderRow;
  problem: string | undefined;
  onChange: (changes: Partial<HeaderRow>) => void;
  onRemove: () => void;
}

function HeaderEditor({ row, problem, onChange, onRemove }: HeaderEditorProps) {
  const name = row.name || 'new header';
  const described = {
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': problem ? `header-problem-${row.key}` : undefined,
  };
  return (
    <div class="header-row">
      <input
        {...described}
        class="input"
        aria-label="Name of the header"
        placeholder="Name"
        value={row.name}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onChange({ name: event.currentTarget.value })}
      />
      <input
        {...described}
        class="input"
        aria-label={`Value of ${name}`}
        placeholder={isKept(row) ? 'Kept as it is; type another one' : 'Value'}
        value={row.value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onChange({ value: event.currentTarget.value })}
      />
      <IconButton label={`Remove ${name}`} onClick={onRemove}>
        <Icon name="close" />
      </IconButton>
      {problem && (
        <p class="field-error header-row-error" id={`header-problem-${row.key}`}>
          {problem}
        </p>
      )}
    </div>
  );
}
