// A text that may be longer than anybody wants to see at once.
import { useState } from 'preact/hooks';
import { Button } from './Button';

/** Three lines of a wide cell. */
const SHOWN_MAX = 240;
/** Cutting off less than this is not worth a button. */
const CUT_MIN = 60;

export function LongText({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  if (text.length <= SHOWN_MAX + CUT_MIN) return <>{text}</>;
  return (
    <>
      {isOpen ? text : `${text.slice(0, SHOWN_MAX)}…`}{' '}
      <Button variant="quiet" size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Show less' : 'Show all'}
      </Button>
    </>
  );
}

/** A text that gets the room that is left, and all it needs when it is pressed. */
export function OneLine({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <button
      type="button"
      class="one-line code-text"
      aria-expanded={isOpen}
      onClick={() => setOpen(!isOpen)}
    >
      {text}
    </button>
  );
}
