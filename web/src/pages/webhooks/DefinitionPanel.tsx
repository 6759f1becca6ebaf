// What a webhook is told of, and what it sends along.
import type { Condition, Webhook } from '../../api/types';
import { conditionInWords } from '../../condition/words';
import { useSegmentNames } from '../segments/useSegmentNames';

export function DefinitionPanel({ webhook }: { webhook: Webhook }) {
  const headers = Object.keys(webhook.headers);
  return (
    <section class="card stack-small" aria-label="Definition">
      <h2>Definition</h2>
      <dl class="facts facts-stacked">
        <dt>Told of</dt>
        <dd>
          <ul class="pattern-names">
            {webhook.events.map((pattern) => (
              <li key={pattern}>
                <code>{pattern}</code>
              </li>
            ))}
          </ul>
        </dd>
        <dt>Contacts</dt>
        <dd>{webhook.condition ? <Words condition={webhook.condition} /> : 'Everybody'}</dd>
        {headers.length > 0 && (
          <>
            <dt>Headers of your own</dt>
            <dd>
              <code>{headers.join(', ')}</code>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Words({ condition }: { condition: Condition }) {
  const nameOf = useSegmentNames(condition);
  return <>{conditionInWords(condition, nameOf)}</>;
}
