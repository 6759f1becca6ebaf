// The counts beside a filter that is being edited: the latest question's answer and never an older
// one. The worker answers; beyond what it can hold, the server does.
import { effect, signal, type ReadonlySignal } from '@preact/signals';
import { api, ApiError } from '../api';
import { send } from '../api/client';
import { isReachable, serverUnreachable } from '../api/connection';
import { projectId } from '../api/project';
import type { Contact, Preview, Segment } from '../api/types';
import { SAMPLE_SIZE } from './evaluate';
import type { Answer, Baseline, FromWorker, KnownSegment, Question, ToWorker } from './protocol';

/** What comes faster than this shows no sign of counting. */
const COUNTING_SHOWN_AFTER_MS = 150;
/** The server is asked when the keys rest. */
const SERVER_PAUSE_MS = 250;
/** Nobody presses a key: the server is asked again as often, since contacts change. */
const SERVER_POLL_MS = 15_000;

/** Who counts: the page itself, or the server since there is too much for a page. */
export type CountedBy = 'page' | 'server';

type Ask = Omit<Question, 'sequence'>;

function knownSegments(segments: readonly Segment[]): KnownSegment[] {
  return segments.map(({ id, name, type, trackMembership, condition }) => ({
    id,
    name,
    condition: type === 'STATIC' || trackMembership ? null : condition,
  }));
}

export function baselineOf({ id, trackMembership, condition }: Segment): Baseline {
  return { segmentId: id, condition: trackMembership ? null : condition };
}

function answerOf({ count, subscribed, total, nodes, sample, changes }: Preview): Answer {
  const idsOf = (contacts: Contact[]) => contacts.map(({ id }) => id);
  return {
    count,
    subscribed,
    total,
    nodes,
    sampleIds: idsOf(sample),
    moves: changes
      ? {
          entering: changes.entering,
          leaving: changes.leaving,
          enteringIds: idsOf(changes.enteringSample),
          leavingIds: idsOf(changes.leavingSample),
        }
      : null,
  };
}

export class Live {
  /** The latest answer, with the number of its question. Stays while a newer one is worked out. */
  readonly answer = signal<{ sequence: number; answer: Answer } | null>(null);
  /** An answer takes long enough for somebody to wonder. */
  readonly isCounting = signal(false);
  readonly countedBy = signal<CountedBy>('page');
  /** There is nothing to count at the moment. */
  readonly isIdle = signal(true);
  /** Why there is no answer. */
  readonly problem = signal<string | null>(null);
  /** Rises with each load of the contacts: what is shown of them may be old. */
  readonly generation = signal(0);
  /** Contacts that came along with an answer of the server. */
  readonly brought = new Map<string, Contact>();

  private readonly worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  private sequence = 0;
  private latest: Question | null = null;
  private countingTimer: ReturnType<typeof setTimeout> | undefined;
  private serverTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly endings: (() => void)[] = [];

  /** @param segments  Those that conditions may refer to. When they change, it counts anew. */
  constructor(segments: ReadonlySignal<readonly Segment[]>) {
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    this.worker.onerror = () => this.fail('The page could not start counting.');
    const watch = () =>
      this.tell({ type: 'visible', isVisible: document.visibilityState === 'visible' });
    document.addEventListener('visibilitychange', watch);
    this.endings.push(
      effect(() => {
        const known = knownSegments(segments.value);
        this.tell({ type: 'open', projectId: projectId.peek(), segments: known });
      }),
      () => document.removeEventListener('visibilitychange', watch),
      effect(() => {
        if (isReachable.value) this.refresh();
      }),
    );
  }

  /** Asks something; the number by which its answer is known. */
  ask(question: Ask): number {
    this.sequence += 1;
    this.latest = { ...question, sequence: this.sequence };
    this.isIdle.value = false;
    performance.mark('segmentry:ask', { detail: this.sequence });
    this.awaitAnswer();
    if (this.countedBy.peek() === 'server') this.askServerIn(SERVER_PAUSE_MS);
    else this.tell({ type: 'ask', question: this.latest });
    return this.sequence;
  }

  /** There is nothing to ask at the moment: what is still on its way is not wanted. */
  forget(): void {
    this.sequence += 1;
    this.latest = null;
    this.answer.value = null;
    this.isIdle.value = true;
    this.settle();
  }

  /** Contacts or segments may have changed. */
  refresh(): void {
    if (this.countedBy.peek() === 'server') this.askServerIn(0);
    else this.tell({ type: 'refresh' });
  }

  end(): void {
    this.worker.terminate();
    clearTimeout(this.countingTimer);
    clearTimeout(this.serverTimer);
    for (const end of this.endings) end();
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private awaitAnswer(): void {
    if (this.countingTimer !== undefined) return;
    this.countingTimer = setTimeout(() => {
      this.isCounting.value = true;
    }, COUNTING_SHOWN_AFTER_MS);
  }

  private settle(): void {
    clearTimeout(this.countingTimer);
    this.countingTimer = undefined;
    this.isCounting.value = false;
  }

  private fail(message: string): void {
    this.problem.value = message;
    this.settle();
  }

  private hear(message: FromWorker): void {
    switch (message.type) {
      case 'answer':
        performance.measure('segmentry:evaluate', {
          start: performance.now() - message.evaluatedMs,
          duration: message.evaluatedMs,
          detail: message.sequence,
        });
        this.take(message.sequence, message.answer);
        break;
      case 'loaded':
        this.generation.value = this.generation.peek() + 1;
        performance.mark('segmentry:loaded', { detail: message });
        break;
      case 'too-many':
        this.countedBy.value = 'server';
        this.askServerIn(0);
        break;
      case 'failed':
        this.hearFailure(message.status, message.message);
        break;
    }
  }

  private hearFailure(status: number, message: string): void {
    if (status === 0) {
      // The page says so above everything, and asks until the server is back.
      serverUnreachable();
      this.settle();
      return;
    }
    // Through the client, which knows what to do about an ended session.
    if (status === 401) void send('/session').catch(() => undefined);
    this.fail(message);
  }

  private take(sequence: number, answer: Answer): void {
    if (this.latest === null || sequence < (this.answer.peek()?.sequence ?? 0)) return;
    this.answer.value = { sequence, answer };
    this.problem.value = null;
    if (sequence !== this.sequence) return;
    this.settle();
    performance.mark('segmentry:answer', { detail: sequence });
  }

  private askServerIn(delayMs: number): void {
    clearTimeout(this.serverTimer);
    this.serverTimer = setTimeout(() => void this.askServer(), delayMs);
  }

  private async askServer(): Promise<void> {
    const question = this.latest;
    if (question === null || document.visibilityState !== 'visible') {
      this.askServerIn(SERVER_POLL_MS);
      return;
    }
    try {
      const preview = await api.segments.preview({
        condition: question.condition,
        sample: SAMPLE_SIZE,
        ...(question.baseline ? { segmentId: question.baseline.segmentId } : {}),
      });
      this.bring(preview);
      this.take(question.sequence, answerOf(preview));
    } catch (error) {
      if (question.sequence !== this.sequence) return;
      const isAway = error instanceof ApiError && error.isUnreachable;
      if (isAway) this.settle();
      else this.fail((error as Error).message);
    }
    if (question.sequence === this.sequence) this.askServerIn(SERVER_POLL_MS);
  }

  private bring({ sample, changes }: Preview): void {
    this.brought.clear();
    const moved = changes ? [...changes.enteringSample, ...changes.leavingSample] : [];
    for (const contact of [...sample, ...moved]) this.brought.set(contact.id, contact);
    this.generation.value = this.generation.peek() + 1;
  }
}
