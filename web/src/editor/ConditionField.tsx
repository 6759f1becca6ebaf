// The condition builder within another page's form: what a campaign asks for, for one.
import { useComputed, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Condition } from '../api/types';
import { loadEngine } from '../live/engine';
import { Live } from '../live/live';
import { formatCount, formatNumber } from '../ui/format';
import { Loaded } from '../ui/Loaded';
import { Note } from '../ui/States';
import { useResource } from '../ui/useResource';
import { loadCatalog, type Catalog } from './catalog';
import { ConditionEditor } from './ConditionEditor';
import { ConditionStore } from './conditionStore';
import './editor.css';

interface ConditionFieldProps {
  /** What it begins with. */
  condition: Condition | null;
  /** Told at every change; null while it is not a whole condition. */
  onChange: (condition: Condition | null) => void;
}

export function ConditionField(props: ConditionFieldProps) {
  const catalog = useResource(async (signal) => {
    await loadEngine();
    return loadCatalog(null, signal);
  }, []);
  return (
    <div class="condition-field card">
      <Loaded from={catalog} rows={3} compact>
        {(loaded) => <Editor {...props} catalog={loaded} />}
      </Loaded>
    </div>
  );
}

function Editor({ condition, onChange, catalog }: ConditionFieldProps & { catalog: Catalog }) {
  const { live, store } = useMemo(() => {
    const counting = new Live(catalog.segments);
    const context = { live: counting, segments: catalog.segments, own: null, baseline: null };
    return { live: counting, store: new ConditionStore(condition, context) };
  }, []);
  useEffect(
    () => () => {
      store.end();
      live.end();
    },
    [],
  );
  const said = useComputed(() => JSON.stringify(store.isValid.value ? store.condition.value : null));
  // What it began with is known already.
  const begun = useMemo(() => JSON.stringify(condition), []);
  useSignalEffect(() => {
    const text = said.value;
    if (store.history.value.past.length > 0 || text !== begun) {
      onChange(JSON.parse(text) as Condition | null);
    }
  });
  return (
    <>
      {/* The groups have heads of the third level. */}
      <h2 class="visually-hidden">Filter</h2>
      <ConditionEditor builder={{ store, catalog }} />
      <Matching live={live} />
    </>
  );
}

function Matching({ live }: { live: Live }) {
  const answer = live.answer.value?.answer;
  if (live.problem.value !== null) return <Note icon="warning">{live.problem.value}</Note>;
  return (
    <p class="muted small condition-field-count">
      {answer
        ? `${formatCount(answer.count, 'contact')} of ${formatNumber(answer.total)} match.`
        : '\u00a0'}
    </p>
  );
}
