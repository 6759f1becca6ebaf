// Messages of SNS, signed with a key and certificate of our own, and whom the adapter believes.
#include "webhooks/sns_adapter.h"

#include <cJSON.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOPIC "arn:aws:sns:eu-central-1:123456789012:ses"
#define CERTIFICATE_URL "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
#define SUBSCRIBE_URL "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"

typedef struct signer {
  EVP_PKEY *key;
  char *pem;
  size_t pem_bytes;
} signer;

/// A certificate that is valid from so many seconds from now, for so many.
static signer make_signer(long from_s, long seconds) {
  signer made = {.key = EVP_RSA_gen(2048)};
  X509 *certificate = X509_new();
  assert_non_null(made.key);
  assert_non_null(certificate);
  (void)X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
  (void)X509_gmtime_adj(X509_getm_notAfter(certificate), from_s + seconds);
  assert_int_equal(X509_set_pubkey(certificate, made.key), 1);
  assert_true(X509_sign(certificate, made.key, EVP_sha256()) > 0);
  BIO *text = BIO_new(BIO_s_mem());
  char *bytes;
  assert_int_equal(PEM_write_bio_X509(text, certificate), 1);
  made.pem_bytes = (size_t)BIO_get_mem_data(text, &bytes);
  made.pem = malloc(made.pem_bytes);
  assert_non_null(made.pem);
  memcpy(made.pem, bytes, made.pem_bytes);
  (void)BIO_free(text);
  X509_free(certificate);
  return made;
}

static void free_signer(signer *gone) {
  EVP_PKEY_free(gone->key);
  free(gone->pem);
}

static void sign(const signer *by, const EVP_MD *digest, const char *text, char out[512]) {
  unsigned char signature[512];
  size_t size_bytes = sizeof signature;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, by->key), 1);
  assert_int_equal(
      EVP_DigestSign(context, signature, &size_bytes, (const unsigned char *)text, strlen(text)),
      1);
  assert_true(size_bytes <= 256);
  (void)EVP_EncodeBlock((unsigned char *)out, signature, (int)size_bytes);
  EVP_MD_CTX_free(context);
}

/// As Amazon documents it: each signed member with its value, a line each.
#define NOTIFICATION_TEXT                                                                          \
  "Message\nhello\nMessageId\nid-1\nSubject\nnews\nTimestamp\n2026-06-01T12:00:00.000Z\n"          \
  "TopicArn\n" TOPIC "\nType\nNotification\n"
#define PLAIN_TEXT                                                                                 \
  "Message\nhello\nMessageId\nid-1\nTimestamp\n2026-06-01T12:00:00.000Z\nTopicArn\n" TOPIC         \
  "\nType\nNotification\n"
#define CONFIRMATION_TEXT                                                                          \
  "Message\nhello\nMessageId\nid-1\nSubscribeURL\n" SUBSCRIBE_URL                                  \
  "\nTimestamp\n2026-06-01T12:00:00.000Z\nToken\nabc\nTopicArn\n" TOPIC                            \
  "\nType\nSubscriptionConfirmation\n"

static cJSON *message_tree(const char *type, const char *subject, const char *version,
                           const char *signature) {
  cJSON *tree = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(tree, "Type", type);
  (void)cJSON_AddStringToObject(tree, "MessageId", "id-1");
  (void)cJSON_AddStringToObject(tree, "TopicArn", TOPIC);
  if (subject != NULL) {
    (void)cJSON_AddStringToObject(tree, "Subject", subject);
  }
  (void)cJSON_AddStringToObject(tree, "Message", "hello");
  (void)cJSON_AddStringToObject(tree, "Timestamp", "2026-06-01T12:00:00.000Z");
  (void)cJSON_AddStringToObject(tree, "SignatureVersion", version);
  (void)cJSON_AddStringToObject(tree, "Signature", signature);
  (void)cJSON_AddStringToObject(tree, "SigningCertURL", CERTIFICATE_URL);
  if (strcmp(type, "Notification") != 0) {
    (void)cJSON_AddStringToObject(tree, "Token", "abc");
    (void)cJSON_AddStringToObject(tree, "SubscribeURL", SUBSCRIBE_URL);
  }
  return tree;
}

static sns_message read_message(const cJSON *tree) {
  sns_message message;
  const char *missing = NULL;
  assert_true(sns_message_read(tree, &message, &missing));
  return message;
}

static sns_verdict check(const cJSON *tree, const signer *by) {
  sns_message message = read_message(tree);
  return sns_message_check(&message,
                           (seg_text_view){.bytes = by->pem, .size_bytes = by->pem_bytes});
}

static void test_signatures(void **state) {
  static const struct {
    const char *type, *subject, *text;
  } cases[] = {{"Notification", "news", NOTIFICATION_TEXT},
               {"Notification", NULL, PLAIN_TEXT},
               {"SubscriptionConfirmation", NULL, CONFIRMATION_TEXT}};
  signer good = make_signer(-60, 3600);
  signer other = make_signer(-60, 3600);
  char signature[512];
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    for (int version = 1; version <= 2; version++) {
      const EVP_MD *digest = version == 1 ? EVP_sha1() : EVP_sha256();
      sign(&good, digest, cases[i].text, signature);
      cJSON *tree =
          message_tree(cases[i].type, cases[i].subject, version == 1 ? "1" : "2", signature);
      assert_int_equal(check(tree, &good), SNS_SIGNED);
      assert_int_equal(check(tree, &other), SNS_FORGED);
      // Each member that is signed must be as it was.
      cJSON *member;
      cJSON_ArrayForEach(member, tree) {
        if (strncmp(member->string, "Sign", 4) == 0 || strcmp(member->string, "Type") == 0) {
          continue;
        }
        char *kept = strdup(member->valuestring);
        (void)cJSON_SetValuestring(member, "x");
        assert_int_equal(check(tree, &good), SNS_FORGED);
        (void)cJSON_SetValuestring(member, kept);
        free(kept);
      }
      assert_int_equal(check(tree, &good), SNS_SIGNED);
      (void)cJSON_SetValuestring(cJSON_GetObjectItem(tree, "SignatureVersion"),
                                 version == 1 ? "2" : "1");
      assert_int_equal(check(tree, &good), SNS_FORGED);
      (void)cJSON_SetValuestring(cJSON_GetObjectItem(tree, "SignatureVersion"), "3");
      assert_int_equal(check(tree, &good), SNS_BAD_VERSION);
      cJSON_Delete(tree);
    }
  }
  free_signer(&good);
  free_signer(&other);
}

static void test_certificates(void **state) {
  signer past = make_signer(-3600, 1800);
  signer future = make_signer(3600, 3600);
  signer none = {.pem = strdup("no certificate"), .pem_bytes = 14};
  char signature[512];
  (void)state;
  sign(&past, EVP_sha256(), PLAIN_TEXT, signature);
  cJSON *tree = message_tree("Notification", NULL, "2", signature);
  assert_int_equal(check(tree, &past), SNS_BAD_CERTIFICATE);
  assert_int_equal(check(tree, &none), SNS_BAD_CERTIFICATE);
  cJSON_Delete(tree);
  sign(&future, EVP_sha256(), PLAIN_TEXT, signature);
  tree = message_tree("Notification", NULL, "2", signature);
  assert_int_equal(check(tree, &future), SNS_BAD_CERTIFICATE);
  (void)cJSON_SetValuestring(cJSON_GetObjectItem(tree, "Signature"), "no base64!");
  assert_int_equal(check(tree, &future), SNS_FORGED);
  cJSON_Delete(tree);
  free_signer(&past);
  free_signer(&future);
  free(none.pem);
}

static void test_members(void **state) {
  static const char *const needed[] = {"Type",         "MessageId",        "TopicArn",  "Message",
                                       "Timestamp",    "SignatureVersion", "Signature", "Token",
                                       "SubscribeURL", "SigningCertURL"};
  (void)state;
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
    cJSON *tree = message_tree("SubscriptionConfirmation", NULL, "1", "");
    sns_message message;
    const char *missing = NULL;
    cJSON_DeleteItemFromObject(tree, needed[i]);
    assert_false(sns_message_read(tree, &message, &missing));
    assert_string_equal(missing, needed[i]);
    (void)cJSON_AddNumberToObject(tree, needed[i], 1); // no text
    assert_false(sns_message_read(tree, &message, &missing));
    cJSON_Delete(tree);
  }
}

static void test_urls(void **state) {
  static const char *const own[] = {
      CERTIFICATE_URL, "https://sns.us-east-1.amazonaws.com/x.pem",
      "https://sns.us-gov-west-1.amazonaws.com/x.pem",
      "https://sns.ap-southeast-12.amazonaws.com/x.pem",
      "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"};
  static const char *const others[] = {
      "",
      "http://sns.us-east-1.amazonaws.com/x.pem",
      "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
      "https://sns.us-east-1.amazonaws.com",
      "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
      "https://sns.us-east-1.amazonaws.com:8443/x.pem",
      "https://sns..amazonaws.com/x.pem",
      "https://sns.evil.example/.amazonaws.com/x.pem",
      "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
      "https://sns.a/b.amazonaws.com/x.pem",
      "https://SNS.us-east-1.amazonaws.com/x.pem",
      "https://s3.us-east-1.amazonaws.com/x.pem",
      "https://user@sns.us-east-1.amazonaws.com/x.pem",
      // a bucket of somebody else's
      "https://sns.s3.amazonaws.com/x.pem",
      "https://sns.s3-us-west-2.amazonaws.com/x.pem",
      "https://sns.s3-website-us-east-1.amazonaws.com/x.pem",
      "https://sns.us-east.amazonaws.com/x.pem",
      "https://sns.us-east-1a.amazonaws.com/x.pem",
      "https://sns.east-1.amazonaws.com/x.pem",
      "https://sns.-us-east-1.amazonaws.com/x.pem",
      "https://sns.us--east-1.amazonaws.com/x.pem",
      "https://sns.us-east-1-.amazonaws.com/x.pem",
  };
  (void)state;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    assert_true(sns_is_own_url(own[i]));
    assert_true(sns_is_certificate_url(own[i]));
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_false(sns_is_own_url(others[i]));
    assert_false(sns_is_certificate_url(others[i]));
  }
  assert_true(sns_is_own_url(SUBSCRIBE_URL));
  assert_false(sns_is_certificate_url(SUBSCRIBE_URL));
  assert_false(sns_is_certificate_url("https://sns.us-east-1.amazonaws.com/x.txt"));
  assert_false(sns_is_certificate_url("https://sns.us-east-1.amazonaws.com/?x.pem"));
}

/// The outside world, as the adapter sees it.
typedef struct world {
  int64_t now_ms;
  const signer *shown; ///< What every certificate's URL gives; NULL: nothing.
  int fetches;
  char last_url[300];
} world;

static int64_t now_of(void *context) { return ((const world *)context)->now_ms; }

static bool fetch(void *context, const char *url, char *out, size_t capacity, size_t *size_bytes) {
  world *own = context;
  own->fetches++;
  (void)snprintf(own->last_url, sizeof own->last_url, "%s", url);
  if (own->shown == NULL || own->shown->pem_bytes > capacity) {
    return false;
  }
  memcpy(out, own->shown->pem, own->shown->pem_bytes);
  *size_bytes = own->shown->pem_bytes;
  return true;
}

static sns_adapter *make_adapter(world *outside, const char *topics) {
  const sns_adapter_options options = {
      .topics = topics, .now_ms = now_of, .context = outside, .fetch = fetch};
  sns_adapter *made = NULL;
  seg_error error;
  assert_int_equal(sns_adapter_create(&options, &made, &error), SEG_OK);
  return made;
}

static void test_trust(void **state) {
  signer good = make_signer(-60, 3600);
  signer other = make_signer(-60, 3600);
  world outside = {.now_ms = 1000, .shown = NULL};
  char signature[512];
  (void)state;
  sns_adapter *own = make_adapter(&outside, "arn:aws:sns:us-east-1:1:other," TOPIC);
  sign(&good, EVP_sha256(), PLAIN_TEXT, signature);
  cJSON *tree = message_tree("Notification", NULL, "2", signature);
  sns_message message = read_message(tree);
  assert_int_equal(sns_adapter_judge(own, &message), SNS_NO_CERTIFICATE);
  outside.shown = &other;
  assert_int_equal(sns_adapter_judge(own, &message), SNS_UNTRUSTED); // and is not kept
  outside.shown = &good;
  assert_int_equal(sns_adapter_judge(own, &message), SNS_TRUSTED);
  assert_string_equal(outside.last_url, CERTIFICATE_URL);
  assert_int_equal(outside.fetches, 3);
  outside.shown = NULL;
  assert_int_equal(sns_adapter_judge(own, &message), SNS_TRUSTED);
  assert_int_equal(outside.fetches, 3);
  outside.now_ms += SNS_CERTIFICATE_KEPT_MS;
  assert_int_equal(sns_adapter_judge(own, &message), SNS_NO_CERTIFICATE);
  message.certificate_url = "https://evil.example/x.pem";
  outside.shown = &good;
  outside.fetches = 0;
  assert_int_equal(sns_adapter_judge(own, &message), SNS_UNTRUSTED);
  message.topic_arn = TOPIC "x";
  assert_int_equal(sns_adapter_judge(own, &message), SNS_TOPIC_UNKNOWN);
  assert_int_equal(outside.fetches, 0);
  sns_adapter_free(own);
  own = make_adapter(&outside, "");
  message = read_message(tree);
  assert_int_equal(sns_adapter_judge(own, &message), SNS_TOPIC_UNKNOWN);
  sns_adapter_free(own);
  cJSON_Delete(tree);
  free_signer(&good);
  free_signer(&other);
}

static void test_confirmation(void **state) {
  signer good = make_signer(-60, 3600);
  world outside = {.now_ms = 1000, .shown = &good};
  char signature[512];
  (void)state;
  sns_adapter *own = make_adapter(&outside, TOPIC);
  sign(&good, EVP_sha1(), CONFIRMATION_TEXT, signature);
  cJSON *tree = message_tree("SubscriptionConfirmation", NULL, "1", signature);
  sns_message message = read_message(tree);
  assert_int_equal(sns_adapter_judge(own, &message), SNS_TRUSTED);
  assert_true(sns_adapter_confirm(own, &message));
  assert_string_equal(outside.last_url, SUBSCRIBE_URL);
  outside.fetches = 0;
  message.subscribe_url = "https://evil.example/";
  assert_false(sns_adapter_confirm(own, &message));
  message.subscribe_url = SUBSCRIBE_URL;
  message.type = SNS_UNSUBSCRIBE_CONFIRMATION; // its URL would subscribe again
  assert_false(sns_adapter_confirm(own, &message));
  assert_int_equal(outside.fetches, 0);
  sns_adapter_free(own);
  cJSON_Delete(tree);
  free_signer(&good);
}

static void test_settings(void **state) {
  static const char *const refused[] = {"ses", "arn:a,ses", "arn:a,,arn:b", ",arn:a"};
  sns_adapter *own = NULL;
  seg_error error;
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    const sns_adapter_options options = {.topics = refused[i], .now_ms = now_of};
    assert_int_equal(sns_adapter_create(&options, &own, &error), SEG_E_INVALID);
    assert_non_null(strstr(error.message, "--sns-topics"));
  }
  const sns_adapter_options options = {
      .topics = "", .certificate_file = "/nowhere/x.pem", .now_ms = now_of};
  assert_int_equal(sns_adapter_create(&options, &own, &error), SEG_E_INVALID);
  assert_non_null(strstr(error.message, "/nowhere/x.pem"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_signatures), cmocka_unit_test(test_certificates),
      cmocka_unit_test(test_members),    cmocka_unit_test(test_urls),
      cmocka_unit_test(test_trust),      cmocka_unit_test(test_confirmation),
      cmocka_unit_test(test_settings)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
