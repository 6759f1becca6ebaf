// What the field picker offers, and how it is searched.
import type { Field, Segment } from '../../api/types';

export interface FieldOption {
  /** The field, as conditions name it. */
  id: string;
  title: string;
  note?: string;
  group: string;
}

const CONTACT: readonly FieldOption[] = [
  { id: 'email', title: 'Email address', group: 'Contact' },
  { id: 'subscribed', title: 'Subscribed', note: 'yes or no', group: 'Contact' },
  { id: 'createdAt', title: 'Created', note: 'date', group: 'Contact' },
  { id: 'updatedAt', title: 'Last updated', note: 'date', group: 'Contact' },
];

const ACTIVITIES = ['sent', 'delivered', 'opened', 'clicked', 'bounced', 'complained'] as const;

const ENGAGEMENT: readonly FieldOption[] = ACTIVITIES.map((activity) => ({
  id: `email.${activity}`,
  title: `Email ${activity}`,
  group: 'Email engagement',
}));

const TYPE_WORDS: Readonly<Record<Field['type'], string>> = {
  string: 'text',
  number: 'number',
  boolean: 'yes or no',
  date: 'date',
  array: 'list',
  object: 'object',
};

function customOption({ field, type, coverage }: Field): FieldOption {
  return {
    id: field,
    title: field.replace(/^data\./, ''),
    note: `${TYPE_WORDS[type]} · ${Math.round(coverage)} % have it`,
    group: 'Custom fields',
  };
}

function byTitle(a: FieldOption, b: FieldOption): number {
  return a.title.localeCompare(b.title);
}

/** @param ownId  The segment being edited: it cannot refer to itself. */
export function fieldOptions(
  fields: readonly Field[],
  eventNames: readonly string[],
  segments: readonly Segment[],
  ownId: string | null,
): FieldOption[] {
  return [
    ...CONTACT,
    ...fields
      .filter(({ isCustom }) => isCustom)
      .map(customOption)
      .sort(byTitle),
    ...eventNames
      .map((name) => ({ id: `event.${name}`, title: name, group: 'Events' }))
      .sort(byTitle),
    ...ENGAGEMENT,
    ...segments
      .filter(({ id }) => id !== ownId)
      .map(({ id, name, type }) => ({
        id: `segment.${id}`,
        title: name,
        note: type === 'STATIC' ? 'static' : 'dynamic',
        group: 'Segments',
      })),
  ];
}

/** For a name that is not in the list: a field or event that no contact has yet. */
export function newFieldOptions(text: string, known: readonly FieldOption[]): FieldOption[] {
  const typed = text.trim();
  const name = typed.replace(/^(data|event)\./, '');
  if (name === '') return [];
  const ids = new Set(known.map(({ id }) => id));
  const group = 'Something new';
  return [
    { id: `data.${name}`, title: `Custom field “${name}”`, note: 'no contact has it yet', group },
    { id: `event.${name}`, title: `Event “${name}”`, note: 'never seen yet', group },
  ].filter(({ id }) => !ids.has(id) && (!/^(data|event)\./.test(typed) || id === typed));
}
