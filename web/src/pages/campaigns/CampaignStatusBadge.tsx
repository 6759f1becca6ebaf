import type { CampaignStatus } from '../../api/types';
import { Badge, type BadgeTone } from '../../ui/Badge';

const LOOKS: Readonly<Record<CampaignStatus, { tone: BadgeTone; title: string }>> = {
  DRAFT: { tone: 'neutral', title: 'Draft' },
  SCHEDULED: { tone: 'accent', title: 'Scheduled' },
  SENDING: { tone: 'warning', title: 'Sending' },
  SENT: { tone: 'good', title: 'Sent' },
  CANCELLED: { tone: 'neutral', title: 'Cancelled' },
};

export function CampaignStatusBadge({ status }: { status: CampaignStatus }) {
  const look = LOOKS[status] ?? { tone: 'neutral', title: status };
  return <Badge tone={look.tone}>{look.title}</Badge>;
}
