import { get, path, post } from './client';
import type { Project } from './types';

export const session = {
  read: () => get<{ projects: Project[] }>('/session'),
  /** Two new keys for a project, shown this once; the old ones are refused from then on. */
  rotateKeys: (projectId: string) =>
    post<{ secretKey: string; publicKey: string }>(path`/projects/${projectId}/rotate-keys`),
  end: () => post<void>('/logout'),
};
