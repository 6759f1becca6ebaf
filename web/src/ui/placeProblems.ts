// Sorts what the server refused of a form by where the form shows it.
import type { Problem } from '../api/client';

/** What is wrong, by the part of the form. */
export type Placed<Place extends string> = Partial<Record<Place, string>>;

/** `events[0]` is within `events`, and `events` itself. */
function isWithin(field: string, place: string): boolean {
  return field === place || field.startsWith(`${place}.`) || field.startsWith(`${place}[`);
}

function sentence(message: string): string {
  const end = /[.!?]$/.test(message) ? '' : '.';
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${end}`;
}

/** Null where something has no place in the form: then all of it is said below. */
export function placeProblems<Place extends string>(
  problems: readonly Problem[],
  places: readonly Place[],
): Placed<Place> | null {
  const placed: Placed<Place> = {};
  for (const { field, message } of problems) {
    const place = places.find((one) => isWithin(field, one));
    if (place === undefined) return null;
    const where = field.slice(place.length).replace(/^\./, '');
    const said = where === '' ? sentence(message) : `${where}: ${message}`;
    placed[place] = placed[place] === undefined ? said : `${placed[place]} ${said}`;
  }
  return problems.length === 0 ? null : placed;
}
