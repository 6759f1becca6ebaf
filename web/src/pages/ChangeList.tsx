// Entries and exits, the newest first, and why: of a segment, or of a contact.
import type { Cause, ChangeBase } from '../api/types';
import { Icon } from '../ui/Icon';
import { ListLoaded } from '../ui/Loaded';
import { More } from '../ui/Pager';
import { EmptyState } from '../ui/States';
import { Table, type Column } from '../ui/Table';
import { Time } from '../ui/Time';
import { useCursorList, type Piece } from '../ui/useCursorList';

/** Changes that are asked for at once. */
const PIECE = 50;

const CAUSES: Readonly<Record<Cause, string>> = {
  DATA: 'the contact or its events changed',
  CLOCK: 'time passed',
  DEFINITION: 'the filter changed',
  MANUAL: 'by hand',
  DELETE: 'the contact was deleted',
};

function causeInWords(cause: Cause): string {
  return CAUSES[cause] ?? cause;
}

/** Who entered or left, or what was entered or left: as the list of the other one has it. */
export interface Mover {
  title: string;
  href: string;
}

interface ChangeListProps<Change extends ChangeBase> {
  read: (query: { limit: number; cursor: string | null }, signal: AbortSignal) => Promise<Piece<Change>>;
  /** What the list is of: begins anew whenever they change. */
  inputs: readonly unknown[];
  /** The head of the column of movers. */
  moverTitle: string;
  moverOf: (change: Change) => Mover;
  empty: { title: string; text: string };
}

export function ChangeList<Change extends ChangeBase>({
  read,
  inputs,
  moverTitle,
  moverOf,
  empty,
}: ChangeListProps<Change>) {
  const list = useCursorList((cursor, signal) => read({ limit: PIECE, cursor }, signal), inputs);
  return (
    <ListLoaded from={list}>
      {(changes) =>
        changes.length === 0 ? (
          <EmptyState icon="clock" title={empty.title}>
            {empty.text}
          </EmptyState>
        ) : (
          <>
            <Table
              caption="Entries and exits"
              columns={columnsWith(moverTitle, moverOf)}
              rows={changes}
              keyOf={({ id }) => id}
            />
            <More
              shown={changes.length}
              one="change"
              hasMore={list.hasMore}
              busy={list.isLoading}
              onMore={list.more}
            />
          </>
        )
      }
    </ListLoaded>
  );
}

function columnsWith<Change extends ChangeBase>(
  moverTitle: string,
  moverOf: (change: Change) => Mover,
): readonly Column<Change>[] {
  return [
    { id: 'type', title: 'Change', cell: (change) => <ChangeMark change={change} /> },
    {
      id: 'mover',
      title: moverTitle,
      cell: (change) => {
        const { title, href } = moverOf(change);
        return (
          <>
            <a class="row-title" href={href}>
              {title}
            </a>
            <span class="row-note narrow-only">
              <Time at={change.at} />: {causeInWords(change.cause)}
            </span>
          </>
        );
      },
    },
    { id: 'cause', title: 'Because', wideOnly: true, cell: ({ cause }) => causeInWords(cause) },
    { id: 'at', title: 'When', wideOnly: true, cell: ({ at }) => <Time at={at} /> },
  ];
}

function ChangeMark({ change }: { change: ChangeBase }) {
  const isEntry = change.type === 'entry';
  return (
    <span class="change-mark" data-type={change.type}>
      <Icon name={isEntry ? 'enter' : 'leave'} />
      {isEntry ? 'Entered' : 'Left'}
    </span>
  );
}
