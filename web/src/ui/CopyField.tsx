// A text that is there to be copied.
import { useState } from 'preact/hooks';
import { IconButton } from './Button';
import { Icon } from './Icon';
import { toastError } from './Toast';

/** Long enough to see that it worked. */
const DONE_MS = 1_500;

export function CopyField({ label, value }: { label: string; value: string }) {
  const [isDone, setDone] = useState(false);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      setDone(true);
      setTimeout(() => setDone(false), DONE_MS);
    } catch {
      toastError(new Error('The browser did not allow copying: select the text instead.'));
    }
  }

  return (
    <div class="copy">
      <pre class="code" tabIndex={0} aria-label={label}>
        {value}
      </pre>
      <IconButton label={isDone ? 'Copied' : `Copy ${label}`} onClick={() => void copy()}>
        <Icon name={isDone ? 'check' : 'copy'} />
      </IconButton>
    </div>
  );
}
