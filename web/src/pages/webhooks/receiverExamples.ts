// The receivers of docs/WEBHOOKS.md, which tests run.
import document from '../../../../docs/WEBHOOKS.md?raw';

/** What an example reads the secret from. */
export const SECRET_VARIABLE = 'WEBHOOK_SECRET';

export interface ReceiverExample {
  id: 'js' | 'python';
  title: string;
  code: string;
}

function exampleOf(id: ReceiverExample['id'], title: string): ReceiverExample {
  const code = new RegExp(`\`\`\`${id} receiver\n([^]*?)\n\`\`\``).exec(document)?.[1] ?? '';
  return { id, title, code };
}

export const RECEIVER_EXAMPLES: readonly ReceiverExample[] = [
  exampleOf('js', 'Node'),
  exampleOf('python', 'Python'),
];
