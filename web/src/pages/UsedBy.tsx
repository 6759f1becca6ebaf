// Who relies on something: a card of its page.
import type { ComponentChildren } from 'preact';
import type { Usage } from '../api/types';
import { Loaded } from '../ui/Loaded';
import type { Resource } from '../ui/useResource';
import { isUsed, UsageList } from './UsageList';

interface UsedByProps {
  usage: Resource<Usage>;
  /** What is said where nothing does. */
  unused: string;
  /** Who else has to do with it. */
  children?: ComponentChildren;
}

export function UsedBy({ usage, unused, children }: UsedByProps) {
  return (
    <section class="card" aria-label="Used by">
      <h2>Used by</h2>
      <Loaded from={usage} compact rows={2}>
        {(data) =>
          isUsed(data) ? <UsageList usage={data} /> : <p class="muted">{unused}</p>
        }
      </Loaded>
      {children}
    </section>
  );
}
