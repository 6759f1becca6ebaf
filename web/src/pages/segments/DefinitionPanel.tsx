// The filter in words.
import { conditionInWords } from '../../condition/words';
import type { Segment } from '../../api/types';
import { useSegmentNames } from './useSegmentNames';

export function DefinitionPanel({ segment }: { segment: Segment }) {
  const nameOf = useSegmentNames(segment.condition);
  return (
    <section class="card" aria-label="Filter">
      <h2>Filter</h2>
      <p class="break">{segment.condition && conditionInWords(segment.condition, nameOf)}</p>
    </section>
  );
}
