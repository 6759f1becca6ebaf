// Makes a webhook, or changes one.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, ApiError } from '../../api';
import { AttemptKeys } from '../../api/attempt';
import type { Webhook, WebhookWithSecret } from '../../api/types';
import { go, href, location, setLeaveGuard } from '../../app/router';
import type { PageProps } from '../../app/routes';
import { useUnsavedGuard } from '../../app/useUnsavedGuard';
import { ConditionField } from '../../editor/ConditionField';
import { Button, ButtonLink } from '../../ui/Button';
import { Checkbox, TextField } from '../../ui/Field';
import { Loaded } from '../../ui/Loaded';
import { PageHead, Section } from '../../ui/Page';
import { ErrorNote } from '../../ui/States';
import { toast } from '../../ui/Toast';
import { useAction } from '../../ui/useAction';
import { useResource } from '../../ui/useResource';
import { HeadersField } from './HeadersField';
import { PatternsField } from './PatternsField';
import { ReceiverExamples, SecretNotice } from './SecretNotice';
import {
  changesOf,
  draftOf,
  formOf,
  hasProblems,
  isPrivateUrl,
  placeRefusal,
  problemsOf,
  type FormProblems,
  type WebhookForm,
} from './webhookForm';
import { titleOf } from './words';

export default function WebhookEditPage({ params }: PageProps) {
  const id = params['id'];
  const [created, setCreated] = useState<WebhookWithSecret | null>(null);
  if (created !== null) return <Created webhook={created} />;
  return id === undefined ? (
    <Editor webhook={null} onCreated={setCreated} />
  ) : (
    <Existing id={id} />
  );
}

function Existing({ id }: { id: string }) {
  const webhook = useResource((signal) => api.webhooks.get(id, signal), [id]);
  return (
    <Loaded from={webhook} isPage upwards={{ href: '#/webhooks', title: 'Go to the webhooks' }}>
      {(data) => <Editor webhook={data} onCreated={() => undefined} />}
    </Loaded>
  );
}

/** The one time that the secret is shown. */
function Created({ webhook }: { webhook: WebhookWithSecret }) {
  // As another page: the form that had the focus is gone.
  useLayoutEffect(() => {
    window.scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, []);
  return (
    <div class="settings">
      <PageHead
        title="The webhook has been created"
        lead={<span class="break">It sends to {webhook.url}.</span>}
      />
      <Section title="Its signing secret">
        <SecretNotice secret={webhook.secret} />
      </Section>
      <Section title="Checking what comes">
        <ReceiverExamples />
      </Section>
      <div class="row section">
        <ButtonLink variant="primary" href={href`/webhooks/${webhook.id}`}>
          I have the secret: go on
        </ButtonLink>
      </div>
    </div>
  );
}

/** A link may say what a new webhook is to be told of. */
function begin(webhook: Webhook | null): WebhookForm {
  const asked = location.value.query.get('event');
  const form = formOf(webhook);
  return webhook === null && asked ? { ...form, events: [asked] } : form;
}

interface EditorProps {
  webhook: Webhook | null;
  onCreated: (webhook: WebhookWithSecret) => void;
}

/** What is typed, what is wrong with it, and how it is saved. */
function useEditor({ webhook, onCreated }: EditorProps) {
  const [form, setForm] = useState<WebhookForm>(() => begin(webhook));
  const [isChanged, setChanged] = useState(false);
  const [refused, setRefused] = useState<FormProblems | null>(null);
  /** Counts attempts to save: from the first one on, every mistake is shown. */
  const [attempts, setAttempts] = useState(0);
  const keys = useMemo(() => new AttemptKeys(), []);
  const action = useAction();
  useUnsavedGuard(isChanged);
  const found = problemsOf(form);

  const change = (changes: Partial<WebhookForm>) => {
    setForm((before) => ({ ...before, ...changes }));
    setChanged(true);
    setRefused(null);
    action.clear();
  };
  const store = async () => {
    const draft = draftOf(form);
    if (webhook === null) {
      const made = await api.webhooks.create(draft, keys.keyFor(draft));
      setChanged(false);
      setLeaveGuard(null);
      onCreated(made);
      return;
    }
    const saved = await api.webhooks.update(webhook.id, changesOf(webhook, draft));
    setLeaveGuard(null);
    toast(`“${titleOf(saved)}” has been saved.`);
    go(href`/webhooks/${saved.id}`);
  };
  /** A refusal is shown at its place, if it has one. */
  const storeOrPlace = () =>
    store().catch((error: unknown) => {
      const placed = error instanceof ApiError ? placeRefusal(error.problems) : null;
      if (placed === null) throw error;
      setRefused(placed);
    });
  const save = (event: Event) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (!hasProblems(found)) void action.run(storeOrPlace);
  };

  // The first mistake takes the focus, once it is shown.
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (attempts > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [attempts, refused]);

  const problems = refused ?? (attempts > 0 ? found : NOTHING);
  return { form, problems, change, save, action, element };
}

function Editor(props: EditorProps) {
  const { webhook } = props;
  const { form, problems, change, save, action, element } = useEditor(props);
  const back = webhook
    ? { href: href`/webhooks/${webhook.id}`, title: titleOf(webhook) }
    : { href: '#/webhooks', title: 'Webhooks' };
  return (
    <>
      <PageHead title={webhook ? 'Edit webhook' : 'New webhook'} back={back} />
      <form class="form form-narrow" ref={element} onSubmit={save} noValidate>
        <Target form={form} problems={problems} change={change} />
        <PatternsField
          events={form.events}
          error={problems.events}
          onChange={(events) => change({ events })}
        />
        <Whom form={form} error={problems.condition} change={change} />
        <HeadersField
          rows={form.headers}
          problems={problems.headerRows}
          error={problems.headers}
          onChange={(headers) => change({ headers })}
        />
        <Checkbox
          label="Enabled"
          hint="A disabled webhook is told nothing. What waits for it waits until it is enabled."
          checked={form.enabled}
          onChange={(enabled) => change({ enabled })}
        />
        {action.error && <ErrorNote error={action.error} />}
        <div class="row">
          <Button variant="primary" type="submit" busy={action.isBusy}>
            {webhook ? 'Save' : 'Create webhook'}
          </Button>
          <ButtonLink href={back.href}>Cancel</ButtonLink>
        </div>
      </form>
    </>
  );
}

const NOTHING: FormProblems = { headerRows: new Map() };

interface PartProps {
  form: WebhookForm;
  problems: FormProblems;
  change: (changes: Partial<WebhookForm>) => void;
}

function Target({ form, problems, change }: PartProps) {
  /** Somebody has typed a URL and gone on. */
  const [isLeft, setLeft] = useState(false);
  const early = isLeft && form.url !== '' ? problemsOf(form).url : undefined;
  return (
    <>
      <TextField
        label="URL"
        hint={
          isPrivateUrl(form.url) ? (
            <>
              The server refuses addresses of its own network, unless it was started with{' '}
              <code>--allow-private-webhooks</code>.
            </>
          ) : (
            'Where messages are sent, by POST. Use https: they have your contacts’ data in them.'
          )
        }
        error={problems.url ?? early}
        value={form.url}
        onInput={(url) => change({ url })}
        onBlur={() => setLeft(true)}
        placeholder="https://example.com/hooks"
        inputMode="url"
        spellcheck={false}
      />
      <TextField
        label="Name"
        hint="Optional: what you call it. Messages have it as their workflow’s name."
        error={problems.name}
        value={form.name}
        onInput={(name) => change({ name })}
      />
    </>
  );
}

interface WhomProps {
  form: WebhookForm;
  error: string | undefined;
  change: (changes: Partial<WebhookForm>) => void;
}

function Whom({ form, error, change }: WhomProps) {
  return (
    <fieldset class="fieldset">
      <legend>Contacts</legend>
      <Checkbox
        label="Only contacts that match a filter"
        hint="Held against the contact at the moment of the event. Campaigns, which are about nobody in particular, are then not told of."
        checked={form.isFiltered}
        onChange={(isFiltered) => change({ isFiltered })}
      />
      {form.isFiltered && (
        <ConditionField
          condition={form.condition}
          onChange={(condition) => change({ condition })}
        />
      )}
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
