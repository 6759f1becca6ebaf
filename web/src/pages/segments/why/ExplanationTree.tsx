// An explanation, laid over the condition that it explains.
import type { ConditionFilter, Group } from 'segmentry';
import type { Condition, Contact, ExplainedNode, Explanation } from '../../../api/types';
import { href } from '../../../app/router';
import { filterInWords } from '../../../condition/words';
import { Icon } from '../../../ui/Icon';
import { Time } from '../../../ui/Time';
import { useSegmentNames } from '../useSegmentNames';
import { seenInWords } from './seen';

interface Told {
  nodes: ReadonlyMap<string, ExplainedNode>;
  segmentName: (id: string) => string | undefined;
}

interface ExplanationTreeProps {
  condition: Condition;
  contact: Contact;
  explanation: Explanation;
}

export function ExplanationTree({ condition, contact, explanation }: ExplanationTreeProps) {
  const segmentName = useSegmentNames(condition);
  const told: Told = {
    nodes: new Map(explanation.nodes.map((node) => [node.path, node])),
    segmentName,
  };
  return (
    <div class="card explanation" role="status">
      <p class="verdict" data-matches={explanation.matches}>
        <Mark matches={explanation.matches} />
        <span class="break">
          <a href={href`/contacts/${contact.id}`}>{contact.email}</a>{' '}
          {explanation.matches ? 'matches' : 'does not match'}
          <Flip at={explanation.flipsAt} verb={explanation.matches ? 'leaves' : 'will'} />
        </span>
      </p>
      <Groups condition={condition} base="" told={told} />
    </div>
  );
}

function Mark({ matches }: { matches: boolean }) {
  return (
    <span class="verdict-mark" data-matches={matches}>
      <Icon name={matches ? 'check' : 'close'} />
      <span class="visually-hidden">{matches ? 'Matches:' : 'Does not match:'}</span>
    </span>
  );
}

/** When that changes by itself: `leaves in 8 days`. */
function Flip({ at, verb }: { at: string | null; verb: string }) {
  if (at === null) return null;
  return (
    <span class="flip">
      {verb} <Time at={at} />
    </span>
  );
}

function Groups({ condition, base, told }: { condition: Condition; base: string; told: Told }) {
  const isAlone = condition.groups.length === 1;
  return (
    <ul class="explained-groups" data-alone={isAlone}>
      {condition.groups.map((group, index) => (
        <li key={index}>
          {index > 0 && <span class="joint">{condition.logic === 'AND' ? 'and' : 'or'}</span>}
          <GroupVerdict group={group} path={`${base}groups[${index}]`} told={told} />
        </li>
      ))}
    </ul>
  );
}

function GroupVerdict({ group, path, told }: { group: Group; path: string; told: Told }) {
  const node = told.nodes.get(path);
  return (
    <div class="explained-group" data-matches={node?.matches}>
      <ul>
        {group.filters.map((filter, index) => (
          <FilterVerdict
            key={index}
            filter={filter}
            node={told.nodes.get(`${path}.filters[${index}]`)}
            told={told}
          />
        ))}
      </ul>
      {group.conditions && (
        <Groups condition={group.conditions} base={`${path}.conditions.`} told={told} />
      )}
    </div>
  );
}

interface FilterVerdictProps {
  filter: ConditionFilter;
  node: ExplainedNode | undefined;
  told: Told;
}

function FilterVerdict({ filter, node, told }: FilterVerdictProps) {
  const words = filterInWords(filter, told.segmentName);
  const seen = seenInWords(node?.seen);
  return (
    <li class="explained-filter">
      {node && <Mark matches={node.matches} />}
      <div>
        <p class="break">
          <strong>{words.field}</strong> {words.operator} {words.value}
        </p>
        <p class="muted small break">
          {seen !== null && <>Seen: {seen}</>}
          {node && <Flip at={node.flipsAt} verb={node.matches ? 'will not' : 'will'} />}
        </p>
      </div>
    </li>
  );
}
