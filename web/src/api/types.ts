// What the server sends and takes, as docs/API.md has it. Instants are ISO 8601 texts in UTC.
import type { Condition } from 'segmentry';

export type { Condition };

export interface Project {
  id: string;
  name: string;
  publicKey: string;
  createdAt: string;
}

export interface Contact {
  id: string;
  email: string;
  subscribed: boolean;
  data: Record<string, unknown>;
  createdAt: string;
  updatedAt: string;
}

export type SegmentType = 'DYNAMIC' | 'STATIC';

export interface Segment {
  id: string;
  name: string;
  slug: string;
  description: string | null;
  type: SegmentType;
  condition: Condition | null;
  trackMembership: boolean;
  memberCount: number;
  memberCountAt: string | null;
  projectId: string;
  createdAt: string;
  updatedAt: string;
}

export interface SegmentDraft {
  name: string;
  description?: string | null;
  type?: SegmentType;
  condition?: Condition;
  trackMembership?: boolean;
}

/** A page by number. */
export interface Page<T> {
  data: T[];
  total: number;
  page: number;
  pageSize: number;
  totalPages: number;
}

/** A page by cursor. */
export interface CursorPage<T> {
  data: T[];
  cursor: string | null;
  hasMore: boolean;
}

export interface ContactPage extends CursorPage<Contact> {
  /** On the first page alone. */
  total?: number;
}

export interface MembersAdded {
  added: number;
  created: number;
  notFound: string[];
  invalid: string[];
}

export interface NodeCount {
  path: string;
  count: number;
}

export interface Preview {
  count: number;
  subscribed: number;
  total: number;
  sample: Contact[];
  nodes: NodeCount[];
  changes?: {
    entering: number;
    leaving: number;
    enteringSample: Contact[];
    leavingSample: Contact[];
  };
}

/** Why somebody entered or left. */
export type Cause = 'DATA' | 'CLOCK' | 'DEFINITION' | 'MANUAL' | 'DELETE';

export interface ChangeBase {
  id: string;
  type: 'entry' | 'exit';
  at: string;
  cause: Cause;
}

/** An entry or exit, as a segment's feed has it. */
export interface SegmentChange extends ChangeBase {
  contact: { id: string; email: string };
}

/** An entry or exit, as a contact's feed has it. */
export interface ContactChange extends ChangeBase {
  segment: { id: string; name: string };
}

/** A segment that a contact is in. */
export interface ContactSegment {
  id: string;
  name: string;
  type: SegmentType;
  trackMembership: boolean;
  /** When it became a stored member; null where nothing is stored. */
  since: string | null;
}

/** At a midnight of UTC; the last one is now. */
export interface SegmentSize {
  at: string;
  count: number;
}

export interface Usage {
  segments: { id: string; name: string }[];
  campaigns: { id: string; name: string; status: CampaignStatus }[];
}

/** What is seen of a field. A `value` that is too long is cut, and `isCut` says so. */
export type Seen =
  | { kind: 'absent' | 'object' }
  | { kind: 'boolean' | 'membership'; value: boolean }
  | { kind: 'number'; value: number }
  | { kind: 'text' | 'instant'; value: string; isCut?: true }
  | { kind: 'array'; value: string[]; isCut?: true }
  | { kind: 'occurrences'; count: number; last: string };

/** A filter's or group's verdict on one contact. */
export interface ExplainedNode {
  /** Such as `groups[0].filters[1]`. */
  path: string;
  matches: boolean;
  /** When time alone turns the verdict; null if never. */
  flipsAt: string | null;
  /** Of filters alone. */
  seen?: Seen;
}

export interface Explanation {
  matches: boolean;
  flipsAt: string | null;
  nodes: ExplainedNode[];
}

export type FieldType = 'string' | 'number' | 'boolean' | 'date' | 'array' | 'object';

export interface Field {
  field: string;
  type: FieldType;
  isCustom: boolean;
  /** Per cent of the contacts that have it. */
  coverage: number;
}

export interface FieldValues {
  field: string;
  values: unknown[];
  counts: number[];
  count: number;
  limit: number;
}

export interface ContactEvent {
  id: string;
  contactId: string;
  name: string;
  data: unknown;
  createdAt: string;
  contact?: { email: string };
}

export interface EventPage {
  events: ContactEvent[];
  cursor: string | null;
  hasMore: boolean;
}

export interface EventStat {
  name: string;
  count: number;
  lastSeenAt: string;
}

export type CampaignStatus = 'DRAFT' | 'SCHEDULED' | 'SENDING' | 'SENT' | 'CANCELLED';
export type AudienceType = 'ALL' | 'SEGMENT' | 'FILTERED';

export interface CampaignDraft {
  name: string;
  subject: string;
  body: string;
  from: string;
  audienceType: AudienceType;
  segmentId?: string | null;
  audienceCondition?: Condition | null;
}

export interface Campaign extends CampaignDraft {
  id: string;
  status: CampaignStatus;
  scheduledFor: string | null;
  /** Before it is sent: who would get it now. Later: who is on the list. */
  totalRecipients: number;
  createdAt: string;
  updatedAt: string;
}

export interface ImportJob {
  status: 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED';
  totalRows: number;
  processed: number;
  imported: number;
  updated: number;
  skipped: number;
  errors: { row: number; email: string | null; reason: string }[];
}
