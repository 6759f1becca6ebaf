// The core on the page itself: it says at once whether a condition is valid, and what a name's slug is.
import { signal } from '@preact/signals';
import { Segmentry, SegmentryError, type Condition, type Filter, type Problem } from 'segmentry';
import type { Segment } from '../api/types';

/** Null until it is loaded. */
export const engine = signal<Segmentry | null>(null);

let loading: Promise<void> | null = null;

/** Loads it once. */
export function loadEngine(): Promise<void> {
  loading ??= Segmentry.load().then(
    (loaded) => {
      engine.value = loaded;
    },
    (error: Error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

function problemsIn(act: () => void): readonly Problem[] {
  try {
    act();
    return [];
  } catch (error) {
    if (error instanceof SegmentryError) return error.errors;
    throw error;
  }
}

/** The segments that a condition may refer to, parsed once: for checks of references. */
export class References {
  private readonly known = new Map<string, { name: string; filter: Filter | null }>();

  constructor(
    private readonly segmentry: Segmentry,
    segments: readonly Segment[],
    /** The segment whose condition is being edited: a way back to it is a circle. */
    private readonly own: { id: string; name: string } | null,
  ) {
    for (const { id, name, condition } of segments) {
      this.known.set(id, { name, filter: condition ? segmentry.filter(condition) : null });
    }
  }

  /** All that is wrong with a condition, as the server would say it. */
  problemsOf(condition: Condition | string): readonly Problem[] {
    return problemsIn(() => {
      const filter = this.segmentry.filter(condition);
      try {
        filter.check({ id: this.own?.id ?? '', name: this.own?.name ?? '', segments: this.known });
      } finally {
        filter.free();
      }
    });
  }

  free(): void {
    for (const { filter } of this.known.values()) filter?.free();
  }
}

/** The slug of a name; or why it has none. Null while the core is loading, and for no name at all. */
export function slugOf(name: string): { slug: string } | { problem: string } | null {
  const segmentry = engine.value;
  if (!segmentry || name.trim() === '') return null;
  let slug = '';
  const [problem] = problemsIn(() => {
    slug = segmentry.slug(name);
  });
  return problem ? { problem: problem.message } : { slug };
}
