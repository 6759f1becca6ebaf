// Snapshots: what goes in comes out, and what is not a snapshot is refused.
#include "support.h"

#include "segmentry/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Questions that touch everything a table holds.
static const char *const questions[] = {
    "\"field\":\"email\",\"operator\":\"contains\",\"value\":\"c1\"",
    "\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true",
    "\"field\":\"createdAt\",\"operator\":\"olderThan\",\"value\":29,\"unit\":\"days\"",
    "\"field\":\"updatedAt\",\"operator\":\"within\",\"value\":2,\"unit\":\"days\"",
    "\"field\":\"data.few\",\"operator\":\"equals\",\"value\":\"F1\"",
    "\"field\":\"data.few\",\"operator\":\"contains\",\"value\":\"f1\"",
    "\"field\":\"data.many\",\"operator\":\"greaterThan\",\"value\":250.25",
    "\"field\":\"data.many\",\"operator\":\"equals\",\"value\":-0.0",
    "\"field\":\"data.list\",\"operator\":\"contains\",\"value\":\"\xC3\xA9\"",
    "\"field\":\"data.list\",\"operator\":\"exists\"",
    "\"field\":\"data.deep.flag\",\"operator\":\"equals\",\"value\":false",
    "\"field\":\"data.deep\",\"operator\":\"exists\"",
    "\"field\":\"data.deep\",\"operator\":\"notEquals\",\"value\":1",
    "\"field\":\"data.day\",\"operator\":\"equals\",\"value\":\"2024-02-03\"",
    "\"field\":\"data.nowhere\",\"operator\":\"notExists\"",
    "\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":3,\"unit\":\"days\"",
    "\"field\":\"event.login\",\"operator\":\"triggeredOlderThan\",\"value\":3,\"unit\":\"days\"",
    "\"field\":\"event.never\",\"operator\":\"notTriggered\"",
    "\"field\":\"email.opened\",\"operator\":\"notTriggeredWithin\",\"value\":3,\"unit\":\"days\"",
    "\"field\":\"email.sent\",\"operator\":\"notTriggered\"",
    "\"field\":\"segment.stored\",\"operator\":\"memberOfSegment\"",
};
#define QUESTION_COUNT (sizeof questions / sizeof questions[0])

/// Contacts with everything, and a hole in every seventh row and at both ends.
static seg_table *full_table(seg_allocator allocator, uint32_t contacts) {
  seg_table *table = test_table(allocator);
  for (uint32_t i = 0; i < contacts; i++) {
    char id[16];
    char data[256];
    (void)snprintf(id, sizeof id, "c%u", (unsigned)i);
    (void)snprintf(data, sizeof data,
                   "{\"few\":\"F%u\",\"many\":%u.5,\"day\":\"2024-02-%02u\",\"deep\":{\"flag\":%s}"
                   "%s}",
                   (unsigned)i % 5, (unsigned)i, (unsigned)i % 29 + 1,
                   i % 2 == 0 ? "true" : "false",
                   i % 3 == 0 ? ",\"list\":[\"\xC3\x89\",\"x\",7],\"many\":-0.0" : "");
    uint32_t row = test_add(table, id, data);
    for (uint32_t k = 0; k < i % 4; k++) {
      int64_t at_ms = TEST_NOW_MS + ((int64_t)(i + k * 3) % 12 - 9) * SEG_DAY_MS;
      assert_int_equal(seg_table_add_event(table, row, TEXT("login"), at_ms, NULL), SEG_OK);
      assert_int_equal(seg_table_add_activity(table, row, SEG_ACTIVITY_OPENED, at_ms - k, NULL),
                       SEG_OK);
    }
    if (i % 3 == 1) {
      assert_int_equal(seg_table_set_member(table, TEXT("stored"), row, true, NULL), SEG_OK);
    }
  }
  for (uint32_t row = 0; row < contacts; row += 7) {
    seg_table_remove(table, row);
  }
  seg_table_remove(table, contacts - 1);
  return table;
}

static bool find_members(void *context, seg_text_view id, seg_segment *out) {
  static const uint64_t nobody = 0;
  seg_mask_view members = {.words = NULL, .block_count = 0};
  (void)seg_table_members(context, id, &members);
  *out = (seg_segment){.name = id,
                       .members = members.words == NULL ? &nobody : members.words,
                       .member_block_count = members.block_count};
  return true;
}

/// The rows that match, as a mask over the contacts in order, holes left out. Returns false where
/// the table does not know the field.
static bool answer(seg_table *table, const char *question, uint64_t *out, size_t words) {
  seg_filter *filter = test_filter_of(seg_allocator_default(), question);
  seg_resolver resolver = {.find = find_members, .context = table};
  seg_plan *plan = NULL;
  seg_error error;
  seg_status status = seg_plan_create(seg_allocator_default(), filter, table, TEST_NOW_MS,
                                      &resolver, seg_plan_all_blocks(table), &plan, &error);
  assert_true(status == SEG_OK || status == SEG_E_FIELD);
  assert_error(&error, status);
  if (status == SEG_OK) {
    size_t blocks = seg_table_block_count(table);
    uint64_t *mask = calloc(blocks + 1, sizeof *mask);
    assert_non_null(mask);
    assert_int_equal(seg_plan_evaluate(plan, seg_plan_all_blocks(table), mask), SEG_OK);
    memset(out, 0, words * sizeof *out);
    size_t at = 0;
    for (uint32_t row = 0; row < seg_table_row_count(table); row++) {
      if (seg_table_is_live(table, row)) {
        assert_true(at / 64 < words);
        out[at / 64] |= ((mask[row / 64] >> (row % 64)) & 1) << (at % 64);
        at++;
      }
    }
    free(mask);
  }
  seg_plan_free(plan);
  seg_filter_free(filter);
  return status == SEG_OK;
}

#define MASK_WORDS 128

static void check_same_answers(seg_table *a, seg_table *b) {
  assert_int_equal(seg_table_contact_count(a), seg_table_contact_count(b));
  for (size_t i = 0; i < QUESTION_COUNT; i++) {
    uint64_t of_a[MASK_WORDS];
    uint64_t of_b[MASK_WORDS];
    bool known = answer(a, questions[i], of_a, MASK_WORDS);
    assert_int_equal(answer(b, questions[i], of_b, MASK_WORDS), known);
    if (known && memcmp(of_a, of_b, sizeof of_a) != 0) {
      fail_msg("{%s} has another answer", questions[i]);
    }
  }
}

static seg_text_view write_all(const seg_table *table, seg_allocator allocator) {
  seg_text_view bytes;
  seg_error error;
  assert_int_equal(seg_snapshot_write(table, allocator, NULL, 0, &bytes, &error), SEG_OK);
  assert_error(&error, SEG_OK);
  return bytes;
}

static seg_table *read_all(seg_allocator allocator, seg_text_view bytes) {
  seg_table *table = NULL;
  seg_error error;
  if (seg_snapshot_read(allocator, 99, bytes, &table, &error) != SEG_OK) {
    fail_msg("%s", error.message);
  }
  assert_error(&error, SEG_OK);
  return table;
}

static void everything_comes_back(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  const uint32_t sizes[] = {1, 2, 70, 300, 5000};
  for (size_t i = 0; i < 5; i++) {
    seg_table *table = full_table(allocator, sizes[i]);
    seg_text_view bytes = write_all(table, allocator);
    seg_table *copy = read_all(allocator, bytes);
    // Holes are closed and the order stays.
    assert_int_equal(seg_table_row_count(copy), seg_table_contact_count(table));
    uint32_t at = 0;
    for (uint32_t row = 0; row < seg_table_row_count(table); row++) {
      if (seg_table_is_live(table, row)) {
        assert_true(seg_text_equal(seg_table_id(copy, at), seg_table_id(table, row)));
        assert_true(seg_text_equal(seg_table_email(copy, at), seg_table_email(table, row)));
        uint32_t found;
        assert_true(seg_table_find(copy, seg_table_id(table, row), &found));
        assert_int_equal(found, at++);
      }
    }
    check_same_answers(table, copy);
    // What came back is a table like any other, and a snapshot of it has the same bytes.
    seg_text_view again = write_all(copy, allocator);
    assert_true(seg_text_equal(bytes, again));
    seg_text_free(allocator, again);
    (void)test_add(copy, "later", "{\"few\":\"F1\",\"fresh\":1}");
    (void)test_add(table, "later", "{\"few\":\"F1\",\"fresh\":1}");
    assert_int_equal(test_count_of(copy, "\"field\":\"data.fresh\",\"operator\":\"exists\""), 1);
    assert_int_equal(test_count_of(copy, questions[4]), test_count_of(table, questions[4]));
    seg_table_free(copy);
    seg_text_free(allocator, bytes);
    seg_table_free(table);
    assert_int_equal(memory.block_count, 0);
  }
}

static void an_empty_table_comes_back(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = test_table(allocator);
  seg_text_view bytes = write_all(table, allocator);
  seg_table *copy = read_all(allocator, bytes);
  assert_int_equal(seg_table_row_count(copy), 0);
  assert_int_equal(test_count_of(copy, questions[14]), 0);
  seg_table_free(copy);
  seg_text_free(allocator, bytes);
  seg_table_free(table);
}

static void chosen_fields_come_back_and_others_are_unknown(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = full_table(allocator, 300);
  const seg_text_view fields[] = {TEXT("data.few"),     TEXT("event.login"),  TEXT("email.opened"),
                                  TEXT("createdAt"),    TEXT("data.nowhere"), TEXT("event.never"),
                                  TEXT("email.clicked")};
  seg_text_view bytes;
  assert_int_equal(seg_snapshot_write(table, allocator, fields, 7, &bytes, NULL), SEG_OK);
  seg_table *copy = read_all(allocator, bytes);
  const struct {
    size_t question;
    bool known;
  } expected[] = {{0, false}, {1, false}, {2, true},   {3, false},  {4, true},   {5, true},
                  {6, false}, {8, false}, {10, false}, {11, false}, {13, false}, {14, true},
                  {15, true}, {16, true}, {17, true},  {18, true},  {19, false}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    uint64_t before[MASK_WORDS];
    uint64_t after[MASK_WORDS];
    const char *question = questions[expected[i].question];
    assert_true(answer(table, question, before, MASK_WORDS));
    if (answer(copy, question, after, MASK_WORDS) != expected[i].known) {
      fail_msg("{%s} should%s be known", question, expected[i].known ? "" : " not");
    }
    if (expected[i].known) {
      assert_memory_equal(before, after, sizeof before);
    }
  }
  seg_table_free(copy);
  seg_text_free(allocator, bytes);
  seg_table_free(table);
}

static void what_is_no_field_is_refused(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = full_table(allocator, 10);
  const char *const wrong[] = {"", "emial", "data.", "email.seen", "name"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    seg_text_view fields[2] = {TEXT("email"), TEXT(wrong[i])};
    seg_text_view bytes = {NULL, 0};
    seg_error error;
    assert_int_equal(seg_snapshot_write(table, allocator, fields, 2, &bytes, &error),
                     SEG_E_INVALID);
    assert_error(&error, SEG_E_INVALID);
    assert_null(bytes.bytes);
  }
  seg_table_free(table);
}

/// Reads bytes that may be anything: refused with a reason, or a table with the same answers.
static void read_changed(seg_text_view bytes, seg_table *original) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = NULL;
  seg_error error;
  seg_status status = seg_snapshot_read(test_memory_allocator(&memory), 1, bytes, &table, &error);
  assert_error(&error, status);
  assert_int_equal(status == SEG_OK, table != NULL);
  if (status == SEG_OK) {
    check_same_answers(original, table);
  } else {
    assert_true(status == SEG_E_CORRUPT || status == SEG_E_VERSION);
  }
  seg_table_free(table);
  assert_int_equal(memory.block_count, 0);
}

static void cut_and_changed_bytes_are_refused(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = full_table(allocator, 12);
  seg_text_view bytes = write_all(table, allocator);
  for (size_t size = 0; size < bytes.size_bytes; size++) {
    char *cut = malloc(size + 1); // its own block, so that a read beyond it is seen
    assert_non_null(cut);
    memcpy(cut, bytes.bytes, size);
    seg_table *none = NULL;
    assert_int_not_equal(seg_snapshot_read(allocator, 1, (seg_text_view){cut, size}, &none, NULL),
                         SEG_OK);
    free(cut);
  }
  char *changed = malloc(bytes.size_bytes + 1);
  assert_non_null(changed);
  memcpy(changed, bytes.bytes, bytes.size_bytes);
  for (size_t at = 0; at < bytes.size_bytes; at++) {
    const unsigned char flips[] = {0x01, 0x80, 0xFF};
    for (size_t i = 0; i < sizeof flips; i++) {
      changed[at] = (char)((unsigned char)bytes.bytes[at] ^ flips[i]);
      read_changed((seg_text_view){changed, bytes.size_bytes}, table);
    }
    changed[at] = bytes.bytes[at];
  }
  // Something behind the end.
  changed[bytes.size_bytes] = 0;
  seg_table *none = NULL;
  assert_int_equal(
      seg_snapshot_read(allocator, 1, (seg_text_view){changed, bytes.size_bytes + 1}, &none, NULL),
      SEG_E_CORRUPT);
  free(changed);
  seg_text_free(allocator, bytes);
  seg_table_free(table);
}

/// A newer version is told apart from rubbish. The version stands behind the eight bytes of magic.
static void a_newer_version_is_told_apart(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = full_table(allocator, 3);
  seg_text_view bytes = write_all(table, allocator);
  char *newer = malloc(bytes.size_bytes);
  assert_non_null(newer);
  memcpy(newer, bytes.bytes, bytes.size_bytes);
  newer[8]++;
  seg_table *none = NULL;
  seg_error error;
  assert_int_equal(
      seg_snapshot_read(allocator, 1, (seg_text_view){newer, bytes.size_bytes}, &none, &error),
      SEG_E_VERSION);
  assert_error(&error, SEG_E_VERSION);
  free(newer);
  seg_text_free(allocator, bytes);
  seg_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_comes_back),
      cmocka_unit_test(an_empty_table_comes_back),
      cmocka_unit_test(chosen_fields_come_back_and_others_are_unknown),
      cmocka_unit_test(what_is_no_field_is_refused),
      cmocka_unit_test(cut_and_changed_bytes_are_refused),
      cmocka_unit_test(a_newer_version_is_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
