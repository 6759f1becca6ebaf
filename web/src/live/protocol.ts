// What the page and the worker that counts say to each other.
import type { Condition } from 'segmentry';
import type { NodeCount } from '../api/types';

/** A segment that filters may refer to. */
export interface KnownSegment {
  id: string;
  name: string;
  /** Null if its members are stored: it is looked up, not evaluated. */
  condition: Condition | null;
}

/** The segment that is being edited, as it is now: what a change is compared with. */
export interface Baseline {
  segmentId: string;
  /** Null if its members are stored. */
  condition: Condition | null;
}

export interface Question {
  /** Rises with each question: an answer names the one that it answers. */
  sequence: number;
  /** Valid, as the core sees it. */
  condition: Condition;
  baseline: Baseline | null;
}

export interface Moves {
  entering: number;
  leaving: number;
  enteringIds: string[];
  leavingIds: string[];
}

export interface Answer {
  count: number;
  subscribed: number;
  total: number;
  nodes: NodeCount[];
  /** The first of those that match. */
  sampleIds: string[];
  moves: Moves | null;
}

export type ToWorker =
  | { type: 'open'; projectId: string | null; segments: KnownSegment[] }
  | { type: 'ask'; question: Question }
  /** Asks for the contacts anew: something has been changed, or the server is back. */
  | { type: 'refresh' }
  | { type: 'visible'; isVisible: boolean };

export type FromWorker =
  | { type: 'answer'; sequence: number; answer: Answer; evaluatedMs: number }
  | { type: 'loaded'; contacts: number; sizeBytes: number; loadedMs: number }
  /** There are more contacts, or more fields, than a page takes: the server has to be asked. */
  | { type: 'too-many' }
  /** `status` is of HTTP; 0 if the server could not be reached. */
  | { type: 'failed'; status: number; message: string };
