// Creates a contact, or edits one.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Contact } from '../../api/types';
import { FormDialog } from '../../ui/Dialog';
import { Checkbox, TextField } from '../../ui/Field';
import { useRefusal } from '../../ui/refusal';
import { toast } from '../../ui/Toast';
import { DataEditor } from './DataEditor';
import { changesBetween, problemOf, rowsOf, type DataRow } from './dataRows';

interface ContactDialogProps {
  /** Null for a new one. */
  contact: Contact | null;
  onSaved: (contact: Contact) => void;
  onClose: () => void;
}

export function ContactDialog({ contact, onSaved, onClose }: ContactDialogProps) {
  const [email, setEmail] = useState(contact?.email ?? '');
  const [subscribed, setSubscribed] = useState(contact?.subscribed ?? true);
  const [rows, setRows] = useState<readonly DataRow[]>(() => rowsOf(contact?.data ?? {}));
  const refusal = useRefusal(['email', 'data']);
  const isSound = rows.every((row) => problemOf(row, rows) === null);

  async function save(): Promise<void> {
    const draft = { email, subscribed, data: changesBetween(contact?.data ?? {}, rows) };
    const saved = contact
      ? await api.contacts.update(contact.id, draft)
      : await api.contacts.create(draft);
    toast(contact ? 'The contact has been saved.' : `${saved.email} has been saved.`);
    onClose();
    onSaved(saved);
  }

  return (
    <FormDialog
      title={contact ? 'Edit contact' : 'New contact'}
      action="Save"
      isReady={isSound}
      wide
      onSubmit={async () => void (await refusal.placing(save))}
      onClose={onClose}
    >
      <TextField
        label="Email"
        value={email}
        onInput={setEmail}
        required
        spellcheck={false}
        error={refusal.at.email}
        hint={contact ? undefined : 'Of a contact that is there already, this changes the rest.'}
      />
      <Checkbox
        label="Subscribed"
        hint="Campaigns go to subscribed contacts alone."
        checked={subscribed}
        onChange={setSubscribed}
      />
      <DataEditor rows={rows} error={refusal.at.data} onChange={setRows} />
    </FormDialog>
  );
}
