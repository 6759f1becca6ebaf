// See support.h.
#include "support.h"

#include "segmentry/json.h"

#include <cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void assert_text(seg_text_view text, const char *expected) {
  if (!seg_text_equal(text, seg_text_of(expected))) {
    fail_msg("found '%.*s', expected '%s'", (int)text.size_bytes,
             text.size_bytes == 0 ? "" : text.bytes, expected);
  }
}

seg_filter *test_filter(seg_allocator allocator, const char *json) {
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  seg_filter *filter = NULL;
  if (seg_filter_parse(allocator, seg_text_of(json), &filter, &problems) != SEG_OK) {
    fail_msg("%s: %s", json, problems.count == 0 ? "no reason" : problems.items[0].message);
  }
  return filter;
}

seg_filter *test_filter_of(seg_allocator allocator, const char *rest) {
  char json[4096];
  int size =
      snprintf(json, sizeof json, "{\"logic\":\"AND\",\"groups\":[{\"filters\":[{%s}]}]}", rest);
  assert_true(size > 0 && (size_t)size < sizeof json);
  return test_filter(allocator, json);
}

seg_table *test_table(seg_allocator allocator) {
  seg_table *table = NULL;
  assert_int_equal(seg_table_create(allocator, 7, &table), SEG_OK);
  return table;
}

static cJSON *parse_data(const char *data) {
  cJSON *tree = NULL;
  if (data != NULL) {
    assert_int_equal(seg_json_parse(seg_text_of(data), SEG_JSON_DEPTH_MAX, &tree, NULL), SEG_OK);
  }
  return tree;
}

uint32_t test_add(seg_table *table, const char *id, const char *data) {
  char email[300];
  (void)snprintf(email, sizeof email, "%s@example.com", id);
  cJSON *tree = parse_data(data);
  seg_contact_view contact = {.id = seg_text_of(id),
                              .email = seg_text_of(email),
                              .subscribed = true,
                              .created_at_ms = TEST_NOW_MS - 30 * SEG_DAY_MS,
                              .updated_at_ms = TEST_NOW_MS - SEG_DAY_MS,
                              .data = tree};
  uint32_t row = UINT32_MAX;
  seg_error error;
  if (seg_table_add(table, &contact, &row, &error) != SEG_OK) {
    fail_msg("%s: %s", id, error.message);
  }
  seg_json_free(tree);
  return row;
}

void test_update(seg_table *table, uint32_t row, const char *email, const char *data) {
  cJSON *tree = parse_data(data);
  seg_contact_view contact = {.email = seg_text_of(email),
                              .created_at_ms = TEST_NOW_MS,
                              .updated_at_ms = TEST_NOW_MS,
                              .data = tree};
  assert_int_equal(seg_table_update(table, row, &contact, NULL), SEG_OK);
  seg_json_free(tree);
}

static bool find_segment(void *context, seg_text_view id, seg_segment *out) {
  for (const test_segment *at = context; at->id != NULL; at++) {
    if (seg_text_equal(id, seg_text_of(at->id))) {
      *out = at->segment;
      return true;
    }
  }
  return false;
}

seg_resolver test_resolver(test_segment *segments) {
  return (seg_resolver){.find = find_segment, .context = segments};
}

static seg_plan *make_plan(const seg_table *table, const seg_filter *filter,
                           const seg_resolver *resolver) {
  seg_plan *plan = NULL;
  seg_error error;
  if (seg_plan_create(seg_allocator_default(), filter, table, TEST_NOW_MS, resolver,
                      seg_plan_all_blocks(table), &plan, &error) != SEG_OK) {
    fail_msg("%s", error.message);
  }
  return plan;
}

uint64_t *test_mask(const seg_table *table, const seg_filter *filter,
                    const seg_resolver *resolver) {
  seg_plan *plan = make_plan(table, filter, resolver);
  uint64_t *mask = calloc(seg_table_block_count(table) + 1, sizeof *mask);
  assert_non_null(mask);
  assert_int_equal(seg_plan_evaluate(plan, seg_plan_all_blocks(table), mask), SEG_OK);
  seg_plan_free(plan);
  return mask;
}

size_t test_count(const seg_table *table, const seg_filter *filter, const seg_resolver *resolver) {
  seg_plan *plan = make_plan(table, filter, resolver);
  size_t count = 0;
  assert_int_equal(seg_plan_count(plan, &count), SEG_OK);
  seg_plan_free(plan);
  return count;
}

size_t test_count_of(const seg_table *table, const char *rest) {
  seg_filter *filter = test_filter_of(seg_allocator_default(), rest);
  size_t count = test_count(table, filter, NULL);
  seg_filter_free(filter);
  return count;
}

void assert_error(const seg_error *error, seg_status status) {
  assert_int_equal(error->status, status);
  assert_non_null(memchr(error->message, '\0', sizeof error->message));
  assert_int_equal(status == SEG_OK, error->message[0] == '\0');
  assert_int_equal(status == SEG_E_JSON, error->line > 0);
  assert_int_equal(status == SEG_E_JSON, error->column > 0);
}

uint64_t test_random(uint64_t *state) {
  uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
  return mixed ^ (mixed >> 31);
}

uint32_t test_random_below(uint64_t *state, uint32_t bound) {
  return (uint32_t)((test_random(state) >> 32) * bound >> 32);
}

uint64_t test_seed(void) {
  const char *given = getenv("SEG_TEST_SEED");
  uint64_t seed = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
  (void)printf("SEG_TEST_SEED=%" PRIu64 "\n", seed);
  (void)fflush(stdout);
  return seed;
}
