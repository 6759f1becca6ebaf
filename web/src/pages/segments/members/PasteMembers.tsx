import { useMemo, useState } from 'preact/hooks';
import { addressesIn } from '../../../csv/addresses';
import { TextArea } from '../../../ui/Field';
import { formatCount } from '../../../ui/format';
import type { AddMembersProps } from './AddMembersDialog';
import { AddressForm } from './AddressForm';

export function PasteMembers(props: AddMembersProps) {
  const [text, setText] = useState('');
  const emails = useMemo(() => addressesIn(text), [text]);
  return (
    <AddressForm {...props} emails={emails}>
      <TextArea
        label="Addresses"
        hint={`With lines, commas or spaces between them. ${formatCount(emails.length, 'address', 'addresses')} found.`}
        value={text}
        onInput={setText}
        rows={7}
        isCode
        spellcheck={false}
      />
    </AddressForm>
  );
}
