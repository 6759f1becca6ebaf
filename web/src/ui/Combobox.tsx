// A text field with a list to choose from, as the ARIA practices have it: the focus stays in the
// field, arrows move in the list, Enter takes, Escape closes.
import type { Ref } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon } from './Icon';
import { usePlacement } from './usePlacement';

/** What the arrows went to when they left the list: no option has this id. */
const NONE = '';

/** More at once help nobody: one types a letter more. */
const SHOWN_MAX = 200;

export interface ComboOption {
  id: string;
  title: string;
  note?: string;
  /** Options of one group stand together, under its name. */
  group?: string;
}

interface ComboboxProps {
  label: string;
  /** What the field shows while nobody searches. */
  text: string;
  options: readonly ComboOption[];
  /** The one that is chosen now. */
  chosen?: string;
  onChoose: (id: string) => void;
  /** Any text will do: it is told at every key. Otherwise only what is in the list will. */
  onText?: (text: string) => void;
  /** Enter with nothing chosen in the list: the text as it is typed is meant. */
  onEnter?: () => void;
  /** Further options for a text that is searched for. */
  more?: (search: string) => readonly ComboOption[];
  onOpen?: () => void;
  placeholder?: string;
  isInvalid?: boolean;
  describedBy?: string | undefined;
  inputRef?: Ref<HTMLInputElement>;
}

function matches({ title, group = '', note = '' }: ComboOption, words: readonly string[]): boolean {
  const text = `${title} ${group} ${note}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Those in which all words occur. */
function found(options: readonly ComboOption[], search: string): ComboOption[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter((option) => matches(option, words));
}

/** The one that was most likely meant: it begins with the search, or one of its words does. -1: none. */
function bestOf(options: readonly ComboOption[], search: string): number {
  if (options.length === 0) return -1;
  const wanted = search.trim().toLowerCase();
  const begins = (text: string) => text.toLowerCase().startsWith(wanted);
  const first = options.findIndex(({ title }) => begins(title));
  if (first >= 0) return first;
  return Math.max(options.findIndex(({ title }) => title.split(/[\s.]/).some(begins)), 0);
}

interface Sought extends Pick<ComboboxProps, 'chosen' | 'onText'> {
  reached: string | null;
  search: string | null;
}

/** Which of those shown Enter takes; -1 for none. What is not known yet has to be asked for. */
function activeOf(
  shown: readonly ComboOption[],
  known: readonly ComboOption[],
  { reached, search, chosen, onText }: Sought,
): number {
  if (reached !== null) return shown.findIndex(({ id }) => id === reached);
  if (search === null) return shown.findIndex(({ id }) => id === chosen);
  // Where only the list will do, Enter takes one of it.
  return onText ? -1 : bestOf(known, search);
}

interface OptionGroup {
  title: string;
  options: ComboOption[];
}

function grouped(options: readonly ComboOption[]): OptionGroup[] {
  const groups = new Map<string, OptionGroup>();
  for (const option of options) {
    const title = option.group ?? '';
    const group = groups.get(title) ?? { title, options: [] };
    group.options.push(option);
    groups.set(title, group);
  }
  return [...groups.values()];
}

/** In the order in which they are shown. */
function listed(options: readonly ComboOption[]): ComboOption[] {
  return grouped(options.slice(0, SHOWN_MAX)).flatMap((group) => group.options);
}

/** What is typed and reached, what is shown for it, and what keys do. */
function useCombobox(props: ComboboxProps) {
  const { options, onText, more, onOpen } = props;
  const [isOpen, setOpen] = useState(false);
  const [search, setSearch] = useState<string | null>(null);
  /** The option that the arrows went to; by its id, since more may come while one looks. */
  const [reached, setReached] = useState<string | null>(null);
  const wanted = search ?? '';
  const known = wanted === '' ? options : found(options, wanted);
  const all = wanted === '' || !more ? known : [...known, ...more(wanted)];
  const shown = listed(all);
  const active = isOpen ? activeOf(shown, listed(known), { ...props, reached, search }) : -1;

  const open = () => {
    if (isOpen) return;
    onOpen?.();
    setOpen(true);
  };
  const close = () => {
    setOpen(false);
    setSearch(null);
    setReached(null);
  };
  const choose = (option: ComboOption | undefined) => {
    if (!option) return;
    close();
    props.onChoose(option.id);
  };
  const type = (typed: string) => {
    onText?.(typed);
    open();
    setSearch(typed);
    setReached(null);
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && !event.altKey) {
      event.preventDefault();
      if (!isOpen) return open();
      const next = Math.min(Math.max(active + step, onText ? -1 : 0), shown.length - 1);
      setReached(shown[next]?.id ?? NONE);
    } else if (event.key === 'Enter' && (isOpen || props.onEnter)) {
      // Not to a form: whoever presses it means the list.
      event.preventDefault();
      if (active >= 0) return choose(shown[active]);
      // What was typed stays, where nothing but the list will do.
      if (!onText && !props.onEnter) return;
      close();
      props.onEnter?.();
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  return { isOpen, search, shown, active, left: all.length - shown.length, open, close, choose, type, press };
}

export function Combobox(props: ComboboxProps) {
  const { label, text, onText } = props;
  const id = useId();
  const { isOpen, search, shown, active, left, open, close, choose, type, press } =
    useCombobox(props);
  const isListed = isOpen && (shown.length > 0 || !onText);
  return (
    <div class="combobox">
      <input
        ref={props.inputRef ?? null}
        class="input"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-label={label}
        aria-autocomplete="list"
        aria-expanded={isListed}
        aria-controls={isListed ? `${id}-list` : undefined}
        aria-activedescendant={shown[active] ? `${id}-${active}` : undefined}
        aria-invalid={props.isInvalid ? true : undefined}
        aria-describedby={props.describedBy}
        placeholder={props.placeholder}
        value={onText ? text : (search ?? text)}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={press}
        onClick={open}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={close}
      />
      <span class="combobox-mark">
        <Icon name="chevron-down" />
      </span>
      {isListed && (
        <OptionList
          id={id}
          label={label}
          shown={shown}
          active={active}
          left={left}
          chosen={props.chosen}
          onChoose={choose}
        />
      )}
    </div>
  );
}

interface OptionListProps {
  /** Of the combobox: the ids of the list and of its options begin with it. */
  id: string;
  label: string;
  shown: readonly ComboOption[];
  /** Which of those shown Enter takes; -1 for none. */
  active: number;
  /** How many more there are. */
  left: number;
  chosen: string | undefined;
  onChoose: (option: ComboOption) => void;
}

function OptionList({ id, label, shown, active, left, chosen, onChoose }: OptionListProps) {
  const list = useRef<HTMLDivElement>(null);
  usePlacement(list, true);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [shown[active]?.id]);
  return (
    <div
      class="combobox-list"
      role="listbox"
      id={`${id}-list`}
      aria-label={label}
      ref={list}
      // The focus stays in the field.
      onMouseDown={(event) => event.preventDefault()}
    >
      {grouped(shown).map((group) => (
        <div key={group.title} role="group" aria-label={group.title || label}>
          {group.title && (
            <div class="combobox-group" role="presentation">
              {group.title}
            </div>
          )}
          {group.options.map((option) => (
            <OptionRow
              key={option.id}
              id={`${id}-${shown.indexOf(option)}`}
              option={option}
              isActive={shown[active] === option}
              isChosen={option.id === chosen}
              onChoose={() => onChoose(option)}
            />
          ))}
        </div>
      ))}
      {left > 0 && (
        <div class="combobox-group" role="presentation">
          {left} more: type to narrow them down.
        </div>
      )}
      {shown.length === 0 && (
        <div class="combobox-option" role="option" aria-selected="false" aria-disabled="true">
          Nothing found
        </div>
      )}
    </div>
  );
}

interface OptionRowProps {
  id: string;
  option: ComboOption;
  isActive: boolean;
  isChosen: boolean;
  onChoose: () => void;
}

function OptionRow({ id, option, isActive, isChosen, onChoose }: OptionRowProps) {
  return (
    <div
      class="combobox-option"
      role="option"
      id={id}
      aria-selected={isActive}
      data-chosen={isChosen}
      onClick={onChoose}
    >
      <span class="combobox-title">{option.title}</span>
      {option.note && <span class="combobox-note">{option.note}</span>}
    </div>
  );
}
