import type { ComponentChildren } from 'preact';

export type BadgeTone = 'neutral' | 'accent' | 'good' | 'warning' | 'bad';

/** A word about the state of something; the colour only repeats it. */
export function Badge({
  tone = 'neutral',
  children,
}: {
  tone?: BadgeTone;
  children: ComponentChildren;
}) {
  return (
    <span class="badge" data-tone={tone}>
      {children}
    </span>
  );
}
