import { useState } from 'preact/hooks';
import { go, href } from '../../app/router';
import type { Segment } from '../../api/types';
import { FormDialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { formatCount } from '../../ui/format';
import { useRefusal } from '../../ui/refusal';
import { toast } from '../../ui/Toast';
import { copiesMembers, duplicate } from './duplicate';

export function DuplicateSegmentDialog({
  segment,
  onClose,
}: {
  segment: Segment;
  onClose: () => void;
}) {
  const [name, setName] = useState(`${segment.name} copy`);
  const refusal = useRefusal(['name']);

  async function save(): Promise<void> {
    const copy = await duplicate(segment, name);
    toast(`“${copy.name}” has been created.`);
    onClose();
    go(href`/segments/${copy.id}`);
  }

  return (
    <FormDialog
      title={`Duplicate “${segment.name}”`}
      action="Create copy"
      onSubmit={async () => void (await refusal.placing(save))}
      onClose={onClose}
    >
      <TextField
        label="Name of the copy"
        error={refusal.at.name}
        value={name}
        onInput={setName}
        required
        autofocus
      />
      <p class="muted">{whatIsCopied(segment)}</p>
    </FormDialog>
  );
}

function whatIsCopied(segment: Segment): string {
  if (segment.type === 'DYNAMIC') return 'The copy has the same filter, and a history of its own.';
  if (!copiesMembers(segment)) return 'The copy begins without members: there are too many.';
  return `The copy begins with the same ${formatCount(segment.memberCount, 'member')}.`;
}
