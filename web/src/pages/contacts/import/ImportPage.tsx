// Contacts out of a CSV: a look at the first rows, then the upload, then what becomes of it.
import { location, setQuery } from '../../../app/router';
import { PageHead } from '../../../ui/Page';
import { ImportProgress } from './ImportProgress';
import { Upload } from './Upload';

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
        <Upload onQueued={(job) => setQuery({ job })} />
      ) : (
        <ImportProgress jobId={jobId} onAgain={() => setQuery({ job: null })} />
      )}
    </>
  );
}
