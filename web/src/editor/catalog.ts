// What a filter can be about in this project: fields, events, segments, and values to choose from.
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { api } from '../api';
import type { Field, FieldType, FieldValues, Segment } from '../api/types';
import { fieldOptions, type FieldOption } from './model/fieldOptions';

/** Values to choose from; who looks for another types it in. */
const VALUES_MAX = 100;

/** What the editor knows of segments: to see whether any of it has changed. */
const spelt = (segments: readonly Segment[]): string =>
  JSON.stringify(
    segments.map(({ id, name, slug, type, trackMembership, condition }) => [
      id,
      name,
      slug,
      type,
      trackMembership,
      condition,
    ]),
  );

export class Catalog {
  /** All of the project, as they were last read: another tab may have made one meanwhile. */
  readonly segments: ReadonlySignal<readonly Segment[]>;
  readonly options: ReadonlySignal<readonly FieldOption[]>;
  private readonly read: Signal<readonly Segment[]>;
  private readonly types: ReadonlyMap<string, FieldType>;
  private readonly titles: ReadonlySignal<ReadonlyMap<string, string>>;
  private readonly values = new Map<string, Promise<FieldValues | null>>();
  private reading: Promise<void> | null = null;

  constructor(
    segments: readonly Segment[],
    fields: readonly Field[],
    eventNames: readonly string[],
    ownId: string | null,
  ) {
    const read = signal(segments);
    this.read = read;
    this.segments = read;
    this.options = computed(() => fieldOptions(fields, eventNames, read.value, ownId));
    this.types = new Map(fields.map(({ field, type }) => [field, type]));
    this.titles = computed(() => new Map(this.options.value.map(({ id, title }) => [id, title])));
  }

  typeOf(field: string): FieldType | undefined {
    return this.types.get(field);
  }

  /** The field as the picker has it. */
  titleOf(field: string): string {
    return this.titles.value.get(field) ?? field.replace(/^(data|event)\./, '');
  }

  readonly segmentName = (id: string): string | undefined =>
    this.segments.value.find((segment) => segment.id === id)?.name;

  /** The most frequent values; null where they cannot be had: then one types them in. */
  valuesOf(field: string): Promise<FieldValues | null> {
    let asked = this.values.get(field);
    if (!asked) {
      asked = api.fields.values(field, VALUES_MAX).catch(() => null);
      this.values.set(field, asked);
    }
    return asked;
  }

  /** Reads the segments again; where that fails, those that were known stay. */
  refreshSegments(): Promise<void> {
    this.reading ??= api.segments
      .list()
      .then(
        (segments) => {
          if (spelt(segments) !== spelt(this.read.value)) this.read.value = segments;
        },
        () => undefined,
      )
      .finally(() => {
        this.reading = null;
      });
    return this.reading;
  }
}

export async function loadCatalog(ownId: string | null, signal: AbortSignal): Promise<Catalog> {
  const [segments, { fields }, { eventNames }] = await Promise.all([
    api.segments.list(signal),
    api.fields.list(signal),
    api.events.names(signal),
  ]);
  return new Catalog(segments, fields, eventNames, ownId);
}
