// Who gets a campaign, as a file, and how the program that sends comes to it.
import type { Campaign, CampaignStatus } from '../../api/types';
import { api } from '../../api';
import { Button } from '../../ui/Button';
import { CopyField } from '../../ui/CopyField';
import { Icon } from '../../ui/Icon';
import { Section } from '../../ui/Page';
import { Note } from '../../ui/States';
import { toastError } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { CampaignSteps } from './CampaignSteps';
import { downloadRecipients } from './download';

const EXPLAINED: Readonly<Record<CampaignStatus, string>> = {
  DRAFT:
    'Nothing goes out yet. A download has who would get it now; that may change until you hand it over.',
  SCHEDULED:
    'Nothing is handed over before its time. A download has who would get it now; the list is fixed then.',
  SENDING:
    'The list stays as it was at that moment, whoever unsubscribes or changes later. If your mail program does not fetch it by itself, download it here, send the mail, and then mark the campaign as sent.',
  SENT: 'The list is kept as it was when it was handed over.',
  CANCELLED:
    'This campaign was cancelled. If it had been handed over before, its list is kept as it was then.',
};

function curlExample({ id }: Campaign): string {
  return `curl '${window.location.origin}${api.campaigns.recipientsPath(id, 'csv')}' \\
  -H "Authorization: Bearer $SECRET_KEY"`;
}

export function HandOff({ campaign }: { campaign: Campaign }) {
  const action = useAction();
  const download = (format: 'ndjson' | 'csv') =>
    void action.run(() => downloadRecipients(campaign, format).catch(toastError));
  const isOpen = campaign.status === 'DRAFT' || campaign.status === 'SCHEDULED';
  const hasList = isOpen || campaign.totalRecipients > 0;
  return (
    <Section
      title="Recipients"
      actions={
        hasList && (
          <>
            <Button size="small" busy={action.isBusy} onClick={() => download('csv')}>
              <Icon name="download" />
              Download CSV
            </Button>
            <Button size="small" busy={action.isBusy} onClick={() => download('ndjson')}>
              <Icon name="download" />
              Download JSON lines
            </Button>
          </>
        )
      }
    >
      <div class="card hand-off">
        {campaign.status !== 'CANCELLED' && <CampaignSteps campaign={campaign} />}
        <p>{EXPLAINED[campaign.status]}</p>
        {isOpen && campaign.totalRecipients === 0 && (
          <Note icon="warning">
            <p>Nobody is in the audience and subscribed, so it cannot be handed over now.</p>
          </Note>
        )}
        {hasList && (
          <details class="disclosure">
            <summary>How a program gets the list</summary>
            <div class="stack-small">
              <p class="muted small">
                It asks for it with the secret key. A <a href="#/webhooks">webhook</a> that watches{' '}
                <code>campaign.sending</code> is told when it is there.
              </p>
              <CopyField label="the request" value={curlExample(campaign)} />
            </div>
          </details>
        )}
      </div>
    </Section>
  );
}
