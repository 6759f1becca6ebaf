/// Signatures of the Standard Webhooks scheme: made for what is sent, checked for what comes in.
///
///     webhook-id: msg_…
///     webhook-timestamp: 1770000000            seconds, of the attempt
///     webhook-signature: v1,BASE64 v1,BASE64   HMAC-SHA256 of "ID.TIMESTAMP.BODY", one a secret
///
/// Threads: any.
#ifndef SEGMENTRY_WEBHOOKS_SIGNATURE_H
#define SEGMENTRY_WEBHOOKS_SIGNATURE_H

#include "segmentry/base.h"

/// What a secret's text begins with; base64 of the key follows.
#define SIGNATURE_SECRET_PREFIX "whsec_"
/// Bytes of a key: what the scheme allows.
#define SIGNATURE_KEY_BYTES_MIN 24
#define SIGNATURE_KEY_BYTES_MAX 64
/// Bytes of one signature with its final NUL: `v1,` and 32 bytes in base64.
#define SIGNATURE_TEXT_BYTES 48
/// How old or new a timestamp may be: what the scheme's libraries take. An older message is one
/// that somebody has kept, and sends again.
#define SIGNATURE_TOLERANCE_S 300
/// Signatures of one header that are looked at: two secrets are what a rotation has.
#define SIGNATURE_COUNT_MAX 16

typedef struct signature_key {
  unsigned char bytes[SIGNATURE_KEY_BYTES_MAX];
  size_t size_bytes;
} signature_key;

/// Reads a secret such as `whsec_…`. False if it is none.
bool signature_key_read(seg_text_view secret, signature_key *out);

/// What is signed.
typedef struct signed_message {
  seg_text_view id;
  seg_text_view timestamp; ///< As the header has it.
  seg_text_view body;
} signed_message;

/// Signs a message. False if there is no memory.
bool signature_write(const signature_key *key, const signed_message *message,
                     char out[SIGNATURE_TEXT_BYTES]);

typedef enum signature_verdict {
  SIGNATURE_GOOD = 0,
  SIGNATURE_NO_TIMESTAMP, ///< The timestamp is missing, or no whole number.
  SIGNATURE_TOO_OLD,      ///< Or too far in the future: SIGNATURE_TOLERANCE_S.
  SIGNATURE_WRONG,        ///< No signature is that of this message and key.
  SIGNATURE_NO_MEMORY
} signature_verdict;

/// Checks the signatures of a message; one good one will do. Compared in constant time.
///
/// signatures  What the header `webhook-signature` says.
signature_verdict signature_check(const signature_key *key, const signed_message *message,
                                  seg_text_view signatures, int64_t now_s);

#endif
