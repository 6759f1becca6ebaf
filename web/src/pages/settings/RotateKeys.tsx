// New keys for a project: asked about, made, and shown once.
import { useState } from 'preact/hooks';
import { api } from '../../api';
import type { Project } from '../../api/types';
import { openSession } from '../../app/session';
import { Button } from '../../ui/Button';
import { CopyField } from '../../ui/CopyField';
import { ConfirmDialog, Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';

interface Keys {
  secretKey: string;
  publicKey: string;
}

export function RotateKeys({ project }: { project: Project }) {
  const [isAsked, ask] = useState(false);
  const [made, setMade] = useState<Keys | null>(null);

  async function rotate(): Promise<void> {
    setMade(await api.session.rotateKeys(project.id));
    await openSession(); // the public key is shown elsewhere too
  }

  return (
    <>
      <div>
        <Button onClick={() => ask(true)}>
          <Icon name="refresh" />
          Make new keys
        </Button>
      </div>
      {isAsked && (
        <ConfirmDialog
          title={`New keys for “${project.name}”?`}
          action="Make new keys"
          danger
          onConfirm={rotate}
          onClose={() => ask(false)}
        >
          <p>
            Do this if the secret key is lost, or has become known to somebody. Both keys change, and{' '}
            <strong>the old ones stop working at once</strong>: whatever uses them is refused until
            it has the new ones. So does the address that email providers report to.
          </p>
        </ConfirmDialog>
      )}
      {made && <NewKeys keys={made} onClose={() => setMade(null)} />}
    </>
  );
}

function NewKeys({ keys, onClose }: { keys: Keys; onClose: () => void }) {
  return (
    <Dialog
      title="The new keys"
      onClose={onClose}
      actions={
        <Button variant="primary" onClick={onClose}>
          I have copied the secret key
        </Button>
      }
    >
      <p>The secret key is shown this once. Keep it where you keep passwords.</p>
      <h3>Secret key</h3>
      <CopyField label="the new secret key" value={keys.secretKey} />
      <h3>Public key</h3>
      <CopyField label="the new public key" value={keys.publicKey} />
    </Dialog>
  );
}
