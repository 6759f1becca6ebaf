// A copy of a segment under another name.
import { api } from '../../api';
import type { Segment } from '../../api/types';

/** The server takes so many addresses in one call. */
export const EMAILS_PER_CALL = 10_000;
/** And gives so many members in one page. */
const PAGE_SIZE = 100;

async function emailsOf(id: string): Promise<string[]> {
  const emails: string[] = [];
  for (let page = 1; ; page++) {
    const { data, totalPages } = await api.segments.members(id, { page, pageSize: PAGE_SIZE });
    emails.push(...data.map(({ email }) => email));
    if (page >= totalPages) return emails;
  }
}

/** Members of a static segment are copied too, unless there are more than one call takes. */
export function copiesMembers({ type, memberCount }: Segment): boolean {
  return type === 'STATIC' && memberCount <= EMAILS_PER_CALL;
}

export async function duplicate(segment: Segment, name: string): Promise<Segment> {
  const emails = copiesMembers(segment) ? await emailsOf(segment.id) : [];
  const copy = await api.segments.create({
    name,
    description: segment.description,
    type: segment.type,
    ...(segment.condition ? { condition: segment.condition } : {}),
    trackMembership: segment.trackMembership,
  });
  if (emails.length > 0) await api.segments.addMembers(copy.id, { emails });
  return copy;
}
