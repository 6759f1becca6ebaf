// Whom a campaign goes to: everybody, a segment, or those who match a filter of its own.
import { api } from '../../api';
import type { AudienceType, Segment } from '../../api/types';
import { ConditionField } from '../../editor/ConditionField';
import { Radios, Select } from '../../ui/Field';
import { formatCount } from '../../ui/format';
import { ErrorNote } from '../../ui/States';
import { useResource } from '../../ui/useResource';
import { countAudience, type Audience, type AudienceProblems } from './audience';

const TYPES: readonly { value: AudienceType; title: string; hint: string }[] = [
  { value: 'ALL', title: 'Everybody', hint: 'All contacts that are subscribed.' },
  {
    value: 'SEGMENT',
    title: 'A segment',
    hint: 'Its subscribed members at the moment of sending.',
  },
  {
    value: 'FILTERED',
    title: 'A filter',
    hint: 'Whoever matches conditions that you set here, and is subscribed.',
  },
];

interface AudiencePickerProps {
  audience: Audience;
  problems: AudienceProblems;
  onChange: (audience: Audience) => void;
}

export function AudiencePicker({ audience, problems, onChange }: AudiencePickerProps) {
  const segments = useResource((signal) => api.segments.list(signal), []);
  return (
    <fieldset class="fieldset">
      <legend>Audience</legend>
      <Radios
        value={audience.audienceType}
        options={TYPES}
        onChange={(audienceType) => onChange({ ...audience, audienceType })}
      />
      {segments.error && <ErrorNote error={segments.error} />}
      {audience.audienceType === 'SEGMENT' && (
        <SegmentSelect
          segments={segments.data}
          value={audience.segmentId ?? ''}
          error={problems.segmentId}
          onChange={(segmentId) => onChange({ ...audience, segmentId })}
        />
      )}
      {audience.audienceType === 'FILTERED' && (
        <ConditionField
          condition={audience.audienceCondition ?? null}
          onChange={(audienceCondition) => onChange({ ...audience, audienceCondition })}
        />
      )}
      {problems.audienceCondition && (
        <p class="field-error" role="alert">
          {problems.audienceCondition}
        </p>
      )}
      <Recipients audience={audience} />
    </fieldset>
  );
}

interface SegmentSelectProps {
  /** Undefined while they are being read. */
  segments: readonly Segment[] | undefined;
  value: string;
  error: string | undefined;
  onChange: (id: string) => void;
}

function SegmentSelect({ segments, value, error, onChange }: SegmentSelectProps) {
  if (segments?.length === 0) {
    return (
      <p>
        There is no segment yet. <a href="#/segments/new">Make one</a>, or choose a filter.
      </p>
    );
  }
  const options = [...(segments ?? [])]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ id, name, memberCount }) => ({
      value: id,
      title: `${name} (${formatCount(memberCount, 'member')})`,
    }));
  return (
    <Select
      label="Segment"
      error={error}
      value={value}
      options={[{ value: '', title: 'Choose a segment', disabled: true }, ...options]}
      onChange={onChange}
    />
  );
}

function Recipients({ audience }: { audience: Audience }) {
  const count = useResource(() => countAudience(audience), [JSON.stringify(audience)]);
  if (count.error) return <ErrorNote error={count.error} />;
  return (
    <p class="recipients" role="status">
      {count.data ? (
        <>
          <strong>{formatCount(count.data.subscribed, 'recipient')}</strong>
          {leftOut(count.data.count - count.data.subscribed)}
        </>
      ) : (
        '\u00a0'
      )}
    </p>
  );
}

function leftOut(count: number): string {
  if (count === 0) return '';
  return `; ${formatCount(count, 'contact')} more ${count === 1 ? 'is' : 'are'} not subscribed`;
}
