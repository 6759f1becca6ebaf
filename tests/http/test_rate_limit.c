// Token buckets: exact under a clock that is handed in, bounded, and safe from many threads.
#include "http/rate_limit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool take(seg_http_rate_limit *limit, const char *key, int64_t now_ms, uint32_t *retry) {
  return seg_http_rate_limit_take(limit, seg_text_of(key), now_ms, retry);
}

static void test_minute(void **state) {
  (void)state;
  seg_http_rate_limit *limit;
  uint32_t retry = 0;
  assert_int_equal(seg_http_rate_limit_create(1000, 1, &limit), SEG_OK);
  for (int i = 0; i < 1000; i++) {
    assert_true(take(limit, "a", 5000, &retry));
  }
  assert_false(take(limit, "a", 5000, &retry));
  assert_int_equal(retry, 1);
  assert_true(take(limit, "b", 5000, &retry));
  // 60 ms a token.
  assert_false(take(limit, "a", 5059, &retry));
  assert_true(take(limit, "a", 5060, &retry));
  assert_false(take(limit, "a", 5060, &retry));
  // A clock that goes back gives nothing, and takes nothing away.
  assert_false(take(limit, "a", 0, &retry));
  assert_true(take(limit, "a", 5120, &retry));
  // A long pause gives a minute, no more.
  int64_t later = INT64_C(1) << 40;
  for (int i = 0; i < 1000; i++) {
    assert_true(take(limit, "a", later, &retry));
  }
  assert_false(take(limit, "a", later, &retry));
  seg_http_rate_limit_free(limit);
}

static void test_slow_rate(void **state) {
  (void)state;
  seg_http_rate_limit *limit;
  uint32_t retry = 0;
  assert_int_equal(seg_http_rate_limit_create(2, 1, &limit), SEG_OK);
  assert_true(take(limit, "a", 0, &retry));
  assert_true(take(limit, "a", 0, &retry));
  assert_false(take(limit, "a", 0, &retry));
  assert_int_equal(retry, 30);
  assert_false(take(limit, "a", 28999, &retry));
  assert_int_equal(retry, 2);
  assert_true(take(limit, "a", 30000, &retry));
  seg_http_rate_limit_free(limit);
}

static void test_off(void **state) {
  (void)state;
  seg_http_rate_limit *limit;
  uint32_t retry = 0;
  assert_int_equal(seg_http_rate_limit_create(0, 1, &limit), SEG_OK);
  for (int i = 0; i < 5000; i++) {
    assert_true(take(limit, "a", 0, &retry));
  }
  assert_true(seg_http_rate_limit_take(NULL, seg_text_of("a"), 0, &retry));
  seg_http_rate_limit_free(limit);
}

static void test_many_keys(void **state) {
  (void)state;
  seg_http_rate_limit *limit;
  uint32_t retry = 0;
  char key[32];
  assert_int_equal(seg_http_rate_limit_create(60, 99, &limit), SEG_OK);
  for (int i = 0; i < 10 * SEG_HTTP_RATE_BUCKETS; i++) {
    (void)snprintf(key, sizeof key, "project-%d", i);
    assert_true(take(limit, key, i, &retry));
  }
  // One that is drained stays so while others come that have more left than it.
  for (int i = 0; i < 60; i++) {
    assert_true(take(limit, "drained", 1000000, &retry));
  }
  for (int i = 0; i < 10 * SEG_HTTP_RATE_BUCKETS; i++) {
    (void)snprintf(key, sizeof key, "other-%d", i);
    assert_true(take(limit, key, 1000000, &retry));
  }
  assert_false(take(limit, "drained", 1000000, &retry));
  seg_http_rate_limit_free(limit);
}

typedef struct crowd {
  seg_http_rate_limit *limit;
  _Atomic int taken;
} crowd;

static void *take_many(void *context) {
  crowd *all = context;
  uint32_t retry;
  for (int i = 0; i < 1000; i++) {
    if (take(all->limit, "shared", 0, &retry)) {
      atomic_fetch_add(&all->taken, 1);
    }
  }
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  crowd all = {.taken = 0};
  pthread_t threads[8];
  assert_int_equal(seg_http_rate_limit_create(500, 1, &all.limit), SEG_OK);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, take_many, &all), 0);
  }
  for (int i = 0; i < 8; i++) {
    (void)pthread_join(threads[i], NULL);
  }
  assert_int_equal(atomic_load(&all.taken), 500);
  seg_http_rate_limit_free(all.limit);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_minute),  cmocka_unit_test(test_slow_rate),
      cmocka_unit_test(test_off),     cmocka_unit_test(test_many_keys),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
