// The list of recipients as a file. It is fetched rather than linked to: a link could not say which
// project it is about.
import { send } from '../../api/client';
import { api } from '../../api';
import type { Campaign } from '../../api/types';

export async function downloadRecipients(
  { id, name }: Campaign,
  format: 'ndjson' | 'csv',
): Promise<void> {
  const response = await send(api.campaigns.recipientsPath(id, format));
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}-recipients.${format}`;
  link.click();
  URL.revokeObjectURL(url);
}
