import { get, post } from './client';
import type { Project } from './types';

export const session = {
  read: () => get<{ projects: Project[] }>('/session'),
  end: () => post<void>('/logout'),
};
