// What pasting and uploading have in common: options, the button, and what became of the addresses.
import { useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { MembersAdded } from '../../../api/types';
import { Button } from '../../../ui/Button';
import { Checkbox } from '../../../ui/Field';
import { formatCount, formatNumber } from '../../../ui/format';
import { ErrorNote } from '../../../ui/States';
import { useAction } from '../../../ui/useAction';
import { addAll } from './addAll';
import type { AddMembersProps } from './AddMembersDialog';

/** More names than one reads are a number. */
const NAMES_SHOWN_MAX = 50;

interface AddressFormProps extends AddMembersProps {
  emails: readonly string[];
  /** What else was there, which is no address. */
  others?: readonly string[];
  /** Where the addresses come from. */
  children: ComponentChildren;
}

export function AddressForm({ segment, onAdded, emails, others = [], children }: AddressFormProps) {
  const [createMissing, setCreateMissing] = useState(false);
  const [subscribed, setSubscribed] = useState(true);
  const [result, setResult] = useState<MembersAdded | null>(null);
  const action = useAction();

  function add(event: Event): void {
    event.preventDefault();
    void action.run(async () => {
      setResult(null);
      const sent = await addAll(segment.id, emails, { createMissing, subscribed });
      setResult({ ...sent, invalid: [...sent.invalid, ...others] });
      onAdded();
    });
  }

  return (
    <form class="form" onSubmit={add}>
      {children}
      <Checkbox
        label="Create contacts for addresses that are not known yet"
        checked={createMissing}
        onChange={setCreateMissing}
      />
      <Checkbox
        label="New contacts are subscribed"
        checked={subscribed}
        disabled={!createMissing}
        onChange={setSubscribed}
      />
      <div>
        <Button type="submit" variant="primary" busy={action.isBusy} disabled={emails.length === 0}>
          Add {formatCount(emails.length, 'address', 'addresses')}
        </Button>
      </div>
      <div role="status">{result && <Result result={result} />}</div>
      {action.error && <ErrorNote error={action.error} />}
    </form>
  );
}

function Result({ result }: { result: MembersAdded }) {
  const { added, created, notFound, invalid } = result;
  return (
    <div class="note stack-small">
      <div class="stack-small">
        <p>
          <strong>{formatCount(added, 'member')} added</strong>
          {created > 0 && `, of which ${formatCount(created, 'contact is', 'contacts are')} new`}.
        </p>
        <Names title="Not known, so not added" emails={notFound} />
        <Names title="Not an address" emails={invalid} />
      </div>
    </div>
  );
}

function Names({ title, emails }: { title: string; emails: readonly string[] }) {
  if (emails.length === 0) return null;
  const more = emails.length - NAMES_SHOWN_MAX;
  return (
    <details>
      <summary>
        {title}: {formatNumber(emails.length)}
      </summary>
      <p class="small break">
        {emails.slice(0, NAMES_SHOWN_MAX).join(', ')}
        {more > 0 && ` and ${formatNumber(more)} more`}
      </p>
    </details>
  );
}
