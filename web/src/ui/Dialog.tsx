// The browser's own dialog: it keeps the focus inside, closes by Escape and gives the focus back.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button, IconButton } from './Button';
import { ErrorNote } from './States';
import { Icon } from './Icon';
import { useAction } from './useAction';

interface DialogProps {
  title: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
  /** The row of buttons at the end. */
  actions?: ComponentChildren;
  wide?: boolean;
}

/** Open for as long as it is rendered. */
export function Dialog({ title, onClose, children, actions, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <IconButton label="Close" onClick={onClose}>
          <Icon name="close" />
        </IconButton>
      </div>
      <div class="dialog-body">{children}</div>
      {actions && <div class="dialog-actions">{actions}</div>}
    </dialog>
  );
}

interface ConfirmDialogProps {
  title: string;
  children: ComponentChildren;
  /** What the button says: the deed itself, such as `Delete segment`. */
  action: string;
  danger?: boolean;
  /** It can be done, as far as is known. */
  isReady?: boolean;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** Asks before something that cannot be undone; a refusal of the server is shown in it. */
export function ConfirmDialog({
  title,
  children,
  action,
  danger = false,
  isReady = true,
  onConfirm,
  onClose,
}: ConfirmDialogProps) {
  const deed = useAction();
  const confirm = () =>
    void deed.run(async () => {
      await onConfirm();
      onClose();
    });

  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant={danger ? 'danger' : 'primary'}
            busy={deed.isBusy}
            disabled={!isReady}
            onClick={confirm}
          >
            {action}
          </Button>
        </>
      }
    >
      {children}
      {deed.error && <ErrorNote error={deed.error} />}
    </Dialog>
  );
}

interface FormDialogProps {
  title: string;
  /** The fields. */
  children: ComponentChildren;
  /** What the button says. */
  action: string;
  /** What is typed can be sent. */
  isReady?: boolean;
  wide?: boolean;
  onSubmit: () => Promise<void>;
  onClose: () => void;
}

/** Asks for something to be typed; a refusal of the server is shown below it. */
export function FormDialog({
  title,
  children,
  action,
  isReady = true,
  wide = false,
  onSubmit,
  onClose,
}: FormDialogProps) {
  const id = useId();
  const deed = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    if (isReady) void deed.run(onSubmit);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      wide={wide}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form={id}
            busy={deed.isBusy}
            disabled={!isReady}
          >
            {action}
          </Button>
        </>
      }
    >
      <form id={id} class="form" onSubmit={submit}>
        {children}
        {deed.error && <ErrorNote error={deed.error} />}
      </form>
    </Dialog>
  );
}
