// Asks before something is deleted that others may use: while they do, the server refuses.
import type { ComponentChildren } from 'preact';
import type { Usage } from '../api/types';
import { ConfirmDialog } from '../ui/Dialog';
import type { Resource } from '../ui/useResource';
import { isUsed, UsageList, usersIn } from './UsageList';

interface DeleteUsedDialogProps {
  title: string;
  /** What the button says. */
  action: string;
  usage: Resource<Usage>;
  /** What goes with it. */
  children: ComponentChildren;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

export function DeleteUsedDialog({ usage, children, ...rest }: DeleteUsedDialogProps) {
  const used = usage.data && isUsed(usage.data) ? usage.data : null;
  return (
    <ConfirmDialog {...rest} danger isReady={used === null}>
      {children}
      {used && (
        <div class="stack-small">
          <p>
            <strong>
              It cannot be deleted while {usersIn(used) === 1 ? 'this uses' : 'these use'} it:
            </strong>
          </p>
          <UsageList usage={used} />
        </div>
      )}
    </ConfirmDialog>
  );
}
