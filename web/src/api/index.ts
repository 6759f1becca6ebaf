// The client of the HTTP API, by what it is about.
import { campaigns } from './campaigns';
import { contacts, fields } from './contacts';
import { events } from './events';
import { segments } from './segments';
import { session } from './session';
import { webhooks } from './webhooks';

export const api = { campaigns, contacts, events, fields, segments, session, webhooks };
export { ApiError, type Problem } from './client';
