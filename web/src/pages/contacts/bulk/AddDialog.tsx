// Puts many contacts into a static segment.
import { useState } from 'preact/hooks';
import { api } from '../../../api';
import type { Segment } from '../../../api/types';
import { Select } from '../../../ui/Field';
import { Loaded } from '../../../ui/Loaded';
import { useResource } from '../../../ui/useResource';
import { BulkDialog } from './BulkDialog';
import type { Selection } from './selection';

interface AddDialogProps {
  selection: Selection;
  onChanged: () => void;
  onClose: () => void;
}

/** Stands for none until one is chosen. */
const NONE = { id: '', name: '' } as Segment;

export function AddDialog({ selection, onChanged, onClose }: AddDialogProps) {
  const [segment, setSegment] = useState(NONE);
  const all = useResource((signal) => api.segments.list(signal), []);
  return (
    <BulkDialog
      deed={{ kind: 'add', segment }}
      selection={selection}
      isReady={segment !== NONE}
      onChanged={onChanged}
      onClose={onClose}
    >
      <Loaded from={all} compact rows={1}>
        {(segments) => (
          <Choose
            from={segments.filter(({ type }) => type === 'STATIC')}
            chosen={segment}
            onChoose={setSegment}
          />
        )}
      </Loaded>
    </BulkDialog>
  );
}

function Choose({
  from,
  chosen,
  onChoose,
}: {
  from: readonly Segment[];
  chosen: Segment;
  onChoose: (segment: Segment) => void;
}) {
  if (from.length === 0) {
    return (
      <p>
        Only static segments take members by hand, and there is none yet.{' '}
        <a href="#/segments/new">Make one</a>.
      </p>
    );
  }
  return (
    <Select
      label="Static segment"
      hint="Dynamic segments are not listed: their conditions say who is in them."
      value={chosen.id}
      options={[
        { value: '', title: 'Choose one', disabled: true },
        ...from.map(({ id, name }) => ({ value: id, title: name })),
      ]}
      onChange={(id) => onChoose(from.find((segment) => segment.id === id) ?? NONE)}
    />
  );
}
