// See sns_message.h.
#include "sns_message.h"

#include "engine/text_buffer.h"

#include <cJSON.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/// Bytes of a signature in base64: an RSA key of 8,192 bits.
#define SIGNATURE_TEXT_BYTES_MAX 1368

// Members.

/// A member, and which types need it and sign it, in the order of the signed text.
typedef struct member_rule {
  const char *name;
  size_t offset;
  bool of_notification;
  bool of_confirmation;
  bool is_optional;
} member_rule;

static const member_rule signed_members[] = {
    {"Message", offsetof(sns_message, message), true, true, false},
    {"MessageId", offsetof(sns_message, message_id), true, true, false},
    {"Subject", offsetof(sns_message, subject), true, false, true},
    {"SubscribeURL", offsetof(sns_message, subscribe_url), false, true, false},
    {"Timestamp", offsetof(sns_message, timestamp), true, true, false},
    {"Token", offsetof(sns_message, token), false, true, false},
    {"TopicArn", offsetof(sns_message, topic_arn), true, true, false},
};
static const member_rule other_members[] = {
    {"Signature", offsetof(sns_message, signature), true, true, false},
    {"SignatureVersion", offsetof(sns_message, signature_version), true, true, false},
    {"SigningCertURL", offsetof(sns_message, certificate_url), true, true, false},
};
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/// By sns_type: what the member Type says.
static const char *const type_names[] = {"Notification", "SubscriptionConfirmation",
                                         "UnsubscribeConfirmation"};

static const char **member_at(sns_message *own, const member_rule *rule) {
  return (const char **)(void *)((char *)own + rule->offset);
}

static bool is_of_type(const member_rule *rule, sns_type type) {
  return type == SNS_NOTIFICATION ? rule->of_notification : rule->of_confirmation;
}

static bool read_type(const cJSON *tree, sns_type *out) {
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "Type"));
  for (size_t i = 0; name != NULL && i < COUNT(type_names); i++) {
    if (strcmp(name, type_names[i]) == 0) {
      *out = (sns_type)i;
      return true;
    }
  }
  return false;
}

static bool read_members(const cJSON *tree, const member_rule *rules, size_t count,
                         sns_message *out, const char **missing) {
  for (size_t i = 0; i < count; i++) {
    if (!is_of_type(&rules[i], out->type)) {
      continue;
    }
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, rules[i].name));
    if (text == NULL && !rules[i].is_optional) {
      *missing = rules[i].name;
      return false;
    }
    *member_at(out, &rules[i]) = text;
  }
  return true;
}

bool sns_message_read(const cJSON *tree, sns_message *out, const char **missing) {
  *out = (sns_message){.type = SNS_NOTIFICATION};
  *missing = "Type";
  return read_type(tree, &out->type) &&
         read_members(tree, signed_members, COUNT(signed_members), out, missing) &&
         read_members(tree, other_members, COUNT(other_members), out, missing);
}

// URLs.

/// Passes over a region's name, such as eu-central-1: words of letters, and a number at the end.
/// Anything looser takes in hosts that are not SNS's, such as those of the bucket `sns` of S3,
/// whose owner may put a certificate there: sns.s3.amazonaws.com, sns.s3-us-west-2.amazonaws.com.
/// Returns `text` if there is none.
static const char *after_region(const char *text) {
  const char *at = text;
  int words = 0;
  for (size_t letters;
       (letters = strspn(at, "abcdefghijklmnopqrstuvwxyz")) > 0 && at[letters] == '-'; words++) {
    at += letters + 1;
  }
  size_t digits = strspn(at, "0123456789");
  return words >= 2 && digits > 0 ? at + digits : text;
}

bool sns_is_own_url(const char *url) {
  static const char prefix[] = "https://sns.";
  static const char *const hosts[] = {".amazonaws.com/", ".amazonaws.com.cn/"};
  if (strncmp(url, prefix, sizeof prefix - 1) != 0 || strlen(url) > SNS_URL_BYTES_MAX) {
    return false;
  }
  const char *region = url + sizeof prefix - 1;
  const char *rest = after_region(region);
  for (size_t i = 0; rest > region && i < COUNT(hosts); i++) {
    if (strncmp(rest, hosts[i], strlen(hosts[i])) == 0) {
      return true;
    }
  }
  return false;
}

bool sns_is_certificate_url(const char *url) {
  size_t size_bytes = strlen(url);
  return sns_is_own_url(url) && strpbrk(url, "?#") == NULL && size_bytes > 4 &&
         strcmp(url + size_bytes - 4, ".pem") == 0;
}

// The signature.

static bool add_line(text_buffer *out, const char *text) {
  return text_buffer_add(out, text, strlen(text)) && text_buffer_add(out, "\n", 1);
}

/// What is signed: name and value of each member, a line each.
static bool write_signed_text(const sns_message *own, text_buffer *out) {
  sns_message copy = *own;
  bool ok = true;
  for (size_t i = 0; ok && i < COUNT(signed_members); i++) {
    const char *value = *member_at(&copy, &signed_members[i]);
    if (value != NULL && is_of_type(&signed_members[i], own->type)) {
      ok = add_line(out, signed_members[i].name) && add_line(out, value);
    }
  }
  return ok && add_line(out, "Type") && add_line(out, type_names[own->type]);
}

/// The public key of a certificate that is valid today; NULL if it has none.
static EVP_PKEY *read_key(seg_text_view certificate) {
  if (certificate.size_bytes > INT32_MAX) {
    return NULL;
  }
  BIO *text = BIO_new_mem_buf(certificate.bytes, (int)certificate.size_bytes);
  X509 *read = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);
  EVP_PKEY *key = NULL;
  if (read != NULL && X509_cmp_current_time(X509_get0_notBefore(read)) < 0 &&
      X509_cmp_current_time(X509_get0_notAfter(read)) > 0) {
    key = X509_get_pubkey(read);
  }
  X509_free(read);
  BIO_free(text);
  if (key != NULL && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
    EVP_PKEY_free(key);
    return NULL;
  }
  return key;
}

/// Decodes the signature. Returns its bytes, or 0 if it is none.
static size_t read_signature(const char *text, unsigned char *out) {
  size_t size_bytes = strlen(text);
  if (size_bytes == 0 || size_bytes % 4 != 0 || size_bytes > SIGNATURE_TEXT_BYTES_MAX) {
    return 0;
  }
  int decoded = EVP_DecodeBlock(out, (const unsigned char *)text, (int)size_bytes);
  size_t padding = (size_t)(text[size_bytes - 1] == '=') + (size_t)(text[size_bytes - 2] == '=');
  return decoded < 0 ? 0 : (size_t)decoded - padding;
}

static const EVP_MD *digest_of(const char *version) {
  if (strcmp(version, "1") == 0) {
    return EVP_sha1();
  }
  return strcmp(version, "2") == 0 ? EVP_sha256() : NULL;
}

sns_verdict sns_message_check(const sns_message *message, seg_text_view certificate) {
  unsigned char signature[SIGNATURE_TEXT_BYTES_MAX / 4 * 3];
  const EVP_MD *digest = digest_of(message->signature_version);
  if (digest == NULL) {
    return SNS_BAD_VERSION;
  }
  size_t signature_bytes = read_signature(message->signature, signature);
  if (signature_bytes == 0) {
    return SNS_FORGED;
  }
  EVP_PKEY *key = read_key(certificate);
  if (key == NULL) {
    return SNS_BAD_CERTIFICATE;
  }
  text_buffer text = {0};
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  sns_verdict verdict = SNS_NO_MEMORY;
  if (context != NULL && write_signed_text(message, &text)) {
    bool is_signed = EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
                     EVP_DigestVerify(context, signature, signature_bytes,
                                      (const unsigned char *)text.bytes, text.size_bytes) == 1;
    verdict = is_signed ? SNS_SIGNED : SNS_FORGED;
  }
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  text_buffer_free(&text);
  return verdict;
}
