// The first rows of a CSV, with what each column becomes.
import { emailColumn } from '../../csv/parse';

function becomes(name: string, isEmail: boolean): string {
  const trimmed = name.trim();
  if (isEmail) return 'email';
  if (trimmed.toLowerCase() === 'subscribed') return 'subscribed';
  return trimmed === '' ? 'left out' : `data.${trimmed}`;
}

export function PreviewTable({ rows }: { rows: readonly (readonly string[])[] }) {
  const [header = [], ...body] = rows;
  const email = emailColumn(header);
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="The first rows of the file">
      <table class="table">
        <thead>
          <tr>
            {header.map((name, index) => (
              <th key={index} scope="col">
                {name}
                <span class="row-note">{becomes(name, index === email)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index}>
              {header.map((_, column) => (
                <td key={column} class="nowrap">
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
