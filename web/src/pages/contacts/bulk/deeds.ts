// What can be done to many contacts at once, and doing it: a job of the server for each thousand.
import { api } from '../../../api';
import type { BulkKind } from '../../../api/contacts';
import type { ContactJob, Segment } from '../../../api/types';
import { patiently, pause } from './patiently';
import { piecesOf, type Person, type Selection } from './selection';

export type Deed = { kind: BulkKind } | { kind: 'add'; segment: Segment };

/** The most that a job takes. */
const PIECE_MAX = 1_000;
const ASK_EVERY_MS = 250;
/** More mistakes than anybody reads. */
const ERRORS_MAX = 50;

export interface BulkProgress {
  /** Contacts that have had their turn. */
  done: number;
  changed: number;
  /** Were like that already, or are gone. */
  skipped: number;
  errors: ContactJob['errors'];
}

const NOTHING: BulkProgress = { done: 0, changed: 0, skipped: 0, errors: [] };

type Part = Omit<BulkProgress, 'done'>;

/** Waits for a job, and shows on the way how far it is. */
async function runJob(
  kind: BulkKind,
  people: readonly Person[],
  onProgress: (processed: number) => void,
): Promise<Part> {
  const ids = people.map(({ id }) => id);
  const { jobId } = await patiently(() => api.contacts.bulk(kind, ids));
  for (;;) {
    const job = await patiently(() => api.contacts.bulkJob(jobId));
    if (job.status === 'FAILED') throw new Error(job.errors[0]?.reason ?? 'The job has failed.');
    if (job.status === 'COMPLETED') {
      // The row that a job names is the place in its own piece of the list.
      const errors = job.errors.map((error) => ({
        ...error,
        email: error.email ?? people[error.row - 1]?.email ?? null,
      }));
      return { changed: job.updated, skipped: job.skipped, errors };
    }
    onProgress(job.processed);
    await pause(ASK_EVERY_MS);
  }
}

async function addToSegment(segment: Segment, people: readonly Person[]): Promise<Part> {
  const emails = people.map(({ email }) => email);
  const { added } = await patiently(() => api.segments.addMembers(segment.id, { emails }));
  return { changed: added, skipped: people.length - added, errors: [] };
}

/**
 * Does a deed to each of a selection, one piece after the other. Aborted, it ends after the piece
 * that is under way, so that what it says has been done is what has been done. Done again, it skips
 * those to whom it was done.
 */
export async function perform(
  deed: Deed,
  selection: Selection,
  signal: AbortSignal,
  onProgress: (progress: BulkProgress) => void,
): Promise<void> {
  let sum = NOTHING;
  for await (const people of piecesOf(selection, PIECE_MAX, signal)) {
    const before = sum;
    const part =
      deed.kind === 'add'
        ? await addToSegment(deed.segment, people)
        : await runJob(deed.kind, people, (processed) =>
            onProgress({ ...before, done: before.done + processed }),
          );
    sum = {
      done: before.done + people.length,
      changed: before.changed + part.changed,
      skipped: before.skipped + part.skipped,
      errors: [...before.errors, ...part.errors].slice(0, ERRORS_MAX),
    };
    onProgress(sum);
    signal.throwIfAborted();
  }
}
