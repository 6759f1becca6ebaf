// When a campaign is to be sent.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Campaign } from '../../api/types';
import { FormDialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { localText, zoneName } from '../../ui/localInstant';
import { useRefusal } from '../../ui/refusal';
import { toast } from '../../ui/Toast';

function tomorrow(): Date {
  const instant = new Date();
  instant.setDate(instant.getDate() + 1);
  return instant;
}

interface ScheduleDialogProps {
  campaign: Campaign;
  onChanged: (campaign: Campaign) => void;
  onClose: () => void;
}

export function ScheduleDialog({ campaign, onChanged, onClose }: ScheduleDialogProps) {
  const [text, setText] = useState(() =>
    localText(campaign.scheduledFor ? new Date(campaign.scheduledFor) : tomorrow()),
  );
  const refusal = useRefusal(['scheduledFor']);

  async function save(): Promise<void> {
    onChanged(await api.campaigns.send(campaign.id, new Date(text).toISOString()));
    toast('The campaign will be handed over at its time.');
    onClose();
  }

  return (
    <FormDialog
      title={`Schedule “${campaign.name}”`}
      action="Schedule"
      isReady={!Number.isNaN(Date.parse(text))}
      onSubmit={async () => void (await refusal.placing(save))}
      onClose={onClose}
    >
      <TextField
        label="Hand over at"
        type="datetime-local"
        hint={`In your time zone, ${zoneName()}. Who gets it is decided then.`}
        error={refusal.at.scheduledFor}
        value={text}
        onInput={setText}
        required
      />
    </FormDialog>
  );
}
