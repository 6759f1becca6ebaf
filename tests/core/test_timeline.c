// When occurrences lie close to the bounds of a range, before 1970 or after 2109: each filter on
// events picks the contacts that a plain loop over the occurrences picks.
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/// Blocks with few rows and with many, and one that is not full.
#define ROWS 230
#define OCCURRENCES_MAX 3
#define ROUNDS 120
#define HOURS_MAX 3000

typedef struct contact {
  size_t count;
  int64_t at_ms[OCCURRENCES_MAX];
} contact;

typedef struct model {
  uint64_t random;
  seg_table *table;
  contact rows[ROWS];
  int64_t cutoff_ms;
} model;

/// An instant at a bound of the range, at a bound of the span of 2^26 ms that holds it, at the ends
/// of what dates can say, or anywhere near; or a millisecond beside it.
static int64_t draw_instant(model *own) {
  const int64_t span = INT64_C(1) << 26;
  const int64_t year_1 = INT64_C(-62135596800000);
  const int64_t year_9999 = INT64_C(253402300799000);
  const int64_t near[] = {own->cutoff_ms,
                          TEST_NOW_MS,
                          own->cutoff_ms / span * span,
                          (own->cutoff_ms / span + 1) * span,
                          TEST_NOW_MS / span * span,
                          0,
                          span << 16,
                          year_1,
                          year_9999,
                          own->cutoff_ms + (int64_t)(test_random(&own->random) % (40 * SEG_DAY_MS)),
                          own->cutoff_ms -
                              (int64_t)(test_random(&own->random) % (40 * SEG_DAY_MS))};
  uint32_t chosen = test_random_below(&own->random, sizeof near / sizeof near[0]);
  return near[chosen] + (int64_t)test_random_below(&own->random, 3) - 1;
}

static bool is_future(const model *own) {
  for (size_t row = 0; row < ROWS; row++) {
    for (size_t i = 0; i < own->rows[row].count; i++) {
      if (own->rows[row].at_ms[i] > TEST_NOW_MS) {
        return true;
      }
    }
  }
  return false;
}

/// Fills a table anew. With an occurrence in the future the last ones do not decide alone, so most
/// tables have none. Some blocks get occurrences for each row, others for few.
static void fill(model *own, bool allows_future) {
  own->table = test_table(seg_allocator_default());
  memset(own->rows, 0, sizeof own->rows);
  for (uint32_t row = 0; row < ROWS; row++) {
    char id[16];
    (void)snprintf(id, sizeof id, "c%" PRIu32, row);
    (void)test_add(own->table, id, NULL);
  }
  for (size_t i = 0; i < (size_t)ROWS * 2; i++) {
    uint32_t row = test_random_below(&own->random, ROWS);
    contact *at = &own->rows[row];
    bool is_sparse = row / 64 % 2 == 1;
    if (at->count == OCCURRENCES_MAX || (is_sparse && row % 9 != 0)) {
      continue;
    }
    int64_t at_ms = draw_instant(own);
    if (at_ms > TEST_NOW_MS && !allows_future) {
      continue;
    }
    at->at_ms[at->count++] = at_ms;
    assert_int_equal(seg_table_add_event(own->table, row, TEXT("e"), at_ms, NULL), SEG_OK);
  }
}

/// Takes the occurrences of some rows away, with their contacts.
static void remove_some(model *own) {
  for (uint32_t row = 0; row < ROWS; row++) {
    if (test_random_below(&own->random, 5) == 0) {
      seg_table_remove(own->table, row);
      own->rows[row].count = SIZE_MAX;
    }
  }
}

typedef struct verdicts {
  size_t within;
  size_t older;
  size_t not_within;
} verdicts;

static verdicts count_plainly(const model *own) {
  verdicts counted = {0};
  for (size_t row = 0; row < ROWS; row++) {
    const contact *at = &own->rows[row];
    bool is_within = false;
    bool is_since = false;
    if (at->count == SIZE_MAX) {
      continue;
    }
    for (size_t i = 0; i < at->count; i++) {
      is_since |= at->at_ms[i] >= own->cutoff_ms;
      is_within |= at->at_ms[i] >= own->cutoff_ms && at->at_ms[i] <= TEST_NOW_MS;
    }
    counted.within += is_within;
    counted.older += at->count > 0 && !is_since;
    counted.not_within += !is_since;
  }
  return counted;
}

static size_t ask(const model *own, const char *op, uint32_t hours) {
  char filter[160];
  (void)snprintf(filter, sizeof filter,
                 "\"field\":\"event.e\",\"operator\":\"%s\",\"value\":%" PRIu32
                 ",\"unit\":\"hours\"",
                 op, hours);
  return test_count_of(own->table, filter);
}

static void check(const model *own, uint32_t hours) {
  verdicts expected = count_plainly(own);
  assert_int_equal(ask(own, "triggeredWithin", hours), expected.within);
  assert_int_equal(ask(own, "triggeredOlderThan", hours), expected.older);
  assert_int_equal(ask(own, "notTriggeredWithin", hours), expected.not_within);
}

static void ranges_are_exact_to_the_millisecond(void **state) {
  (void)state;
  model own = {.random = test_seed()};
  bool has_seen_future = false;
  for (size_t round = 0; round < ROUNDS; round++) {
    uint32_t hours = 1 + test_random_below(&own.random, HOURS_MAX);
    own.cutoff_ms = TEST_NOW_MS - hours * SEG_HOUR_MS;
    fill(&own, round % 3 == 0);
    has_seen_future |= is_future(&own);
    check(&own, hours);
    remove_some(&own);
    check(&own, hours);
    seg_table_free(own.table);
  }
  assert_true(has_seen_future);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_are_exact_to_the_millisecond),
  };
  return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
