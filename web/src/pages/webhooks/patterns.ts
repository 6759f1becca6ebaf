// Patterns of events: parts between dots, where `*` stands for exactly one part, whatever it is.
import type { Segment, Webhook } from '../../api/types';

/** Bytes of a pattern, as of an event's name; the server allows no more. */
const PATTERN_BYTES_MAX = 250;

/** Names that a meaning lists before it counts the rest. */
const NAMES_SHOWN = 3;

const TEXT = new TextEncoder();

export function matches(pattern: string, name: string): boolean {
  const wanted = pattern.split('.');
  const parts = name.split('.');
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => part === '*' || part === parts[index])
  );
}

/** Those that are told of an event of this name, if they are enabled. */
export function listening<W extends Pick<Webhook, 'events'>>(
  webhooks: readonly W[],
  name: string,
): W[] {
  return webhooks.filter(({ events }) => events.some((pattern) => matches(pattern, name)));
}

/** Why the server would not take a pattern; null if it would. */
export function patternProblem(pattern: string): string | null {
  if (pattern === '') return 'Is empty.';
  if (TEXT.encode(pattern).length > PATTERN_BYTES_MAX) {
    return `Is too long: at most ${PATTERN_BYTES_MAX} bytes are allowed.`;
  }
  if (pattern.split('.').some((part) => part !== '*' && part.includes('*'))) {
    return 'Has a * beside other characters: it stands for a whole part between dots.';
  }
  return null;
}

type SegmentNames = Pick<Segment, 'name' | 'slug' | 'type' | 'trackMembership'>;

/** What a project has that can be listened to. */
export interface Listenable {
  segments: readonly SegmentNames[];
  eventNames: readonly string[];
}

export interface PatternOption {
  id: string;
  title: string;
  note?: string;
  group: string;
}

const option = (pattern: string, group: string, note?: string): PatternOption => ({
  id: pattern,
  title: pattern,
  group,
  ...(note === undefined ? {} : { note }),
});

const CAMPAIGN_SENDING = 'campaign.sending';

const GENERAL: readonly PatternOption[] = [
  option('segment.*.entry', 'Many at once', 'any entry'),
  option('segment.*.exit', 'Many at once', 'any exit'),
  option('*', 'Many at once', 'every name without a dot'),
];

const WRITTEN_BY_SEGMENTRY: readonly PatternOption[] = [
  option('contact.subscribed', 'Contacts and campaigns'),
  option('contact.unsubscribed', 'Contacts and campaigns'),
  option(CAMPAIGN_SENDING, 'Contacts and campaigns', 'its list is fixed'),
];

function isTracked({ type, trackMembership }: SegmentNames): boolean {
  return type === 'DYNAMIC' && trackMembership;
}

/** What can be picked. Static segments fire no events; those of other names are typed in. */
export function patternOptions({ segments, eventNames }: Listenable): PatternOption[] {
  const ofSegments = segments
    .filter(({ type }) => type === 'DYNAMIC')
    .flatMap((segment) => {
      const note = isTracked(segment) ? segment.name : `${segment.name}, not tracked`;
      return ['entry', 'exit'].map((move) =>
        option(`segment.${segment.slug}.${move}`, 'Segments', note),
      );
    });
  const ofEvents = eventNames
    .filter((name) => !/^(segment|contact)\./.test(name) && patternProblem(name) === null)
    .map((name) => option(name, 'Events'));
  return [...GENERAL, ...ofSegments, ...ofEvents, ...WRITTEN_BY_SEGMENTRY];
}

/** What a pattern means in this project. */
export interface PatternMeaning {
  text: string;
  /** Nothing would be told of, as things are. */
  isVain: boolean;
}

const means = (text: string): PatternMeaning => ({ text, isVain: false });
const vain = (text: string): PatternMeaning => ({ text, isVain: true });

function segmentMeaning(slug: string, move: string, { segments }: Listenable): PatternMeaning {
  const segment = segments.find((one) => one.slug === slug);
  if (!segment) return vain('No segment has this slug now.');
  if (segment.type === 'STATIC') return vain(`“${segment.name}” is static: it fires no events.`);
  if (!isTracked(segment)) {
    return vain(`“${segment.name}” is not tracked: it fires no events until it is.`);
  }
  return means(move === 'entry' ? `Entering “${segment.name}”.` : `Leaving “${segment.name}”.`);
}

export function meaningOf(pattern: string, listenable: Listenable): PatternMeaning {
  const general = GENERAL.find(({ id }) => id === pattern);
  if (pattern === CAMPAIGN_SENDING) {
    return means('The list of a campaign is fixed, and handed out.');
  }
  if (pattern === 'segment.*.entry') return means('Entering any tracked segment.');
  if (pattern === 'segment.*.exit') return means('Leaving any tracked segment.');
  const [kind = '', slug = '', move = '', ...more] = pattern.split('.');
  const isMove = kind === 'segment' && (move === 'entry' || move === 'exit') && more.length === 0;
  if (isMove && slug !== '*') return segmentMeaning(slug, move, listenable);
  const found = listenable.eventNames.filter((name) => matches(pattern, name));
  if (pattern.includes('*')) {
    const start = general ? 'Every event whose name has no dot' : 'Every event of this form';
    return means(`${start}; so far: ${listed(found)}.`);
  }
  return found.length > 0 || WRITTEN_BY_SEGMENTRY.some(({ id }) => id === pattern)
    ? means('An event of this name.')
    : vain('No event of this name has been seen so far.');
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}
