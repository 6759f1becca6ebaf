// Contacts out of a CSV: a look at the first rows, then the upload, then what becomes of it.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import { location, setQuery } from '../../app/router';
import { emailColumn, parseCsv } from '../../csv/parse';
import { Button } from '../../ui/Button';
import { FileField } from '../../ui/FileField';
import { formatBytes } from '../../ui/format';
import { PageHead, Section } from '../../ui/Page';
import { ErrorNote, Note } from '../../ui/States';
import { useAction } from '../../ui/useAction';
import { ImportProgress } from './ImportProgress';
import { PreviewTable } from './PreviewTable';

/** The rows of the preview are read from the beginning of the file alone, however large it is. */
const PREVIEW_BYTES = 64 * 1024;
const PREVIEW_ROWS = 6;

interface Chosen {
  file: File;
  /** The header row first. */
  rows: string[][];
}

async function look(file: File): Promise<Chosen> {
  const text = await file.slice(0, PREVIEW_BYTES).text();
  return { file, rows: parseCsv(text, PREVIEW_ROWS) };
}

/** Why a file cannot be imported; null if it can. */
function problemOf({ rows }: Chosen): string | null {
  if (rows.length === 0) return 'The file is empty.';
  if (emailColumn(rows[0] ?? []) < 0) return 'The first row has no column “email”.';
  return null;
}

export default function ImportPage() {
  // In the address, so that the page can be left and come back to.
  const jobId = location.value.query.get('job');
  return (
    <>
      <PageHead
        title="Import contacts"
        back={{ href: '#/contacts', title: 'Contacts' }}
        lead="A CSV with a header row. The column “email” is needed; “subscribed” says who is; every other column becomes data of that name. Whoever is known already is updated."
      />
      {jobId === null ? (
        <Upload />
      ) : (
        <ImportProgress jobId={jobId} onAgain={() => setQuery({ job: null })} />
      )}
    </>
  );
}

function Upload() {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const action = useAction();
  const problem = chosen && problemOf(chosen);

  const upload = (file: File) =>
    void action.run(async () => {
      const { jobId } = await api.contacts.import(file);
      setQuery({ job: jobId });
    });

  return (
    <div class="stack">
      <FileField
        label="CSV file"
        accept=".csv,text/csv"
        hint="In UTF-8, with commas or semicolons between the cells."
        error={problem ?? undefined}
        onFile={(file) => void look(file).then(setChosen)}
      />
      {chosen && !problem && (
        <Section
          title="The first rows"
          actions={
            <Button variant="primary" busy={action.isBusy} onClick={() => upload(chosen.file)}>
              {action.isBusy ? 'Uploading…' : `Import ${formatBytes(chosen.file.size)}`}
            </Button>
          }
        >
          <PreviewTable rows={chosen.rows} />
        </Section>
      )}
      {action.error && <ErrorNote error={action.error} />}
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
