import { render } from 'preact';
import { App } from './app/App';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/controls.css';
import './styles/content.css';
import './styles/feedback.css';
import './styles/pages.css';
import './styles/contacts.css';
import './styles/campaigns.css';

const root = document.getElementById('app');
if (root) render(<App />, root);
