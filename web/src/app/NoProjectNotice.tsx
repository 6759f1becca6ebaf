// What somebody sees whose server has no project yet.
import { Button } from '../ui/Button';
import { Logo } from '../ui/Logo';
import { openSession } from './session';

export function NoProjectNotice() {
  return (
    <main class="notice">
      <Logo />
      <h1>There is no project yet</h1>
      <p>A project holds contacts, events and segments. Create one on the machine of the server:</p>
      <pre class="code">segmentry project create NAME --db segmentry.db</pre>
      <Button onClick={() => void openSession()}>Look again</Button>
    </main>
  );
}
