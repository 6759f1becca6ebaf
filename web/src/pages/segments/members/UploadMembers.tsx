import { useState } from 'preact/hooks';
import { addressesInCsv } from '../../../csv/addresses';
import { FileField } from '../../../ui/FileField';
import { formatCount } from '../../../ui/format';
import type { AddMembersProps } from './AddMembersDialog';
import { AddressForm } from './AddressForm';

export function UploadMembers(props: AddMembersProps) {
  const [emails, setEmails] = useState<readonly string[] | null>(null);
  return (
    <AddressForm {...props} emails={emails ?? []}>
      <FileField
        label="CSV file"
        accept=".csv,text/csv,text/plain"
        hint={
          emails === null
            ? 'With a column “email”, or with the addresses in the first column.'
            : `${formatCount(emails.length, 'address', 'addresses')} found.`
        }
        onFile={(file) => void file.text().then((text) => setEmails(addressesInCsv(text)))}
      />
    </AddressForm>
  );
}
