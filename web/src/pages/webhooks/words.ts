// Webhooks and what became of deliveries, in words.
import type { Attempt, Delivery, Failure, Webhook } from '../../api/types';
import { formatNumber } from '../../ui/format';

export function titleOf({ name, url }: Pick<Webhook, 'name' | 'url'>): string {
  return name ?? url;
}

/** `answered 500`, or why there was no answer. */
export function failureInWords({ status, error }: Failure): string {
  if (error !== null) return error;
  return status === null ? 'no answer' : `answered ${status}`;
}

/** `once`, `3 times in a row`. */
export function timesInWords(count: number): string {
  return count === 1 ? 'once' : `${formatNumber(count)} times in a row`;
}

/** `204 in 35 ms`, `no answer after 10,000 ms`. */
export function attemptInWords({ status, durationMs }: Attempt): string {
  const time = `${formatNumber(durationMs)} ms`;
  return status === null ? `no answer after ${time}` : `${status} in ${time}`;
}

export function isTaken({ status, error }: Failure): boolean {
  return error === null && status !== null && status >= 200 && status <= 299;
}

/** Whom a delivery is about. Null: nobody in particular, such as of a campaign. */
export function contactOf({ payload }: Delivery): { id: string; email: string } | null {
  return payload.contact;
}

/** The event of a trial, about somebody who does not exist. */
export const TEST_EVENT = 'webhook.test';
