// Signatures against those that Python's hmac makes, and the published example of the scheme.
#include "webhooks/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define SHORTEST "whsec_////////////////////////////////"
#define LONGEST                                                                                    \
  "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw=="
#define TOO_SHORT "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
#define TOO_LONG                                                                                   \
  "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="

static signed_message message_of(const char *id, const char *timestamp, const char *body) {
  return (signed_message){
      .id = seg_text_of(id), .timestamp = seg_text_of(timestamp), .body = seg_text_of(body)};
}

static signature_key key_of(const char *secret) {
  signature_key key;
  assert_true(signature_key_read(seg_text_of(secret), &key));
  return key;
}

static void test_vectors(void **state) {
  static const struct {
    const char *secret, *id, *timestamp, *body, *signature;
  } vectors[] = {
      {SECRET, "msg_1", "1770000000", "{\"event\":{\"name\":\"purchase\"}}",
       "v1,X0Me/+WFJWCntDxg7/6V95G0E6fBSX0nPYFRZYP86lI="},
      {SECRET, "msg_2", "1770000000", "", "v1,UDvsZZrL+T9fIOBaZs/vwuKHcbPtVlewG+CbKIxwdbY="},
      {SECRET, "msg_3", "1770000000", "{\"contact\":{\"email\":\"zo\xC3\xAB@example.com\"}}",
       "v1,uXmAi1GQW0tnNzuIyfs2AI9qE3mBtSP6Sk0nK6uQbiQ="},
      {SHORTEST, "msg_1", "1", "x", "v1,6HMItwO6zBfsll6xb2Lsd5ROmTOGFEExn9vFRuEru6I="},
      {LONGEST, "msg_1", "1", "x", "v1,JQmNgPT1V/BS5Y9dp8vEoGJ8/WBypWBWVGTN51u9LBY="},
      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
       "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
  };
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    signature_key key = key_of(vectors[i].secret);
    signed_message message = message_of(vectors[i].id, vectors[i].timestamp, vectors[i].body);
    char signature[SIGNATURE_TEXT_BYTES];
    assert_true(signature_write(&key, &message, signature));
    assert_string_equal(signature, vectors[i].signature);
  }
}

static void test_secrets(void **state) {
  static const char *const refused[] = {
      "",
      "whsec_",
      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
      TOO_SHORT,
      TOO_LONG,
      "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",  // cut
      "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh!=", // no base64
      "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH===", // padded too often
  };
  signature_key key;
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    assert_false(signature_key_read(seg_text_of(refused[i]), &key));
  }
  key = key_of(SECRET);
  assert_int_equal(key.size_bytes, 32);
  for (size_t i = 0; i < 32; i++) {
    assert_int_equal(key.bytes[i], i);
  }
  assert_int_equal(key_of(SHORTEST).size_bytes, SIGNATURE_KEY_BYTES_MIN);
  assert_int_equal(key_of(LONGEST).size_bytes, SIGNATURE_KEY_BYTES_MAX);
}

#define GOOD "v1,X0Me/+WFJWCntDxg7/6V95G0E6fBSX0nPYFRZYP86lI="
#define OTHER "v1,UDvsZZrL+T9fIOBaZs/vwuKHcbPtVlewG+CbKIxwdbY="

static signature_verdict check(const char *timestamp, const char *body, const char *signatures,
                               int64_t now_s) {
  signature_key key = key_of(SECRET);
  signed_message message = message_of("msg_1", timestamp, body);
  return signature_check(&key, &message, seg_text_of(signatures), now_s);
}

static void test_check(void **state) {
  const int64_t at = 1770000000;
  const char *body = "{\"event\":{\"name\":\"purchase\"}}";
  (void)state;
  assert_int_equal(check("1770000000", body, GOOD, at), SIGNATURE_GOOD);
  assert_int_equal(check("1770000000", body, OTHER " " GOOD, at), SIGNATURE_GOOD);
  assert_int_equal(check("1770000000", body, GOOD " " OTHER, at), SIGNATURE_GOOD);
  assert_int_equal(check("1770000000", body, "v1a,abc " GOOD, at), SIGNATURE_GOOD);
  assert_int_equal(check("1770000000", body, OTHER, at), SIGNATURE_WRONG);
  assert_int_equal(check("1770000000", body, "", at), SIGNATURE_WRONG);
  assert_int_equal(check("1770000000", body, GOOD "x", at), SIGNATURE_WRONG);
  assert_int_equal(check("1770000000", "{}", GOOD, at), SIGNATURE_WRONG);
  assert_int_equal(check("1770000001", body, GOOD, at), SIGNATURE_WRONG);
  assert_int_equal(check("", body, GOOD, at), SIGNATURE_NO_TIMESTAMP);
  assert_int_equal(check("-1770000000", body, GOOD, at), SIGNATURE_NO_TIMESTAMP);
  assert_int_equal(check("9999999999999", body, GOOD, at), SIGNATURE_NO_TIMESTAMP);
}

static void test_age(void **state) {
  const int64_t at = 1770000000;
  const char *body = "{\"event\":{\"name\":\"purchase\"}}";
  (void)state;
  assert_int_equal(check("1770000000", body, GOOD, at + 300), SIGNATURE_GOOD);
  assert_int_equal(check("1770000000", body, GOOD, at + 301), SIGNATURE_TOO_OLD);
  assert_int_equal(check("1770000000", body, GOOD, at - 300), SIGNATURE_GOOD);
  assert_int_equal(check("1770000000", body, GOOD, at - 301), SIGNATURE_TOO_OLD);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_secrets),
                                     cmocka_unit_test(test_check), cmocka_unit_test(test_age)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
