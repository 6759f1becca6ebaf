import type { ComponentChildren, JSX } from 'preact';

interface Look {
  variant?: 'primary' | 'secondary' | 'quiet' | 'danger';
  size?: 'normal' | 'small';
  children?: ComponentChildren;
}

function classOf({ variant = 'secondary', size = 'normal' }: Look): string {
  return `button button-${variant}${size === 'small' ? ' button-small' : ''}`;
}

type ButtonProps = Look &
  Omit<JSX.IntrinsicElements['button'], 'size' | 'class'> & {
    /** Something is under way: the button keeps its width and its focus, and does nothing. */
    busy?: boolean;
  };

export function Button({ variant, size, busy, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={classOf({ variant, size })}
      aria-disabled={busy ? true : undefined}
      aria-busy={busy ? true : undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {children}
    </button>
  );
}

/** A link that looks like a button: it goes somewhere. */
export function ButtonLink({
  variant,
  size,
  children,
  ...rest
}: Look & { href: string; download?: boolean | string; title?: string }) {
  return (
    <a {...rest} class={classOf({ variant, size })}>
      {children}
    </a>
  );
}

/** A button that is an icon alone; `label` says what it does. */
export function IconButton({
  label,
  framed = false,
  children,
  ...rest
}: Omit<JSX.IntrinsicElements['button'], 'class' | 'title'> & {
  label: string;
  /** As large as the buttons beside it. */
  framed?: boolean;
}) {
  return (
    <button
      type="button"
      {...rest}
      class={framed ? 'icon-button icon-button-framed' : 'icon-button'}
      aria-label={label}
      title={label}
    >
      {children}
    </button>
  );
}
