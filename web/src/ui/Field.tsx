// A control with its label, a hint and what is wrong with it.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Described {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

interface FieldProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
  error?: ComponentChildren;
  /** The label is there for those who do not see, such as in a search. */
  hideLabel?: boolean;
  children: (control: Described) => ComponentChildren;
}

export function Field({ label, hint, error, hideLabel, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label class={hideLabel ? 'visually-hidden' : 'field-label'} for={id}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

type Own = Omit<FieldProps, 'children'>;

interface Typed {
  value: string;
  onInput: (value: string) => void;
  onBlur?: () => void;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  readOnly?: boolean;
  autofocus?: boolean;
  spellcheck?: boolean;
  maxLength?: number;
}

interface TextFieldProps extends Own, Typed {
  type?: 'text' | 'email' | 'number' | 'date' | 'datetime-local' | 'url';
  /** The id of a datalist. */
  list?: string;
  min?: string | number;
  max?: string | number;
  step?: string | number;
  inputMode?: 'url' | 'decimal';
}

export function TextField(props: TextFieldProps) {
  const { label, hint, error, hideLabel, onInput, type = 'text', ...rest } = props;
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel ?? false}>
      {(control) => (
        <input
          type={type}
          autocomplete="off"
          {...rest}
          {...control}
          class="input"
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function TextArea(props: Own & Typed & { rows?: number; isCode?: boolean }) {
  const { label, hint, error, hideLabel, onInput, rows = 5, isCode, ...rest } = props;
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel ?? false}>
      {(control) => (
        <textarea
          rows={rows}
          {...rest}
          {...control}
          class={isCode ? 'input input-code' : 'input'}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function Select<Value extends string>({
  label,
  hint,
  error,
  hideLabel,
  value,
  options,
  onChange,
  disabled,
}: Own & {
  value: Value;
  options: readonly { value: Value; title: string; disabled?: boolean }[];
  onChange: (value: Value) => void;
  disabled?: boolean;
}) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel ?? false}>
      {(control) => (
        <select
          {...control}
          class="input"
          value={value}
          disabled={disabled ?? false}
          onChange={(event) => onChange(event.currentTarget.value as Value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
              {option.title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Checkbox({
  label,
  hint,
  checked,
  onChange,
  disabled,
}: {
  label: ComponentChildren;
  hint?: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="checkbox">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        disabled={disabled ?? false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** One of a few, each with what it means. Stands within a fieldset, whose legend says what is asked. */
export function Radios<Value extends string>({
  value,
  options,
  onChange,
}: {
  value: Value;
  options: readonly { value: Value; title: string; hint: string }[];
  onChange: (value: Value) => void;
}) {
  const id = useId();
  return (
    <div class="radios">
      {options.map((option) => (
        <label key={option.value} class="radio">
          <input
            type="radio"
            name={id}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>
            <strong>{option.title}</strong>
            <span class="row-note">{option.hint}</span>
          </span>
        </label>
      ))}
    </div>
  );
}
