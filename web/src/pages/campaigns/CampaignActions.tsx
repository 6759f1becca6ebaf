// What can be done with a campaign in its status.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Campaign, CampaignStatus } from '../../api/types';
import { href } from '../../app/router';
import { Button, ButtonLink, IconButton } from '../../ui/Button';
import { ConfirmDialog } from '../../ui/Dialog';
import { formatCount } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { toast } from '../../ui/Toast';
import { ScheduleDialog } from './ScheduleDialog';

type Deed = 'send' | 'schedule' | 'cancel' | 'sent';

const ALLOWED: Readonly<Record<CampaignStatus, readonly (Deed | 'edit' | 'delete')[]>> = {
  DRAFT: ['delete', 'cancel', 'edit', 'schedule', 'send'],
  SCHEDULED: ['delete', 'cancel', 'edit', 'schedule', 'send'],
  SENDING: ['cancel', 'sent'],
  SENT: ['delete'],
  CANCELLED: ['delete'],
};

interface CampaignActionsProps {
  campaign: Campaign;
  onChanged: (campaign: Campaign) => void;
  onDelete: () => void;
}

export function CampaignActions({ campaign, onChanged, onDelete }: CampaignActionsProps) {
  const [asked, ask] = useState<Deed | null>(null);
  const may = (deed: Deed | 'edit' | 'delete') => ALLOWED[campaign.status]?.includes(deed);
  const close = () => ask(null);
  return (
    <>
      {may('delete') && (
        <IconButton label="Delete" framed onClick={onDelete}>
          <Icon name="trash" />
        </IconButton>
      )}
      {may('cancel') && <Button onClick={() => ask('cancel')}>Cancel campaign</Button>}
      {may('edit') && (
        <ButtonLink href={href`/campaigns/${campaign.id}/edit`}>
          <Icon name="edit" />
          Edit
        </ButtonLink>
      )}
      {may('schedule') && (
        <Button onClick={() => ask('schedule')}>
          <Icon name="clock" />
          Schedule
        </Button>
      )}
      {may('send') && (
        <Button variant="primary" onClick={() => ask('send')}>
          Hand over now
        </Button>
      )}
      {may('sent') && (
        <Button variant="primary" onClick={() => ask('sent')}>
          <Icon name="check" />
          Mark as sent
        </Button>
      )}
      {asked === 'schedule' && (
        <ScheduleDialog campaign={campaign} onChanged={onChanged} onClose={close} />
      )}
      {asked !== null && asked !== 'schedule' && (
        <DeedDialog deed={asked} campaign={campaign} onChanged={onChanged} onClose={close} />
      )}
    </>
  );
}

interface DeedDialogProps {
  deed: Exclude<Deed, 'schedule'>;
  campaign: Campaign;
  onChanged: (campaign: Campaign) => void;
  onClose: () => void;
}

/** What each deed asks, says and does. */
const DEEDS = {
  send: {
    title: ({ name }: Campaign) => `Hand over “${name}” now?`,
    text: ({ totalRecipients }: Campaign) => {
      const list = `The list of ${formatCount(totalRecipients, 'recipient')}`;
      return `${list} is fixed now, and your mail program gets it. Texts and audience cannot be changed any more.`;
    },
    action: 'Hand over now',
    danger: false,
    run: api.campaigns.send,
    done: 'The list of recipients is fixed and handed over.',
  },
  cancel: {
    title: ({ name }: Campaign) => `Cancel “${name}”?`,
    text: ({ status }: Campaign) =>
      status === 'SENDING'
        ? 'Your mail program may have begun: what it has sent cannot be called back. The campaign cannot be sent again.'
        : 'A cancelled campaign cannot be sent any more.',
    action: 'Cancel campaign',
    danger: true,
    run: api.campaigns.cancel,
    done: 'The campaign has been cancelled.',
  },
  sent: {
    title: ({ name }: Campaign) => `Has “${name}” been sent?`,
    text: () =>
      'Mark it when the mail has gone out. A mail program that is connected reports it by itself.',
    action: 'Mark as sent',
    danger: false,
    run: api.campaigns.sent,
    done: 'The campaign has been sent.',
  },
} as const;

function DeedDialog({ deed, campaign, onChanged, onClose }: DeedDialogProps) {
  const { title, text, action, danger, run, done } = DEEDS[deed];
  return (
    <ConfirmDialog
      title={title(campaign)}
      action={action}
      danger={danger}
      onConfirm={async () => {
        onChanged(await run(campaign.id));
        toast(done);
      }}
      onClose={onClose}
    >
      <p>{text(campaign)}</p>
    </ConfirmDialog>
  );
}
