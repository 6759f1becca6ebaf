import type { FieldType } from '../../api/types';
import { Badge } from '../../ui/Badge';

const TITLES: Readonly<Record<FieldType, string>> = {
  string: 'Text',
  number: 'Number',
  boolean: 'Yes or no',
  date: 'Date',
  array: 'List',
  object: 'Object',
};

export function FieldTypeBadge({ type }: { type: FieldType }) {
  return <Badge>{TITLES[type] ?? type}</Badge>;
}
