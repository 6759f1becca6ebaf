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
  /** Those whose condition asks for it. */
  webhooks: { id: string; name: string }[];
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

/** Of ranges that follow each other. */
export interface EventRangeStat extends EventStat {
  counts: number[];
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

/** An import, or a change of many contacts. */
export interface ContactJob {
  status: 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED';
  totalRows: number;
  processed: number;
  imported: number;
  updated: number;
  skipped: number;
  errors: { row: number; email: string | null; reason: string }[];
}

/** `***` stands for each value: they are never shown. */
export type MaskedHeaders = Record<string, string>;

export interface WebhookDraft {
  name: string | null;
  url: string;
  /** Patterns of events. */
  events: string[];
  headers: MaskedHeaders;
  condition: Condition | null;
  enabled: boolean;
}

/** Why an attempt failed. */
export interface Failure {
  /** Of the answer; null: there was none. */
  status: number | null;
  /** What was wrong beyond the status. */
  error: string | null;
}

export interface WebhookHealth {
  state: 'OK' | 'FAILING' | 'PAUSED';
  failuresInARow: number;
  lastSuccessAt: string | null;
  lastFailureAt: string | null;
  lastFailure: Failure | null;
  pausedUntil: string | null;
}

export interface Webhook extends WebhookDraft {
  id: string;
  health: WebhookHealth;
  /** Deliveries by what became of them. */
  pending: number;
  delivered: number;
  parked: number;
  /** Until then the secret before this one signs too. */
  oldSecretUntil: string | null;
  createdAt: string;
  updatedAt: string;
}

/** As it is answered once: when it is created, or its secret renewed. */
export interface WebhookWithSecret extends Webhook {
  secret: string;
}

export type DeliveryStatus = 'PENDING' | 'DELIVERED' | 'PARKED';

export interface Attempt extends Failure {
  at: string;
  durationMs: number;
  /** The headers that were sent. */
  request: string | null;
  /** How the answer begins. */
  answer: string | null;
}

export interface Delivery {
  id: string;
  webhookId: string;
  status: DeliveryStatus;
  createdAt: string;
  nextAttemptAt: string | null;
  payload: {
    contact: { id: string; email: string } | null;
    event: { name: string; segmentId?: string; campaignId?: string } & Record<string, unknown>;
  } & Record<string, unknown>;
  /** The newest first. */
  attempts: Attempt[];
}

/** Deliveries that were recorded within a time. */
export interface ReplayRange {
  from: string;
  to: string;
  status?: Exclude<DeliveryStatus, 'PENDING'>;
}
