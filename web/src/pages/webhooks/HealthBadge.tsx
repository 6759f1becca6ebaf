// How a webhook does: a word, and why.
import type { Webhook } from '../../api/types';
import { Badge } from '../../ui/Badge';
import { formatClock } from '../../ui/format';
import { HEALTH_LOOKS, healthOf, wantsNoMore } from './health';
import { failureInWords, timesInWords } from './words';

export function HealthBadge({ webhook }: { webhook: Webhook }) {
  const { tone, title } = HEALTH_LOOKS[healthOf(webhook)];
  return <Badge tone={tone}>{title}</Badge>;
}

/** The reason behind the word; nothing where the word says it all. */
export function HealthReason({ webhook }: { webhook: Webhook }) {
  const { failuresInARow, lastFailure, pausedUntil } = webhook.health;
  const why = lastFailure ? failureInWords(lastFailure) : 'the reason has expired';
  switch (healthOf(webhook)) {
    case 'disabled':
      return wantsNoMore(webhook) ? <>by its receiver: {why}</> : null;
    case 'paused':
      return (
        <>
          {pausedUntil && `until ${formatClock(pausedUntil)}`}: {why}
        </>
      );
    case 'failing':
      return (
        <>
          {timesInWords(failuresInARow)}: {why}
        </>
      );
    default:
      return null;
  }
}
