// The editor of a segment: a new one, or that of `params.id`.
import type { PageProps } from '../app/routes';
import { PageHead } from '../ui/Page';

export default function EditorPage({ params }: PageProps) {
  return <PageHead title={params['id'] ? 'Edit segment' : 'New segment'} />;
}
