// Who is logged in: nobody, or somebody with projects.
import { computed, signal } from '@preact/signals';
import { api, ApiError } from '../api';
import { whenLoggedOut } from '../api/client';
import { chooseProject, projectId, rememberedProject } from '../api/project';
import type { Project } from '../api/types';

export type SessionState =
  | { kind: 'loading' }
  | { kind: 'none' }
  | { kind: 'failed'; error: Error }
  | { kind: 'open'; projects: Project[] };

export const session = signal<SessionState>({ kind: 'loading' });

/** The session has ended while a page was open: it stays, with what was typed. */
export const hasExpired = signal(false);

export const project = computed(() => {
  const state = session.value;
  if (state.kind !== 'open') return null;
  return state.projects.find(({ id }) => id === projectId.value) ?? null;
});

export async function openSession(): Promise<void> {
  try {
    const { projects } = await api.session.read();
    const remembered = rememberedProject();
    const chosen = projects.find(({ id }) => id === remembered) ?? projects[0];
    if (chosen && projectId.value === null) chooseProject(chosen.id);
    session.value = { kind: 'open', projects };
    hasExpired.value = false;
  } catch (error) {
    if (session.value.kind === 'open') return;
    session.value =
      error instanceof ApiError && error.status === 401
        ? { kind: 'none' }
        : { kind: 'failed', error: error as Error };
  }
}

export async function closeSession(): Promise<void> {
  await api.session.end();
  session.value = { kind: 'none' };
}

whenLoggedOut(() => {
  if (session.value.kind === 'open') hasExpired.value = true;
});
