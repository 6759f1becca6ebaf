// When a delivery is tried again: under a clock and random bits that are handed in.
#include "webhooks/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW INT64_C(1770000000000)
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static int64_t pause_after(int attempts, int64_t retry_after_ms, uint32_t random) {
  schedule_decision decision =
      schedule_after_failure(attempts, NOW, NOW, retry_after_ms, random, 1);
  assert_false(decision.is_parked);
  return decision.next_at_ms - NOW;
}

static void test_pauses_grow(void **state) {
  static const int64_t pauses[] = {5000,    30000,   120000,  600000, 1800000,
                                   3600000, 7200000, 7200000, 7200000};
  (void)state;
  assert_int_equal(SCHEDULE_PAUSE_MS_MAX, pauses[8] + pauses[8] / 5);
  for (int i = 0; i < 9; i++) {
    int64_t spread = pauses[i] / 5;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    assert_int_equal(pause_after(i + 1, 0, 0), pauses[i] - spread);
    assert_int_equal(pause_after(i + 1, 0, (uint32_t)(2 * spread)), pauses[i] + spread);
    for (uint32_t random = 1; random != 0 && random < 0xF0000000U; random += 0x00FEDCBAU) {
      int64_t pause = pause_after(i + 1, 0, random);
      least = pause < least ? pause : least;
      most = pause > most ? pause : most;
    }
    assert_in_range(least, pauses[i] - spread, pauses[i] - spread * 8 / 10);
    assert_in_range(most, pauses[i] + spread * 8 / 10, pauses[i] + spread);
  }
}

static void test_retry_after(void **state) {
  (void)state;
  assert_int_equal(pause_after(1, 60000, 0), 60000);
  assert_int_equal(pause_after(1, 1000, 0), 4000);    // less than the pause asks for nothing
  assert_int_equal(pause_after(1, 7 * DAY, 0), HOUR); // and no more than an hour counts
  assert_int_equal(pause_after(7, HOUR, 0), 5760000);
}

static void test_it_ends_after_a_day(void **state) {
  (void)state;
  // The next attempt would be after 7.2 s at most.
  assert_false(schedule_after_failure(1, NOW - DAY + 4001, NOW, 0, 0, 1).is_parked);
  assert_true(schedule_after_failure(1, NOW - DAY + 4000, NOW, 0, 0, 1).is_parked);
  assert_true(schedule_after_failure(1, NOW - 30 * DAY, NOW, 0, 0, 1).is_parked);
  assert_false(schedule_is_over(NOW - DAY + 1, NOW, 1));
  assert_true(schedule_is_over(NOW - DAY, NOW, 1));
  int64_t now = NOW;
  int attempts = 0;
  schedule_decision decision = {.next_at_ms = NOW};
  while (!decision.is_parked) {
    now = decision.next_at_ms;
    decision = schedule_after_failure(++attempts, NOW, now, 0, 0x80000000U, 1);
  }
  assert_in_range(attempts, 15, 20);
  assert_in_range(now - NOW, 20 * HOUR, DAY);
}

static void test_speed(void **state) {
  (void)state;
  assert_int_equal(schedule_scaled(5000, 1), 5000);
  assert_int_equal(schedule_scaled(5000, 100), 50);
  assert_int_equal(schedule_scaled(5000, 100000), 1);
  assert_int_equal(schedule_scaled(0, 100), 0);
  assert_int_equal(schedule_after_failure(1, NOW, NOW, 0, 0, 100).next_at_ms, NOW + 40);
  assert_true(schedule_is_over(NOW - 864000, NOW, 100));
  assert_false(schedule_is_over(NOW - 863999, NOW, 100));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pauses_grow), cmocka_unit_test(test_retry_after),
      cmocka_unit_test(test_it_ends_after_a_day), cmocka_unit_test(test_speed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
