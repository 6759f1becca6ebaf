// A receiver of webhooks that can be told what to answer, and keeps what came.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';

/** Whether one of a message's signatures is good. */
export function isSignedBy(secret, { headers, body }) {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return headers['webhook-signature'].split(' ').includes(expected);
}

/**
 * Listens on loopback.
 * @returns url, what came (`messages`), and `answer`: the status and body that it gives.
 */
export async function startReceiver() {
  const own = { messages: [], answer: { status: 200, body: 'thanks' } };
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    own.messages.push({ path: request.url, headers: request.headers, body });
    response.writeHead(own.answer.status).end(own.answer.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  own.url = `http://127.0.0.1:${server.address().port}/in`;
  own.end = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return own;
}

/** What a server is started with whose receivers listen on loopback. */
export const WITH_RECEIVER = { options: ['--allow-private-webhooks'] };

/** Long enough for what the server does by itself, retries included. */
const TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 30;

/** Asks until there is an answer. */
export async function until(find) {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const found = await find();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`it does not happen: ${find}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
