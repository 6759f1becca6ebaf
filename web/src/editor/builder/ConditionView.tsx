// Groups and what joins them; within each, filters and a condition of its own.
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { setLogic } from '../model/operations';
import type { ConditionNode, GroupNode, Logic } from '../model/tree';
import { appendFilter, appendGroup, nestGroup } from './actions';
import type { Builder } from './builder';
import { draggable, dropEdge, dropsInto, holder } from './drag';
import { FilterRow } from './FilterRow';
import { DragHandle, NodeMenu } from './NodeControls';
import { NodeCount } from './NodeCount';

interface ConditionViewProps {
  builder: Builder;
  condition: ConditionNode;
  /** Of the group that it is in, such as `1`; empty for the outermost. */
  number?: string;
}

export function ConditionView({ builder, condition, number = '' }: ConditionViewProps) {
  const { groups, logic } = condition;
  const isAlone = groups.length === 1;
  return (
    <div class="condition" data-nested={number !== ''} {...holder('group', condition.id)}>
      {!isAlone && <LogicSwitch builder={builder} condition={condition} number={number} />}
      {groups.map((group, index) => (
        <div key={group.id} class="condition-part">
          {index > 0 && (
            <span class="joint" data-logic={logic}>
              {logic === 'AND' ? 'and' : 'or'}
            </span>
          )}
          <GroupView
            builder={builder}
            condition={condition}
            group={group}
            index={index}
            number={number === '' ? String(index + 1) : `${number}.${index + 1}`}
          />
        </div>
      ))}
      <AddGroup builder={builder} condition={condition} />
    </div>
  );
}

const LOGIC_WORDS: Readonly<Record<Logic, string>> = { AND: 'All groups', OR: 'Any group' };

function LogicSwitch({ builder: { store }, condition, number }: Required<ConditionViewProps>) {
  const about = number === '' ? 'the groups' : `the groups in group ${number}`;
  return (
    <div class="logic">
      <div class="switch" role="group" aria-label={`How ${about} are joined`}>
        {(['AND', 'OR'] as const).map((logic) => (
          <button
            key={logic}
            type="button"
            aria-pressed={condition.logic === logic}
            onClick={() => store.change((tree) => setLogic(tree, condition.id, logic))}
          >
            {LOGIC_WORDS[logic]}
          </button>
        ))}
      </div>
      <span class="muted small">
        {condition.logic === 'AND' ? 'A contact has to match all of them.' : 'One of them is enough.'}
      </span>
    </div>
  );
}

function AddGroup({ builder: { store }, condition }: ConditionViewProps) {
  const isAlone = condition.groups.length === 1;
  const isEmpty = condition.groups.every(({ filters, nested }) => filters.length === 0 && !nested);
  if (isEmpty) return null;
  if (!isAlone) {
    return (
      <div class="row">
        <Button size="small" onClick={() => appendGroup(store, condition.id)}>
          <Icon name="plus" />
          {condition.logic === 'AND' ? 'And another group' : 'Or another group'}
        </Button>
      </div>
    );
  }
  return (
    <div class="row">
      <Button size="small" onClick={() => appendGroup(store, condition.id, 'OR')}>
        <Icon name="plus" />
        Or another group
      </Button>
      <Button size="small" variant="quiet" onClick={() => appendGroup(store, condition.id, 'AND')}>
        <Icon name="plus" />
        And another group
      </Button>
    </div>
  );
}

interface GroupViewProps extends Required<ConditionViewProps> {
  group: GroupNode;
  index: number;
}

function GroupView({ builder, condition, group, index, number }: GroupViewProps) {
  const { store } = builder;
  const name = `group ${number}`;
  const problems = store.problems.value.byNode.get(group.id) ?? [];
  const edge = dropEdge('group', condition.id, index, condition.groups.length);
  return (
    <section
      class="group"
      aria-label={`Group ${number}`}
      data-drop={edge ?? (group.filters.length === 0 && dropsInto(group.id) ? 'into' : undefined)}
      {...draggable('group', group.id, condition.id, index)}
      {...holder('filter', group.id)}
    >
      <header class="group-head">
        <DragHandle store={store} id={group.id} kind="group" name={name} />
        <h3>
          Group {number}
          {group.filters.length + (group.nested ? 1 : 0) > 1 && (
            <span class="muted small"> · all of these</span>
          )}
        </h3>
        <NodeCount store={store} id={group.id} />
        <NodeMenu store={store} id={group.id} kind="group" name={name} />
      </header>
      {group.filters.map((filter, at) => (
        <FilterRow
          key={filter.id}
          builder={builder}
          filter={filter}
          group={group}
          index={at}
          number={number}
        />
      ))}
      {problems.map(({ message }) => (
        <p key={message} class="field-error">
          This group {message}
        </p>
      ))}
      <div class="row">
        <Button
          size="small"
          variant={group.filters.length === 0 && !group.nested ? 'primary' : 'secondary'}
          onClick={() => appendFilter(store, group.id)}
        >
          <Icon name="plus" />
          Add filter
        </Button>
        {!group.nested && group.filters.length > 0 && (
          <Button size="small" variant="quiet" onClick={() => nestGroup(store, group.id)}>
            <Icon name="plus" />
            Nest a group
          </Button>
        )}
      </div>
      {group.nested && (
        <>
          {group.filters.length > 0 && (
            <span class="joint" data-logic="AND">
              and
            </span>
          )}
          <ConditionView builder={builder} condition={group.nested} number={number} />
        </>
      )}
    </section>
  );
}
