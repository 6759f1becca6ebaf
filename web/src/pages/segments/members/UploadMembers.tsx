import { useState } from 'preact/hooks';
import { addressesInCsv, type CsvAddresses } from '../../../csv/addresses';
import { FileField } from '../../../ui/FileField';
import { formatCount } from '../../../ui/format';
import type { AddMembersProps } from './AddMembersDialog';
import { AddressForm } from './AddressForm';

export function UploadMembers(props: AddMembersProps) {
  const [found, setFound] = useState<CsvAddresses | null>(null);
  return (
    <AddressForm {...props} emails={found?.emails ?? []}>
      <FileField
        label="CSV file"
        accept=".csv,text/csv,text/plain"
        hint={
          found === null || found.problem !== null
            ? 'With a column “email”, or with the addresses in the first column.'
            : `${formatCount(found.emails.length, 'address', 'addresses')} found.`
        }
        error={found?.problem ?? undefined}
        onFile={(file) => void file.text().then((text) => setFound(addressesInCsv(text)))}
      />
    </AddressForm>
  );
}
