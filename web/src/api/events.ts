import { get, path, post, remove } from './client';
import type { EventPage, EventRangeStat, EventStat } from './types';
import { usageOf } from './usage';

export const events = {
  list: (
    query: { limit?: number; cursor?: string | null; eventName?: string },
    signal?: AbortSignal,
  ) => get<EventPage>('/events', query, signal),
  ofContact: (
    contactId: string,
    query: { limit?: number; cursor?: string | null },
    signal?: AbortSignal,
  ) => get<EventPage>(path`/events/contact/${contactId}`, query, signal),
  names: (signal?: AbortSignal) => get<{ eventNames: string[] }>('/events/names', {}, signal),
  stats: (query: { startDate?: string; endDate?: string }, signal?: AbortSignal) =>
    get<EventStat[]>('/events/stats', query, signal),
  /** Also how often from each bound to before the next. */
  statsBetween: (bounds: readonly string[], signal?: AbortSignal) =>
    get<EventRangeStat[]>('/events/stats', { bounds: bounds.join(',') }, signal),
  usage: (name: string, signal?: AbortSignal) =>
    usageOf(get(path`/events/${name}/usage`, {}, signal)),
  delete: (name: string) => remove<unknown>(path`/events/${name}`),
  track: (event: { event: string; email: string; data?: Record<string, unknown> }) =>
    post<unknown>('/v1/track', event),
};
