// Who refers to a field or an event. The lists hold every condition, so they are searched here.
import { api } from '../api';
import type { Campaign, Usage } from '../api/types';
import { refersTo } from '../condition/references';

const PAGE_SIZE = 100;
/** As many as the server looks through for a segment's usage. */
const PAGES_MAX = 10;

async function allCampaigns(signal: AbortSignal): Promise<Campaign[]> {
  const found: Campaign[] = [];
  for (let page = 1; page <= PAGES_MAX; page++) {
    const { data, totalPages } = await api.campaigns.list({ page, pageSize: PAGE_SIZE }, signal);
    found.push(...data);
    if (page >= totalPages) break;
  }
  return found;
}

/** `field` is as a filter names it: `data.plan`, `event.signed_up`. */
export async function usageOf(field: string, signal: AbortSignal): Promise<Usage> {
  const [segments, campaigns] = await Promise.all([api.segments.list(signal), allCampaigns(signal)]);
  return {
    segments: segments.filter(({ condition }) => refersTo(condition, field)),
    campaigns: campaigns.filter(
      ({ audienceType, audienceCondition }) =>
        audienceType === 'FILTERED' && refersTo(audienceCondition, field),
    ),
  };
}
