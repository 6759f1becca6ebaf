// The way around: a column at the left, a bar with a menu where there is little room.
import { useEffect, useState } from 'preact/hooks';
import { chooseProject } from '../api/project';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Logo } from '../ui/Logo';
import { toastError } from '../ui/Toast';
import { go, path } from './router';
import { routeAt, SECTIONS } from './routes';
import { closeSession, project, session } from './session';
import { theme, type Theme } from './theme';

export function Navigation() {
  const [isOpen, setOpen] = useState(false);
  const section = routeAt(path.value)?.route.section;
  useEffect(() => setOpen(false), [path.value]);
  return (
    <header class="side" data-open={isOpen}>
      <div class="side-bar">
        <a class="side-brand" href="#/segments">
          <Logo />
          <span>Segmentry</span>
        </a>
        <button
          type="button"
          class="side-menu"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
          <span class="visually-hidden">Menu</span>
        </button>
      </div>
      <div class="side-content" id="navigation">
        <ProjectSwitcher />
        <nav aria-label="Main">
          <ul class="side-links">
            {SECTIONS.map(({ id, title }) => (
              <li key={id}>
                <a href={`#/${id}`} aria-current={id === section ? 'page' : undefined}>
                  <Icon name={id} />
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <ThemeSwitch />
          <IconButton label="Log out" onClick={() => void closeSession().catch(toastError)}>
            <Icon name="logout" />
          </IconButton>
        </div>
      </div>
    </header>
  );
}

function ProjectSwitcher() {
  const state = session.value;
  const projects = state.kind === 'open' ? state.projects : [];
  return (
    <label class="side-project">
      <span class="side-label">Project</span>
      <select
        class="input"
        value={project.value?.id}
        onChange={(event) => {
          chooseProject(event.currentTarget.value);
          go('/segments');
        }}
      >
        {projects.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const THEMES: readonly { value: Theme; title: string; icon: 'system' | 'light' | 'dark' }[] = [
  { value: 'system', title: 'As the system', icon: 'system' },
  { value: 'light', title: 'Light', icon: 'light' },
  { value: 'dark', title: 'Dark', icon: 'dark' },
];

function ThemeSwitch() {
  return (
    <div class="switch" role="group" aria-label="Colours">
      {THEMES.map(({ value, title, icon }) => (
        <button
          key={value}
          type="button"
          title={title}
          aria-label={title}
          aria-pressed={theme.value === value}
          onClick={() => (theme.value = value)}
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}
