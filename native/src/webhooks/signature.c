// See signature.h.
#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define VERSION_PREFIX "v1,"
#define VERSION_PREFIX_BYTES (sizeof VERSION_PREFIX - 1)
#define HASH_BYTES 32
/// Digits of a timestamp: beyond them lies a year that no clock shows.
#define TIMESTAMP_DIGITS_MAX 12
/// Bytes of a secret's base64, its padding included.
#define ENCODED_KEY_BYTES_MAX (((size_t)SIGNATURE_KEY_BYTES_MAX + 2) / 3 * 4)

/// Whether the text is whole base64. OpenSSL's decoder passes over some of what is none.
static bool is_base64(const char *text, size_t size_bytes, size_t *padding) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  *padding = 0;
  while (*padding < 2 && *padding < size_bytes && text[size_bytes - 1 - *padding] == '=') {
    *padding += 1;
  }
  for (size_t i = 0; i < size_bytes - *padding; i++) {
    if (memchr(digits, text[i], sizeof digits - 1) == NULL) {
      return false;
    }
  }
  return size_bytes > 0 && size_bytes % 4 == 0;
}

bool signature_key_read(seg_text_view secret, signature_key *out) {
  const size_t prefix = sizeof SIGNATURE_SECRET_PREFIX - 1;
  // EVP_DecodeBlock writes whole groups of three, padding included.
  unsigned char decoded[ENCODED_KEY_BYTES_MAX / 4 * 3];
  if (secret.size_bytes <= prefix || memcmp(secret.bytes, SIGNATURE_SECRET_PREFIX, prefix) != 0) {
    return false;
  }
  const char *encoded = secret.bytes + prefix;
  size_t encoded_bytes = secret.size_bytes - prefix;
  size_t padding;
  if (encoded_bytes > ENCODED_KEY_BYTES_MAX || !is_base64(encoded, encoded_bytes, &padding)) {
    return false;
  }
  int size_bytes = EVP_DecodeBlock(decoded, (const unsigned char *)encoded, (int)encoded_bytes);
  if (size_bytes < 0) {
    return false;
  }
  out->size_bytes = (size_t)size_bytes - padding;
  if (out->size_bytes < SIGNATURE_KEY_BYTES_MIN || out->size_bytes > SIGNATURE_KEY_BYTES_MAX) {
    return false;
  }
  memcpy(out->bytes, decoded, out->size_bytes);
  OPENSSL_cleanse(decoded, sizeof decoded);
  return true;
}

static bool add(EVP_MAC_CTX *mac, seg_text_view text) {
  return text.size_bytes == 0 ||
         EVP_MAC_update(mac, (const unsigned char *)text.bytes, text.size_bytes) == 1;
}

/// HMAC-SHA256 of "ID.TIMESTAMP.BODY", piece by piece: a body is not copied for it.
static bool hash_message(const signature_key *key, const signed_message *message,
                         unsigned char out[HASH_BYTES]) {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  size_t size_bytes = 0;
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *mac = algorithm == NULL ? NULL : EVP_MAC_CTX_new(algorithm);
  bool is_good = mac != NULL && EVP_MAC_init(mac, key->bytes, key->size_bytes, parameters) == 1 &&
                 add(mac, message->id) && add(mac, seg_text_of(".")) &&
                 add(mac, message->timestamp) && add(mac, seg_text_of(".")) &&
                 add(mac, message->body) && EVP_MAC_final(mac, out, &size_bytes, HASH_BYTES) == 1;
  EVP_MAC_CTX_free(mac);
  EVP_MAC_free(algorithm);
  return is_good;
}

bool signature_write(const signature_key *key, const signed_message *message,
                     char out[SIGNATURE_TEXT_BYTES]) {
  unsigned char hash[HASH_BYTES];
  if (!hash_message(key, message, hash)) {
    return false;
  }
  memcpy(out, VERSION_PREFIX, VERSION_PREFIX_BYTES);
  (void)EVP_EncodeBlock((unsigned char *)out + VERSION_PREFIX_BYTES, hash, HASH_BYTES);
  return true;
}

static bool read_timestamp(seg_text_view text, int64_t *out) {
  if (text.size_bytes == 0 || text.size_bytes > TIMESTAMP_DIGITS_MAX) {
    return false;
  }
  *out = 0;
  for (size_t i = 0; i < text.size_bytes; i++) {
    if (text.bytes[i] < '0' || text.bytes[i] > '9') {
      return false;
    }
    *out = *out * 10 + (text.bytes[i] - '0');
  }
  return true;
}

/// Whether one of the signatures, which spaces part, is the one that it must be.
static bool has_signature(seg_text_view signatures, const char expected[SIGNATURE_TEXT_BYTES]) {
  const size_t expected_bytes = SIGNATURE_TEXT_BYTES - 1;
  size_t at = 0;
  for (int i = 0; i < SIGNATURE_COUNT_MAX && at < signatures.size_bytes; i++) {
    const char *begin = signatures.bytes + at;
    const char *space = memchr(begin, ' ', signatures.size_bytes - at);
    size_t size_bytes = space == NULL ? signatures.size_bytes - at : (size_t)(space - begin);
    if (size_bytes == expected_bytes && CRYPTO_memcmp(begin, expected, expected_bytes) == 0) {
      return true;
    }
    at += size_bytes + 1;
  }
  return false;
}

signature_verdict signature_check(const signature_key *key, const signed_message *message,
                                  seg_text_view signatures, int64_t now_s) {
  int64_t at_s;
  char expected[SIGNATURE_TEXT_BYTES];
  if (!read_timestamp(message->timestamp, &at_s)) {
    return SIGNATURE_NO_TIMESTAMP;
  }
  if (!signature_write(key, message, expected)) {
    return SIGNATURE_NO_MEMORY;
  }
  if (!has_signature(signatures, expected)) {
    return SIGNATURE_WRONG;
  }
  bool is_fresh = at_s >= now_s - SIGNATURE_TOLERANCE_S && at_s <= now_s + SIGNATURE_TOLERANCE_S;
  return is_fresh ? SIGNATURE_GOOD : SIGNATURE_TOO_OLD;
}
