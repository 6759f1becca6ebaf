// One table and one plan under several threads at once: for ThreadSanitizer, and for the answers.
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS 20
#define FILTERS 4

static const char *const filters[FILTERS] = {
    "\"field\":\"data.plan\",\"operator\":\"contains\",\"value\":\"2\"",
    "\"field\":\"data.n\",\"operator\":\"greaterThan\",\"value\":2500",
    "\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":9,\"unit\":\"days\"",
    "\"field\":\"segment.inner\",\"operator\":\"notMemberOfSegment\"",
};

/// What all threads share; only read once they run.
typedef struct shared {
  seg_table *table;
  seg_filter *filters[FILTERS];
  seg_plan *plans[FILTERS];
  uint64_t *masks[FILTERS]; ///< As one thread alone had them.
  seg_resolver resolver;
} shared;

static void check_mask(const shared *own, const seg_plan *plan, size_t filter) {
  size_t blocks = seg_table_block_count(own->table);
  uint64_t *mask = calloc(blocks, sizeof *mask);
  size_t count = 0;
  if (mask == NULL || seg_plan_evaluate(plan, (seg_block_range){0, blocks}, mask) != SEG_OK ||
      memcmp(mask, own->masks[filter], blocks * sizeof *mask) != 0 ||
      seg_plan_count(plan, &count) != SEG_OK ||
      count != seg_mask_count((seg_mask_view){mask, blocks})) {
    (void)fprintf(stderr, "another answer for {%s}\n", filters[filter]);
    abort(); // cmocka's assertions belong to the main thread
  }
  free(mask);
}

static void *run(void *argument) {
  const shared *own = argument;
  for (size_t i = 0; i < ROUNDS; i++) {
    size_t filter = i % FILTERS;
    check_mask(own, own->plans[filter], filter);
    seg_plan *plan = NULL;
    if (seg_plan_create(seg_allocator_default(), own->filters[filter], own->table, TEST_NOW_MS,
                        &own->resolver, seg_plan_all_blocks(own->table), &plan, NULL) != SEG_OK) {
      abort();
    }
    check_mask(own, plan, filter);
    seg_plan_free(plan);
  }
  return NULL;
}

static void threads_share_tables_filters_and_plans(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  shared own = {.table = test_table(allocator)};
  for (int i = 0; i < 5000; i++) {
    char id[16];
    char data[64];
    (void)snprintf(id, sizeof id, "c%d", i);
    (void)snprintf(data, sizeof data, "{\"plan\":\"p%d\",\"n\":%d}", i % 40, i);
    uint32_t row = test_add(own.table, id, data);
    assert_int_equal(
        seg_table_add_event(own.table, row, TEXT("login"), TEST_NOW_MS - i * SEG_HOUR_MS, NULL),
        SEG_OK);
  }
  seg_filter *inner = test_filter_of(allocator, filters[0]);
  test_segment segments[] = {{"inner", {.filter = inner}}, {NULL, {.filter = NULL}}};
  own.resolver = test_resolver(segments);
  for (size_t i = 0; i < FILTERS; i++) {
    own.filters[i] = test_filter_of(allocator, filters[i]);
    own.masks[i] = test_mask(own.table, own.filters[i], &own.resolver);
    assert_int_equal(seg_plan_create(allocator, own.filters[i], own.table, TEST_NOW_MS,
                                     &own.resolver, seg_plan_all_blocks(own.table), &own.plans[i],
                                     NULL),
                     SEG_OK);
  }
  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, run, &own), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  for (size_t i = 0; i < FILTERS; i++) {
    seg_plan_free(own.plans[i]);
    seg_filter_free(own.filters[i]);
    free(own.masks[i]);
  }
  seg_filter_free(inner);
  seg_table_free(own.table);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_tables_filters_and_plans)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
