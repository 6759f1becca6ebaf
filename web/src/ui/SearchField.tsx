// A search that waits until somebody stops typing.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon } from './Icon';

/** Long enough to skip most keys of a fast typist, short enough to feel immediate. */
const PAUSE_MS = 180;

interface SearchFieldProps {
  label: string;
  value: string;
  onSearch: (text: string) => void;
  placeholder?: string;
  /** What is searched is here already: every key counts at once. */
  immediate?: boolean;
  autofocus?: boolean;
}

export function SearchField({
  label,
  value,
  onSearch,
  placeholder = label,
  immediate = false,
  autofocus = false,
}: SearchFieldProps) {
  const id = useId();
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => setText(value), [value]);

  function type(typed: string): void {
    setText(typed);
    clearTimeout(timer.current);
    if (immediate) onSearch(typed);
    else timer.current = setTimeout(() => onSearch(typed), PAUSE_MS);
  }

  return (
    <div class="search">
      <label class="visually-hidden" for={id}>
        {label}
      </label>
      <Icon name="search" />
      <input
        class="input"
        id={id}
        type="search"
        autocomplete="off"
        spellcheck={false}
        autofocus={autofocus}
        placeholder={placeholder}
        value={text}
        onInput={(event) => type(event.currentTarget.value)}
      />
    </div>
  );
}
