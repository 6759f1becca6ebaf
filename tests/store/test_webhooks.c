// Webhooks and their deliveries.
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static int64_t add_webhook(test_store *test, int64_t project, const char *id) {
  int64_t num = 0;
  store_webhook row = {.project = project,
                       .id = {id, strlen(id)},
                       .url = TEXT("https://example.com/"),
                       .events_json = TEXT("[\"a\"]"),
                       .is_enabled = true,
                       .secret = TEXT("whsec_1"),
                       .old_secret_until_ms = STORE_NO_INSTANT,
                       .created_at_ms = NOW_MS,
                       .updated_at_ms = NOW_MS};
  test_expect(STORE_OK, store_webhook_insert(test->session, &row, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

static int64_t add_delivery(test_store *test, int64_t project, int64_t webhook, int64_t at_ms) {
  int64_t num = 0;
  char payload[40];
  test_expect(STORE_OK, store_delivery_next_num(test->session, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  int size = snprintf(payload, sizeof payload, "{\"num\":%d}", (int)num);
  store_delivery row = {.webhook = webhook,
                        .num = num,
                        .contact = 7,
                        .nonce = INT64_MAX,
                        .at_ms = at_ms,
                        .payload = {payload, (size_t)size}};
  test_expect(STORE_OK, store_delivery_insert(test->session, project, &row, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

/// What visitors have seen.
typedef struct seen {
  int64_t nums[32];
  size_t count;
  size_t stop_at;
  store_delivery last;
  store_webhook webhook;
  char text[200];
} seen;

static bool see_delivery(void *context, const store_delivery *row) {
  seen *own = context;
  own->nums[own->count++] = row->num;
  own->last = *row;
  return own->count != own->stop_at;
}

static bool see_webhook(void *context, const store_webhook *row) {
  seen *own = context;
  own->webhook = *row;
  own->nums[own->count++] = row->num;
  (void)snprintf(own->text, sizeof own->text, "%.*s|%s|%.*s|%.*s", (int)row->url.size_bytes,
                 row->url.bytes, row->name.bytes == NULL ? "none" : "a name",
                 (int)row->secret.size_bytes, row->secret.bytes, (int)row->old_secret.size_bytes,
                 row->old_secret.bytes == NULL ? "" : row->old_secret.bytes);
  return true;
}

static bool see_attempt(void *context, const store_attempt *row) {
  seen *own = context;
  own->nums[own->count++] = row->http_status;
  (void)snprintf(own->text, sizeof own->text, "%zu|%s", row->answer.size_bytes,
                 row->error.bytes == NULL ? "none" : "an error");
  return true;
}

static void a_webhook_is_kept(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t first = add_webhook(&test, test.ours, "w1");
  int64_t second = add_webhook(&test, test.ours, "w2");
  seen found = {.count = 0};
  assert_store(STORE_OK,
               store_webhook_list(test.session, test.ours, see_webhook, &found, &test.err));
  assert_int_equal(found.count, 2);
  assert_int_equal(found.nums[0], first);
  assert_int_equal(found.nums[1], second);
  assert_string_equal(found.text, "https://example.com/|none|whsec_1|");
  assert_int_equal(found.webhook.health.failures, 0);
  assert_true(found.webhook.health.paused_until_ms == STORE_NO_INSTANT);

  store_webhook row = {.num = second,
                       .project = test.ours,
                       .name = TEXT("Shop"),
                       .url = TEXT("https://other.example.com/"),
                       .events_json = TEXT("[]"),
                       .secret = TEXT("whsec_2"),
                       .old_secret = TEXT("whsec_1"),
                       .old_secret_until_ms = NOW_MS + 1,
                       .updated_at_ms = NOW_MS + 5};
  assert_store(STORE_OK, store_webhook_update(test.session, &row, &test.err));
  store_webhook_health health = {.failures = 3,
                                 .last_success_at_ms = STORE_NO_INSTANT,
                                 .last_failure_at_ms = NOW_MS,
                                 .paused_until_ms = NOW_MS + 9,
                                 .delivered = 70,
                                 .failed_attempt = 4};
  assert_store(STORE_OK,
               store_webhook_set_health(test.session, test.ours, second, &health, &test.err));
  test_store_reopen(&test);
  found.count = 0;
  assert_store(STORE_OK,
               store_webhook_list(test.session, test.ours, see_webhook, &found, &test.err));
  assert_string_equal(found.text, "https://other.example.com/|a name|whsec_2|whsec_1");
  assert_false(found.webhook.is_enabled);
  assert_int_equal(found.webhook.old_secret_until_ms, NOW_MS + 1);
  assert_int_equal(found.webhook.updated_at_ms, NOW_MS + 5);
  assert_int_equal(found.webhook.created_at_ms, NOW_MS);
  assert_int_equal(found.webhook.health.failures, 3);
  assert_int_equal(found.webhook.health.paused_until_ms, NOW_MS + 9);
  assert_int_equal(found.webhook.health.delivered, 70);
  assert_int_equal(found.webhook.health.failed_attempt, 4);

  // Another project's.
  row.project = test.theirs;
  assert_store(STORE_NOT_FOUND, store_webhook_update(test.session, &row, &test.err));
  assert_store(STORE_NOT_FOUND,
               store_webhook_set_health(test.session, test.theirs, second, &health, &test.err));
  assert_store(STORE_NOT_FOUND, store_webhook_delete(test.session, test.theirs, second, &test.err));
  assert_store(STORE_OK, store_webhook_delete(test.session, test.ours, second, &test.err));
  assert_store(STORE_NOT_FOUND, store_webhook_delete(test.session, test.ours, second, &test.err));
  test_store_end(&test);
}

static size_t pending_of(test_store *test, int64_t project, int64_t webhook, int64_t after,
                         seen *out) {
  *out = (seen){.count = 0};
  test_expect(STORE_OK,
              store_delivery_list_pending(test->session, project, webhook, after, 32, see_delivery,
                                          out, &test->err),
              &test->err, __FILE__, __LINE__);
  return out->count;
}

static void a_delivery_is_pending_until_it_is_settled(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t webhook = add_webhook(&test, test.ours, "w");
  int64_t other = add_webhook(&test, test.ours, "other");
  int64_t first = add_delivery(&test, test.ours, webhook, NOW_MS);
  (void)add_delivery(&test, test.ours, other, NOW_MS);
  int64_t second = add_delivery(&test, test.ours, webhook, NOW_MS + 1);
  seen found;
  assert_int_equal(pending_of(&test, test.ours, webhook, 0, &found), 2);
  assert_int_equal(found.nums[0], first);
  assert_int_equal(found.nums[1], second);
  assert_int_equal(found.last.nonce, INT64_MAX);
  assert_int_equal(found.last.contact, 7);
  assert_int_equal(found.last.next_at_ms, NOW_MS + 1);
  assert_int_equal(pending_of(&test, test.ours, webhook, first, &found), 1);
  assert_int_equal(pending_of(&test, test.theirs, webhook, 0, &found), 0);

  assert_store(STORE_OK, store_delivery_delay(test.session, test.ours, webhook, first, NOW_MS + 50,
                                              &test.err));
  assert_store(STORE_OK, store_delivery_settle(test.session, test.ours, webhook, second,
                                               STORE_DELIVERY_DELIVERED, &test.err));
  assert_store(STORE_NOT_FOUND, store_delivery_settle(test.session, test.ours, webhook, second,
                                                      STORE_DELIVERY_PARKED, &test.err));
  assert_store(STORE_NOT_FOUND,
               store_delivery_delay(test.session, test.ours, webhook, second, NOW_MS, &test.err));
  assert_store(STORE_NOT_FOUND, store_delivery_settle(test.session, test.theirs, webhook, first,
                                                      STORE_DELIVERY_PARKED, &test.err));
  assert_int_equal(pending_of(&test, test.ours, webhook, 0, &found), 1);
  assert_int_equal(found.last.attempts, 1);
  assert_int_equal(found.last.since_ms, NOW_MS);
  assert_int_equal(found.last.next_at_ms, NOW_MS + 50);

  assert_store(STORE_OK, store_delivery_settle(test.session, test.ours, webhook, first,
                                               STORE_DELIVERY_PARKED, &test.err));
  int64_t pending = -1;
  int64_t parked = -1;
  bool is_pending = true;
  assert_store(STORE_OK, store_delivery_count(test.session, test.ours, webhook, &pending, &parked,
                                              &test.err));
  assert_int_equal(pending, 0);
  assert_int_equal(parked, 1);
  assert_store(STORE_OK,
               store_delivery_is_pending(test.session, test.ours, webhook, &is_pending, &test.err));
  assert_false(is_pending);
  assert_store(STORE_OK, store_delivery_renew(test.session, test.ours, webhook, first, NOW_MS + 100,
                                              &test.err));
  assert_int_equal(pending_of(&test, test.ours, webhook, 0, &found), 1);
  assert_int_equal(found.last.attempts, 0);
  assert_int_equal(found.last.since_ms, NOW_MS + 100);
  assert_int_equal(found.last.at_ms, NOW_MS);
  assert_store(STORE_NOT_FOUND,
               store_delivery_renew(test.session, test.ours, webhook, 999, NOW_MS, &test.err));
  test_store_end(&test);
}

static void pages_are_newest_first(void **state) {
  (void)state;
  static const store_delivery_status statuses[] = {STORE_DELIVERY_PENDING, STORE_DELIVERY_DELIVERED,
                                                   STORE_DELIVERY_PARKED};
  test_store test;
  test_store_begin(&test);
  int64_t webhook = add_webhook(&test, test.ours, "w");
  int64_t nums[9];
  for (int i = 0; i < 9; i++) {
    nums[i] = add_delivery(&test, test.ours, webhook, NOW_MS + i);
    if (i % 3 != 0) {
      assert_store(STORE_OK, store_delivery_settle(test.session, test.ours, webhook, nums[i],
                                                   statuses[i % 3], &test.err));
    }
  }
  seen found = {.count = 0};
  assert_store(STORE_OK, store_delivery_page(test.session, test.ours, webhook, NULL, STORE_NEWEST,
                                             4, see_delivery, &found, &test.err));
  assert_int_equal(found.count, 4);
  assert_int_equal(found.nums[0], nums[8]);
  for (int k = 0; k < 3; k++) {
    found = (seen){.count = 0};
    assert_store(STORE_OK, store_delivery_page(test.session, test.ours, webhook, &statuses[k],
                                               nums[6 + k], 32, see_delivery, &found, &test.err));
    assert_int_equal(found.count, 2);
    assert_int_equal(found.nums[0], nums[3 + k]);
    assert_int_equal(found.nums[1], nums[k]);
    assert_int_equal(found.last.status, statuses[k]);
  }
  found = (seen){.count = 0};
  assert_store(STORE_OK, store_delivery_page(test.session, test.theirs, webhook, NULL, STORE_NEWEST,
                                             32, see_delivery, &found, &test.err));
  assert_int_equal(found.count, 0);
  test_store_end(&test);
}

static void the_first_of_a_time_is_found(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t webhook = add_webhook(&test, test.ours, "w");
  int64_t other = add_webhook(&test, test.ours, "other");
  int64_t nums[20];
  for (int i = 0; i < 20; i++) {
    nums[i] = add_delivery(&test, test.ours, webhook, NOW_MS + INT64_C(10) * i);
    (void)add_delivery(&test, test.ours, other, NOW_MS);
  }
  int64_t found = 0;
  for (int i = 0; i < 20; i++) {
    assert_store(STORE_OK,
                 store_delivery_find_first(test.session, test.ours, webhook,
                                           NOW_MS + INT64_C(10) * i - 3, &found, &test.err));
    assert_true(found <= nums[i] && (i == 0 || found > nums[i - 1]));
  }
  assert_store(STORE_OK, store_delivery_find_first(test.session, test.ours, webhook, NOW_MS + 1000,
                                                   &found, &test.err));
  assert_true(found > nums[19]);
  seen each = {.count = 0};
  assert_store(STORE_OK, store_delivery_each(test.session, test.ours, webhook, nums[4], 3,
                                             see_delivery, &each, &test.err));
  assert_int_equal(each.count, 3);
  assert_int_equal(each.nums[0], nums[5]);
  test_store_end(&test);
}

static void attempts_are_kept(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t webhook = add_webhook(&test, test.ours, "w");
  int64_t num = add_delivery(&test, test.ours, webhook, NOW_MS);
  char answer[3] = {'\0', '\xff', 'x'}; // any bytes
  int64_t attempts[3];
  for (int i = 0; i < 3; i++) {
    store_attempt attempt = {.at_ms = NOW_MS + i,
                             .duration_ms = 5,
                             .http_status = 500 + i,
                             .answer = {answer, sizeof answer}};
    assert_store(STORE_OK, store_attempt_insert(test.session, test.ours, webhook, num, &attempt,
                                                &attempts[i], &test.err));
    assert_store(STORE_NOT_FOUND, store_attempt_insert(test.session, test.theirs, webhook, num,
                                                       &attempt, NULL, &test.err));
    assert_store(STORE_NOT_FOUND, store_attempt_insert(test.session, test.ours, webhook, num + 1,
                                                       &attempt, NULL, &test.err));
  }
  seen found = {.count = 0};
  assert_store(STORE_OK, store_attempt_list(test.session, test.ours, webhook, num, 2, see_attempt,
                                            &found, &test.err));
  assert_int_equal(found.count, 2);
  assert_int_equal(found.nums[0], 502);
  assert_string_equal(found.text, "3|none");

  // One by itself: of this webhook alone.
  found.count = 0;
  assert_store(STORE_OK, store_attempt_get(test.session, test.ours, webhook, attempts[1],
                                           see_attempt, &found, &test.err));
  assert_int_equal(found.count, 1);
  assert_int_equal(found.nums[0], 501);
  int64_t other = add_webhook(&test, test.ours, "other");
  assert_store(STORE_NOT_FOUND, store_attempt_get(test.session, test.ours, other, attempts[1],
                                                  see_attempt, &found, &test.err));
  assert_store(STORE_NOT_FOUND, store_attempt_get(test.session, test.theirs, webhook, attempts[1],
                                                  see_attempt, &found, &test.err));
  assert_store(STORE_NOT_FOUND, store_attempt_get(test.session, test.ours, webhook, 999,
                                                  see_attempt, &found, &test.err));
  test_store_end(&test);
}

/// Walks over everything, a few at a time.
static void expire(test_store *test, int64_t before_ms) {
  int64_t cursor = 0;
  int steps = 0;
  do {
    test_expect(STORE_OK, store_delivery_expire(test->session, before_ms, 3, &cursor, &test->err),
                &test->err, __FILE__, __LINE__);
    assert_true(++steps < 100);
  } while (cursor != 0);
}

static void old_deliveries_go_but_not_pending_ones(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t webhook = add_webhook(&test, test.ours, "w");
  int64_t gone = add_webhook(&test, test.ours, "gone");
  int64_t theirs = add_webhook(&test, test.theirs, "theirs");
  int64_t nums[10];
  for (int i = 0; i < 10; i++) {
    nums[i] = add_delivery(&test, test.ours, webhook, NOW_MS + i * DAY_MS);
    (void)add_delivery(&test, test.ours, gone, NOW_MS + i * DAY_MS);
    (void)add_delivery(&test, test.theirs, theirs, NOW_MS + i * DAY_MS);
    store_attempt attempt = {.at_ms = NOW_MS, .http_status = 200};
    assert_store(STORE_OK, store_attempt_insert(test.session, test.ours, webhook, nums[i], &attempt,
                                                NULL, &test.err));
    if (i != 2) {
      assert_store(STORE_OK, store_delivery_settle(test.session, test.ours, webhook, nums[i],
                                                   i % 2 == 0 ? STORE_DELIVERY_DELIVERED
                                                              : STORE_DELIVERY_PARKED,
                                                   &test.err));
    }
  }
  assert_store(STORE_OK, store_webhook_delete(test.session, test.ours, gone, &test.err));
  expire(&test, NOW_MS + 5 * DAY_MS);
  seen found = {.count = 0};
  assert_store(STORE_OK, store_delivery_each(test.session, test.ours, webhook, 0, 32, see_delivery,
                                             &found, &test.err));
  assert_int_equal(found.count, 6);
  assert_int_equal(found.nums[0], nums[2]);
  assert_int_equal(found.nums[1], nums[5]);
  found = (seen){.count = 0};
  assert_store(STORE_OK, store_attempt_list(test.session, test.ours, webhook, nums[0], 9,
                                            see_attempt, &found, &test.err));
  assert_int_equal(found.count, 0);
  assert_int_equal(pending_of(&test, test.theirs, theirs, 0, &found), 10);
  assert_int_equal(pending_of(&test, test.ours, gone, 0, &found), 0);
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_webhook_is_kept),
      cmocka_unit_test(a_delivery_is_pending_until_it_is_settled),
      cmocka_unit_test(pages_are_newest_first),
      cmocka_unit_test(the_first_of_a_time_is_found),
      cmocka_unit_test(attempts_are_kept),
      cmocka_unit_test(old_deliveries_go_but_not_pending_ones),
  };
  return cmocka_run_group_tests_name("webhooks", tests, NULL, NULL);
}
