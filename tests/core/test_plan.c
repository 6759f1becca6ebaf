// Plans: block ranges, node counts, segments.
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER_OF(id) "\"field\":\"segment." id "\",\"operator\":\"memberOfSegment\""
#define NOT_MEMBER_OF(id) "\"field\":\"segment." id "\",\"operator\":\"notMemberOfSegment\""

/// Two pages and a bit, with holes; one column of each width, one that some pages lack.
static seg_table *wide_table(void) {
  seg_table *table = test_table(seg_allocator_default());
  for (uint32_t i = 0; i < 8300; i++) {
    char id[16];
    char data[160];
    (void)snprintf(id, sizeof id, "c%u", (unsigned)i);
    (void)snprintf(data, sizeof data,
                   "{\"few\":\"f%u\",\"many\":\"m%u\",\"n\":%u,\"day\":\"2024-02-%02u\"%s}",
                   (unsigned)i % 7, (unsigned)i % 3001, (unsigned)i, (unsigned)i % 29 + 1,
                   i < 4200 && i % 5 != 0 ? ",\"early\":[\"X\",\"y\"]" : "");
    uint32_t row = test_add(table, id, data);
    for (uint32_t k = 0; k < i % 4; k++) {
      // Some in the future, some out of order.
      int64_t at_ms = TEST_NOW_MS + ((int64_t)(i * 37 + k * 53) % 40 - 30) * SEG_DAY_MS;
      assert_int_equal(seg_table_add_event(table, row, TEXT("login"), at_ms, NULL), SEG_OK);
    }
    if (row >= 6000 && row % 3 == 0) {
      assert_int_equal(seg_table_add_activity(table, row, SEG_ACTIVITY_CLICKED,
                                              TEST_NOW_MS - row * SEG_MINUTE_MS, NULL),
                       SEG_OK);
    }
  }
  for (uint32_t row = 0; row < 8300; row += 11) {
    seg_table_remove(table, row);
  }
  for (uint32_t row = 640; row < 704; row++) {
    seg_table_remove(table, row); // a whole block
  }
  return table;
}

static const char *const range_filters[] = {
    "\"field\":\"data.few\",\"operator\":\"equals\",\"value\":\"f3\"",
    "\"field\":\"data.few\",\"operator\":\"notEquals\",\"value\":\"f3\"",
    "\"field\":\"data.few\",\"operator\":\"contains\",\"value\":\"F2\"",
    "\"field\":\"data.many\",\"operator\":\"equals\",\"value\":\"m77\"",
    "\"field\":\"data.many\",\"operator\":\"notEquals\",\"value\":\"m77\"",
    "\"field\":\"data.many\",\"operator\":\"contains\",\"value\":\"M11\"",
    "\"field\":\"data.many\",\"operator\":\"notContains\",\"value\":\"1\"",
    "\"field\":\"data.many\",\"operator\":\"greaterThan\",\"value\":\"m2\"",
    "\"field\":\"data.n\",\"operator\":\"lessThanOrEqual\",\"value\":4100",
    "\"field\":\"data.n\",\"operator\":\"notEquals\",\"value\":4100",
    "\"field\":\"data.n\",\"operator\":\"contains\",\"value\":\"4\"",
    "\"field\":\"data.day\",\"operator\":\"within\",\"value\":7,\"unit\":\"days\"",
    "\"field\":\"data.day\",\"operator\":\"equals\",\"value\":\"2024-02-09\"",
    "\"field\":\"data.early\",\"operator\":\"contains\",\"value\":\"x\"",
    "\"field\":\"data.early\",\"operator\":\"notContains\",\"value\":\"z\"",
    "\"field\":\"data.early\",\"operator\":\"exists\"",
    "\"field\":\"data.early\",\"operator\":\"notExists\"",
    "\"field\":\"data.nowhere\",\"operator\":\"notExists\"",
    "\"field\":\"data.nowhere\",\"operator\":\"notEquals\",\"value\":1",
    "\"field\":\"email\",\"operator\":\"contains\",\"value\":\"C12\"",
    "\"field\":\"email\",\"operator\":\"notEquals\",\"value\":\"c5@example.com\"",
    "\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true",
    "\"field\":\"createdAt\",\"operator\":\"olderThan\",\"value\":1,\"unit\":\"hours\"",
    "\"field\":\"event.login\",\"operator\":\"triggered\"",
    "\"field\":\"event.login\",\"operator\":\"notTriggered\"",
    "\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":9,\"unit\":\"days\"",
    "\"field\":\"event.login\",\"operator\":\"triggeredOlderThan\",\"value\":9,\"unit\":\"days\"",
    "\"field\":\"event.login\",\"operator\":\"notTriggeredWithin\",\"value\":9,\"unit\":\"days\"",
    "\"field\":\"email.clicked\",\"operator\":\"triggeredWithin\",\"value\":5,\"unit\":\"days\"",
    "\"field\":\"event.never\",\"operator\":\"notTriggered\"",
    MEMBER_OF("stored"),
    NOT_MEMBER_OF("stored"),
    MEMBER_OF("dynamic"),
    NOT_MEMBER_OF("dynamic"),
};
#define RANGE_FILTER_COUNT (sizeof range_filters / sizeof range_filters[0])

/// A plan made for a range must give the slice of the full mask, whole and in parts.
static void check_range(const seg_table *table, const seg_filter *filter,
                        const seg_resolver *resolver, seg_block_range range, const uint64_t *full) {
  seg_plan *plan = NULL;
  assert_int_equal(seg_plan_create(seg_allocator_default(), filter, table, TEST_NOW_MS, resolver,
                                   range, &plan, NULL),
                   SEG_OK);
  size_t blocks = range.end - range.begin;
  uint64_t *mask = calloc(blocks + 1, sizeof *mask);
  assert_non_null(mask);
  mask[blocks] = 0xFEED;
  assert_int_equal(seg_plan_evaluate(plan, range, mask), SEG_OK);
  assert_memory_equal(mask, full + range.begin, blocks * sizeof *mask);
  assert_int_equal(mask[blocks], 0xFEED);
  size_t count = 0;
  assert_int_equal(seg_plan_count(plan, &count), SEG_OK);
  assert_int_equal(count, seg_mask_count((seg_mask_view){mask, blocks}));
  size_t nodes[2];
  assert_int_equal(seg_plan_count_nodes(plan, nodes), SEG_OK);
  assert_int_equal(nodes[0], count);
  assert_int_equal(nodes[1], count);
  size_t middle = range.begin + blocks / 2;
  memset(mask, 0x33, blocks * sizeof *mask);
  assert_int_equal(seg_plan_evaluate(plan, (seg_block_range){range.begin, middle}, mask), SEG_OK);
  assert_int_equal(seg_plan_evaluate(plan, (seg_block_range){middle, range.end}, mask + blocks / 2),
                   SEG_OK);
  assert_memory_equal(mask, full + range.begin, blocks * sizeof *mask);
  free(mask);
  seg_plan_free(plan);
}

static void ranges_are_slices_of_the_whole(void **state) {
  (void)state;
  seg_table *table = wide_table();
  size_t blocks = seg_table_block_count(table);
  assert_int_equal(blocks, 130);
  uint64_t stored[100];
  for (size_t i = 0; i < 100; i++) {
    stored[i] = UINT64_C(0x123456789ABCDEF) * (i + 1); // holes included, which must not match
  }
  seg_filter *dynamic = test_filter_of(seg_allocator_default(), range_filters[5]);
  test_segment segments[] = {
      {"stored", {.members = stored, .member_block_count = 100}},
      {"dynamic", {.filter = dynamic}},
      {NULL, {.filter = NULL}},
  };
  seg_resolver resolver = test_resolver(segments);
  const seg_block_range ranges[] = {{0, blocks},   {0, 1},   {10, 11},   {62, 66},   {63, 64},
                                    {64, 65},      {1, 129}, {127, 130}, {129, 130}, {5, 5},
                                    {128, blocks}, {0, 64},  {64, 128}};
  for (size_t i = 0; i < RANGE_FILTER_COUNT; i++) {
    seg_filter *filter = test_filter_of(seg_allocator_default(), range_filters[i]);
    uint64_t *full = test_mask(table, filter, &resolver);
    for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++) {
      check_range(table, filter, &resolver, ranges[k], full);
    }
    free(full);
    seg_filter_free(filter);
  }
  seg_filter_free(dynamic);
  seg_table_free(table);
}

/// A mask over rows that were added later: what lies beyond the table is empty.
static void blocks_beyond_the_table_are_empty(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  seg_filter *filter =
      test_filter_of(seg_allocator_default(), "\"field\":\"data.x\",\"operator\":\"notExists\"");
  uint64_t mask[3] = {9, 9, 9};
  seg_plan *plan = NULL;
  assert_int_equal(seg_plan_create(seg_allocator_default(), filter, table, 0, NULL,
                                   (seg_block_range){0, 3}, &plan, NULL),
                   SEG_OK);
  assert_int_equal(seg_plan_evaluate(plan, (seg_block_range){0, 3}, mask), SEG_OK);
  assert_true(mask[0] == 0 && mask[1] == 0 && mask[2] == 0);
  seg_plan_free(plan);
  (void)test_add(table, "a", NULL);
  memset(mask, 9, sizeof mask);
  assert_int_equal(seg_plan_create(seg_allocator_default(), filter, table, 0, NULL,
                                   (seg_block_range){0, 3}, &plan, NULL),
                   SEG_OK);
  assert_int_equal(seg_plan_evaluate(plan, (seg_block_range){0, 3}, mask), SEG_OK);
  assert_true(mask[0] == 1 && mask[1] == 0 && mask[2] == 0);
  seg_plan_free(plan);
  seg_filter_free(filter);
  seg_table_free(table);
}

static void each_node_is_counted_for_itself(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  for (int i = 0; i < 100; i++) {
    char id[16];
    char data[32];
    (void)snprintf(id, sizeof id, "c%d", i);
    (void)snprintf(data, sizeof data, "{\"n\":%d}", i);
    (void)test_add(table, id, data);
  }
  seg_table_remove(table, 50);
  seg_filter *filter = test_filter(
      seg_allocator_default(),
      "{\"logic\":\"OR\",\"groups\":["
      "{\"filters\":[{\"field\":\"data.n\",\"operator\":\"lessThan\",\"value\":40},"
      "{\"field\":\"data.n\",\"operator\":\"greaterThan\",\"value\":29}]},"
      "{\"filters\":[{\"field\":\"data.n\",\"operator\":\"notEquals\",\"value\":1}],\"conditions\":"
      "{\"logic\":\"AND\",\"groups\":[{\"filters\":["
      "{\"field\":\"data.n\",\"operator\":\"exists\"},"
      "{\"field\":\"data.n\",\"operator\":\"greaterThan\",\"value\":1000}]}]}}]}");
  const struct {
    const char *path;
    size_t count;
  } expected[] = {
      {"groups[0]", 10},
      {"groups[0].filters[0]", 40},
      {"groups[0].filters[1]", 69},
      {"groups[1]", 0},
      {"groups[1].filters[0]", 98},
      {"groups[1].conditions.groups[0]", 0},
      {"groups[1].conditions.groups[0].filters[0]", 99},
      {"groups[1].conditions.groups[0].filters[1]", 0},
  };
  size_t counts[8];
  assert_int_equal(seg_filter_node_count(filter), 8);
  seg_plan *plan = NULL;
  assert_int_equal(seg_plan_create(seg_allocator_default(), filter, table, 0, NULL,
                                   seg_plan_all_blocks(table), &plan, NULL),
                   SEG_OK);
  assert_int_equal(seg_plan_count_nodes(plan, counts), SEG_OK);
  for (size_t i = 0; i < 8; i++) {
    char path[SEG_FILTER_PATH_BYTES];
    seg_filter_node_path(filter, i, path);
    assert_string_equal(path, expected[i].path);
    assert_int_equal(counts[i], expected[i].count);
  }
  seg_plan_free(plan);
  seg_filter_free(filter);
  seg_table_free(table);
}

static seg_status try_plan(const seg_table *table, const seg_filter *filter,
                           const seg_resolver *resolver, seg_error *error) {
  seg_plan *plan = NULL;
  seg_status status = seg_plan_create(seg_allocator_default(), filter, table, TEST_NOW_MS, resolver,
                                      seg_plan_all_blocks(table), &plan, error);
  assert_int_equal(status != SEG_OK, plan == NULL);
  seg_plan_free(plan);
  return status;
}

// Many filters on texts at once are answered together; each by itself is answered by itself.

#define TEXT_ROWS 9000
#define TEXT_FILTERS 120
#define TEXT_FILTER_BYTES 1024

/// A text of few letters, so that parts of it are found often, in one another and across ends.
static void random_text(uint64_t *random, size_t letters_max, char *out) {
  static const char *const letters[] = {"a",        "b",        "A", "\xC3\xA9",
                                        "\xC3\x89", "\xC3\x9F", "s", " "};
  size_t count = test_random_below(random, (uint32_t)letters_max + 1);
  *out = '\0';
  for (size_t i = 0; i < count; i++) {
    (void)strcat(out, letters[test_random_below(random, 8)]);
  }
}

static seg_table *table_of_texts(uint64_t *random, size_t rows) {
  seg_table *table = test_table(seg_allocator_default());
  for (size_t i = 0; i < rows; i++) {
    char id[32];
    char data[256];
    char text[64];
    char other[64];
    (void)snprintf(id, sizeof id, "%s%u",
                   i % 3 == 0   ? "abba"
                   : i % 3 == 1 ? "sas"
                                : "b",
                   (unsigned)i);
    random_text(random, 14, text);
    random_text(random, 2, other);
    (void)snprintf(data, sizeof data,
                   i % 5 == 4 ? "{\"note\":[\"%s\",\"%s\",7],\"few\":%u}"
                              : "{\"note\":\"%s %s%u\",\"few\":\"f%u\"}",
                   text, other, (unsigned)i % 77, (unsigned)i % 41);
    (void)test_add(table, id, i % 11 == 10 ? NULL : data);
  }
  for (uint32_t row = 0; row < rows; row += 13) {
    seg_table_remove(table, row);
  }
  return table;
}

/// One filter on a text, as test_filter_of takes it.
/// letters_max  Of every third one: long ones do not fit into one automaton all together.
static void random_filter(uint64_t *random, size_t index, size_t letters_max,
                          char out[TEXT_FILTER_BYTES]) {
  static const char *const fields[] = {"data.note", "data.note", "email", "data.few"};
  static const char *const operators[] = {
      "contains",    "notContains",        "equals",   "notEquals",      "contains", "notContains",
      "greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual"};
  char value[600] = "";
  size_t field = test_random_below(random, 4);
  size_t op = test_random_below(random, field == 2 ? 6 : 10);
  if (field == 3) { // one that is there
    (void)snprintf(value, sizeof value, "f%u", (unsigned)test_random_below(random, 41));
  } else {
    random_text(random, index % 3 == 0 ? letters_max : 3, value);
  }
  (void)snprintf(out, TEXT_FILTER_BYTES, "\"field\":\"%s\",\"operator\":\"%s\",\"value\":\"%s\"",
                 fields[field], operators[op], value);
}

/// Compares what one condition of all the filters says of each with what each says alone.
static void check_together(const seg_table *table, char filters[TEXT_FILTERS][TEXT_FILTER_BYTES],
                           const char *logic, size_t group_count) {
  size_t size = (size_t)TEXT_FILTERS * (TEXT_FILTER_BYTES + 32);
  char *json = malloc(size);
  size_t *counts = calloc((size_t)2 * TEXT_FILTERS, sizeof *counts);
  assert_true(json != NULL && counts != NULL);
  int at = snprintf(json, size, "{\"logic\":\"%s\",\"groups\":[", logic);
  for (size_t i = 0; i < TEXT_FILTERS; i++) {
    size_t within = i % (TEXT_FILTERS / group_count);
    at += snprintf(json + at, size - (size_t)at, "%s{%s}",
                   within > 0 ? ","
                   : i == 0   ? "{\"filters\":["
                              : "]},{\"filters\":[",
                   filters[i]);
  }
  (void)snprintf(json + at, size - (size_t)at, "]}]}");
  seg_filter *filter = test_filter(seg_allocator_default(), json);
  assert_int_equal(seg_filter_node_count(filter), TEXT_FILTERS + group_count);
  seg_plan *plan = NULL;
  assert_int_equal(seg_plan_create(seg_allocator_default(), filter, table, TEST_NOW_MS, NULL,
                                   seg_plan_all_blocks(table), &plan, NULL),
                   SEG_OK);
  assert_int_equal(seg_plan_count_nodes(plan, counts), SEG_OK);
  size_t node = 0;
  size_t group_mismatches = 0;
  for (size_t i = 0; i < TEXT_FILTERS; i++) {
    node += i % (TEXT_FILTERS / group_count) == 0; // the group stands before its filters
    size_t alone = test_count_of(table, filters[i]);
    if (counts[node] != alone) {
      fail_msg("%s: %zu alone, %zu with others", filters[i], alone, counts[node]);
    }
    group_mismatches += counts[node++] != counts[0];
  }
  assert_true(group_mismatches > 0); // they do not all say the same
  // In order of cost, and no more rows than are undecided: the same contacts all the same.
  size_t together = test_count(table, filter, NULL);
  size_t count = 0;
  assert_int_equal(seg_plan_count(plan, &count), SEG_OK);
  assert_int_equal(count, together);
  if (group_count == 1) {
    assert_int_equal(count, counts[0]);
  }
  seg_plan_free(plan);
  seg_filter_free(filter);
  free(counts);
  free(json);
}

static void many_filters_on_texts_say_what_each_says(void **state) {
  (void)state;
  uint64_t random = test_seed();
  seg_table *table = table_of_texts(&random, TEXT_ROWS);
  static char filters[TEXT_FILTERS][TEXT_FILTER_BYTES];
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = 0; i < TEXT_FILTERS; i++) {
      random_filter(&random, i, round < 2 ? 40 : 250, filters[i]);
    }
    check_together(table, filters, "OR", TEXT_FILTERS);
    check_together(table, filters, "AND", TEXT_FILTERS / 4);
    check_together(table, filters, "AND", 1);
  }
  seg_table_free(table);
}

static void references_that_lead_nowhere_are_refused(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = test_table(allocator);
  seg_filter *a = test_filter_of(allocator, MEMBER_OF("b"));
  seg_filter *b = test_filter_of(allocator, NOT_MEMBER_OF("a"));
  seg_filter *self = test_filter_of(allocator, MEMBER_OF("self"));
  const uint64_t none = 0;
  test_segment segments[] = {{"a", {.filter = a}},
                             {"b", {.filter = b}},
                             {"self", {.filter = self}},
                             {"empty", {.filter = NULL}},
                             {"stored", {.filter = a, .members = &none}},
                             {NULL, {.filter = NULL}}};
  seg_resolver resolver = test_resolver(segments);
  const char *const refused[] = {MEMBER_OF("a"), MEMBER_OF("self"), MEMBER_OF("empty"),
                                 MEMBER_OF("unknown")};
  for (size_t i = 0; i < 4; i++) {
    seg_filter *filter = test_filter_of(allocator, refused[i]);
    seg_error error;
    assert_int_equal(try_plan(table, filter, &resolver, &error), SEG_E_SEGMENT);
    assert_error(&error, SEG_E_SEGMENT);
    assert_int_equal(try_plan(table, filter, NULL, NULL), SEG_E_SEGMENT);
    seg_filter_free(filter);
  }
  // Stored members end the way: the circle behind them does not matter, nor that they are none.
  seg_filter *filter = test_filter_of(allocator, NOT_MEMBER_OF("stored"));
  assert_int_equal(try_plan(table, filter, &resolver, NULL), SEG_OK);
  (void)test_add(table, "x", NULL);
  assert_int_equal(test_count(table, filter, &resolver), 1);
  seg_filter_free(filter);
  seg_filter_free(a);
  seg_filter_free(b);
  seg_filter_free(self);
  seg_table_free(table);
}

/// A chain of segments `0` -> `1` -> ..., each referring to the next `width` ones.
typedef struct chain {
  seg_filter **filters;
  size_t count;
  const char *lowest; ///< Of the stack, as the look-ups saw it.
  const char *highest;
} chain;

static bool find_in_chain(void *context, seg_text_view id, seg_segment *out) {
  chain *own = context;
  char here = 0;
  const char *at = &here;
  own->lowest = own->lowest == NULL || at < own->lowest ? at : own->lowest;
  own->highest = own->highest == NULL || at > own->highest ? at : own->highest;
  char digits[16] = "";
  assert_true(id.size_bytes < sizeof digits);
  memcpy(digits, id.bytes, id.size_bytes);
  size_t index = strtoul(digits, NULL, 10);
  if (index >= own->count) {
    return false;
  }
  *out = (seg_segment){.name = id, .filter = own->filters[index]};
  return true;
}

static chain make_chain(size_t count, size_t width) {
  chain own = {.filters = calloc(count, sizeof *own.filters), .count = count};
  assert_non_null(own.filters);
  for (size_t i = 0; i < count; i++) {
    char json[1024] = "\"field\":\"data.x\",\"operator\":\"exists\"";
    size_t size = strlen(json);
    for (size_t k = i + 1; k <= i + width && k < count; k++) {
      size += (size_t)snprintf(json + size, sizeof json - size,
                               "},{\"field\":\"segment.%zu\",\"operator\":\"memberOfSegment\"", k);
    }
    own.filters[i] = test_filter_of(seg_allocator_default(), json);
  }
  return own;
}

static void free_chain(chain *own) {
  for (size_t i = 0; i < own->count; i++) {
    seg_filter_free(own->filters[i]);
  }
  free(own->filters);
}

static void *walk_chain(void *argument) {
  chain *own = argument;
  seg_table *table = test_table(seg_allocator_default());
  (void)test_add(table, "a", "{\"x\":1}");
  (void)test_add(table, "b", NULL);
  seg_resolver resolver = {.find = find_in_chain, .context = own};
  assert_int_equal(test_count(table, own->filters[0], &resolver), 1);
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  assert_int_equal(seg_filter_check_references(own->filters[0], TEXT("first"), TEXT("First"),
                                               &resolver, &problems),
                   SEG_OK);
  assert_int_equal(problems.count, 0);
  seg_table_free(table);
  return NULL;
}

static void a_chain_of_5000_segments_takes_no_stack(void **state) {
  (void)state;
  chain own = make_chain(5000, 1);
  pthread_attr_t attributes;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)512 << 10), 0);
  assert_int_equal(pthread_create(&thread, &attributes, walk_chain, &own), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  (void)pthread_attr_destroy(&attributes);
  assert_true(own.highest - own.lowest < 8192);
  free_chain(&own);
}

/// Each of 300 segments refers to the next three: more ways than anyone can walk one by one.
static void each_segment_is_visited_once(void **state) {
  (void)state;
  chain own = make_chain(300, 3);
  (void)walk_chain(&own);
  free_chain(&own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_are_slices_of_the_whole),
      cmocka_unit_test(blocks_beyond_the_table_are_empty),
      cmocka_unit_test(each_node_is_counted_for_itself),
      cmocka_unit_test(many_filters_on_texts_say_what_each_says),
      cmocka_unit_test(references_that_lead_nowhere_are_refused),
      cmocka_unit_test(a_chain_of_5000_segments_takes_no_stack),
      cmocka_unit_test(each_segment_is_visited_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
