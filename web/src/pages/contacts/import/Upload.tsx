// A CSV is chosen, looked at, and sent.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../../api';
import { headerProblem } from '../../../csv/columns';
import { encodingProblem } from '../../../csv/encoding';
import { parseCsv } from '../../../csv/parse';
import { Button } from '../../../ui/Button';
import { FileField } from '../../../ui/FileField';
import { formatBytes, formatCount } from '../../../ui/format';
import { Section } from '../../../ui/Page';
import { ErrorNote, Note } from '../../../ui/States';
import { useAction } from '../../../ui/useAction';
import { PreviewTable } from './PreviewTable';

/** The rows of the preview are read from the beginning of the file alone, however large it is. */
const PREVIEW_BYTES = 64 * 1024;
const PREVIEW_ROWS = 6;
/** What the server takes. */
const FILE_BYTES_MAX = 1024 ** 3;

interface Chosen {
  file: File;
  /** The header row first. */
  rows: string[][];
  /** How many there are below the header; null if the file is too long to count them here. */
  rowCount: number | null;
  /** Why it cannot be imported. */
  problem: string | null;
}

async function look(file: File): Promise<Chosen> {
  const bytes = new Uint8Array(await file.slice(0, PREVIEW_BYTES).arrayBuffer());
  const text = new TextDecoder().decode(bytes, { stream: true });
  const isWhole = file.size <= PREVIEW_BYTES;
  const all = parseCsv(text, isWhole ? Infinity : PREVIEW_ROWS);
  const rows = all.slice(0, PREVIEW_ROWS);
  const rowCount = isWhole ? all.length - 1 : null;
  const isTooLarge = file.size > FILE_BYTES_MAX;
  const size = `The file has ${formatBytes(file.size)}; at most ${formatBytes(FILE_BYTES_MAX)} are allowed.`;
  const problem = isTooLarge ? size : (encodingProblem(bytes) ?? headerProblem(rows));
  return { file, rows, rowCount, problem };
}

export function Upload({ onQueued }: { onQueued: (jobId: string) => void }) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [sent, setSent] = useState(0);
  const abort = useRef<AbortController>(undefined);
  const action = useAction();
  useEffect(() => () => abort.current?.abort(), []);

  const upload = (file: File) =>
    void action.run(async () => {
      const own = new AbortController();
      abort.current = own;
      setSent(0);
      try {
        const { jobId } = await api.contacts.import(file, setSent, own.signal);
        onQueued(jobId);
      } catch (error) {
        if (!own.signal.aborted) throw error;
      }
    });

  function take(file: File): void {
    action.clear();
    void look(file).then(setChosen);
  }

  return (
    <div class="stack import-form">
      {!action.isBusy && (
        <FileField
          label="CSV file"
          accept=".csv,text/csv"
          hint="In UTF-8, with commas or semicolons between the cells; up to 1 GB."
          error={chosen?.problem ?? undefined}
          onFile={take}
        />
      )}
      {action.isBusy && chosen && (
        <Sending file={chosen.file} sent={sent} onStop={() => abort.current?.abort()} />
      )}
      {action.error && <ErrorNote error={action.error} />}
      {chosen && chosen.problem === null && (
        <Section
          title="The first rows"
          actions={
            <Button variant="primary" busy={action.isBusy} onClick={() => upload(chosen.file)}>
              {chosen.rowCount === null
                ? `Import ${formatBytes(chosen.file.size)}`
                : `Import ${formatCount(chosen.rowCount, 'row')}`}
            </Button>
          }
        >
          <PreviewTable rows={chosen.rows} />
        </Section>
      )}
      <Note>
        <p>
          <code>true</code>, <code>false</code>, <code>yes</code> and <code>no</code> become yes or
          no; plain numbers become numbers, unless they begin with a zero or a plus; everything else
          is text. Empty cells change nothing.
        </p>
      </Note>
    </div>
  );
}

function Sending({ file, sent, onStop }: { file: File; sent: number; onStop: () => void }) {
  // The form around the file counts too.
  const share = Math.min(sent / Math.max(file.size, 1), 1);
  return (
    <div class="card stack-small">
      <div class="row">
        <span class="break" role="status">
          {share < 1 ? `Sending ${file.name}` : `The server is reading ${file.name}`}
        </span>
        <Button size="small" onClick={onStop}>
          Stop
        </Button>
      </div>
      <progress class="progress" aria-label="What has been sent" max={1} value={share} />
    </div>
  );
}
