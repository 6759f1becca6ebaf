// Whom a campaign goes to, as a condition and in words.
import { api } from '../../api';
import type { CampaignDraft, Condition, Preview } from '../../api/types';

export type Audience = Pick<CampaignDraft, 'audienceType' | 'segmentId' | 'audienceCondition'>;

export interface AudienceProblems {
  segmentId?: string;
  audienceCondition?: string;
}

/** What is missing, by where it is chosen. */
export function audienceProblems(audience: Audience): AudienceProblems {
  if (conditionOf(audience) !== null) return {};
  return audience.audienceType === 'SEGMENT'
    ? { segmentId: 'Choose a segment.' }
    : { audienceCondition: 'The filter is not finished.' };
}

function oneFilter(field: string, operator: 'equals' | 'memberOfSegment', value?: true): Condition {
  const filter = value === undefined ? { field, operator } : { field, operator, value };
  return { logic: 'AND', groups: [{ filters: [filter] }] };
}

/** Null while it is not chosen yet. */
function conditionOf({ audienceType, segmentId, audienceCondition }: Audience): Condition | null {
  switch (audienceType) {
    case 'ALL':
      return oneFilter('subscribed', 'equals', true);
    case 'SEGMENT':
      return segmentId ? oneFilter(`segment.${segmentId}`, 'memberOfSegment') : null;
    case 'FILTERED':
      return audienceCondition ?? null;
  }
}

/** How many it is, and how many of them are subscribed; null while it is not chosen yet. */
export async function countAudience(audience: Audience): Promise<Preview | null> {
  const condition = conditionOf(audience);
  return condition === null ? null : api.segments.preview({ condition });
}
