// What a filter can be about in this project: fields, events, segments, and values to choose from.
import { api } from '../api';
import type { Field, FieldType, FieldValues, Segment } from '../api/types';
import { fieldOptions, type FieldOption } from './model/fieldOptions';

/** Values to choose from; who looks for another types it in. */
const VALUES_MAX = 100;

export class Catalog {
  readonly options: readonly FieldOption[];
  private readonly types: ReadonlyMap<string, FieldType>;
  private readonly titles: ReadonlyMap<string, string>;
  private readonly values = new Map<string, Promise<FieldValues | null>>();

  constructor(
    readonly segments: readonly Segment[],
    fields: readonly Field[],
    eventNames: readonly string[],
    ownId: string | null,
  ) {
    this.options = fieldOptions(fields, eventNames, segments, ownId);
    this.types = new Map(fields.map(({ field, type }) => [field, type]));
    this.titles = new Map(this.options.map(({ id, title }) => [id, title]));
  }

  typeOf(field: string): FieldType | undefined {
    return this.types.get(field);
  }

  /** The field as the picker has it. */
  titleOf(field: string): string {
    return this.titles.get(field) ?? field.replace(/^(data|event)\./, '');
  }

  readonly segmentName = (id: string): string | undefined =>
    this.segments.find((segment) => segment.id === id)?.name;

  /** The most frequent values; null where they cannot be had: then one types them in. */
  valuesOf(field: string): Promise<FieldValues | null> {
    let asked = this.values.get(field);
    if (!asked) {
      asked = api.fields.values(field, VALUES_MAX).catch(() => null);
      this.values.set(field, asked);
    }
    return asked;
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
