// Which operators a field takes, how a value is typed in, and what they are when a field is chosen.
import type { ConditionFilter, Operator } from 'segmentry';
import type { FieldType } from '../../api/types';
import { subjectOf } from '../../condition/fields';
import { operatorTitle, WITHOUT_VALUE } from '../../condition/words';
import type { FilterNode, Unit } from './tree';

/** The control for a value. */
export type ValueKind = 'none' | 'text' | 'number' | 'boolean' | 'day' | 'instant' | 'span';

export const KIND_TITLES: Readonly<Record<ValueKind, string>> = {
  none: 'nothing',
  text: 'text',
  number: 'number',
  boolean: 'yes or no',
  day: 'day',
  instant: 'day and time',
  span: 'span of time',
};

const DAY = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

const SPANS: ReadonlySet<Operator> = new Set<Operator>([
  'within',
  'olderThan',
  'triggeredWithin',
  'triggeredOlderThan',
  'notTriggeredWithin',
]);

const TEXT_ONLY: ReadonlySet<Operator> = new Set<Operator>(['contains', 'notContains']);
const ORDERS: ReadonlySet<Operator> = new Set<Operator>([
  'greaterThan',
  'lessThan',
  'greaterThanOrEqual',
  'lessThanOrEqual',
]);

export const UNITS: readonly Unit[] = ['days', 'hours', 'minutes'];

/** What a span begins with: it is a whole filter at once, and the number is soon changed. */
const SPAN_DEFAULT = { value: 30, unit: 'days' } as const;

/** The control that fits a filter that comes from JSON. */
export function kindOf({ field, operator, value }: ConditionFilter): ValueKind {
  if (WITHOUT_VALUE.has(operator)) return 'none';
  if (SPANS.has(operator)) return 'span';
  const subject = subjectOf(field)?.kind;
  if (subject === 'subscribed') return 'boolean';
  if (subject === 'email') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string' && !TEXT_ONLY.has(operator)) {
    if (DAY.test(value)) return 'day';
    if (INSTANT.test(value)) return 'instant';
  }
  return subject === 'createdAt' || subject === 'updatedAt' ? 'day' : 'text';
}

/** The controls to choose from, the first being the usual one. */
export function kindsFor(field: string, operator: Operator, type?: FieldType): ValueKind[] {
  if (WITHOUT_VALUE.has(operator)) return ['none'];
  if (SPANS.has(operator)) return ['span'];
  switch (subjectOf(field)?.kind) {
    case 'subscribed':
      return ['boolean'];
    case 'createdAt':
    case 'updatedAt':
      return ['day', 'instant'];
    case 'data':
      return dataKinds(operator, type);
    default:
      return ['text'];
  }
}

const KIND_OF_TYPE: Partial<Record<FieldType, ValueKind>> = {
  number: 'number',
  boolean: 'boolean',
  date: 'day',
};

function dataKinds(operator: Operator, type: FieldType | undefined): ValueKind[] {
  if (TEXT_ONLY.has(operator)) return ['text'];
  const all: ValueKind[] = ORDERS.has(operator)
    ? ['number', 'day', 'instant', 'text']
    : ['text', 'number', 'boolean', 'day', 'instant'];
  const usual = type && KIND_OF_TYPE[type];
  const first = usual && all.includes(usual) ? usual : type === 'string' ? 'text' : all[0];
  return first ? [first, ...all.filter((kind) => kind !== first)] : all;
}

const EVENT_OPERATORS: readonly Operator[] = [
  'triggered',
  'triggeredWithin',
  'triggeredOlderThan',
  'notTriggered',
  'notTriggeredWithin',
];
const TEXT_OPERATORS: readonly Operator[] = ['equals', 'notEquals', 'contains', 'notContains'];
const INSTANT_OPERATORS: readonly Operator[] = [
  'within',
  'olderThan',
  'equals',
  'notEquals',
  'lessThan',
  'lessThanOrEqual',
  'greaterThan',
  'greaterThanOrEqual',
];
const NUMBER_OPERATORS: readonly Operator[] = [
  'equals',
  'notEquals',
  'greaterThan',
  'greaterThanOrEqual',
  'lessThan',
  'lessThanOrEqual',
];
const PRESENCE: readonly Operator[] = ['exists', 'notExists'];

/** What makes sense for most contacts there; custom fields take the others as well. */
const DATA_OPERATORS: Readonly<Record<FieldType, readonly Operator[]>> = {
  string: [...TEXT_OPERATORS, ...PRESENCE],
  number: [...NUMBER_OPERATORS, ...PRESENCE],
  boolean: ['equals', 'notEquals', ...PRESENCE],
  date: [...INSTANT_OPERATORS, ...PRESENCE],
  array: ['contains', 'notContains', ...PRESENCE],
  object: PRESENCE,
};
const ALL_OF_DATA: readonly Operator[] = [
  ...TEXT_OPERATORS,
  'greaterThan',
  'greaterThanOrEqual',
  'lessThan',
  'lessThanOrEqual',
  'within',
  'olderThan',
  ...PRESENCE,
];

export interface Operators {
  /** What fits the field's type, the first being the one to begin with. */
  usual: readonly Operator[];
  /** What it takes besides. */
  others: readonly Operator[];
}

export function operatorsFor(field: string, type: FieldType | undefined): Operators {
  switch (subjectOf(field)?.kind) {
    case 'email':
      return { usual: TEXT_OPERATORS, others: [] };
    case 'subscribed':
      return { usual: ['equals', 'notEquals'], others: [] };
    case 'createdAt':
    case 'updatedAt':
      return { usual: INSTANT_OPERATORS, others: [] };
    case 'event':
    case 'activity':
      return { usual: EVENT_OPERATORS, others: [] };
    case 'segment':
      return { usual: ['memberOfSegment', 'notMemberOfSegment'], others: [] };
    case 'data': {
      const usual = type ? DATA_OPERATORS[type] : ALL_OF_DATA;
      return { usual, others: ALL_OF_DATA.filter((operator) => !usual.includes(operator)) };
    }
    case undefined:
      return { usual: ['equals'], others: [] };
  }
}

/** The operator in plain words, as it stands between the field and a value of this kind. */
export function titleOf(operator: Operator, kind: ValueKind): string {
  return operatorTitle(operator, kind === 'day' || kind === 'instant');
}

function fitted(value: unknown, kind: ValueKind): unknown {
  switch (kind) {
    case 'none':
      return undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : true;
    case 'number':
      return numberOf(value);
    case 'span':
      return typeof value === 'number' ? value : SPAN_DEFAULT.value;
    case 'day':
      return typeof value === 'string' && DAY.test(value.slice(0, 10)) ? value.slice(0, 10) : undefined;
    case 'instant':
      return instantOf(value);
    case 'text':
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function instantOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (DAY.test(value)) return `${value}T00:00`;
  return INSTANT.test(value) ? value : undefined;
}

function withKind(filter: FilterNode, kind: ValueKind): FilterNode {
  // Without the members that the new kind has no use for.
  const { value: before, unit, ...rest } = filter;
  const isSame = filter.kind === kind;
  const value = isSame ? before : fitted(before, kind);
  return {
    ...rest,
    kind,
    ...(value === undefined ? {} : { value }),
    ...(kind === 'span' ? { unit: unit ?? SPAN_DEFAULT.unit } : {}),
  };
}

/** The filter with another operator: the value stays if it means something there. */
export function withOperator(
  filter: FilterNode,
  operator: Operator,
  type: FieldType | undefined,
): FilterNode {
  const kinds = kindsFor(filter.field, operator, type);
  const kind = kinds.includes(filter.kind) ? filter.kind : (kinds[0] ?? 'text');
  return withKind({ ...filter, operator }, kind);
}

/** The filter with another way to type the value in. */
export function withValueKind(filter: FilterNode, kind: ValueKind): FilterNode {
  return withKind(filter, kind);
}

/** The filter about another field: with that field's first operator, unless it takes the old one. */
export function withField(
  filter: FilterNode,
  field: string,
  type: FieldType | undefined,
): FilterNode {
  if (filter.field === field) return filter;
  const { usual } = operatorsFor(field, type);
  const keeps = filter.field !== '' && usual.includes(filter.operator);
  const operator = keeps ? filter.operator : (usual[0] ?? 'equals');
  const kind = kindsFor(field, operator, type)[0] ?? 'text';
  // A value of one field is rarely one of another; a span is.
  const isSpan = kind === 'span' && filter.kind === 'span';
  const { id, value, unit } = filter;
  const blank: FilterNode = { id, field, operator, kind: 'none' };
  const kept = isSpan && unit ? { ...blank, kind, value, unit } : blank;
  return withKind(kept, kind);
}

/** An ISO 8601 text as `<input type="datetime-local">` takes it, which knows no zone: in UTC. */
export function instantInput(value: unknown): string {
  if (typeof value !== 'string') return '';
  if (!/(Z|[+-]\d\d:\d\d)$/.test(value)) return value.slice(0, 19);
  const instantMs = Date.parse(value);
  return Number.isNaN(instantMs) ? '' : new Date(instantMs).toISOString().slice(0, 19);
}
