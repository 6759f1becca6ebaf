// A condition that is being edited, in both of its forms, with what is wrong with it and its counts.
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { Condition, Problem } from 'segmentry';
import type { Segment } from '../api/types';
import { engine, References } from '../live/engine';
import type { Live } from '../live/live';
import type { Baseline } from '../live/protocol';
import { historyOf, redo, step, undo, type History } from './model/history';
import { sortProblems } from './model/problems';
import {
  emptyTree,
  filtersOf,
  isEmptyTree,
  pathsOf,
  toCondition,
  toTree,
  without,
  type ConditionNode,
  type NodeId,
} from './model/tree';

export type Change = (tree: ConditionNode) => ConditionNode | null;

interface Context {
  live: Live;
  /** Those that it may refer to. */
  segments: ReadonlySignal<readonly Segment[]>;
  /** The segment that the condition is of, if there is one already. */
  own: { id: string; name: string } | null;
  baseline: Baseline | null;
}

/** Spaces of indentation under JSON. */
const INDENT = 2;

export class ConditionStore {
  readonly history = signal<History<ConditionNode>>(historyOf(emptyTree()));
  readonly tree = computed(() => this.history.value.present);
  readonly condition = computed(() => toCondition(this.tree.value));
  readonly isEmpty = computed(() => isEmptyTree(this.tree.value));

  /** What was typed under JSON; null while that is what the builder says. */
  readonly typed = signal<string | null>(null);
  readonly text = computed(
    () => this.typed.value ?? JSON.stringify(this.condition.value, null, INDENT),
  );
  readonly textProblems = computed(() => {
    if (this.typed.value === null && this.isEmpty.value) return [];
    return this.references.value?.problemsOf(this.text.value) ?? [];
  });
  /** What was typed under JSON is not in the builder. */
  readonly isTextAhead = computed(
    () => this.typed.value !== null && this.textProblems.value.length > 0,
  );

  /** What the server found fault with when it was asked to save; until something is changed. */
  readonly refused = signal<readonly Problem[]>([]);
  readonly problems = computed(() => {
    const tree = this.tree.value;
    const own = this.isEmpty.value
      ? []
      : (this.references.value?.problemsOf(this.condition.value) ?? []);
    return sortProblems(tree, filtersOf(tree), [...own, ...this.refused.value]);
  });
  /** Nothing is missing and nothing is wrong. */
  readonly isValid = computed(
    () =>
      this.references.value !== null &&
      !this.isEmpty.value &&
      !this.isTextAhead.value &&
      this.problems.value.faulty.size === 0 &&
      this.problems.value.ofWhole.length === 0,
  );
  /** Mistakes are not shown in red at a filter that somebody is still putting together. */
  readonly isStrict = signal(false);

  /** The node that was just made or moved: it takes the focus. */
  readonly focusOn = signal<{ id: NodeId | null; part: 'field' | 'handle' } | null>(null);
  /** What has just happened, for those who do not see it. */
  readonly announcement = signal('');

  /** Asks for the JSON to be shown: what stops a save is there. */
  readonly showText = signal(false);

  /** How many match each group and filter by itself. */
  readonly counts = computed(() => this.countsOf());

  private readonly references = signal<References | null>(null);
  private readonly asked = new Map<number, ReadonlyMap<string, NodeId>>();
  private readonly endings: (() => void)[];

  constructor(
    condition: Condition | null,
    readonly context: Context,
  ) {
    if (condition) this.history.value = historyOf(toTree(condition));
    this.endings = [
      effect(() => {
        const segmentry = engine.value;
        if (!segmentry) return;
        const made = new References(segmentry, context.segments.value, context.own);
        this.references.value = made;
        return () => made.free();
      }),
      effect(() => this.askLive()),
    ];
  }

  end(): void {
    for (const end of this.endings) end();
  }

  /**
   * Changes the tree, as one step back and forth.
   * @param topic  What is typed into the same control without a pause is one step.
   */
  change(change: Change, topic: string | null = null): boolean {
    const before = this.history.peek();
    const next = change(before.present);
    if (next === null || next === before.present) return false;
    this.settle(step(before, next, topic, performance.now()));
    return true;
  }

  undo(): void {
    this.settle(undo(this.history.peek()));
    this.announcement.value = 'Undone.';
  }

  redo(): void {
    this.settle(redo(this.history.peek()));
    this.announcement.value = 'Done again.';
  }

  private settle(next: History<ConditionNode>): void {
    batch(() => {
      this.history.value = next;
      this.typed.value = null;
      this.refused.value = [];
    });
  }

  /** Takes what is typed under JSON; the builder follows as soon as it is a condition. */
  type(text: string): void {
    batch(() => {
      this.typed.value = text;
      this.refused.value = [];
      if (this.references.peek()?.problemsOf(text).length !== 0) return;
      const before = this.history.peek();
      const tree = toTree(JSON.parse(text) as Condition, before.present);
      this.history.value = step(before, tree, 'json', performance.now());
    });
  }

  /** Goes back to what the builder says. */
  discardText(): void {
    this.typed.value = null;
  }

  /** Begins anew with another condition. */
  replace(condition: Condition, text: string | null): void {
    batch(() => {
      this.history.value = step(this.history.peek(), toTree(condition), null, performance.now());
      this.typed.value = text;
      this.refused.value = [];
    });
  }

  /** Counts what can be counted: filters that are not finished are left out. */
  private askLive(): void {
    if (this.references.value === null) return;
    const { live, baseline } = this.context;
    const { faulty, ofWhole } = this.problems.value;
    const countable = this.isEmpty.value ? null : without(this.tree.value, faulty);
    if (countable === null || ofWhole.length > 0) {
      live.forget();
      return;
    }
    const sequence = live.ask({ condition: toCondition(countable), baseline });
    this.asked.set(sequence, pathsOf(countable));
  }

  private countsOf(): ReadonlyMap<NodeId, number> {
    const counts = new Map<NodeId, number>();
    const given = this.context.live.answer.value;
    if (given === null) return counts;
    const ids = this.asked.get(given.sequence);
    for (const old of this.asked.keys()) if (old < given.sequence) this.asked.delete(old);
    for (const { path, count } of given.answer.nodes) {
      const id = ids?.get(path);
      if (id !== undefined) counts.set(id, count);
    }
    return counts;
  }
}
