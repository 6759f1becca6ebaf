// The segments that a contact is in.
import { api } from '../../api';
import type { Contact, ContactSegment } from '../../api/types';
import { href } from '../../app/router';
import { ButtonLink } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { Loaded } from '../../ui/Loaded';
import { EmptyState } from '../../ui/States';
import { Table, type Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { useResource } from '../../ui/useResource';
import { Badge } from '../../ui/Badge';

function columns(contact: Contact): readonly Column<ContactSegment>[] {
  return [
    {
      id: 'name',
      title: 'Segment',
      cell: ({ id, name }) => (
        <a class="row-title" href={href`/segments/${id}`}>
          {name}
        </a>
      ),
    },
    {
      id: 'type',
      title: 'Type',
      wideOnly: true,
      cell: ({ type }) =>
        type === 'DYNAMIC' ? <Badge tone="accent">Dynamic</Badge> : <Badge>Static</Badge>,
    },
    {
      id: 'since',
      title: 'Member since',
      wideOnly: true,
      cell: ({ since }) => since && <Time at={since} />,
    },
    {
      id: 'why',
      title: 'Why',
      hideTitle: true,
      numeric: true,
      cell: ({ id, name, type }) =>
        type === 'DYNAMIC' && (
          <ButtonLink
            size="small"
            variant="quiet"
            href={`${href`/segments/${id}`}?tab=why&contact=${contact.id}`}
            title={`Why is ${contact.email} in ${name}?`}
          >
            <Icon name="question" />
            Why?
          </ButtonLink>
        ),
    },
  ];
}

export function ContactSegments({ contact }: { contact: Contact }) {
  const list = useResource((signal) => api.contacts.segments(contact.id, signal), [contact.id]);
  return (
    <Loaded from={list} rows={3}>
      {({ data }) =>
        data.length === 0 ? (
          <EmptyState icon="segments" title="In no segment">
            No filter matches this contact now, and no static segment holds it.
          </EmptyState>
        ) : (
          <Table caption="Segments" columns={columns(contact)} rows={data} keyOf={({ id }) => id} />
        )
      }
    </Loaded>
  );
}
