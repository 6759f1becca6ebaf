// One segment: who is in it, how it came to be so, and who relies on it.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { go, href, location, setQuery } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { Button, ButtonLink, IconButton } from '../../ui/Button';
import { formatCount, formatNumber } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { Figure, PageHead } from '../../ui/Page';
import { Tabs, type Tab } from '../../ui/Tabs';
import { Time } from '../../ui/Time';
import { toast, toastError } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { useResource, type Resource } from '../../ui/useResource';
import { ChangesTab } from './ChangesTab';
import { DefinitionPanel } from './DefinitionPanel';
import { DeleteSegmentDialog } from './DeleteSegmentDialog';
import { DuplicateSegmentDialog } from './DuplicateSegmentDialog';
import { TrackingBadge, TypeBadge } from './marks';
import { MembersTab } from './members/MembersTab';
import { SizePanel } from './SizePanel';
import { TrackingPanel } from './TrackingPanel';
import { UsageTab } from './UsageTab';
import { WhyTab } from './why/WhyTab';

type TabId = 'members' | 'changes' | 'why' | 'usage';

export default function SegmentPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const segment = useResource((signal) => api.segments.get(id, signal), [id]);
  return (
    <Loaded from={segment} isPage upwards={{ href: '#/segments', title: 'Go to the segments' }}>
      {(data) => <Content segment={data} resource={segment} />}
    </Loaded>
  );
}

interface ContentProps {
  segment: Segment;
  resource: Resource<Segment>;
}

function Content({ segment, resource }: ContentProps) {
  const [version, setVersion] = useState(0);
  /** After something that moves members: all that shows them reads again. */
  const refreshed = () => {
    resource.reload();
    setVersion((before) => before + 1);
  };
  return (
    <>
      <Head segment={segment} onMoved={refreshed} />
      <dl class="figures">
        <Figure
          title="Members"
          note={
            segment.memberCountAt && (
              <>
                counted <Time at={segment.memberCountAt} />
              </>
            )
          }
        >
          {formatNumber(segment.memberCount)}
        </Figure>
        <Figure title="Slug" note={segment.type === 'DYNAMIC' ? 'names its events' : undefined}>
          <span class="figure-text">{segment.slug}</span>
        </Figure>
        <Figure title="Changed" note={<>created {<Time at={segment.createdAt} />}</>}>
          <span class="figure-text">
            <Time at={segment.updatedAt} />
          </span>
        </Figure>
      </dl>
      <div class="panels">
        <div class="stack">
          {segment.condition && <DefinitionPanel segment={segment} />}
          <SizePanel segment={segment} version={version} />
        </div>
        <TrackingPanel segment={segment} onChanged={resource.set} />
      </div>
      <SegmentTabs segment={segment} version={version} onMoved={refreshed} />
    </>
  );
}

function Head({ segment, onMoved }: { segment: Segment; onMoved: () => void }) {
  const [asked, ask] = useState<'duplicate' | 'delete' | null>(null);
  return (
    <PageHead
      title={segment.name}
      back={{ href: '#/segments', title: 'Segments' }}
      lead={segment.description}
      marks={
        <>
          <TypeBadge segment={segment} />
          <TrackingBadge segment={segment} />
        </>
      }
      actions={
        <>
          <CountButtons segment={segment} onMoved={onMoved} />
          <IconButton label="Duplicate" framed onClick={() => ask('duplicate')}>
            <Icon name="copy" />
          </IconButton>
          <IconButton label="Delete" framed onClick={() => ask('delete')}>
            <Icon name="trash" />
          </IconButton>
          <ButtonLink variant="primary" href={href`/segments/${segment.id}/edit`}>
            <Icon name="edit" />
            Edit
          </ButtonLink>
          {asked === 'duplicate' && (
            <DuplicateSegmentDialog segment={segment} onClose={() => ask(null)} />
          )}
          {asked === 'delete' && (
            <DeleteSegmentDialog
              segment={segment}
              onDeleted={() => go('/segments')}
              onClose={() => ask(null)}
            />
          )}
        </>
      }
    />
  );
}

/** A tracked segment is brought up to date with its events; any other one is just counted. */
function CountButtons({ segment, onMoved }: { segment: Segment; onMoved: () => void }) {
  const action = useAction();
  const isTracked = segment.type === 'DYNAMIC' && segment.trackMembership;

  const run = (deed: () => Promise<string>) =>
    void action.run(async () => {
      try {
        toast(await deed());
        onMoved();
      } catch (error) {
        toastError(error);
      }
    });

  const refresh = async () => {
    const { memberCount } = await api.segments.refresh(segment.id);
    return `Counted: ${formatCount(memberCount, 'member')}.`;
  };
  const compute = async () => {
    const { added, removed, total } = await api.segments.compute(segment.id);
    return `${formatNumber(added)} entered, ${formatNumber(removed)} left: ${formatCount(total, 'member')}.`;
  };

  return (
    <>
      <Button
        busy={action.isBusy}
        title="Counts the members now. Nobody is moved and no event is fired."
        onClick={() => run(refresh)}
      >
        <Icon name="refresh" />
        Refresh
      </Button>
      {isTracked && (
        <Button
          busy={action.isBusy}
          title="Brings the stored members up to date now, and fires the events of who enters or leaves."
          onClick={() => run(compute)}
        >
          <Icon name="enter" />
          Compute
        </Button>
      )}
    </>
  );
}

function tabsOf(segment: Segment): readonly Tab<TabId>[] {
  const why: Tab<TabId>[] = segment.type === 'DYNAMIC' ? [{ id: 'why', title: 'Why?' }] : [];
  return [
    { id: 'members', title: 'Members' },
    { id: 'changes', title: 'Entries and exits' },
    ...why,
    { id: 'usage', title: 'Used by' },
  ];
}

interface SegmentTabsProps {
  segment: Segment;
  version: number;
  onMoved: () => void;
}

function SegmentTabs({ segment, version, onMoved }: SegmentTabsProps) {
  const tabs = tabsOf(segment);
  const asked = location.value.query.get('tab');
  const current = tabs.find(({ id }) => id === asked)?.id ?? 'members';
  return (
    <section class="section" aria-label="Details">
      <Tabs
        label="Details"
        tabs={tabs}
        current={current}
        onChange={(tab) => setQuery({ tab: tab === 'members' ? null : tab, contact: null })}
      >
        {current === 'members' && (
          <MembersTab segment={segment} version={version} onMoved={onMoved} />
        )}
        {current === 'changes' && <ChangesTab segment={segment} version={version} />}
        {current === 'why' && <WhyTab segment={segment} />}
        {current === 'usage' && <UsageTab segment={segment} />}
      </Tabs>
    </section>
  );
}
