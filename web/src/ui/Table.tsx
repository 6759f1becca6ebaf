// A table that scrolls inside its frame, and can be sorted by its heads.
import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './Icon';

export interface Column<Row> {
  /** Unique within the table. */
  id: string;
  title: string;
  /** Numbers stand at the right. */
  numeric?: boolean;
  /** Left out where there is little room. */
  wideOnly?: boolean;
  sortable?: boolean;
  /** The head is for those who do not see, such as over buttons. */
  hideTitle?: boolean;
  /** In place of the title, such as a control for the whole column. */
  head?: () => ComponentChildren;
  cell: (row: Row) => ComponentChildren;
}

export interface Sort {
  column: string;
  descending: boolean;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** What is shown is about to be replaced. */
  busy?: boolean;
}

export function Table<Row>({ caption, columns, rows, keyOf, sort, onSort, busy }: TableProps<Row>) {
  return (
    <div
      class="table-frame"
      aria-busy={busy ?? false}
      tabIndex={0}
      role="region"
      aria-label={caption}
    >
      <table class="table">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.id} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ numeric, wideOnly }: Column<Row>): string | undefined {
  const names = [numeric && 'numeric', wideOnly && 'wide-only'].filter(Boolean);
  return names.length > 0 ? names.join(' ') : undefined;
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}): JSX.Element {
  const isSorted = sort?.column === column.id;
  const title = column.hideTitle ? (
    <span class="visually-hidden">{column.title}</span>
  ) : (
    (column.head?.() ?? column.title)
  );
  return (
    <th
      scope="col"
      class={classOf(column)}
      aria-sort={isSorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
    >
      {column.sortable && onSort ? (
        <button
          type="button"
          class="sort"
          onClick={() =>
            onSort({
              column: column.id,
              descending: isSorted ? !sort.descending : (column.numeric ?? false),
            })
          }
        >
          {title}
          <span class="sort-mark" data-shown={isSorted}>
            <Icon name={isSorted && !sort.descending ? 'arrow-up' : 'arrow-down'} />
          </span>
        </button>
      ) : (
        title
      )}
    </th>
  );
}
