// One filter: what it looks at, how, and for which value.
import type { ConditionFilter, Operator } from 'segmentry';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { filterInWords } from '../../condition/words';
import { Combobox } from '../../ui/Combobox';
import type { MenuItem } from '../../ui/Menu';
import { newFieldOptions } from '../model/fieldOptions';
import { updateFilter } from '../model/operations';
import type { NodeProblem } from '../model/problems';
import type { FilterNode, GroupNode } from '../model/tree';
import {
  KIND_TITLES,
  kindsFor,
  operatorsFor,
  titleOf,
  withField,
  withOperator,
  withValueKind,
} from '../model/values';
import type { Builder } from './builder';
import { draggable, dropEdge } from './drag';
import { DragHandle, NodeMenu } from './NodeControls';
import { NodeCount } from './NodeCount';
import { ValueInput } from './ValueInput';

interface FilterRowProps {
  builder: Builder;
  filter: FilterNode;
  group: GroupNode;
  index: number;
  /** The group's, such as `1.2`. */
  number: string;
}

export function FilterRow({ builder, filter, group, index, number }: FilterRowProps) {
  const { store } = builder;
  const id = useId();
  const count = group.filters.length;
  const name = `filter ${index + 1} of group ${number}`;
  const problems = store.problems.value.byNode.get(filter.id) ?? [];
  const isBad = problems.length > 0 && (store.isStrict.value || !isUnfinished(filter));
  return (
    <div
      class="filter"
      role="group"
      aria-label={spoken(builder, filter, index)}
      data-drop={dropEdge('filter', group.id, index, count)}
      data-bad={isBad}
      {...draggable('filter', filter.id, group.id, index)}
    >
      <DragHandle store={store} id={filter.id} kind="filter" name={name} />
      <div class="filter-parts">
        <FieldPicker builder={builder} filter={filter} isBad={isBad} describedBy={`${id}-problems`} />
        {filter.field !== '' && <OperatorSelect builder={builder} filter={filter} />}
        {filter.field !== '' && (
          <ValueInput
            builder={builder}
            filter={filter}
            isBad={isBad && concerns(problems, 'value', 'unit')}
            describedBy={problems.length > 0 ? `${id}-problems` : undefined}
          />
        )}
      </div>
      <NodeCount store={store} id={filter.id} />
      <NodeMenu
        store={store}
        id={filter.id}
        kind="filter"
        name={name}
        more={() => kindItems(builder, filter)}
      />
      <Problems id={`${id}-problems`} problems={problems} isBad={isBad} />
    </div>
  );
}

/** Values of other types than the field's usual one: it may hold some. */
function kindItems({ store, catalog }: Builder, filter: FilterNode): MenuItem[] {
  const kinds = kindsFor(filter.field, filter.operator, catalog.typeOf(filter.field));
  return kinds
    .filter((kind) => kind !== filter.kind)
    .map((kind) => ({
      title: `Value as ${KIND_TITLES[kind]}`,
      icon: 'edit',
      act: () =>
        store.change((tree) => updateFilter(tree, filter.id, (it) => withValueKind(it, kind))),
    }));
}

/** Somebody is still putting it together. */
function isUnfinished({ field, kind, value }: FilterNode): boolean {
  return field === '' || (kind !== 'none' && value === undefined);
}

function concerns(problems: readonly NodeProblem[], ...parts: string[]): boolean {
  return problems.some(({ part }) => parts.includes(part));
}

function spoken({ catalog }: Builder, filter: FilterNode, index: number): string {
  if (filter.field === '') return `Filter ${index + 1}, new`;
  const words = filterInWords(filter as ConditionFilter, catalog.segmentName);
  const value = filter.value === undefined ? '' : words.value;
  return `Filter ${index + 1}: ${words.field} ${words.operator} ${value}`;
}

interface ProblemsProps {
  id: string;
  problems: readonly NodeProblem[];
  isBad: boolean;
}

function Problems({ id, problems, isBad }: ProblemsProps) {
  if (problems.length === 0) return null;
  // What is missing keeps others from being right: one thing after the other.
  const messages = [...new Set(problems.map(({ message }) => message))];
  return (
    <p class={isBad ? 'filter-problem field-error' : 'filter-problem field-hint'} id={id}>
      {(isBad ? messages : messages.slice(0, 1)).join(' ')}
    </p>
  );
}

interface PartProps {
  builder: Builder;
  filter: FilterNode;
}

function FieldPicker({
  builder: { store, catalog },
  filter,
  isBad,
  describedBy,
}: PartProps & { isBad: boolean; describedBy: string }) {
  const input = useRef<HTMLInputElement>(null);
  const wanted = store.focusOn.value;
  // Before the next key is pressed.
  useLayoutEffect(() => {
    if (wanted?.id !== filter.id || wanted.part !== 'field') return;
    input.current?.focus();
    store.focusOn.value = null;
  }, [wanted]);

  const choose = (field: string) => {
    store.change((tree) =>
      updateFilter(tree, filter.id, (it) => withField(it, field, catalog.typeOf(field))),
    );
  };
  const isNew = filter.field === '';
  return (
    <div class="filter-field">
      <Combobox
        label="Field"
        text={isNew ? '' : titleIn(catalog, filter.field)}
        placeholder="Field, event or segment …"
        options={catalog.options.value}
        chosen={filter.field}
        onChoose={choose}
        more={(search) => newFieldOptions(search, catalog.options.value)}
        onOpen={() => void catalog.refreshSegments()}
        inputRef={input}
        isInvalid={isBad && isNew}
        describedBy={isNew ? describedBy : undefined}
      />
    </div>
  );
}

/** Segments that are gone have no title of their own. */
function titleIn(catalog: Builder['catalog'], field: string): string {
  if (!field.startsWith('segment.')) return catalog.titleOf(field);
  return catalog.segmentName(field.slice('segment.'.length)) ?? 'A deleted segment';
}

function OperatorSelect({ builder: { store, catalog }, filter }: PartProps) {
  const type = catalog.typeOf(filter.field);
  const { usual, others } = operatorsFor(filter.field, type);
  const isKnown = usual.includes(filter.operator) || others.includes(filter.operator);
  const option = (operator: Operator) => (
    <option key={operator} value={operator}>
      {titleOf(operator, filter.kind === 'span' && type === 'date' ? 'day' : kindShown(filter))}
    </option>
  );
  const change = (operator: Operator) =>
    store.change((tree) => updateFilter(tree, filter.id, (it) => withOperator(it, operator, type)));
  return (
    <select
      class="input filter-operator"
      aria-label="Comparison"
      value={filter.operator}
      onChange={(event) => change(event.currentTarget.value as Operator)}
    >
      {!isKnown && option(filter.operator)}
      {usual.map(option)}
      {others.length > 0 && <optgroup label="For values of other types">{others.map(option)}</optgroup>}
    </select>
  );
}

/** Dates are before and after each other, whichever operator is chosen at the moment. */
function kindShown({ field, kind }: FilterNode): FilterNode['kind'] {
  return field === 'createdAt' || field === 'updatedAt' ? 'day' : kind;
}
