// What a segment is called, of which kind it is, and whether its changes are tracked.
import { useId } from 'preact/hooks';
import type { SegmentType } from '../api/types';
import { MoveEventList, moveEvents } from '../pages/tracking';
import { Checkbox, Radios, TextField } from '../ui/Field';
import type { SegmentStore } from './segmentStore';

/** As many bytes as the server takes. */
const NAME_LENGTH_MAX = 200;

export function DetailsCard({ store }: { store: SegmentStore }) {
  return (
    <section class="card form" aria-label="Name and kind">
      <div class="names">
        <NameField store={store} />
        <TextField
          label="Description"
          placeholder="Optional: what it is for"
          value={store.description.value}
          onInput={(text) => (store.description.value = text)}
        />
      </div>
      {store.segment === null && <TypeChoice store={store} />}
      {store.type.value === 'DYNAMIC' ? <Tracking store={store} /> : <StaticNote store={store} />}
    </section>
  );
}

function NameField({ store }: { store: SegmentStore }) {
  const id = useId();
  const problem = store.nameProblem.value;
  return (
    <div class="field">
      <label class="field-label" for="segment-name">
        Name
      </label>
      <input
        class="input"
        id="segment-name"
        type="text"
        autocomplete="off"
        maxLength={NAME_LENGTH_MAX}
        required
        placeholder="Such as: Trial users who went quiet"
        aria-describedby={`${id}-slug`}
        aria-invalid={problem ? true : undefined}
        value={store.name.value}
        onInput={(event) => (store.name.value = event.currentTarget.value)}
      />
      <div class="slug-line" id={`${id}-slug`}>
        {problem ? <p class="field-error">{problem}</p> : <SlugLine store={store} />}
      </div>
    </div>
  );
}

function SlugLine({ store }: { store: SegmentStore }) {
  const slug = store.slug.value;
  if (!slug || !('slug' in slug)) {
    return <p class="field-hint">The slug and the events of the segment are named after it.</p>;
  }
  const { segment } = store;
  const isRenamed = segment !== null && segment.slug !== slug.slug;
  return (
    <>
      <p class="field-hint">
        Slug <code>{slug.slug}</code>
      </p>
      {isRenamed && segment.trackMembership && (
        <p class="field-hint">
          With this name the events change from <code>segment.{segment.slug}.…</code>: whatever waits
          for those has to be changed as well.
        </p>
      )}
    </>
  );
}

const TYPES: readonly { value: SegmentType; title: string; hint: string }[] = [
  { value: 'DYNAMIC', title: 'Dynamic', hint: 'A filter decides who is in it, at every moment.' },
  { value: 'STATIC', title: 'Static', hint: 'You decide: members are put in and taken out by hand.' },
];

function TypeChoice({ store }: { store: SegmentStore }) {
  return (
    <fieldset class="fieldset">
      <legend>Kind</legend>
      <Radios
        value={store.type.value}
        options={TYPES}
        onChange={(type) => (store.type.value = type)}
      />
    </fieldset>
  );
}

function Tracking({ store }: { store: SegmentStore }) {
  const slug = store.slug.value;
  const events = slug && 'slug' in slug ? moveEvents(slug.slug) : null;
  return (
    <div class="stack-small">
      <Checkbox
        label="Track membership changes"
        hint="Members are stored, and whoever enters or leaves gets an event, which a webhook or another segment can react to."
        checked={store.trackMembership.value}
        onChange={(isTracked) => (store.trackMembership.value = isTracked)}
      />
      {events && (
        <div class="tracking-events small" data-off={!store.trackMembership.value}>
          <MoveEventList events={events} />
        </div>
      )}
    </div>
  );
}

function StaticNote({ store }: { store: SegmentStore }) {
  return (
    <p class="muted small">
      {store.segment
        ? 'Members of this segment are added and removed on its page. That fires no events.'
        : 'Once it is created, you add members on its page: by search, from a list, or from a CSV file. That fires no events.'}
    </p>
  );
}
