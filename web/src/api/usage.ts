import type { Usage } from './types';

/** How fields and events say it, with Plunk's names. */
interface FieldUsage {
  usedInSegments: Usage['segments'];
  usedInCampaigns: Usage['campaigns'];
  usedInWorkflows: Usage['webhooks'];
}

export async function usageOf(answer: Promise<FieldUsage>): Promise<Usage> {
  const { usedInSegments, usedInCampaigns, usedInWorkflows } = await answer;
  return { segments: usedInSegments, campaigns: usedInCampaigns, webhooks: usedInWorkflows };
}
