import { useMemo } from 'preact/hooks';
import { addressesIn } from '../../../csv/addresses';
import { TextArea } from '../../../ui/Field';
import { formatCount } from '../../../ui/format';
import type { AddMembersProps } from './AddMembersDialog';
import { AddressForm } from './AddressForm';

interface PasteMembersProps extends AddMembersProps {
  text: string;
  onText: (text: string) => void;
}

export function PasteMembers({ text, onText, ...props }: PasteMembersProps) {
  const { emails, others } = useMemo(() => addressesIn(text), [text]);
  const ignored =
    others.length > 0 ? ` ${formatCount(others.length, 'word is', 'words are')} not an address.` : '';
  return (
    <AddressForm {...props} emails={emails} others={others}>
      <TextArea
        label="Addresses"
        hint={`With lines, commas or spaces between them. ${formatCount(emails.length, 'address', 'addresses')} found.${ignored}`}
        value={text}
        onInput={onText}
        rows={7}
        isCode
        spellcheck={false}
      />
    </AddressForm>
  );
}
