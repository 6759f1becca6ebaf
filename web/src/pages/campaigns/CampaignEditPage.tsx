// Writes a new campaign, or changes one that has not been sent.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Campaign, CampaignDraft } from '../../api/types';
import { go, href, setLeaveGuard } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { useUnsavedGuard } from '../../app/useUnsavedGuard';
import { Button, ButtonLink } from '../../ui/Button';
import { TextArea, TextField } from '../../ui/Field';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { useResource } from '../../ui/useResource';
import { AudiencePicker } from './AudiencePicker';

const EMPTY: CampaignDraft = {
  name: '',
  subject: '',
  body: '',
  from: '',
  audienceType: 'ALL',
  segmentId: null,
  audienceCondition: null,
};

export default function CampaignEditPage({ params }: PageProps) {
  const id = params['id'];
  return id === undefined ? <Editor campaign={null} /> : <Existing id={id} />;
}

function Existing({ id }: { id: string }) {
  const campaign = useResource((signal) => api.campaigns.get(id, signal), [id]);
  return (
    <Loaded from={campaign} isPage upwards={{ href: '#/campaigns', title: 'Go to the campaigns' }}>
      {(data) => <Editor campaign={data} />}
    </Loaded>
  );
}

function draftOf(campaign: Campaign | null): CampaignDraft {
  if (campaign === null) return EMPTY;
  const { name, subject, body, from, audienceType, segmentId, audienceCondition } = campaign;
  return {
    name,
    subject,
    body,
    from,
    audienceType,
    segmentId: segmentId ?? null,
    audienceCondition: audienceCondition ?? null,
  };
}

function Editor({ campaign }: { campaign: Campaign | null }) {
  const [draft, setDraft] = useState<CampaignDraft>(() => draftOf(campaign));
  const [isChanged, setChanged] = useState(false);
  const action = useAction();
  useUnsavedGuard(isChanged);

  const change = (changes: Partial<CampaignDraft>) => {
    setDraft((before) => ({ ...before, ...changes }));
    setChanged(true);
  };

  const save = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      const saved = campaign
        ? await api.campaigns.update(campaign.id, draft)
        : await api.campaigns.create(draft);
      setLeaveGuard(null);
      toast(`“${saved.name}” has been saved.`);
      go(href`/campaigns/${saved.id}`);
    });
  };

  const back = campaign
    ? { href: href`/campaigns/${campaign.id}`, title: campaign.name }
    : { href: '#/campaigns', title: 'Campaigns' };
  return (
    <>
      <PageHead title={campaign ? 'Edit campaign' : 'New campaign'} back={back} />
      <form class="form form-narrow" onSubmit={save}>
        <Texts draft={draft} change={change} />
        <AudiencePicker audience={draft} onChange={change} />
        {action.error && <ErrorNote error={action.error} />}
        <div class="row">
          <Button variant="primary" type="submit" busy={action.isBusy}>
            Save
          </Button>
          <ButtonLink href={back.href}>Cancel</ButtonLink>
        </div>
      </form>
    </>
  );
}

interface TextsProps {
  draft: CampaignDraft;
  change: (changes: Partial<CampaignDraft>) => void;
}

function Texts({ draft, change }: TextsProps) {
  const bind = (member: 'name' | 'from' | 'subject' | 'body') => ({
    value: draft[member],
    onInput: (text: string) => change({ [member]: text }),
    required: true,
  });
  return (
    <>
      <TextField
        label="Name"
        hint="For you alone; nobody who gets it sees it."
        {...bind('name')}
      />
      <TextField label="From" placeholder="news@example.com" spellcheck={false} {...bind('from')} />
      <TextField label="Subject" {...bind('subject')} />
      <TextArea label="Body" rows={10} {...bind('body')} />
    </>
  );
}
