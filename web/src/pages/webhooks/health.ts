// How a webhook does, in a word.
import type { Webhook } from '../../api/types';
import type { BadgeTone } from '../../ui/Badge';

export type HealthKind = 'disabled' | 'paused' | 'failing' | 'delivering' | 'untried' | 'resumed';

/** What a receiver answers that wants no more. */
const GONE = 410;

export function healthOf({ enabled, health }: Pick<Webhook, 'enabled' | 'health'>): HealthKind {
  if (!enabled) return 'disabled';
  if (health.state === 'PAUSED') return 'paused';
  if (health.state === 'FAILING') return 'failing';
  // Instants are texts of one form: they compare as they are.
  const success = health.lastSuccessAt ?? '';
  const failure = health.lastFailureAt ?? '';
  if (failure > success) return 'resumed';
  return success === '' ? 'untried' : 'delivering';
}

/** The receiver itself has disabled the webhook. */
export function wantsNoMore({ enabled, health }: Pick<Webhook, 'enabled' | 'health'>): boolean {
  return !enabled && health.failuresInARow > 0 && health.lastFailure?.status === GONE;
}

export const HEALTH_LOOKS: Readonly<Record<HealthKind, { tone: BadgeTone; title: string }>> = {
  disabled: { tone: 'neutral', title: 'Disabled' },
  paused: { tone: 'bad', title: 'Paused' },
  failing: { tone: 'warning', title: 'Failing' },
  delivering: { tone: 'good', title: 'Delivering' },
  untried: { tone: 'neutral', title: 'Nothing sent yet' },
  resumed: { tone: 'neutral', title: 'To be tried' },
};
