// Asks before a segment is deleted, and shows who uses it: then the server refuses.
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { ConfirmDialog } from '../../ui/Dialog';
import { formatCount } from '../../ui/format';
import { toast } from '../../ui/Toast';
import { useResource } from '../../ui/useResource';
import { isUsed, UsageList } from '../UsageList';

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
    <ConfirmDialog
      title={`Delete “${segment.name}”?`}
      action="Delete segment"
      danger
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        The segment goes, with the list of its {formatCount(segment.memberCount, 'member')} and its
        history. The contacts stay. This cannot be undone.
      </p>
      {usage.data && isUsed(usage.data) && (
        <div class="stack-small">
          <p>
            <strong>It is used by:</strong>
          </p>
          <UsageList usage={usage.data} />
        </div>
      )}
    </ConfirmDialog>
  );
}
