// The worker that counts: it holds the contacts' columns and answers the latest question. What it
// lacks it fetches; while it does, questions that need no more than is there are answered.
import { Segmentry, type Table } from 'segmentry';
import { Evaluator, fieldsFor } from './evaluate';
import type { FromWorker, Question, ToWorker } from './protocol';
import { fetchSnapshot, type SnapshotAnswer } from './snapshot';

/** How often it asks whether contacts have changed, while somebody looks. */
const POLL_MS = 4_000;
/** A large project is asked for less often: loading takes at most a tenth of the time. */
const POLL_PER_LOAD = 10;
/** Columns stay for as long as one tries things out. Beyond this, those not needed are let go. */
const FIELDS_KEPT_MAX = 64;

const post = (message: FromWorker) => self.postMessage(message);

class Counter {
  private evaluator: Evaluator;
  private table: Table;
  private projectId: string | null = null;
  /** What the table has. */
  private loaded = new Set<string>();
  /** What it should have. */
  private wanted = new Set<string>();
  private tag: string | null = null;
  private skewMs = 0;
  private question: Question | null = null;
  private isFetching = false;
  private isVisible = true;
  private isBeyond = false;
  private loadedMs = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** A turn comes after the messages that wait already: of several questions the last is answered. */
  private readonly turn = new MessageChannel();
  private isTurnTaken = false;

  constructor(segmentry: Segmentry) {
    this.evaluator = new Evaluator(segmentry);
    this.table = segmentry.table();
    this.turn.port1.onmessage = () => {
      this.isTurnTaken = false;
      guarded(() => this.consider());
    };
  }

  handle(message: ToWorker): void {
    switch (message.type) {
      case 'open':
        this.projectId = message.projectId;
        this.evaluator.setSegments(message.segments);
        // A segment may stand for other columns now.
        this.forget();
        break;
      case 'ask':
        this.question = message.question;
        this.takeTurn();
        break;
      case 'refresh':
        if (!this.isBeyond && this.wanted.size > 0) void this.fetch();
        break;
      case 'visible':
        this.isVisible = message.isVisible;
        if (this.isVisible) this.poll(0);
        else clearTimeout(this.timer);
        break;
    }
  }

  private forget(): void {
    this.loaded = new Set();
    this.tag = null;
    this.isBeyond = false;
    this.takeTurn();
  }

  private takeTurn(): void {
    if (this.isTurnTaken) return;
    this.isTurnTaken = true;
    this.turn.port2.postMessage(null);
  }

  /** Answers the question at hand, or fetches what that takes. */
  private consider(): void {
    const { question } = this;
    if (question === null) return;
    if (this.isBeyond) return post({ type: 'too-many' });
    const needed = this.evaluator.using(question.condition, (filter) =>
      fieldsFor(filter, question.baseline),
    );
    if (needed.every((field) => this.loaded.has(field))) return this.answer(question);
    if (this.wanted.size + needed.length > FIELDS_KEPT_MAX) this.wanted = new Set();
    for (const field of needed) this.wanted.add(field);
    void this.fetch();
  }

  private answer(question: Question): void {
    const begunMs = performance.now();
    const answer = this.evaluator.answer(this.table, question, Date.now() + this.skewMs);
    const evaluatedMs = performance.now() - begunMs;
    post({ type: 'answer', sequence: question.sequence, answer, evaluatedMs });
  }

  /** One at a time: whoever needs more columns meanwhile gets them with the next. */
  private async fetch(): Promise<void> {
    if (this.isFetching) return;
    this.isFetching = true;
    clearTimeout(this.timer);
    const fields = new Set(this.wanted);
    const isKnown = [...fields].every((field) => this.loaded.has(field));
    const begunMs = performance.now();
    const got = await fetchSnapshot(this.projectId, fields, isKnown ? this.tag : null);
    this.isFetching = false;
    guarded(() => this.take(got, fields, begunMs));
  }

  private take(got: SnapshotAnswer, fields: Set<string>, begunMs: number): void {
    switch (got.kind) {
      case 'snapshot':
        this.table.load(got.bytes);
        this.loaded = fields;
        this.tag = got.tag;
        this.skewMs = got.skewMs;
        this.loadedMs = performance.now() - begunMs;
        post({
          type: 'loaded',
          contacts: this.table.size,
          sizeBytes: got.bytes.byteLength,
          loadedMs: this.loadedMs,
        });
        break;
      case 'too-many':
        this.isBeyond = true;
        return post({ type: 'too-many' });
      case 'failed':
        post({ type: 'failed', status: got.status, message: got.message });
        return this.poll();
      case 'unchanged':
        break;
    }
    // Time has passed, so counts may have changed even if the contacts have not.
    this.consider();
    this.poll();
  }

  private poll(delayMs = Math.max(POLL_MS, this.loadedMs * POLL_PER_LOAD)): void {
    clearTimeout(this.timer);
    if (!this.isVisible || this.isBeyond) return;
    this.timer = setTimeout(() => {
      if (this.wanted.size > 0) void this.fetch();
    }, delayMs);
  }
}

/** A mistake in counting is said on the page, and the worker goes on. */
function guarded(act: () => void): void {
  try {
    act();
  } catch (error) {
    post({ type: 'failed', status: -1, message: (error as Error).message });
  }
}

const ready = Segmentry.load().then((segmentry) => new Counter(segmentry));
ready.catch((error: Error) => post({ type: 'failed', status: -1, message: error.message }));

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  void ready.then((counter) => guarded(() => counter.handle(data)));
};
