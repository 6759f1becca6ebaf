import { Button } from './Button';
import { Icon } from './Icon';
import { formatCount, formatNumber } from './format';

interface PagerProps {
  /** The page that is shown, from 1. */
  page: number;
  pageSize: number;
  total: number;
  /** Of what there are `total`: `member`. */
  one: string;
  onPage: (page: number) => void;
}

/** Pages by number. */
export function Pager({ page, pageSize, total, one, onPage }: PagerProps) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  const from = total === 0 ? 0 : (page - 1) * pageSize + 1;
  const to = Math.min(page * pageSize, total);
  return (
    <nav class="pager" aria-label={`Pages of ${one}s`}>
      <p class="pager-range" role="status">
        {formatNumber(from)}–{formatNumber(to)} of {formatCount(total, one)}
      </p>
      <Button size="small" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        <Icon name="chevron-left" />
        Previous
      </Button>
      <Button size="small" disabled={page >= last} onClick={() => onPage(page + 1)}>
        Next
        <Icon name="chevron-right" />
      </Button>
    </nav>
  );
}

interface MoreProps {
  shown: number;
  /** What is shown: `change`, and how more than one are called where `changes` would be wrong. */
  one: string;
  many?: string;
  hasMore: boolean;
  busy: boolean;
  onMore: () => void;
}

/** Lists by cursor: they grow at the end. */
export function More({ shown, one, many, hasMore, busy, onMore }: MoreProps) {
  return (
    <div class="pager">
      <p class="pager-range" role="status">
        {formatCount(shown, one, many)} shown{hasMore ? '' : ', that is all'}
      </p>
      {hasMore && (
        <Button size="small" busy={busy} onClick={onMore}>
          Show more
        </Button>
      )}
    </div>
  );
}
