import { api } from '../../api';
import type { Campaign } from '../../api/types';
import { ConfirmDialog } from '../../ui/Dialog';
import { toast } from '../../ui/Toast';

interface DeleteCampaignDialogProps {
  campaign: Campaign;
  onDeleted: () => void;
  onClose: () => void;
}

export function DeleteCampaignDialog({ campaign, onDeleted, onClose }: DeleteCampaignDialogProps) {
  async function confirm(): Promise<void> {
    await api.campaigns.delete(campaign.id);
    toast(`“${campaign.name}” has been deleted.`);
    onDeleted();
  }
  return (
    <ConfirmDialog
      title={`Delete “${campaign.name}”?`}
      action="Delete campaign"
      danger
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>The campaign goes, with its list of recipients. This cannot be undone.</p>
    </ConfirmDialog>
  );
}
