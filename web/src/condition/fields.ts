// What a filter's field is about, read from its name.

export type FieldSubject =
  | { kind: 'email' | 'subscribed' | 'createdAt' | 'updatedAt' }
  /** `data.<path>`. */
  | { kind: 'data'; name: string }
  /** `event.<name>`. */
  | { kind: 'event'; name: string }
  /** `email.<activity>`. */
  | { kind: 'activity'; name: string }
  /** `segment.<id>`. */
  | { kind: 'segment'; id: string };

/** Null for what no filter can name. */
export function subjectOf(field: string): FieldSubject | null {
  if (
    field === 'email' ||
    field === 'subscribed' ||
    field === 'createdAt' ||
    field === 'updatedAt'
  ) {
    return { kind: field };
  }
  const dot = field.indexOf('.');
  const name = field.slice(dot + 1);
  switch (field.slice(0, Math.max(dot, 0))) {
    case 'data':
      return { kind: 'data', name };
    case 'event':
      return { kind: 'event', name };
    case 'email':
      return { kind: 'activity', name };
    case 'segment':
      return { kind: 'segment', id: name };
    default:
      return null;
  }
}

/** The field in plain words; a segment by its name, where it is known. */
export function fieldInWords(
  field: string,
  segmentName: (id: string) => string | undefined,
): string {
  const subject = subjectOf(field);
  switch (subject?.kind) {
    case undefined:
      return field;
    case 'email':
      return 'email address';
    case 'subscribed':
      return 'subscribed';
    case 'createdAt':
      return 'created';
    case 'updatedAt':
      return 'last updated';
    case 'data':
      return subject.name;
    case 'event':
      return subject.name;
    case 'activity':
      return `email ${subject.name}`;
    case 'segment':
      return segmentName(subject.id) ?? 'a deleted segment';
  }
}
