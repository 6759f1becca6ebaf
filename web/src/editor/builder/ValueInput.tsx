// The control for a filter's value: what its type and its operator ask for.
import { useState } from 'preact/hooks';
import type { FieldValues } from '../../api/types';
import { subjectOf } from '../../condition/fields';
import { Combobox, type ComboOption } from '../../ui/Combobox';
import { formatNumber } from '../../ui/format';
import { updateFilter } from '../model/operations';
import type { FilterNode, Unit } from '../model/tree';
import {
  instantInput,
  KIND_TITLES,
  kindsFor,
  UNITS,
  withValueKind,
  type ValueKind,
} from '../model/values';
import type { Builder } from './builder';

interface ValueInputProps {
  builder: Builder;
  filter: FilterNode;
  isBad: boolean;
  describedBy: string | undefined;
}

interface ControlProps extends ValueInputProps {
  onValue: (value: unknown) => void;
}

export function ValueInput(props: ValueInputProps) {
  const { builder, filter } = props;
  const { store } = builder;
  const onValue = (value: unknown) =>
    store.change(
      (tree) => updateFilter(tree, filter.id, (it) => withValue(it, value)),
      `value of ${filter.id}`,
    );
  if (filter.kind === 'none') return null;
  return (
    <div class="filter-value" data-kind={filter.kind}>
      <Control {...props} onValue={onValue} />
      <KindSelect builder={builder} filter={filter} />
    </div>
  );
}

function withValue(filter: FilterNode, value: unknown): FilterNode {
  const { value: _, ...rest } = filter;
  return value === undefined ? rest : { ...rest, value };
}

function Control(props: ControlProps) {
  switch (props.filter.kind) {
    case 'boolean':
      return <BooleanControl {...props} />;
    case 'number':
      return <NumberControl {...props} label="Value" />;
    case 'span':
      return <SpanControl {...props} />;
    case 'day':
    case 'instant':
      return <DateControl {...props} />;
    default:
      return <TextControl {...props} />;
  }
}

function BooleanControl({ filter, onValue }: ControlProps) {
  return (
    <select
      class="input"
      aria-label="Value"
      value={String(filter.value)}
      onChange={(event) => onValue(event.currentTarget.value === 'true')}
    >
      <option value="true">yes</option>
      <option value="false">no</option>
    </select>
  );
}

function NumberControl({
  filter,
  onValue,
  isBad,
  describedBy,
  label,
  min,
}: ControlProps & { label: string; min?: number }) {
  // While it is being typed, the text is the typist's: `1.` is a number on its way to another.
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typeof filter.value === 'number' ? String(filter.value) : '';
  const type = (text: string) => {
    setTyped(text);
    const number = Number(text);
    onValue(text.trim() === '' || !Number.isFinite(number) ? undefined : number);
  };
  return (
    <input
      class="input"
      type="number"
      step="any"
      min={min}
      inputMode="decimal"
      autocomplete="off"
      aria-label={label}
      aria-invalid={isBad ? true : undefined}
      aria-describedby={describedBy}
      value={typed ?? shown}
      onInput={(event) => type(event.currentTarget.value)}
      onBlur={() => setTyped(null)}
    />
  );
}

function SpanControl(props: ControlProps) {
  const { builder, filter } = props;
  const change = (unit: Unit) =>
    builder.store.change((tree) => updateFilter(tree, filter.id, (it) => ({ ...it, unit })));
  return (
    <>
      <NumberControl {...props} label="How long" min={0} />
      <select
        class="input filter-unit"
        aria-label="Unit"
        value={filter.unit ?? ''}
        onChange={(event) => change(event.currentTarget.value as Unit)}
      >
        {filter.unit === undefined && <option value="">unit</option>}
        {UNITS.map((unit) => (
          <option key={unit} value={unit}>
            {unit}
          </option>
        ))}
      </select>
    </>
  );
}

function DateControl({ filter, onValue, isBad, describedBy }: ControlProps) {
  const isDay = filter.kind === 'day';
  const shown = isDay ? String(filter.value ?? '') : instantInput(filter.value);
  return (
    <>
      <input
        class="input"
        type={isDay ? 'date' : 'datetime-local'}
        step={isDay ? undefined : 1}
        aria-label={isDay ? 'Day, in UTC' : 'Day and time, in UTC'}
        title="In UTC"
        aria-invalid={isBad ? true : undefined}
        aria-describedby={describedBy}
        value={shown}
        onInput={(event) => onValue(event.currentTarget.value || undefined)}
      />
      {!isDay && <span class="filter-zone">UTC</span>}
    </>
  );
}

/** Texts among the values, also those in lists; the most frequent first. */
function suggestionsFrom(found: FieldValues | null): ComboOption[] {
  const counts = new Map<string, number>();
  for (const [index, value] of (found?.values ?? []).entries()) {
    for (const text of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof text !== 'string' || text === '') continue;
      counts.set(text, (counts.get(text) ?? 0) + (found?.counts[index] ?? 0));
    }
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([text, count]) => ({ id: text, title: text, note: formatNumber(count) }));
}

function TextControl({ builder, filter, onValue, isBad, describedBy }: ControlProps) {
  const [options, setOptions] = useState<readonly ComboOption[]>([]);
  const text = typeof filter.value === 'string' ? filter.value : '';
  if (subjectOf(filter.field)?.kind !== 'data') {
    return (
      <input
        class="input"
        type="text"
        autocomplete="off"
        spellcheck={false}
        aria-label="Value"
        aria-invalid={isBad ? true : undefined}
        aria-describedby={describedBy}
        value={text}
        onInput={(event) => onValue(event.currentTarget.value || undefined)}
      />
    );
  }
  const suggest = () =>
    void builder.catalog
      .valuesOf(filter.field)
      .then((found) => setOptions(suggestionsFrom(found)));
  return (
    <Combobox
      label="Value"
      text={text}
      options={options}
      chosen={text}
      onChoose={onValue}
      onText={(typed) => onValue(typed || undefined)}
      onOpen={suggest}
      isInvalid={isBad}
      describedBy={describedBy}
    />
  );
}

/**
 * A custom field holds whatever it was sent: 42 and “42” are two values. Where one kind of value is
 * usual, the others are in the menu.
 */
function KindSelect({ builder, filter }: { builder: Builder; filter: FilterNode }) {
  const { store, catalog } = builder;
  const type = catalog.typeOf(filter.field);
  const kinds = kindsFor(filter.field, filter.operator, type);
  const isUsual = filter.kind === kinds[0] && (type !== undefined || filter.kind === 'day');
  if (kinds.length < 2 || isUsual) return null;
  const change = (kind: ValueKind) =>
    store.change((tree) => updateFilter(tree, filter.id, (it) => withValueKind(it, kind)));
  return (
    <select
      class="input filter-kind"
      aria-label="Type of the value"
      title="Type of the value"
      value={filter.kind}
      onChange={(event) => change(event.currentTarget.value as ValueKind)}
    >
      {kinds.map((kind) => (
        <option key={kind} value={kind}>
          {KIND_TITLES[kind]}
        </option>
      ))}
    </select>
  );
}
