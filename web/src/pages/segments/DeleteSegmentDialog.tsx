// Asks before a segment is deleted, and shows who uses it: then the server refuses.
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { formatCount } from '../../ui/format';
import { toast } from '../../ui/Toast';
import { useResource } from '../../ui/useResource';
import { DeleteUsedDialog } from '../DeleteUsedDialog';

interface DeleteSegmentDialogProps {
  segment: Segment;
  onDeleted: () => void;
  onClose: () => void;
}

export function DeleteSegmentDialog({ segment, onDeleted, onClose }: DeleteSegmentDialogProps) {
  const usage = useResource((signal) => api.segments.usage(segment.id, signal), [segment.id]);

  async function confirm(): Promise<void> {
    await api.segments.delete(segment.id);
    toast(`“${segment.name}” has been deleted.`);
    onDeleted();
  }

  return (
    <DeleteUsedDialog
      title={`Delete “${segment.name}”?`}
      action="Delete segment"
      usage={usage}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        The segment goes, with the list of its {formatCount(segment.memberCount, 'member')} and its
        history. The contacts stay. This cannot be undone.
      </p>
    </DeleteUsedDialog>
  );
}
