// What was typed and is not saved, kept in the browser: a reload or a closed tab loses nothing.
import type { Condition } from 'segmentry';
import type { SegmentType } from '../../api/types';

/** Raised when what is stored changes its shape: an older draft is then not offered. */
const VERSION = 1;

export interface LocalDraft {
  name: string;
  description: string;
  type: SegmentType;
  trackMembership: boolean;
  /** May be unfinished. */
  condition: Condition;
  /** What was typed under JSON and is no condition yet. */
  text: string | null;
  savedAtMs: number;
}

export function draftKey(projectId: string, segmentId: string | null): string {
  return `segmentry.draft.${projectId}.${segmentId ?? 'new'}`;
}

export function writeDraft(draft: LocalDraft): string {
  return JSON.stringify({ version: VERSION, ...draft });
}

function isCondition(value: unknown, depth = 0): value is Condition {
  // As deep as the core lets conditions be: somebody may have edited the storage.
  if (depth > 32 || typeof value !== 'object' || value === null) return false;
  const { logic, groups } = value as Partial<Condition>;
  return (
    (logic === 'AND' || logic === 'OR') &&
    Array.isArray(groups) &&
    groups.length > 0 &&
    groups.every(
      (group) =>
        Array.isArray(group?.filters) &&
        group.filters.every(
          (filter) => typeof filter?.field === 'string' && typeof filter.operator === 'string',
        ) &&
        (group.conditions === undefined || isCondition(group.conditions, depth + 1)),
    )
  );
}

/** Null for what is no draft. */
export function readDraft(text: string | null): LocalDraft | null {
  if (text === null) return null;
  try {
    const draft = JSON.parse(text) as LocalDraft & { version: number };
    const isWhole =
      draft.version === VERSION &&
      typeof draft.name === 'string' &&
      typeof draft.description === 'string' &&
      (draft.type === 'DYNAMIC' || draft.type === 'STATIC') &&
      typeof draft.trackMembership === 'boolean' &&
      (draft.text === null || typeof draft.text === 'string') &&
      typeof draft.savedAtMs === 'number' &&
      isCondition(draft.condition);
    return isWhole ? draft : null;
  } catch {
    return null;
  }
}
