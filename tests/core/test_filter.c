// Filters: every condition of the corpus is written and read again, and still means the same.
//
// usage: test_filter CONDITIONS CONTACTS, both one JSON text a line
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *conditions_path;
static const char *contacts_path;

static seg_text_view read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t capacity = (size_t)64 << 20;
  char *bytes = malloc(capacity);
  assert_non_null(bytes);
  size_t size = fread(bytes, 1, capacity, file);
  assert_true(size > 0 && size < capacity);
  assert_int_equal(fclose(file), 0);
  return (seg_text_view){bytes, size};
}

static void free_file(seg_text_view text) { free((void *)(uintptr_t)text.bytes); }

/// Every segment is a static one with rows 1, 3, 5, ...
static bool find_odd_rows(void *context, seg_text_view id, seg_segment *out) {
  static const uint64_t odd[16] = {0xAAAAAAAAAAAAAAAA, 0xAAAAAAAAAAAAAAAA, 0xAAAAAAAAAAAAAAAA,
                                   0xAAAAAAAAAAAAAAAA, 0xAAAAAAAAAAAAAAAA, 0xAAAAAAAAAAAAAAAA,
                                   0xAAAAAAAAAAAAAAAA, 0xAAAAAAAAAAAAAAAA};
  (void)context;
  *out = (seg_segment){.name = id, .members = odd, .member_block_count = 16};
  return true;
}

static void check_same(const seg_table *table, const seg_filter *a, const seg_filter *b,
                       seg_text_view json) {
  assert_int_equal(seg_filter_node_count(a), seg_filter_node_count(b));
  assert_int_equal(seg_filter_field_count(a), seg_filter_field_count(b));
  for (size_t i = 0; i < seg_filter_field_count(a); i++) {
    assert_true(seg_text_equal(seg_filter_field(a, i), seg_filter_field(b, i)));
  }
  for (size_t i = 0; i < seg_filter_node_count(a); i++) {
    char path_a[SEG_FILTER_PATH_BYTES];
    char path_b[SEG_FILTER_PATH_BYTES];
    seg_filter_node_path(a, i, path_a);
    seg_filter_node_path(b, i, path_b);
    assert_string_equal(path_a, path_b);
  }
  seg_resolver resolver = {.find = find_odd_rows};
  uint64_t *mask_a = test_mask(table, a, &resolver);
  uint64_t *mask_b = test_mask(table, b, &resolver);
  if (memcmp(mask_a, mask_b, seg_table_block_count(table) * sizeof *mask_a) != 0) {
    fail_msg("%.*s changed its meaning", (int)json.size_bytes, json.bytes);
  }
  free(mask_a);
  free(mask_b);
}

static void check_condition(const seg_table *table, seg_text_view json, size_t *valid) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  seg_problems problems;
  seg_problems_init(&problems, allocator);
  seg_filter *filter = NULL;
  seg_status status = seg_filter_parse(allocator, json, &filter, &problems);
  assert_true(status == SEG_OK || status == SEG_E_INVALID);
  assert_int_equal(status == SEG_OK, problems.count == 0);
  assert_int_equal(status == SEG_OK, filter != NULL);
  for (size_t i = 0; i < problems.count; i++) {
    assert_true(strlen(problems.items[i].message) > 0 && strlen(problems.items[i].code) > 0);
  }
  if (status == SEG_OK) {
    assert_true(seg_filter_is_valid(filter));
    seg_text_view written;
    seg_text_view rewritten;
    seg_filter *again = NULL;
    assert_int_equal(seg_filter_write(filter, allocator, &written), SEG_OK);
    if (seg_filter_parse(allocator, written, &again, &problems) != SEG_OK) {
      fail_msg("%.*s: %s", (int)written.size_bytes, written.bytes, problems.items[0].message);
    }
    check_same(table, filter, again, json);
    assert_int_equal(seg_filter_write(again, allocator, &rewritten), SEG_OK);
    assert_true(seg_text_equal(written, rewritten));
    seg_text_free(allocator, written);
    seg_text_free(allocator, rewritten);
    seg_filter_free(again);
    ++*valid;
  }
  seg_filter_free(filter);
  seg_problems_free(&problems);
  assert_int_equal(memory.block_count, 0);
}

static void conditions_of_the_corpus_come_back(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  seg_text_view contacts = read_file(contacts_path);
  seg_ingest_report report = {.bad_line = NULL};
  assert_int_equal(seg_ingest_lines(table, SEG_INGEST_CONTACTS, contacts, &report), SEG_OK);
  assert_true(report.good_count > 50);
  seg_text_view all = read_file(conditions_path);
  size_t count = 0;
  size_t valid = 0;
  const char *end = all.bytes + all.size_bytes;
  for (const char *at = all.bytes; at < end; count++) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    assert_non_null(newline);
    check_condition(table, (seg_text_view){at, (size_t)(newline - at)}, &valid);
    at = newline + 1;
  }
  assert_true(valid > 200 && count > valid + 50);
  free_file(all);
  free_file(contacts);
  seg_table_free(table);
}

/// Numbers must come back to the last bit, or a written filter would mean something else.
static void numbers_come_back_exactly(void **state) {
  (void)state;
  static const char *const numbers[] = {"0.1",
                                        "1e-320",
                                        "4.9406564584124654e-324",
                                        "1.7976931348623157e308",
                                        "-2.2250738585072014e-308",
                                        "123456789.123456789",
                                        "9007199254740993",
                                        "0.30000000000000004",
                                        "-0"};
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = test_table(allocator);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char data[64];
    char id[16];
    (void)snprintf(id, sizeof id, "c%zu", i);
    (void)snprintf(data, sizeof data, "{\"n\":%s}", numbers[i]);
    (void)test_add(table, id, data);
  }
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char rest[128];
    (void)snprintf(rest, sizeof rest, "\"field\":\"data.n\",\"operator\":\"equals\",\"value\":%s",
                   numbers[i]);
    seg_filter *filter = test_filter_of(allocator, rest);
    seg_text_view written;
    seg_filter *again = NULL;
    seg_problems problems;
    seg_problems_init(&problems, allocator);
    assert_int_equal(seg_filter_write(filter, allocator, &written), SEG_OK);
    if (seg_filter_parse(allocator, written, &again, &problems) != SEG_OK) {
      fail_msg("%s became %.*s", numbers[i], (int)written.size_bytes, written.bytes);
    }
    if (test_count(table, filter, NULL) != 1 || test_count(table, again, NULL) != 1) {
      fail_msg("%s became %.*s", numbers[i], (int)written.size_bytes, written.bytes);
    }
    seg_text_free(allocator, written);
    seg_filter_free(filter);
    seg_filter_free(again);
  }
  seg_table_free(table);
}

int main(int argument_count, char **arguments) {
  if (argument_count != 3) {
    (void)fputs("usage: test_filter CONDITIONS CONTACTS\n", stderr);
    return 64;
  }
  conditions_path = arguments[1];
  contacts_path = arguments[2];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(conditions_of_the_corpus_come_back),
      cmocka_unit_test(numbers_come_back_exactly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
