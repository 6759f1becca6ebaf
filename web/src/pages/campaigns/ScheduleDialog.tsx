// When a campaign is to be sent.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Campaign } from '../../api/types';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { localText, zoneName } from '../../ui/localInstant';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';

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
  const action = useAction();

  const save = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      onChanged(await api.campaigns.send(campaign.id, new Date(text).toISOString()));
      toast('The campaign is scheduled.');
      onClose();
    });
  };

  return (
    <Dialog
      title={`Schedule “${campaign.name}”`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="schedule"
            busy={action.isBusy}
            disabled={Number.isNaN(Date.parse(text))}
          >
            Schedule
          </Button>
        </>
      }
    >
      <form id="schedule" class="form" onSubmit={save}>
        <TextField
          label="Send at"
          type="datetime-local"
          hint={`In your time zone, ${zoneName()}. Who gets it is decided then.`}
          value={text}
          onInput={setText}
          required
        />
        {action.error && <ErrorNote error={action.error} />}
      </form>
    </Dialog>
  );
}
