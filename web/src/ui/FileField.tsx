// A file, chosen or dropped.
import { useState } from 'preact/hooks';
import { Field } from './Field';
import { Icon } from './Icon';

interface FileFieldProps {
  label: string;
  hint?: string;
  error?: string | undefined;
  accept: string;
  onFile: (file: File) => void;
}

export function FileField({ label, hint, error, accept, onFile }: FileFieldProps) {
  const [name, setName] = useState('');
  const [isOver, setOver] = useState(false);

  function take(files: FileList | null | undefined): void {
    const file = files?.[0];
    if (!file) return;
    setName(file.name);
    onFile(file);
  }

  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <div
          class="file-drop"
          data-over={isOver}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            take(event.dataTransfer?.files);
          }}
        >
          <Icon name="upload" />
          <span class="break">{name || 'Choose a file, or drop it here'}</span>
          <input
            {...control}
            type="file"
            accept={accept}
            onChange={(event) => take(event.currentTarget.files)}
          />
        </div>
      )}
    </Field>
  );
}
