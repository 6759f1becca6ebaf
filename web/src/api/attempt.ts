// Keys for things that must not be made twice.

/** Bytes of a random key. */
const KEY_BYTES = 16;

/**
 * Gives a key for what is to be sent. The same text sent again is the same attempt, with the same
 * key: if only the answer was lost, the server makes nothing twice.
 */
export class AttemptKeys {
  private last: { body: string; key: string } | null = null;

  keyFor(draft: unknown): string {
    const body = JSON.stringify(draft);
    if (this.last?.body !== body) {
      // Not randomUUID: a dashboard over plain HTTP has none.
      const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
      const key = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      this.last = { body, key };
    }
    return this.last.key;
  }
}
