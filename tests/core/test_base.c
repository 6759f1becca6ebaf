// Errors and problem lists.
#include "support.h"

#include "segmentry/json.h"
#include "segmentry/slug.h"
#include "segmentry/text.h"

#include <string.h>

/// An error full of rubbish, so that what a function leaves out shows.
static seg_error rubbish(void) {
  seg_error error;
  memset(&error, 0x5A, sizeof error);
  return error;
}

static void errors_are_fully_written_on_success(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_error error = rubbish();
  struct cJSON *tree = NULL;
  assert_int_equal(seg_json_parse(TEXT("[1]"), 4, &tree, &error), SEG_OK);
  assert_error(&error, SEG_OK);

  error = rubbish();
  seg_text_view slug;
  assert_int_equal(seg_slug(allocator, TEXT("VIP Customers"), &slug, &error), SEG_OK);
  assert_error(&error, SEG_OK);
  assert_text(slug, "vip-customers");
  seg_text_free(allocator, slug);

  seg_table *table = test_table(allocator);
  seg_contact_view contact = {.id = TEXT("a"), .email = TEXT("a@example.com")};
  uint32_t row = 1;
  error = rubbish();
  assert_int_equal(seg_table_add(table, &contact, &row, &error), SEG_OK);
  assert_error(&error, SEG_OK);
  error = rubbish();
  assert_int_equal(seg_table_update(table, row, &contact, &error), SEG_OK);
  assert_error(&error, SEG_OK);
  error = rubbish();
  assert_int_equal(seg_table_add_event(table, row, TEXT("e"), 0, &error), SEG_OK);
  assert_error(&error, SEG_OK);
  error = rubbish();
  assert_int_equal(seg_table_add_activity(table, row, SEG_ACTIVITY_SENT, 0, &error), SEG_OK);
  assert_error(&error, SEG_OK);
  error = rubbish();
  assert_int_equal(seg_table_set_member(table, TEXT("s"), row, true, &error), SEG_OK);
  assert_error(&error, SEG_OK);

  seg_filter *filter =
      test_filter_of(allocator, "\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true");
  seg_plan *plan = NULL;
  error = rubbish();
  assert_int_equal(
      seg_plan_create(allocator, filter, table, 0, NULL, seg_plan_all_blocks(table), &plan, &error),
      SEG_OK);
  assert_error(&error, SEG_OK);
  seg_plan_free(plan);
  seg_filter_free(filter);
  seg_table_free(table);
  seg_json_free(tree);
}

static void errors_are_fully_written_on_failure(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  static char long_text[SEG_DATA_TEXT_BYTES_MAX + 1];
  memset(long_text, 'x', sizeof long_text);
  seg_text_view too_long = {long_text, sizeof long_text};
  seg_text_view slug;
  struct cJSON *tree = NULL;
  seg_error error = rubbish();
  assert_int_equal(seg_json_parse(TEXT("[1,\n  2,]"), 4, &tree, &error), SEG_E_JSON);
  assert_error(&error, SEG_E_JSON);
  assert_int_equal(error.line, 2);
  assert_int_equal(error.column, 5);
  assert_null(tree);

  error = rubbish();
  assert_int_equal(seg_slug(allocator, TEXT("!!!"), &slug, &error), SEG_E_INVALID);
  assert_error(&error, SEG_E_INVALID);
  error = rubbish();
  assert_int_equal(seg_slug(allocator, TEXT("\xFF"), &slug, &error), SEG_E_INVALID);
  assert_error(&error, SEG_E_INVALID);
  error = rubbish();
  assert_int_equal(seg_slug(allocator, too_long, &slug, &error), SEG_E_LIMIT);
  assert_error(&error, SEG_E_LIMIT);

  seg_table *table = test_table(allocator);
  (void)test_add(table, "there", NULL);
  const struct {
    seg_contact_view contact;
    seg_status status;
  } refused[] = {
      {{.id = TEXT(""), .email = TEXT("a@b")}, SEG_E_INVALID},
      {{.id = too_long, .email = TEXT("a@b")}, SEG_E_LIMIT},
      {{.id = TEXT("there"), .email = TEXT("a@b")}, SEG_E_DUPLICATE},
      {{.id = TEXT("a"), .email = TEXT(" \t")}, SEG_E_INVALID},
      {{.id = TEXT("a"), .email = too_long}, SEG_E_LIMIT},
  };
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    error = rubbish();
    assert_int_equal(seg_table_add(table, &refused[i].contact, NULL, &error), refused[i].status);
    assert_error(&error, refused[i].status);
  }
  seg_contact_view contact = {.id = TEXT("a"), .email = TEXT("a@b")};
  error = rubbish();
  assert_int_equal(seg_table_update(table, 9, &contact, &error), SEG_E_MISSING);
  assert_error(&error, SEG_E_MISSING);
  error = rubbish();
  assert_int_equal(seg_table_add_event(table, 9, TEXT("e"), 0, &error), SEG_E_MISSING);
  assert_error(&error, SEG_E_MISSING);
  error = rubbish();
  assert_int_equal(seg_table_add_event(table, 0, TEXT(""), 0, &error), SEG_E_INVALID);
  assert_error(&error, SEG_E_INVALID);
  error = rubbish();
  assert_int_equal(seg_table_add_event(table, 0, too_long, 0, &error), SEG_E_LIMIT);
  assert_error(&error, SEG_E_LIMIT);
  error = rubbish();
  assert_int_equal(seg_table_set_member(table, TEXT("s"), 9, true, &error), SEG_E_MISSING);
  assert_error(&error, SEG_E_MISSING);
  seg_table_free(table);
}

static void long_messages_are_cut(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_problems problems;
  seg_problems_init(&problems, test_memory_allocator(&memory));
  char text[2 * SEG_MESSAGE_BYTES];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  for (int i = 0; i < 100; i++) {
    assert_int_equal(seg_problems_add(&problems, "place", "code", "%s", text), SEG_OK);
  }
  assert_int_equal(problems.count, 100);
  assert_int_equal(strlen(problems.items[99].message), SEG_MESSAGE_BYTES - 1);
  seg_problems_free(&problems);
  assert_int_equal(problems.count, 0);
  assert_int_equal(memory.block_count, 0);
  assert_int_equal(seg_problems_add(&problems, "", "code", "again"), SEG_OK);
  seg_problems_free(&problems);
  assert_int_equal(memory.held_bytes, 0);
}

static void json_depth_is_bounded(void **state) {
  (void)state;
  char text[2 * SEG_JSON_DEPTH_MAX + 3];
  for (size_t depth = SEG_JSON_DEPTH_MAX - 1; depth <= SEG_JSON_DEPTH_MAX + 1; depth++) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    struct cJSON *tree = NULL;
    seg_status status = seg_json_parse((seg_text_view){text, 2 * depth}, SIZE_MAX, &tree, NULL);
    assert_int_equal(status, depth <= SEG_JSON_DEPTH_MAX ? SEG_OK : SEG_E_JSON);
    seg_json_free(tree);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_are_fully_written_on_success),
      cmocka_unit_test(errors_are_fully_written_on_failure),
      cmocka_unit_test(long_messages_are_cut),
      cmocka_unit_test(json_depth_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
