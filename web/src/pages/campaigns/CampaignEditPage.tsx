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
import type { Placed } from '../../ui/placeProblems';
import { useRefusal } from '../../ui/refusal';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { useResource } from '../../ui/useResource';
import { audienceProblems } from './audience';
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

/** The parts of the form that show what the server says of them. */
const PLACES = ['name', 'from', 'subject', 'body', 'segmentId', 'audienceCondition'] as const;
type Problems = Placed<(typeof PLACES)[number]>;

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
  const refusal = useRefusal(PLACES);
  useUnsavedGuard(isChanged);

  const change = (changes: Partial<CampaignDraft>) => {
    setDraft((before) => ({ ...before, ...changes }));
    setChanged(true);
    refusal.set({});
  };

  const save = (event: Event) => {
    event.preventDefault();
    const found = audienceProblems(draft);
    if (Object.keys(found).length > 0) return refusal.set(found);
    void action.run(async () => void (await refusal.placing(store)));
  };
  const store = async () => {
    const saved = campaign
      ? await api.campaigns.update(campaign.id, draft)
      : await api.campaigns.create(draft);
    setLeaveGuard(null);
    toast(`“${saved.name}” has been saved.`);
    go(href`/campaigns/${saved.id}`);
  };

  const back = campaign
    ? { href: href`/campaigns/${campaign.id}`, title: campaign.name }
    : { href: '#/campaigns', title: 'Campaigns' };
  return (
    <>
      <PageHead title={campaign ? 'Edit campaign' : 'New campaign'} back={back} />
      <form class="form form-narrow" onSubmit={save}>
        <Texts draft={draft} problems={refusal.at} change={change} />
        <AudiencePicker audience={draft} problems={refusal.at} onChange={change} />
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
  problems: Problems;
  change: (changes: Partial<CampaignDraft>) => void;
}

function Texts({ draft, problems, change }: TextsProps) {
  const bind = (member: 'name' | 'from' | 'subject' | 'body') => ({
    value: draft[member],
    error: problems[member],
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
