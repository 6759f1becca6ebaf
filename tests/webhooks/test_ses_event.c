// Events of SES, as its documentation shows them, and what they are as activities.
#include "webhooks/ses_event.h"

#include <cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAIL                                                                                       \
  "\"mail\":{\"timestamp\":\"2026-06-01T10:00:00.000Z\",\"messageId\":\"m1\","                     \
  "\"destination\":[\"ada@example.com\"]}"
#define MAIL_TO_TWO                                                                                \
  "\"mail\":{\"timestamp\":\"2026-06-01T10:00:00.000Z\",\"messageId\":\"m1\","                     \
  "\"destination\":[\"Ada <ada@example.com>\",\"bob@example.com\"]}"
#define MAIL_MS INT64_C(1780308000000)
#define LATER "\"timestamp\":\"2026-06-01T10:00:05.000Z\""

static ses_result read_text(const char *text, ses_activities *out, cJSON **tree) {
  const char *problem = NULL;
  *tree = cJSON_Parse(text);
  assert_non_null(*tree);
  ses_result result = ses_event_read(*tree, out, &problem);
  assert_true(result != SES_INVALID || problem != NULL);
  return result;
}

static void assert_item(const activity_input *item, seg_activity activity, const char *email,
                        int64_t at_ms, const char *message_id) {
  assert_int_equal(item->activity, activity);
  assert_true(seg_text_equal(item->email, seg_text_of(email)));
  assert_int_equal(item->at_ms, at_ms);
  assert_true(seg_text_equal(item->message_id, seg_text_of(message_id)));
}

static void test_types(void **state) {
  static const struct {
    const char *text;
    seg_activity activity;
    int64_t after_ms;
  } cases[] = {
      {"{\"eventType\":\"Send\"," MAIL ",\"send\":{}}", SEG_ACTIVITY_SENT, 0},
      {"{\"eventType\":\"Delivery\"," MAIL ",\"delivery\":{" LATER
       ",\"recipients\":[\"ada@example.com\"]}}",
       SEG_ACTIVITY_DELIVERED, 5000},
      {"{\"eventType\":\"Open\"," MAIL ",\"open\":{" LATER ",\"ipAddress\":\"192.0.2.1\"}}",
       SEG_ACTIVITY_OPENED, 5000},
      {"{\"eventType\":\"Click\"," MAIL ",\"click\":{" LATER ",\"link\":\"https://x.example\"}}",
       SEG_ACTIVITY_CLICKED, 5000},
      {"{\"eventType\":\"Bounce\"," MAIL ",\"bounce\":{" LATER
       ",\"bounceType\":\"Permanent\",\"bouncedRecipients\":[{\"emailAddress\":"
       "\"ada@example.com\"}]}}",
       SEG_ACTIVITY_BOUNCED, 5000},
      {"{\"notificationType\":\"Complaint\"," MAIL ",\"complaint\":{" LATER
       ",\"complainedRecipients\":[{\"emailAddress\":\"ada@example.com\"}]}}",
       SEG_ACTIVITY_COMPLAINED, 5000},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ses_activities read;
    cJSON *tree;
    assert_int_equal(read_text(cases[i].text, &read, &tree), SES_READ);
    assert_int_equal(read.count, 1);
    assert_item(&read.items[0], cases[i].activity, "ada@example.com", MAIL_MS + cases[i].after_ms,
                "m1");
    ses_activities_free(&read);
    cJSON_Delete(tree);
  }
}

static void test_several_addresses(void **state) {
  ses_activities read;
  cJSON *tree;
  (void)state;
  assert_int_equal(read_text("{\"eventType\":\"Send\"," MAIL_TO_TWO "}", &read, &tree), SES_READ);
  assert_int_equal(read.count, 2);
  assert_item(&read.items[0], SEG_ACTIVITY_SENT, "ada@example.com", MAIL_MS, "m1/ada@example.com");
  assert_item(&read.items[1], SEG_ACTIVITY_SENT, "bob@example.com", MAIL_MS, "m1/bob@example.com");
  ses_activities_free(&read);
  cJSON_Delete(tree);
  // One of the two has bounced.
  assert_int_equal(read_text("{\"eventType\":\"Bounce\"," MAIL_TO_TWO ",\"bounce\":{" LATER
                             ",\"bouncedRecipients\":[{\"emailAddress\":\"bob@example.com\"}]}}",
                             &read, &tree),
                   SES_READ);
  assert_int_equal(read.count, 1);
  assert_item(&read.items[0], SEG_ACTIVITY_BOUNCED, "bob@example.com", MAIL_MS + 5000,
              "m1/bob@example.com");
  ses_activities_free(&read);
  cJSON_Delete(tree);
  assert_int_equal(
      read_text("{\"eventType\":\"Open\"," MAIL_TO_TWO ",\"open\":{" LATER "}}", &read, &tree),
      SES_READ);
  assert_int_equal(read.count, 0); // nobody knows whose it was
  ses_activities_free(&read);
  cJSON_Delete(tree);
}

static void test_other_types(void **state) {
  static const char *const texts[] = {"{\"eventType\":\"Reject\"," MAIL "}",
                                      "{\"eventType\":\"DeliveryDelay\"," MAIL "}",
                                      "{\"eventType\":\"Subscription\"," MAIL "}"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    ses_activities read;
    cJSON *tree;
    assert_int_equal(read_text(texts[i], &read, &tree), SES_READ);
    assert_int_equal(read.count, 0);
    cJSON_Delete(tree);
  }
}

static void test_refused(void **state) {
  static const char *const texts[] = {
      "[]",
      "{}",
      "{\"eventType\":\"Send\"}",
      "{\"eventType\":1," MAIL "}",
      "{\"eventType\":\"Send\",\"mail\":[]}",
      "{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"m1\",\"destination\":[\"a@b.c\"]}}",
      "{\"eventType\":\"Send\",\"mail\":{\"timestamp\":\"today\",\"messageId\":\"m1\","
      "\"destination\":[\"a@b.c\"]}}",
      "{\"eventType\":\"Send\",\"mail\":{\"timestamp\":\"2026-06-01T10:00:00.000Z\","
      "\"destination\":[\"a@b.c\"]}}",
      "{\"eventType\":\"Send\",\"mail\":{\"timestamp\":\"2026-06-01T10:00:00.000Z\","
      "\"messageId\":\"m1\",\"destination\":[1]}}",
      "{\"eventType\":\"Bounce\"," MAIL "}",
      "{\"eventType\":\"Bounce\"," MAIL ",\"bounce\":{" LATER "}}",
      "{\"eventType\":\"Bounce\"," MAIL ",\"bounce\":{" LATER
      ",\"bouncedRecipients\":[\"ada@example.com\",{}]}}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    ses_activities read;
    cJSON *tree;
    if (read_text(texts[i], &read, &tree) != SES_INVALID) {
      fail_msg("%s is read", texts[i]);
    }
    cJSON_Delete(tree);
  }
}

static void test_too_many(void **state) {
  ses_activities read;
  const char *problem;
  (void)state;
  for (int count = SES_RECIPIENTS_MAX; count <= SES_RECIPIENTS_MAX + 1; count++) {
    cJSON *tree = cJSON_Parse("{\"eventType\":\"Send\"," MAIL "}");
    cJSON *mail = cJSON_GetObjectItem(tree, "mail");
    cJSON *addresses = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
      (void)cJSON_AddItemToArray(addresses, cJSON_CreateString("a@b.example"));
    }
    (void)cJSON_ReplaceItemInObject(mail, "destination", addresses);
    bool fits = count <= SES_RECIPIENTS_MAX;
    assert_int_equal(ses_event_read(tree, &read, &problem), fits ? SES_READ : SES_INVALID);
    assert_int_equal(read.count, fits ? count : 0);
    ses_activities_free(&read);
    cJSON_Delete(tree);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types), cmocka_unit_test(test_several_addresses),
      cmocka_unit_test(test_other_types), cmocka_unit_test(test_refused),
      cmocka_unit_test(test_too_many)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
