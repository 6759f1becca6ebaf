// Who relies on this segment.
import { api } from '../../api';
import type { Segment } from '../../api/types';
import { Loaded } from '../../ui/Loaded';
import { EmptyState } from '../../ui/States';
import { useResource } from '../../ui/useResource';
import { isUsed, UsageList } from '../UsageList';

export function UsageTab({ segment }: { segment: Segment }) {
  const usage = useResource((signal) => api.segments.usage(segment.id, signal), [segment.id]);
  return (
    <Loaded from={usage} rows={2}>
      {(data) =>
        isUsed(data) ? (
          <div class="card">
            <UsageList usage={data} />
          </div>
        ) : (
          <EmptyState icon="segments" title="Nothing uses this segment">
            Segments, campaigns and webhooks that refer to it in a filter, and campaigns that go to it,
            will be listed here. While there are any, it cannot be deleted.
          </EmptyState>
        )
      }
    </Loaded>
  );
}
