// Who uses something: links to segments, campaigns and webhooks.
import { href } from '../app/router';
import type { Usage } from '../api/types';
import { CampaignStatusBadge } from './campaigns/CampaignStatusBadge';
import { Icon } from '../ui/Icon';

/** How many use it. */
export function usersIn({ segments = [], campaigns = [], webhooks = [] }: Partial<Usage>): number {
  return segments.length + campaigns.length + webhooks.length;
}

export function isUsed(usage: Partial<Usage>): boolean {
  return usersIn(usage) > 0;
}

export function UsageList({ usage }: { usage: Partial<Usage> }) {
  return (
    <ul class="link-list">
      {(usage.segments ?? []).map(({ id, name }) => (
        <li key={id}>
          <Icon name="segments" />
          <a href={href`/segments/${id}`}>{name}</a>
          <span class="muted small">Segment</span>
        </li>
      ))}
      {(usage.campaigns ?? []).map(({ id, name, status }) => (
        <li key={id}>
          <Icon name="campaigns" />
          <a href={href`/campaigns/${id}`}>{name}</a>
          <span class="muted small">Campaign</span>
          <CampaignStatusBadge status={status} />
        </li>
      ))}
      {(usage.webhooks ?? []).map(({ id, name }) => (
        <li key={id}>
          <Icon name="webhooks" />
          <a href={href`/webhooks/${id}`}>{name}</a>
          <span class="muted small">Webhook</span>
        </li>
      ))}
    </ul>
  );
}
