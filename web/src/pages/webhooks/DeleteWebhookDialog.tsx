import { api } from '../../api';
import type { Webhook } from '../../api/types';
import { ConfirmDialog } from '../../ui/Dialog';
import { formatCount } from '../../ui/format';
import { toast } from '../../ui/Toast';
import { titleOf } from './words';

interface DeleteWebhookDialogProps {
  webhook: Webhook;
  onDeleted: () => void;
  onClose: () => void;
}

export function DeleteWebhookDialog({ webhook, onDeleted, onClose }: DeleteWebhookDialogProps) {
  async function confirm(): Promise<void> {
    await api.webhooks.delete(webhook.id);
    toast(`“${titleOf(webhook)}” has been deleted.`);
    onDeleted();
  }
  const waiting = formatCount(
    webhook.pending,
    'delivery that waits is',
    'deliveries that wait are',
  );
  return (
    <ConfirmDialog
      title={`Delete “${titleOf(webhook)}”?`}
      action="Delete webhook"
      danger
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        The webhook goes, with its secret and its log.{' '}
        {webhook.pending > 0 && `${waiting} not sent any more. `}
        This cannot be undone. To stop for a while, disable it.
      </p>
    </ConfirmDialog>
  );
}
