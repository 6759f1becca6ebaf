// One campaign: what it says, who gets it, and what can be done with it now.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Campaign } from '../../api/types';
import { go, href } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { conditionInWords } from '../../condition/words';
import { formatInstant, formatNumber } from '../../ui/format';
import { Loaded } from '../../ui/Loaded';
import { Figure, PageHead, Section } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useResource } from '../../ui/useResource';
import { useSegmentNames } from '../segments/useSegmentNames';
import { CampaignActions } from './CampaignActions';
import { CampaignStatusBadge } from './CampaignStatusBadge';
import { DeleteCampaignDialog } from './DeleteCampaignDialog';
import { HandOff } from './HandOff';

export default function CampaignPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const campaign = useResource((signal) => api.campaigns.get(id, signal), [id]);
  return (
    <Loaded from={campaign} isPage upwards={{ href: '#/campaigns', title: 'Go to the campaigns' }}>
      {(data) => <Content campaign={data} onChanged={campaign.set} />}
    </Loaded>
  );
}

interface ContentProps {
  campaign: Campaign;
  onChanged: (campaign: Campaign) => void;
}

function Content({ campaign, onChanged }: ContentProps) {
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <PageHead
        title={campaign.name}
        back={{ href: '#/campaigns', title: 'Campaigns' }}
        marks={<CampaignStatusBadge status={campaign.status} />}
        actions={
          <CampaignActions
            campaign={campaign}
            onChanged={onChanged}
            onDelete={() => setDeleting(true)}
          />
        }
      />
      <dl class="figures">
        <Figure title="Recipients" note={whoCounts(campaign)}>
          {formatNumber(campaign.totalRecipients)}
        </Figure>
        <Figure title="Audience">
          <span class="figure-text">
            <AudienceName campaign={campaign} />
          </span>
        </Figure>
        <When campaign={campaign} />
      </dl>
      <HandOff campaign={campaign} />
      <Section title="Content">
        <dl class="card facts">
          <dt>From</dt>
          <dd>{campaign.from}</dd>
          <dt>Subject</dt>
          <dd>{campaign.subject}</dd>
          <dt>Body</dt>
          <dd class="body-text">{campaign.body}</dd>
        </dl>
      </Section>
      {isDeleting && (
        <DeleteCampaignDialog
          campaign={campaign}
          onDeleted={() => go('/campaigns')}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}

function When({ campaign: { status, scheduledFor, updatedAt } }: { campaign: Campaign }) {
  const isScheduled = status === 'SCHEDULED' && scheduledFor !== null;
  return (
    <Figure title={isScheduled ? 'Scheduled for' : 'Changed'}>
      <span class="figure-text">
        {isScheduled ? formatInstant(scheduledFor) : <Time at={updatedAt} />}
      </span>
    </Figure>
  );
}

function whoCounts({ status }: Campaign): string {
  return status === 'DRAFT' || status === 'SCHEDULED' ? 'subscribed, now' : 'on the list';
}

function AudienceName({ campaign }: { campaign: Campaign }) {
  switch (campaign.audienceType) {
    case 'ALL':
      return <>Everybody</>;
    case 'SEGMENT':
      return <SegmentName id={campaign.segmentId ?? ''} />;
    case 'FILTERED':
      return <FilterWords campaign={campaign} />;
  }
}

function SegmentName({ id }: { id: string }) {
  const segment = useResource((signal) => api.segments.get(id, signal), [id]);
  if (segment.error) return <>a segment that is not there any more</>;
  return <a href={href`/segments/${id}`}>{segment.data?.name ?? '…'}</a>;
}

function FilterWords({ campaign }: { campaign: Campaign }) {
  const condition = campaign.audienceCondition ?? null;
  const nameOf = useSegmentNames(condition);
  return <span class="small">{condition ? conditionInWords(condition, nameOf) : 'A filter'}</span>;
}
