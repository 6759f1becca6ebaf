// Random bits and hashes through libcrypto.
#include "ids.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void random_bytes(unsigned char *out, int size) {
  if (RAND_bytes(out, size) != 1) {
    (void)fputs("segmentry: the system gives no random numbers\n", stderr);
    abort();
  }
}

/// Ids whose random bits a thread gets at once: asking libcrypto for each costs more than the rest
/// of an id.
#define IDS_AHEAD 64

/// The random bits of an id, which no other one gets. Ids are no secrets: what waits in memory to
/// be used may be known.
static void id_bytes(unsigned char out[16]) {
  static _Thread_local unsigned char ahead[IDS_AHEAD][16];
  static _Thread_local size_t left = 0;
  if (left == 0) {
    random_bytes(&ahead[0][0], sizeof ahead);
    left = IDS_AHEAD;
  }
  memcpy(out, ahead[--left], sizeof ahead[0]);
}

void id_make(char out[ID_TEXT_BYTES]) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[16];
  id_bytes(bytes);
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
  for (int i = 0; i < 6; i++) {
    bytes[i] = (unsigned char)(ms >> (8 * (5 - i)));
  }
  bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0F));
  bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F));
  size_t at = 0;
  for (size_t i = 0; i < sizeof bytes; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      out[at++] = '-';
    }
    out[at++] = digits[bytes[i] >> 4];
    out[at++] = digits[bytes[i] & 0xF];
  }
  out[at] = '\0';
}

/// Writes 256 bits in base64url behind a prefix.
static void write_secret(const char *prefix, const unsigned char bits[32],
                         char out[SECRET_TEXT_BYTES]) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  unsigned char bytes[33] = {0}; // a byte of padding fills the last digits
  memcpy(bytes, bits, 32);
  size_t at = 0;
  for (; *prefix != '\0' && at < 3; prefix++) {
    out[at++] = *prefix;
  }
  for (size_t bit = 0; bit < 256; bit += 6) {
    unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
    out[at++] = digits[pair >> (10 - bit % 8) & 0x3F];
  }
  out[at] = '\0';
}

void secret_make(const char *prefix, char out[SECRET_TEXT_BYTES]) {
  unsigned char bits[32];
  random_bytes(bits, sizeof bits);
  write_secret(prefix, bits, out);
}

void secret_derive(const char *prefix, const char *purpose, const unsigned char from[32],
                   char out[SECRET_TEXT_BYTES]) {
  unsigned char bits[32];
  unsigned size = sizeof bits;
  (void)HMAC(EVP_sha256(), from, 32, (const unsigned char *)purpose, strlen(purpose), bits, &size);
  write_secret(prefix, bits, out);
}

void key_pair_make(key_pair *out) {
  secret_make("sk_", out->secret);
  secret_make("pk_", out->public);
  secret_hash(out->secret, strlen(out->secret), out->secret_hash);
}

#define SIGNING_PREFIX "whsec_"
#define SIGNING_PREFIX_BYTES (sizeof SIGNING_PREFIX - 1)

void signing_secret_make(char out[SIGNING_SECRET_TEXT_BYTES]) {
  unsigned char key[SIGNING_KEY_BYTES];
  random_bytes(key, sizeof key);
  memcpy(out, SIGNING_PREFIX, SIGNING_PREFIX_BYTES);
  (void)EVP_EncodeBlock((unsigned char *)out + SIGNING_PREFIX_BYTES, key, sizeof key); // with NUL
}

bool signing_secret_read(const char *text, size_t size_bytes,
                         unsigned char out[SIGNING_KEY_BYTES]) {
  unsigned char key[SIGNING_KEY_BYTES + 1]; // base64 ends with a byte of padding
  if (size_bytes != SIGNING_SECRET_TEXT_BYTES - 1 ||
      memcmp(text, SIGNING_PREFIX, SIGNING_PREFIX_BYTES) != 0 ||
      EVP_DecodeBlock(key, (const unsigned char *)text + SIGNING_PREFIX_BYTES,
                      (int)(size_bytes - SIGNING_PREFIX_BYTES)) != (int)sizeof key) {
    return false;
  }
  memcpy(out, key, SIGNING_KEY_BYTES);
  return true;
}

int64_t random_number(void) {
  int64_t number;
  random_bytes((unsigned char *)&number, sizeof number);
  return number & INT64_MAX;
}

void secret_hash(const char *bytes, size_t size_bytes, unsigned char out[32]) {
  (void)SHA256((const unsigned char *)bytes, size_bytes, out);
}

struct hash_stream {
  EVP_MD_CTX *context;
};

hash_stream *hash_stream_create(void) {
  hash_stream *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->context = EVP_MD_CTX_new();
  if (own->context == NULL || EVP_DigestInit_ex(own->context, EVP_sha256(), NULL) != 1) {
    hash_stream_free(own);
    return NULL;
  }
  return own;
}

void hash_stream_add(hash_stream *own, const char *bytes, size_t size_bytes) {
  (void)EVP_DigestUpdate(own->context, bytes, size_bytes); // fails for a context without a start
}

void hash_stream_read(hash_stream *own, unsigned char out[32]) {
  (void)EVP_DigestFinal_ex(own->context, out, NULL);
}

void hash_stream_free(hash_stream *own) {
  if (own != NULL) {
    EVP_MD_CTX_free(own->context);
    free(own);
  }
}
