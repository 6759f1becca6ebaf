// A segment that is being written: what was typed, whether it is saved, and the draft in the browser.
import { batch, computed, effect, signal } from '@preact/signals';
import { api } from '../api';
import { AttemptKeys } from '../api/attempt';
import { projectId } from '../api/project';
import type { Segment, SegmentDraft, SegmentType } from '../api/types';
import { ApiError, type Problem } from '../api/client';
import { slugOf } from '../live/engine';
import type { Catalog } from './catalog';
import type { ConditionStore } from './conditionStore';
import { draftKey, readDraft, writeDraft, type LocalDraft } from './model/localDraft';

/** A draft is written when the keys rest for so long. */
const DRAFT_PAUSE_MS = 300;

/** Places of a condition, as the server names them in a segment's body. */
const CONDITION = /^condition\.?/;

export class SegmentStore {
  readonly name = signal('');
  readonly description = signal('');
  readonly type = signal<SegmentType>('DYNAMIC');
  readonly trackMembership = signal(false);

  readonly slug = computed(() => slugOf(this.name.value));
  /** Why the name cannot be saved; null if it can. */
  readonly nameProblem = computed(() => this.problemOfName());
  /** What the server said about the name, until that changes. */
  private readonly refusedName = signal<{ name: string; message: string } | null>(null);

  /** What would be sent. */
  readonly draft = computed<SegmentDraft>(() => this.draftNow());
  readonly isChanged = computed(
    () => JSON.stringify(this.draft.value) !== this.saved.value || this.condition.isTextAhead.value,
  );
  /** A draft of an earlier visit that is not what is shown. */
  readonly offered = signal<LocalDraft | null>(null);

  private readonly saved = signal('');
  private readonly endings: (() => void)[] = [];
  private readonly key: string;
  private readonly keys = new AttemptKeys();

  constructor(
    readonly segment: Segment | null,
    readonly condition: ConditionStore,
    private readonly catalog: Catalog,
  ) {
    if (segment) {
      this.name.value = segment.name;
      this.description.value = segment.description ?? '';
      this.type.value = segment.type;
      this.trackMembership.value = segment.trackMembership;
    }
    this.saved.value = JSON.stringify(this.draft.value);
    this.key = draftKey(projectId.peek() ?? '', segment?.id ?? null);
    this.offered.value = readDraft(localStorage.getItem(this.key));
    this.endings.push(this.keepDraft());
  }

  end(): void {
    for (const end of this.endings) end();
  }

  private draftNow(): SegmentDraft {
    const description = this.description.value.trim();
    const common = {
      name: this.name.value.trim(),
      description: description === '' ? null : description,
    };
    if (this.type.value === 'STATIC') {
      return this.segment ? common : { ...common, type: 'STATIC' };
    }
    return {
      ...common,
      condition: this.condition.condition.value,
      trackMembership: this.trackMembership.value,
    };
  }

  private problemOfName(): string | null {
    const refused = this.refusedName.value;
    if (refused && refused.name === this.name.value) return refused.message;
    const slug = this.slug.value;
    if (slug === null) return null;
    if ('problem' in slug) return slug.problem;
    const twin = this.catalog.segments.value.find(
      (other) => other.slug === slug.slug && other.id !== this.segment?.id,
    );
    return twin ? `“${twin.name}” has this slug already. Choose another name.` : null;
  }

  /** Writes what is typed into the browser's storage; takes it out when there is nothing to keep. */
  private keepDraft(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      const isChanged = this.isChanged.value;
      const draft: Omit<LocalDraft, 'savedAtMs'> = {
        name: this.name.value,
        description: this.description.value,
        type: this.type.value,
        trackMembership: this.trackMembership.value,
        condition: this.condition.condition.value,
        text: this.condition.isTextAhead.value ? this.condition.typed.value : null,
      };
      // What an earlier visit left stays until somebody has decided about it.
      if (this.offered.value !== null && !isChanged) return;
      clearTimeout(timer);
      timer = setTimeout(() => this.writeDraft(isChanged, draft), DRAFT_PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }

  private writeDraft(isChanged: boolean, draft: Omit<LocalDraft, 'savedAtMs'>): void {
    try {
      if (isChanged) localStorage.setItem(this.key, writeDraft({ ...draft, savedAtMs: Date.now() }));
      else localStorage.removeItem(this.key);
    } catch {
      // A full or forbidden storage: the page itself still has everything.
    }
  }

  takeOffer(): void {
    const offer = this.offered.peek();
    if (!offer) return;
    batch(() => {
      this.offered.value = null;
      this.name.value = offer.name;
      this.description.value = offer.description;
      if (!this.segment) this.type.value = offer.type;
      this.trackMembership.value = offer.trackMembership;
      this.condition.replace(offer.condition, offer.text);
      this.condition.showText.value = offer.text !== null;
    });
  }

  refuseOffer(): void {
    this.offered.value = null;
    localStorage.removeItem(this.key);
  }

  /** Throws what the server says, unless it is about a place that shows it. */
  async save(): Promise<Segment> {
    const draft = this.draft.peek();
    try {
      const saved = this.segment
        ? await api.segments.update(this.segment.id, draft)
        : await api.segments.create(draft, this.keys.keyFor(draft));
      this.saved.value = JSON.stringify(draft);
      localStorage.removeItem(this.key);
      return saved;
    } catch (error) {
      if (error instanceof ApiError) this.placeProblems(error);
      throw error;
    }
  }

  private placeProblems(error: ApiError): void {
    const ofCondition: Problem[] = error.problems
      .filter(({ field }) => CONDITION.test(field))
      .map((problem) => ({ ...problem, field: problem.field.replace(CONDITION, '') }));
    this.condition.refused.value = ofCondition;
    const ofName = error.problems.find(({ field }) => field === 'name')?.message;
    const isTaken = error.status === 409;
    if (ofName || isTaken) {
      this.refusedName.value = { name: this.name.peek(), message: ofName ?? error.message };
    }
  }
}
