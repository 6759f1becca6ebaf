// A refusal of the server, shown at the fields that it is about.
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { placeProblems, type Placed } from './placeProblems';

export interface Refusal<Place extends string> {
  at: Placed<Place>;
  set: (at: Placed<Place>) => void;
  /** Carries something out; true unless it was refused for reasons that have their places. */
  placing: (deed: () => Promise<void>) => Promise<boolean>;
}

/** Keeps what was refused, and takes the focus to the first control with a mistake. */
export function useRefusal<Place extends string>(places: readonly Place[]): Refusal<Place> {
  const [at, set] = useState<Placed<Place>>({});
  useEffect(() => {
    if (Object.keys(at).length === 0) return;
    document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus();
  }, [at]);
  const placing = async (deed: () => Promise<void>) => {
    set({});
    try {
      await deed();
      return true;
    } catch (error) {
      const placed = error instanceof ApiError ? placeProblems(error.problems, places) : null;
      if (placed === null) throw error;
      set(placed);
      return false;
    }
  };
  return { at, set, placing };
}
