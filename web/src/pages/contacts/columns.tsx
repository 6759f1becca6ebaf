// The columns that every table of contacts has.
import type { Contact } from '../../api/types';
import { href } from '../../app/router';
import { Address } from '../../ui/Address';
import type { Column } from '../../ui/Table';
import { Time } from '../../ui/Time';
import { SubscribedBadge } from './SubscribedBadge';

export const EMAIL: Column<Contact> = {
  id: 'email',
  title: 'Email',
  cell: ({ id, email }) => (
    <a class="row-title" href={href`/contacts/${id}`}>
      <Address email={email} />
    </a>
  ),
};

export const SUBSCRIBED: Column<Contact> = {
  id: 'subscribed',
  title: 'Subscribed',
  wideOnly: true,
  cell: ({ subscribed }) => <SubscribedBadge subscribed={subscribed} />,
};

export const CREATED: Column<Contact> = {
  id: 'created',
  title: 'Created',
  wideOnly: true,
  cell: ({ createdAt }) => <Time at={createdAt} />,
};
