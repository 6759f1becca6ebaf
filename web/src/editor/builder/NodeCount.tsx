// How many contacts match one filter or group by itself, with its share as a line.
import { formatNumber, formatShare } from '../../ui/format';
import type { ConditionStore } from '../conditionStore';
import type { NodeId } from '../model/tree';

export function NodeCount({ store, id }: { store: ConditionStore; id: NodeId }) {
  const count = store.counts.value.get(id);
  const total = store.context.live.answer.value?.answer.total ?? 0;
  // As wide as the largest number it can become: nothing moves while it changes.
  const style = {
    '--digits': `${Math.max(formatNumber(total).length, 3)}ch`,
    '--share': count === undefined || total === 0 ? 0 : count / total,
  };
  return (
    <span class="node-count" style={style} title={titleOf(count, total)}>
      <span class="visually-hidden">Matches by itself: </span>
      <span class="node-count-value">{count === undefined ? '–' : formatNumber(count)}</span>
      <span class="node-count-bar" aria-hidden="true" />
    </span>
  );
}

function titleOf(count: number | undefined, total: number): string {
  if (count === undefined) return 'Not counted yet';
  return `${formatNumber(count)} contacts match this by itself: ${formatShare(count, total)} of all`;
}
