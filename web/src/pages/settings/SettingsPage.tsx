// The project's keys, and how a product speaks to it.
import { project } from '../../app/session';
import { CopyField } from '../../ui/CopyField';
import { PageHead, Section } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { RotateKeys } from './RotateKeys';

function trackExample(publicKey: string): string {
  return `curl ${window.location.origin}/v1/track \\
  -H 'Authorization: Bearer ${publicKey}' \\
  -H 'Content-Type: application/json' \\
  -d '{"event": "signed_up", "email": "ada@example.com", "data": {"plan": "pro"}}'`;
}

function segmentsExample(): string {
  return `curl ${window.location.origin}/segments \\
  -H "Authorization: Bearer $SECRET_KEY"`;
}

export default function SettingsPage() {
  const current = project.value;
  if (current === null) return null;
  return (
    <>
      <PageHead
        title="Settings"
        lead={
          <>
            Of the project “{current.name}”, created <Time at={current.createdAt} />.
          </>
        }
      />
      <div class="settings">
        <Section title="Public key">
          <p class="muted">
            May report events and nothing else, so it can stand in a web page or an app.
          </p>
          <CopyField label="the public key" value={current.publicKey} />
        </Section>
        <Section title="Secret key">
          <p class="muted">
            May do everything in this project. It was shown once, when it was made; the server keeps
            a hash of it alone, and cannot show it again.
          </p>
          <RotateKeys project={current} />
        </Section>
        <Section title="Report an event">
          <p class="muted">Creates the contact if it is not known yet.</p>
          <CopyField label="the example" value={trackExample(current.publicKey)} />
        </Section>
        <Section title="Ask the API">
          <p class="muted">
            Everything that this dashboard does, it does through the same API. Its description is at{' '}
            <a href="/openapi.json">openapi.json</a>.
          </p>
          <CopyField label="the example" value={segmentsExample()} />
        </Section>
        <Section title="Project id">
          <CopyField label="the project’s id" value={current.id} />
        </Section>
      </div>
    </>
  );
}
