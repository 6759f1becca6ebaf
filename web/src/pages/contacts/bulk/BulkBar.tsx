// How many contacts are chosen, and what can be done to them.
import { useState } from 'preact/hooks';
import type { BulkKind } from '../../../api/contacts';
import { Button } from '../../../ui/Button';
import { formatCount, formatNumber } from '../../../ui/format';
import { AddDialog } from './AddDialog';
import { BulkDialog } from './BulkDialog';
import { countOf, type Choice } from './selection';

interface BulkBarProps {
  choice: Choice;
  /** How many the list has in all, also those that are not shown. */
  total: number | undefined;
  onChanged: () => void;
}

const DEEDS: readonly { kind: BulkKind | 'add'; title: string }[] = [
  { kind: 'subscribe', title: 'Subscribe' },
  { kind: 'unsubscribe', title: 'Unsubscribe' },
  { kind: 'add', title: 'Add to segment' },
  { kind: 'delete', title: 'Delete' },
];

export function BulkBar({ choice, total, onChanged }: BulkBarProps) {
  const [asked, ask] = useState<BulkKind | 'add' | null>(null);
  const [hasChanged, setChanged] = useState(false);
  const { selection } = choice;
  if (selection === null) return null;

  // Those who were chosen stay so while the dialog says what became of them.
  const close = () => {
    ask(null);
    setChanged(false);
    if (hasChanged) choice.clear();
  };
  const change = () => {
    setChanged(true);
    onChanged();
  };
  const isMore = selection.kind === 'rows' && total !== undefined && total > countOf(selection);
  return (
    <div class="bulk-bar" role="region" aria-label="Chosen contacts">
      <p role="status">
        {selection.kind === 'all' ? 'All ' : ''}
        <strong>{formatCount(countOf(selection), 'contact')}</strong> chosen
      </p>
      {isMore && (
        <Button variant="quiet" size="small" onClick={() => choice.chooseFound(total)}>
          Choose all {formatNumber(total)}
        </Button>
      )}
      <Button variant="quiet" size="small" onClick={choice.clear}>
        Choose none
      </Button>
      <div class="bulk-deeds">
        {DEEDS.map(({ kind, title }) => (
          <Button key={kind} size="small" onClick={() => ask(kind)}>
            {title}
          </Button>
        ))}
      </div>
      {asked === 'add' && <AddDialog selection={selection} onChanged={change} onClose={close} />}
      {asked !== null && asked !== 'add' && (
        <BulkDialog
          deed={{ kind: asked }}
          selection={selection}
          onChanged={change}
          onClose={close}
        />
      )}
    </div>
  );
}
