// The circuit breaker: pauses that grow, one probe, and what was under way when it opened.
#include "webhooks/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LIMIT 16

static void fail_times(breaker *own, int times, int64_t now_ms) {
  for (int i = 0; i < times; i++) {
    (void)breaker_fail(own, now_ms, 1);
  }
}

static void test_it_opens(void **state) {
  breaker own = {0};
  (void)state;
  fail_times(&own, BREAKER_FAILURES - 1, 1000);
  assert_false(breaker_is_open(&own));
  assert_int_equal(own.paused_until_ms, 0);
  assert_int_equal(breaker_limit(&own, 1000, LIMIT), LIMIT);
  assert_true(breaker_fail(&own, 1000, 1));
  assert_true(breaker_is_open(&own));
  assert_int_equal(own.paused_until_ms, 31000);
  assert_int_equal(breaker_limit(&own, 1000, LIMIT), 0);
  assert_int_equal(breaker_limit(&own, 30999, LIMIT), 0);
  assert_int_equal(breaker_limit(&own, 31000, LIMIT), 1);
}

static void test_a_success_starts_anew(void **state) {
  breaker own = {0};
  (void)state;
  assert_false(breaker_succeed(&own));
  fail_times(&own, BREAKER_FAILURES - 1, 0);
  assert_true(breaker_succeed(&own));
  fail_times(&own, BREAKER_FAILURES - 1, 0);
  assert_false(breaker_is_open(&own));
  fail_times(&own, 1, 0);
  assert_true(breaker_is_open(&own));
  assert_true(breaker_succeed(&own));
  assert_int_equal(breaker_limit(&own, 0, LIMIT), LIMIT);
}

static void test_pauses_double(void **state) {
  static const int64_t pauses[] = {30000, 60000, 120000, 240000, 480000, 600000, 600000};
  breaker own = {0};
  int64_t now_ms = 5;
  (void)state;
  fail_times(&own, BREAKER_FAILURES - 1, now_ms);
  for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
    assert_true(breaker_fail(&own, now_ms, 1));
    assert_int_equal(own.paused_until_ms - now_ms, pauses[i]);
    now_ms = own.paused_until_ms;
  }
  for (int i = 0; i < 1000; i++) {
    assert_true(breaker_fail(&own, now_ms, 1));
    assert_int_equal(own.paused_until_ms - now_ms, BREAKER_PAUSE_MS_MAX);
    now_ms = own.paused_until_ms;
  }
}

static void test_what_was_under_way(void **state) {
  breaker own = {0};
  (void)state;
  fail_times(&own, BREAKER_FAILURES, 1000);
  assert_false(breaker_fail(&own, 2000, 1));
  assert_int_equal(own.failures, BREAKER_FAILURES);
  assert_int_equal(own.paused_until_ms, 31000);
}

static void test_the_clock_was_set_back(void **state) {
  breaker own = {0};
  (void)state;
  fail_times(&own, BREAKER_FAILURES, 10 * BREAKER_PAUSE_MS_MAX);
  assert_true(breaker_is_paused(&own, 10 * BREAKER_PAUSE_MS_MAX));
  assert_false(breaker_is_paused(&own, 5 * BREAKER_PAUSE_MS_MAX));
  assert_int_equal(breaker_limit(&own, 5 * BREAKER_PAUSE_MS_MAX, LIMIT), 1);
  assert_true(breaker_fail(&own, 5 * BREAKER_PAUSE_MS_MAX, 1)); // which begins a new pause
  assert_int_equal(own.paused_until_ms, 5 * BREAKER_PAUSE_MS_MAX + 60000);
}

static void test_speed(void **state) {
  breaker own = {0};
  (void)state;
  fail_times(&own, BREAKER_FAILURES - 1, 0);
  (void)breaker_fail(&own, 1000, 100);
  assert_int_equal(own.paused_until_ms, 1300);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_it_opens),
                                     cmocka_unit_test(test_a_success_starts_anew),
                                     cmocka_unit_test(test_pauses_double),
                                     cmocka_unit_test(test_what_was_under_way),
                                     cmocka_unit_test(test_the_clock_was_set_back),
                                     cmocka_unit_test(test_speed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
