// One segment.
import { api } from '../../api';
import type { PageProps } from '../../app/routes';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/Page';
import { useResource } from '../../ui/useResource';

export default function SegmentPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const segment = useResource((signal) => api.segments.get(id, signal), [id]);
  return <Loaded from={segment}>{({ name }) => <PageHead title={name} />}</Loaded>;
}
