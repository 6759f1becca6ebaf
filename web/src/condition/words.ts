// Filters and conditions in plain words.
import type { Condition, ConditionFilter, Group, Operator } from 'segmentry';
import { formatNumber, formatValue } from '../ui/format';
import { fieldInWords, subjectOf } from './fields';

/** What a person reads between the field and the value. */
export const OPERATOR_WORDS: Readonly<Record<Operator, string>> = {
  equals: 'is',
  notEquals: 'is not',
  contains: 'contains',
  notContains: 'does not contain',
  greaterThan: 'is more than',
  lessThan: 'is less than',
  greaterThanOrEqual: 'is at least',
  lessThanOrEqual: 'is at most',
  exists: 'has a value',
  notExists: 'has no value',
  within: 'is in the last',
  olderThan: 'is longer ago than',
  triggered: 'ever happened',
  notTriggered: 'never happened',
  triggeredWithin: 'happened in the last',
  triggeredOlderThan: 'happened, but not in the last',
  notTriggeredWithin: 'did not happen in the last',
  memberOfSegment: 'is a member',
  notMemberOfSegment: 'is not a member',
};

/** The same four between instants. */
const INSTANT_WORDS: Partial<Record<Operator, string>> = {
  greaterThan: 'is after',
  lessThan: 'is before',
  greaterThanOrEqual: 'is at or after',
  lessThanOrEqual: 'is at or before',
};

/** A day, or a day with its time. */
const DATE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/;

/** Operators that are not held against a value. */
export const WITHOUT_VALUE: ReadonlySet<Operator> = new Set<Operator>([
  'exists',
  'notExists',
  'triggered',
  'notTriggered',
  'memberOfSegment',
  'notMemberOfSegment',
]);

export interface FilterWords {
  field: string;
  operator: string;
  /** Empty where the operator takes none. */
  value: string;
}

type SegmentName = (id: string) => string | undefined;

/** The operator in words; `comparesInstants`: what stands around it are dates. */
export function operatorTitle(operator: Operator, comparesInstants: boolean): string {
  return (comparesInstants && INSTANT_WORDS[operator]) || OPERATOR_WORDS[operator] || operator;
}

function operatorInWords({ field, operator, value }: ConditionFilter): string {
  const kind = subjectOf(field)?.kind;
  const comparesInstants =
    kind === 'createdAt' ||
    kind === 'updatedAt' ||
    (typeof value === 'string' && DATE.test(value));
  return operatorTitle(operator, comparesInstants);
}

function valueInWords({ operator, value, unit }: ConditionFilter): string {
  if (WITHOUT_VALUE.has(operator)) return '';
  if (unit !== undefined) {
    const number = typeof value === 'number' ? formatNumber(value) : formatValue(value);
    return `${number} ${value === 1 ? unit.slice(0, -1) : unit}`;
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return formatNumber(value);
  return typeof value === 'string' ? (dateInWords(value) ?? `“${value}”`) : formatValue(value);
}

/** Of a text that the language compares as a date; a time without a zone is in UTC. */
function dateInWords(text: string): string | undefined {
  const [, day, time, zone] = DATE.exec(text) ?? [];
  if (day === undefined) return undefined;
  if (time === undefined) return day;
  return `${day} ${time} ${zone === undefined || zone === 'Z' ? 'UTC' : zone}`;
}

export function filterInWords(filter: ConditionFilter, segmentName: SegmentName): FilterWords {
  return {
    field: fieldInWords(filter.field, segmentName),
    operator: operatorInWords(filter),
    value: valueInWords(filter),
  };
}

function sentenceOf(filter: ConditionFilter, segmentName: SegmentName): string {
  const { field, operator, value } = filterInWords(filter, segmentName);
  const subject = subjectOf(filter.field)?.kind === 'segment' ? `“${field}”` : field;
  if (filter.operator === 'memberOfSegment') return `is in ${subject}`;
  if (filter.operator === 'notMemberOfSegment') return `is not in ${subject}`;
  return [subject, operator, value].filter(Boolean).join(' ');
}

function groupInWords(group: Group, segmentName: SegmentName): string[] {
  const parts = group.filters.map((filter) => sentenceOf(filter, segmentName));
  if (group.conditions) parts.push(`(${joined(group.conditions, segmentName)})`);
  return parts;
}

function joined(condition: Condition, segmentName: SegmentName): string {
  const isAlone = condition.groups.length === 1;
  const groups = condition.groups.map((group) => {
    const parts = groupInWords(group, segmentName);
    const text = parts.join(' and ');
    return isAlone || parts.length === 1 || condition.logic === 'AND' ? text : `(${text})`;
  });
  return groups.join(condition.logic === 'AND' ? ' and ' : ' or ');
}

/** The condition as one sentence. */
export function conditionInWords(condition: Condition, segmentName: SegmentName): string {
  return `Contacts where ${joined(condition, segmentName)}.`;
}
