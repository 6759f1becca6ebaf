// Steps back and forth. What is typed into one control without a pause is one step.

/** As many steps as anybody goes back; each is a tree that shares little with the others. */
const STEPS_MAX = 200;
/** A longer pause begins a new step. */
const PAUSE_MS = 1_000;

export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What the last step was about, if more of it belongs to the same step. */
  readonly topic: string | null;
  readonly atMs: number;
}

export function historyOf<T>(present: T): History<T> {
  return { past: [], present, future: [], topic: null, atMs: 0 };
}

/**
 * @param topic  Such as the id of an input: steps about the same thing become one.
 * @param nowMs  Any clock that goes forward.
 */
export function step<T>(
  history: History<T>,
  next: T,
  topic: string | null,
  nowMs: number,
): History<T> {
  if (next === history.present) return history;
  const isSame =
    topic !== null && topic === history.topic && nowMs - history.atMs < PAUSE_MS;
  return {
    past: isSame ? history.past : [...history.past, history.present].slice(-STEPS_MAX),
    present: next,
    future: [],
    topic,
    atMs: nowMs,
  };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
    topic: null,
    atMs: 0,
  };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, topic: null, atMs: 0 };
}
