/// Random ids and secrets, and hashes.
#ifndef SEGMENTRY_IDS_H
#define SEGMENTRY_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes of an id with its final NUL: a UUID.
#define ID_TEXT_BYTES 37
/// Makes an id: a UUID of version 7, whose beginning is the time, so that new rows land side by
/// side in an index. Random bits come from the system; without them the program ends.
void id_make(char out[ID_TEXT_BYTES]);

/// Bytes of a secret's text with its final NUL: 256 random bits in base64url behind a prefix.
#define SECRET_TEXT_BYTES 48
/// Makes a secret such as `sk_…`. prefix  At most 3 characters.
void secret_make(const char *prefix, char out[SECRET_TEXT_BYTES]);
/// Derives a secret from another one, for one purpose: who knows it learns nothing of `from`, nor
/// of what is derived for another purpose.
void secret_derive(const char *prefix, const char *purpose, const unsigned char from[32],
                   char out[SECRET_TEXT_BYTES]);

/// The two keys of a project, and what is stored of the secret one.
typedef struct key_pair {
  char secret[SECRET_TEXT_BYTES]; ///< `sk_…`
  char public[SECRET_TEXT_BYTES]; ///< `pk_…`
  unsigned char secret_hash[32];
} key_pair;
/// Makes two new keys.
void key_pair_make(key_pair *out);

/// Bytes of a secret that signs, and of its text with the final NUL: `whsec_` and base64.
#define SIGNING_KEY_BYTES 32
#define SIGNING_SECRET_TEXT_BYTES 51
void signing_secret_make(char out[SIGNING_SECRET_TEXT_BYTES]);
/// Reads the key of such a text. False if it is none.
bool signing_secret_read(const char *text, size_t size_bytes, unsigned char out[SIGNING_KEY_BYTES]);

/// 63 random bits.
int64_t random_number(void);

/// SHA-256 of a text.
void secret_hash(const char *bytes, size_t size_bytes, unsigned char out[32]);

/// The same of a text that comes in pieces. NULL if there is no memory.
typedef struct hash_stream hash_stream;
hash_stream *hash_stream_create(void);
void hash_stream_add(hash_stream *own, const char *bytes, size_t size_bytes);
void hash_stream_read(hash_stream *own, unsigned char out[32]);
void hash_stream_free(hash_stream *own);

#endif
