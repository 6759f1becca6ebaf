// Which project the calls are about. Remembered: the next visit begins where this one ended.
import { signal } from '@preact/signals';

const REMEMBERED = 'segmentry.project';

/** Null until the session has said which projects there are. */
export const projectId = signal<string | null>(null);

export function chooseProject(id: string): void {
  projectId.value = id;
  localStorage.setItem(REMEMBERED, id);
}

export function rememberedProject(): string | null {
  return localStorage.getItem(REMEMBERED);
}
