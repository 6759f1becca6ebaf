// The editor of a segment: a new one, or that of `params.id`.
import { api } from '../api';
import type { Segment } from '../api/types';
import type { PageProps } from '../app/routes';
import { Loaded } from '../ui/Loaded';
import { PageHead } from '../ui/Page';
import { useResource } from '../ui/useResource';
import { loadEngine } from '../live/engine';
import { loadCatalog, type Catalog } from './catalog';
import { SegmentEditor } from './SegmentEditor';
import './editor.css';

interface Needed {
  segment: Segment | null;
  catalog: Catalog;
}

async function load(id: string | null, signal: AbortSignal): Promise<Needed> {
  const [segment, catalog] = await Promise.all([
    id === null ? null : api.segments.get(id, signal),
    loadCatalog(id, signal),
    loadEngine(),
  ]);
  return { segment, catalog };
}

export default function EditorPage({ params }: PageProps) {
  const id = params['id'] ?? null;
  const needed = useResource((signal) => load(id, signal), [id]);
  return (
    <>
      {needed.data === undefined && <PageHead title={id ? 'Edit segment' : 'New segment'} />}
      <Loaded from={needed} rows={6}>
        {({ segment, catalog }) => <SegmentEditor segment={segment} catalog={catalog} />}
      </Loaded>
    </>
  );
}
