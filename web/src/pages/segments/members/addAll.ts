// Many addresses at once: as many calls as it takes, and one result.
import { api } from '../../../api';
import type { MembersAdded } from '../../../api/types';
import { EMAILS_PER_CALL } from '../duplicate';

export interface AddOptions {
  createMissing: boolean;
  subscribed: boolean;
}

export async function addAll(
  segmentId: string,
  emails: readonly string[],
  { createMissing, subscribed }: AddOptions,
): Promise<MembersAdded> {
  const result: MembersAdded = { added: 0, created: 0, notFound: [], invalid: [] };
  for (let at = 0; at < emails.length; at += EMAILS_PER_CALL) {
    const piece = await api.segments.addMembers(segmentId, {
      emails: emails.slice(at, at + EMAILS_PER_CALL),
      createMissing,
      ...(createMissing ? { subscribed } : {}),
    });
    result.added += piece.added;
    result.created += piece.created;
    result.notFound.push(...piece.notFound);
    result.invalid.push(...piece.invalid);
  }
  return result;
}
