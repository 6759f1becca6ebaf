// The head of a page, and the sections it is made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useId } from 'preact/hooks';
import { Icon } from './Icon';

interface PageHeadProps {
  title: string;
  /** Where the page belongs: a link above the title. */
  back?: { href: string; title: string };
  /** Beside the title, such as badges. */
  marks?: ComponentChildren;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
}

export function PageHead({ title, back, marks, lead, actions }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} – Segmentry`;
  }, [title]);
  return (
    <div class="page-head">
      {back && (
        <a class="page-back" href={back.href}>
          <Icon name="arrow-left" />
          {back.title}
        </a>
      )}
      <div class="page-title">
        <h1>{title}</h1>
        {marks}
      </div>
      {actions && <div class="page-actions">{actions}</div>}
      {lead && <p class="page-lead">{lead}</p>}
    </div>
  );
}

interface SectionProps {
  title: string;
  /** At the right of the title. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Section({ title, actions, children }: SectionProps) {
  const id = useId();
  return (
    <section class="section" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{title}</h2>
        {actions && <div class="section-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** A number with what it counts. */
export function Figure({
  title,
  children,
  note,
}: {
  title: string;
  children: ComponentChildren;
  note?: ComponentChildren;
}) {
  return (
    <div class="figure">
      <dt>{title}</dt>
      <dd>
        <span class="figure-value">{children}</span>
        {note && <span class="figure-note">{note}</span>}
      </dd>
    </div>
  );
}
