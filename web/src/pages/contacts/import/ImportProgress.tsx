// What becomes of an import: asked for again until it is over.
import { api } from '../../../api';
import type { ContactJob } from '../../../api/types';
import { Badge, type BadgeTone } from '../../../ui/Badge';
import { Button, ButtonLink } from '../../../ui/Button';
import { formatNumber } from '../../../ui/format';
import { Loaded } from '../../../ui/Loaded';
import { Figure, Section } from '../../../ui/Page';
import { Table, type Column } from '../../../ui/Table';
import { useRepeat } from '../../../ui/useRepeat';
import { useResource } from '../../../ui/useResource';

const ASK_EVERY_MS = 700;

const LOOKS: Readonly<Record<ContactJob['status'], { tone: BadgeTone; title: string }>> = {
  QUEUED: { tone: 'neutral', title: 'Waiting' },
  RUNNING: { tone: 'warning', title: 'Importing' },
  COMPLETED: { tone: 'good', title: 'Done' },
  FAILED: { tone: 'bad', title: 'Failed' },
};

type RowError = ContactJob['errors'][number];

const COLUMNS: readonly Column<RowError>[] = [
  { id: 'row', title: 'Row', cell: ({ row }) => formatNumber(row) },
  { id: 'email', title: 'Email', cell: ({ email }) => <span class="break">{email}</span> },
  { id: 'reason', title: 'Why it was left out', cell: ({ reason }) => reason },
];

export function ImportProgress({ jobId, onAgain }: { jobId: string; onAgain: () => void }) {
  const job = useResource((signal) => api.contacts.importJob(jobId, signal), [jobId]);
  const status = job.data?.status;
  const isOver = status === 'COMPLETED' || status === 'FAILED';

  useRepeat(job, !isOver, ASK_EVERY_MS);

  return (
    <Loaded from={job} rows={3}>
      {(data) => (
        <>
          <Summary job={data} />
          {isOver && (
            <div class="row import-next">
              <ButtonLink variant="primary" href="#/contacts">
                Show the contacts
              </ButtonLink>
              <Button onClick={onAgain}>Import another file</Button>
            </div>
          )}
          {data.errors.length > 0 && (
            <Section title="Rows that were left out">
              {data.skipped > data.errors.length && (
                <p class="muted">
                  The first {formatNumber(data.errors.length)} of {formatNumber(data.skipped)}.
                </p>
              )}
              <Table
                caption="Rows that were left out"
                columns={COLUMNS}
                rows={data.errors}
                keyOf={({ row, reason }) => `${row} ${reason}`}
              />
            </Section>
          )}
        </>
      )}
    </Loaded>
  );
}

function Summary({ job }: { job: ContactJob }) {
  const look = LOOKS[job.status];
  return (
    <div class="stack">
      <div class="card stack-small" role="status">
        <div class="row">
          <Badge tone={look.tone}>{look.title}</Badge>
          <span>
            {formatNumber(job.processed)} of {formatNumber(job.totalRows)} rows
          </span>
        </div>
        <progress
          class="progress"
          aria-label="Rows that have been read"
          max={Math.max(job.totalRows, 1)}
          value={job.processed}
        />
      </div>
      <dl class="figures">
        <Figure title="New contacts">{formatNumber(job.imported)}</Figure>
        <Figure title="Updated">{formatNumber(job.updated)}</Figure>
        <Figure title="Rows left out">{formatNumber(job.skipped)}</Figure>
      </dl>
    </div>
  );
}
