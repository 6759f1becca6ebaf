// Creates a contact, or edits one.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Contact } from '../../api/types';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Checkbox, TextField } from '../../ui/Field';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
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
  const action = useAction();
  const isSound = rows.every((row) => problemOf(row, rows) === null);

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    await action.run(async () => {
      const draft = { email, subscribed, data: changesBetween(contact?.data ?? {}, rows) };
      const saved = contact
        ? await api.contacts.update(contact.id, draft)
        : await api.contacts.create(draft);
      toast(contact ? 'The contact has been saved.' : `${saved.email} has been saved.`);
      onClose();
      onSaved(saved);
    });
  }

  return (
    <Dialog
      title={contact ? 'Edit contact' : 'New contact'}
      onClose={onClose}
      wide
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="contact"
            busy={action.isBusy}
            disabled={!isSound}
          >
            Save
          </Button>
        </>
      }
    >
      <form id="contact" class="form" onSubmit={(event) => void save(event)}>
        <TextField
          label="Email"
          value={email}
          onInput={setEmail}
          required
          spellcheck={false}
          hint={contact ? undefined : 'Of a contact that is there already, this changes the rest.'}
        />
        <Checkbox
          label="Subscribed"
          hint="Campaigns go to subscribed contacts alone."
          checked={subscribed}
          onChange={setSubscribed}
        />
        <DataEditor rows={rows} onChange={setRows} />
        {action.error && <ErrorNote error={action.error} />}
      </form>
    </Dialog>
  );
}
