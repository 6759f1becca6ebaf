// Answers questions with the core, over a table of contacts. No clock, no network: both are given.
import type { Condition, Filter, Segment, Segmentry, Table } from 'segmentry';
import type { Answer, Baseline, KnownSegment, Moves, Question } from './protocol';

/** So many contacts are shown as a sample, and of those who would enter or leave. */
export const SAMPLE_SIZE = 6;

/** Ids that no segment has: for the condition being edited, and for the segment as it is now. */
const NEXT = 'next';
const NOW = 'now';

/** Both memberships of one contact: so the core does the set algebra, holes and all. */
function both(...filters: Condition['groups'][number]['filters']): Condition {
  return { logic: 'AND', groups: [{ filters }] };
}

const isNext = { field: `segment.${NEXT}`, operator: 'memberOfSegment' } as const;
const isSubscribed = { field: 'subscribed', operator: 'equals', value: true } as const;

function entering(now: string): Condition {
  return both(isNext, { field: now, operator: 'notMemberOfSegment' });
}

function leaving(now: string): Condition {
  return both(
    { field: now, operator: 'memberOfSegment' },
    { field: `segment.${NEXT}`, operator: 'notMemberOfSegment' },
  );
}

/** Fields of a table that a question needs. Segments stand for what evaluating them takes. */
export function fieldsFor(filter: Filter, baseline: Baseline | null): string[] {
  const needed = new Set([...filter.fields, 'subscribed']);
  if (baseline) needed.add(`segment.${baseline.segmentId}`);
  return [...needed];
}

export class Evaluator {
  private readonly known = new Map<string, Segment>();
  private parsed: Filter[] = [];

  constructor(private readonly segmentry: Segmentry) {}

  /** The segments that conditions may refer to from now on. */
  setSegments(segments: readonly KnownSegment[]): void {
    this.known.clear();
    for (const filter of this.parsed) filter.free();
    this.parsed = [];
    for (const { id, condition } of segments) {
      // Those whose members are stored are looked up in the table.
      if (condition) this.known.set(id, this.keep(condition));
    }
  }

  private keep(condition: Condition): Filter {
    const filter = this.segmentry.filter(condition);
    this.parsed.push(filter);
    return filter;
  }

  /** Reads a condition and calls `use` with it. */
  using<T>(condition: Condition, use: (filter: Filter) => T): T {
    const filter = this.segmentry.filter(condition);
    try {
      return use(filter);
    } finally {
      filter.free();
    }
  }

  answer(table: Table, question: Question, now: number): Answer {
    return this.using(question.condition, (filter) => {
      const segments = new Map<string, Segment>(this.known).set(NEXT, filter);
      const plain = { now, segments };
      const count = (condition: Condition) =>
        this.using(condition, (wrapped) => wrapped.count(table, plain));
      return {
        count: filter.count(table, plain),
        subscribed: count(both(isNext, isSubscribed)),
        total: table.size,
        nodes: filter.nodes(table, plain),
        sampleIds: filter.members(table, { ...plain, limit: SAMPLE_SIZE }),
        moves: question.baseline && this.moves(table, question.baseline, segments, now),
      };
    });
  }

  private moves(
    table: Table,
    { segmentId, condition }: Baseline,
    segments: Map<string, Segment>,
    now: number,
  ): Moves {
    const find = (wrapped: Condition) =>
      this.using(wrapped, (filter) => ({
        count: filter.count(table, { now, segments }),
        ids: filter.members(table, { now, segments, limit: SAMPLE_SIZE }),
      }));
    const compare = (current: string): Moves => {
      const [entered, left] = [find(entering(current)), find(leaving(current))];
      return {
        entering: entered.count,
        leaving: left.count,
        enteringIds: entered.ids,
        leavingIds: left.ids,
      };
    };
    if (!condition) return compare(`segment.${segmentId}`);
    return this.using(condition, (filter) => {
      segments.set(NOW, filter);
      return compare(`segment.${NOW}`);
    });
  }
}
