// The first rows of a CSV, with what each column becomes.
import { columnsOf, type Becomes } from '../../../csv/columns';

function titleOf(becomes: Becomes): string {
  if (becomes.kind === 'data') return becomes.field;
  return becomes.kind === 'nothing' ? 'left out' : becomes.kind;
}

export function PreviewTable({ rows }: { rows: readonly (readonly string[])[] }) {
  const [header = [], ...body] = rows;
  const columns = columnsOf(header);
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="The first rows of the file">
      <table class="table import-preview">
        <thead>
          <tr>
            {header.map((name, index) => (
              <th key={index} scope="col" data-kind={columns[index]?.kind}>
                {name}
                <span class="row-note">{columns[index] && titleOf(columns[index])}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index}>
              {header.map((_, column) => (
                <td key={column} data-kind={columns[column]?.kind}>
                  {row[column] ?? ''}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
