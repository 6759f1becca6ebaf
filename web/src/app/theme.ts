// Light or dark: as the system says, unless somebody has chosen.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const REMEMBERED = 'segmentry.theme';

function remembered(): Theme {
  const theme = localStorage.getItem(REMEMBERED);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export const theme = signal<Theme>(remembered());

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'system') {
    delete root.dataset['theme'];
    localStorage.removeItem(REMEMBERED);
  } else {
    root.dataset['theme'] = theme.value;
    localStorage.setItem(REMEMBERED, theme.value);
  }
});
