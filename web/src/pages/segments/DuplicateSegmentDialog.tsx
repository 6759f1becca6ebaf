import { useState } from 'preact/hooks';
import { go, href } from '../../app/router';
import type { Segment } from '../../api/types';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { formatCount } from '../../ui/format';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { copiesMembers, duplicate } from './duplicate';

export function DuplicateSegmentDialog({
  segment,
  onClose,
}: {
  segment: Segment;
  onClose: () => void;
}) {
  const [name, setName] = useState(`${segment.name} copy`);
  const action = useAction();

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    await action.run(async () => {
      const copy = await duplicate(segment, name);
      toast(`“${copy.name}” has been created.`);
      onClose();
      go(href`/segments/${copy.id}`);
    });
  }

  return (
    <Dialog
      title={`Duplicate “${segment.name}”`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="duplicate" busy={action.isBusy}>
            Create copy
          </Button>
        </>
      }
    >
      <form id="duplicate" class="form" onSubmit={(event) => void save(event)}>
        <TextField label="Name of the copy" value={name} onInput={setName} required autofocus />
        <p class="muted">{whatIsCopied(segment)}</p>
        {action.error && <ErrorNote error={action.error} />}
      </form>
    </Dialog>
  );
}

function whatIsCopied(segment: Segment): string {
  if (segment.type === 'DYNAMIC') return 'The copy has the same filter, and a history of its own.';
  if (!copiesMembers(segment)) return 'The copy begins without members: there are too many.';
  return `The copy begins with the same ${formatCount(segment.memberCount, 'member')}.`;
}
