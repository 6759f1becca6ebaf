// What somebody without a session sees.
import { Button } from '../ui/Button';
import { Logo } from '../ui/Logo';
import { openSession } from './session';

export function LoginNotice() {
  return (
    <main class="notice">
      <Logo />
      <h1>Log in with a link</h1>
      <p>
        Segmentry has no passwords. The server prints a link when it starts; opening it logs this
        browser in.
      </p>
      <p>For a new link, run this on the machine of the server, with the file that it serves:</p>
      <pre class="code">segmentry login --db FILE</pre>
      <p>
        The demo has a shorter way, in the folder of <code>make run</code>: <code>make login</code>.
      </p>
      <p class="muted">A link works once. The session lives in a cookie of this browser.</p>
      <Button onClick={() => void openSession()}>I have opened the link</Button>
    </main>
  );
}
