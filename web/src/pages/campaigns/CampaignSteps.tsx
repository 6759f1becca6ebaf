// The way of a campaign: written, handed over to the program that sends, sent.
import type { Campaign, CampaignStatus } from '../../api/types';
import { formatCount, formatInstant } from '../../ui/format';
import { Icon } from '../../ui/Icon';

type StepState = 'done' | 'now' | 'ahead';

/** How far it is: the number of the step that is under way. All are done at 3. */
const STEP_OF: Readonly<Record<CampaignStatus, number>> = {
  DRAFT: 0,
  SCHEDULED: 1,
  SENDING: 2,
  SENT: 3,
  CANCELLED: 0,
};

function stateOf(step: number, current: number): StepState {
  if (step < current) return 'done';
  return step === current ? 'now' : 'ahead';
}

export function CampaignSteps({ campaign }: { campaign: Campaign }) {
  const current = STEP_OF[campaign.status];
  const recipients = formatCount(campaign.totalRecipients, 'recipient');
  const steps = [
    {
      title: 'Write it',
      note: current > 1 ? 'Texts and audience stay as they are.' : 'Texts and audience can be changed.',
    },
    {
      title: 'Hand it over',
      note:
        current > 1
          ? `The list of ${recipients} is fixed.`
          : campaign.scheduledFor && campaign.status === 'SCHEDULED'
            ? `The list is fixed on ${formatInstant(campaign.scheduledFor)}.`
            : 'The list of recipients is fixed, and your mail program gets it.',
    },
    {
      title: 'It is sent',
      note:
        campaign.status === 'SENT'
          ? 'Your mail program is done.'
          : 'Your mail program sends it, and says when it is done.',
    },
  ];
  return (
    <ol class="steps" aria-label="What happens to this campaign">
      {steps.map(({ title, note }, index) => {
        const state = stateOf(index, current);
        return (
          <li
            key={title}
            class="step"
            data-state={state}
            aria-current={state === 'now' ? 'step' : undefined}
          >
            <Icon name={state === 'done' ? 'check' : state === 'now' ? 'clock' : 'more'} />
            <strong>{title}</strong>
            <span class="step-note">{note}</span>
          </li>
        );
      })}
    </ol>
  );
}
