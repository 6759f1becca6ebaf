// Every public function that allocates, with its 1st, 2nd, 3rd, ... allocation failing until it
// gets through. It must say SEG_E_NOMEM, leak nothing, and leave its inputs as they were; where it
// can do without that memory it may succeed, but then with the right result.
//
// cJSON's allocations count in the same sequence.
#include "support.h"

#include "segmentry/explain.h"
#include "segmentry/fields.h"
#include "segmentry/slug.h"
#include "segmentry/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// More allocations than any of these calls makes.
#define ATTEMPTS_MAX 5000

/// One function under test. `make` makes what the call needs, with memory; `call` is the call
/// alone; `check` looks at what there is afterwards; `end` frees it.
typedef struct subject {
  const char *name;
  void *(*make)(seg_allocator allocator);
  seg_status (*call)(void *made, seg_allocator allocator);
  void (*check)(void *made, seg_status status);
  void (*end)(void *made, seg_allocator allocator);
  seg_status expected; ///< The status with enough memory.
} subject;

static void run_subject(const subject *own) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  test_memory_serve_cjson(&memory);
  bool done = false;
  for (size_t n = 0; !done; n++) {
    if (n == ATTEMPTS_MAX) {
      fail_msg("%s: does not end", own->name);
    }
    void *made = own->make(allocator);
    test_memory_fail_at(&memory, n);
    seg_status status = own->call(made, allocator);
    done = !test_memory_has_failed(&memory);
    test_memory_fail_at(&memory, TEST_MEMORY_NEVER);
    if (status != own->expected && (done || status != SEG_E_NOMEM)) {
      fail_msg("%s, allocation %zu failing: status %d", own->name, n, (int)status);
    }
    own->check(made, status);
    own->end(made, allocator);
    if (memory.block_count != 0 || memory.held_bytes != 0) {
      fail_msg("%s, allocation %zu failing: %zu bytes in %zu blocks leaked", own->name, n,
               memory.held_bytes, memory.block_count);
    }
  }
  test_memory_serve_cjson(NULL);
}

// A table and everything else that one may need. All subjects share it.

typedef struct fixture {
  seg_table *table;
  seg_filter *filter;
  seg_filter *inner;
  seg_plan *plan;
  seg_explanation *told;
  struct cJSON *data;
  seg_problems problems;
  seg_text_view text;
  seg_table *read;
  seg_ingest_report report;
  size_t count;
  size_t counts[16];
  uint64_t mask[4];
  test_segment segments[3];
  seg_resolver resolver;
} fixture;

#define CONDITION                                                                                  \
  "{\"logic\":\"OR\",\"groups\":[{\"filters\":["                                                   \
  "{\"field\":\"data.plan\",\"operator\":\"contains\",\"value\":\"\xC3\x89t\xC3\xA9\"},"           \
  "{\"field\":\"segment.inner\",\"operator\":\"notMemberOfSegment\"}]},"                           \
  "{\"filters\":[{\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":2,"         \
  "\"unit\":\"days\"}],\"conditions\":{\"logic\":\"AND\",\"groups\":[{\"filters\":["               \
  "{\"field\":\"data.n\",\"operator\":\"notEquals\",\"value\":1.5}]}]}}]}"
#define INNER "\"field\":\"data.n\",\"operator\":\"greaterThan\",\"value\":100"
#define RICH_DATA                                                                                  \
  "{\"plan\":\"\xC3\x89t\xC3\xA9\",\"n\":7,\"list\":[\"A\",\"\xC3\x89\",1],\"new\":true,"          \
  "\"deep\":{\"er\":{\"x\":\"2024-02-29\"}},\"gone\":null}"

static void *make_fixture(seg_allocator allocator) {
  fixture *own = calloc(1, sizeof *own);
  assert_non_null(own);
  own->table = test_table(allocator);
  for (int i = 0; i < 256; i++) { // one more value of `v` would widen its codes
    char id[16];
    char data[64];
    (void)snprintf(id, sizeof id, "c%d", i);
    (void)snprintf(data, sizeof data, "{\"plan\":\"p%d\",\"n\":%d,\"v\":%d}", i % 3, i,
                   i == 255 ? 0 : i);
    (void)test_add(own->table, id, data);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(seg_table_add_event(own->table, 1, TEXT("login"), TEST_NOW_MS - i, NULL),
                     SEG_OK);
    assert_int_equal(seg_table_add_activity(own->table, 2, SEG_ACTIVITY_SENT, i, NULL), SEG_OK);
  }
  assert_int_equal(seg_table_set_member(own->table, TEXT("old"), 3, true, NULL), SEG_OK);
  own->filter = test_filter(allocator, CONDITION);
  own->inner = test_filter_of(allocator, INNER);
  own->segments[0] = (test_segment){"inner", {.name = TEXT("Inner"), .filter = own->inner}};
  own->resolver = test_resolver(own->segments);
  seg_problems_init(&own->problems, allocator);
  assert_int_equal(seg_json_parse(TEXT(RICH_DATA), 8, &own->data, NULL), SEG_OK);
  return own;
}

/// The same, with a plan.
static void *make_plan(seg_allocator allocator) {
  fixture *own = make_fixture(allocator);
  assert_int_equal(seg_plan_create(allocator, own->filter, own->table, TEST_NOW_MS, &own->resolver,
                                   seg_plan_all_blocks(own->table), &own->plan, NULL),
                   SEG_OK);
  return own;
}

// With a filter that has many texts to look for, in addresses and in a column with many values.

#define PART(field, op, value)                                                                     \
  "{\"field\":\"" field "\",\"operator\":\"" op "\",\"value\":\"" value "\"}"
#define FOUR_PARTS(field, op, begin)                                                               \
  PART(field, op, begin "1")                                                                       \
  "," PART(field, op, begin "2") "," PART(field, op, begin "3") "," PART(field, op, begin "1")
#define PARTS_MET FOUR_PARTS("email", "contains", "")
#define PARTS_UNMET                                                                                \
  FOUR_PARTS("email", "notContains", "c")                                                          \
  "," FOUR_PARTS("data.v", "contains", "") "," FOUR_PARTS("data.v", "notContains", "")
#define PARTS                                                                                      \
  "{\"logic\":\"OR\",\"groups\":[{\"filters\":[" PARTS_MET "]},{\"filters\":[" PARTS_UNMET "]}]}"

static void *make_parts(seg_allocator allocator) {
  fixture *own = make_fixture(allocator);
  seg_filter_free(own->filter);
  own->filter = test_filter(allocator, PARTS);
  return own;
}

static void *make_parts_plan(seg_allocator allocator) {
  fixture *own = make_parts(allocator);
  assert_int_equal(seg_plan_create(allocator, own->filter, own->table, TEST_NOW_MS, NULL,
                                   seg_plan_all_blocks(own->table), &own->plan, NULL),
                   SEG_OK);
  return own;
}

/// The same, with a snapshot of the table.
static void *make_snapshot(seg_allocator allocator) {
  fixture *own = make_fixture(allocator);
  assert_int_equal(seg_snapshot_write(own->table, allocator, NULL, 0, &own->text, NULL), SEG_OK);
  return own;
}

/// The same, and the change to come has new values for columns that are there.
static void *make_known_columns(seg_allocator allocator) {
  fixture *own = make_snapshot(allocator);
  seg_json_free(own->data);
  assert_int_equal(
      seg_json_parse(TEXT("{\"plan\":\"\xC3\x89t\xC3\xA9\",\"v\":-1}"), 8, &own->data, NULL),
      SEG_OK);
  return own;
}

static void end_fixture(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_plan_free(own->plan);
  seg_explain_free(own->told);
  seg_filter_free(own->filter);
  seg_filter_free(own->inner);
  seg_problems_free(&own->problems);
  seg_json_free(own->data);
  seg_text_free(allocator, own->text);
  seg_table_free(own->table);
  seg_table_free(own->read);
  free(own);
}

/// Asserts that the table of `make_fixture` is as it was, but for one change that a success makes.
typedef struct expected_counts {
  size_t contacts, plans, ete, logins, sent, deep, members;
} expected_counts;

static size_t members_of(const seg_table *table, const char *id) {
  seg_mask_view members;
  return seg_table_members(table, TEXT(id), &members) ? seg_mask_count(members) : SIZE_MAX;
}

static void check_table(const fixture *own, expected_counts expected) {
  const seg_table *table = own->table;
  assert_int_equal(seg_table_contact_count(table), expected.contacts);
  assert_int_equal(seg_table_row_count(table), expected.contacts);
  assert_int_equal(test_count_of(table, "\"field\":\"data.plan\",\"operator\":\"contains\","
                                        "\"value\":\"P\""),
                   expected.plans);
  assert_int_equal(test_count_of(table, "\"field\":\"data.plan\",\"operator\":\"equals\","
                                        "\"value\":\"\xC3\x89t\xC3\xA9\""),
                   expected.ete);
  assert_int_equal(test_count_of(table, "\"field\":\"event.login\",\"operator\":\"triggered\""),
                   expected.logins);
  assert_int_equal(test_count_of(table, "\"field\":\"email.sent\",\"operator\":\"triggered\""),
                   expected.sent);
  assert_int_equal(test_count_of(table, "\"field\":\"data.deep.er.x\",\"operator\":\"exists\""),
                   expected.deep);
  assert_int_equal(members_of(table, "old"), expected.members);
  for (uint32_t row = 0; row < 256; row += 51) {
    char rest[96];
    (void)snprintf(rest, sizeof rest, "\"field\":\"data.v\",\"operator\":\"equals\",\"value\":%u",
                   (unsigned)row);
    assert_int_equal(test_count_of(table, rest), row == 0 ? 2 : row == 255 ? 0 : 1);
  }
}

static const expected_counts unchanged = {256, 256, 0, 1, 1, 0, 1};

static void check_unchanged(void *made, seg_status status) {
  (void)status;
  check_table(made, unchanged);
}

// Tables.

static seg_status call_create(void *made, seg_allocator allocator) {
  fixture *own = made;
  return seg_table_create(allocator, 1, &own->read);
}
static void check_read(void *made, seg_status status) {
  fixture *own = made;
  assert_int_equal(own->read != NULL, status == SEG_OK);
}

static seg_contact_view rich_contact(const fixture *own, const char *id) {
  return (seg_contact_view){.id = TEXT(id), .email = TEXT("\xC3\x89@x.y"), .data = own->data};
}
static seg_status call_add(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  seg_contact_view contact = rich_contact(own, "rich");
  uint32_t row = 7;
  seg_error error;
  seg_status status = seg_table_add(own->table, &contact, &row, &error);
  assert_error(&error, status);
  assert_int_equal(row, status == SEG_OK ? 256 : 7);
  assert_int_equal(seg_table_find(own->table, contact.id, &row), status == SEG_OK);
  return status;
}
static void check_add(void *made, seg_status status) {
  expected_counts expected = unchanged;
  if (status == SEG_OK) {
    expected = (expected_counts){257, 256, 1, 1, 1, 1, 1};
  }
  check_table(made, expected);
}

static seg_status call_update(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  seg_contact_view contact = rich_contact(own, "unread");
  return seg_table_update(own->table, 255, &contact, NULL);
}
static void check_update(void *made, seg_status status) {
  fixture *own = made;
  if (status != SEG_OK) {
    check_table(own, unchanged);
    assert_text(seg_table_email(own->table, 255), "c255@example.com");
    return;
  }
  assert_text(seg_table_email(own->table, 255), "\xC3\x89@x.y");
  assert_int_equal(test_count_of(own->table, "\"field\":\"data.v\",\"operator\":\"notExists\""), 1);
}

static seg_status call_index_emails(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  return seg_table_index_emails(own->table);
}
static void check_index_emails(void *made, seg_status status) {
  fixture *own = made;
  uint32_t row;
  assert_int_equal(seg_table_find_email(own->table, TEXT("c255@example.com"), &row),
                   status == SEG_OK);
}

/// A change that failed leaves nothing behind, not even a value that no row has.
static void check_bytes(void *made, seg_status status) {
  fixture *own = made;
  seg_text_view after;
  seg_allocator allocator = seg_allocator_default();
  assert_int_equal(seg_snapshot_write(own->table, allocator, NULL, 0, &after, NULL), SEG_OK);
  assert_int_equal(seg_text_equal(own->text, after), status != SEG_OK);
  seg_text_free(allocator, after);
}

/// The value that widens the codes of `v`: 255 values are there, 0 to 254.
static seg_status call_widen(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  seg_json_free(own->data);
  own->data = NULL;
  seg_status status = seg_json_parse(TEXT("{\"v\":\"widest\"}"), 2, &own->data, NULL);
  if (status == SEG_OK) {
    seg_contact_view contact = rich_contact(own, "wide");
    status = seg_table_add(own->table, &contact, NULL, NULL);
  }
  return status;
}
static void check_widen(void *made, seg_status status) {
  expected_counts expected = unchanged;
  expected.contacts += status == SEG_OK;
  check_table(made, expected);
}

static seg_status call_first_event(void *made, seg_allocator allocator) {
  (void)allocator;
  return seg_table_add_event(((fixture *)made)->table, 200, TEXT("first"), TEST_NOW_MS, NULL);
}
static void check_first_event(void *made, seg_status status) {
  check_table(made, unchanged);
  assert_int_equal(test_count_of(((fixture *)made)->table,
                                 "\"field\":\"event.first\",\"operator\":\"triggered\""),
                   status == SEG_OK);
}

static seg_status call_more_events(void *made, seg_allocator allocator) {
  (void)allocator;
  seg_status status = SEG_OK;
  for (int i = 0; i < 20 && status == SEG_OK; i++) { // on one row, past all of its capacities
    status = seg_table_add_event(((fixture *)made)->table, 1, TEXT("login"), i, NULL);
  }
  for (uint32_t row = 3; row < 12 && status == SEG_OK; row++) {
    status = seg_table_add_activity(((fixture *)made)->table, row, SEG_ACTIVITY_CLICKED, 1, NULL);
  }
  return status;
}

/// Needs no memory: with none to be had it does all of its work.
static seg_status call_remove_event(void *made, seg_allocator allocator) {
  (void)allocator;
  seg_table_remove_event(((fixture *)made)->table, TEXT("login"));
  return SEG_OK;
}
static void check_removed_event(void *made, seg_status status) {
  const seg_table *table = ((fixture *)made)->table;
  (void)status;
  assert_int_equal(seg_table_event_count(table), 0);
  assert_int_equal(test_count_of(table, "\"field\":\"event.login\",\"operator\":\"triggered\""), 0);
}

static seg_status call_set_member(void *made, seg_allocator allocator) {
  (void)allocator;
  return seg_table_set_member(((fixture *)made)->table, TEXT("new"), 200, true, NULL);
}
static void check_set_member(void *made, seg_status status) {
  check_table(made, unchanged);
  assert_int_equal(members_of(((fixture *)made)->table, "new"), status == SEG_OK ? 1 : SIZE_MAX);
}

// Ingest: a line goes in as a whole or not at all, and those before one without memory stay.

static seg_status ingest(fixture *own, seg_ingest_kind kind, const char *lines) {
  return seg_ingest_lines(own->table, kind, TEXT(lines), &own->report);
}
static seg_status call_ingest_contacts(void *made, seg_allocator allocator) {
  (void)allocator;
  return ingest(made, SEG_INGEST_CONTACTS,
                "{\"id\":\"l1\",\"email\":\"a@b\",\"subscribed\":true,\"createdAt\":\"2024-01-01\","
                "\"updatedAt\":\"2024-01-01\",\"data\":{\"fresh\":\"x\"}}\nnot JSON\n"
                "{\"id\":\"l2\",\"email\":\"a@b\",\"subscribed\":true,\"createdAt\":\"2024-01-01\","
                "\"updatedAt\":\"2024-01-01\",\"data\":{\"fresher\":\"y\"}}\n");
}
static void check_ingest_contacts(void *made, seg_status status) {
  fixture *own = made;
  assert_int_equal(seg_table_contact_count(own->table), 256 + own->report.good_count);
  assert_true(status != SEG_OK || (own->report.good_count == 2 && own->report.bad_count == 1));
}

static seg_status call_ingest_events(void *made, seg_allocator allocator) {
  (void)allocator;
  return ingest(made, SEG_INGEST_EVENTS,
                "{\"contactId\":\"c9\",\"name\":\"login\",\"createdAt\":\"2024-01-01\"}\n"
                "{\"contactId\":\"c10\",\"name\":\"login\",\"createdAt\":\"2024-01-01\"}\n");
}
static void check_ingest_events(void *made, seg_status status) {
  (void)status;
  fixture *own = made;
  assert_int_equal(
      test_count_of(own->table, "\"field\":\"event.login\",\"operator\":\"triggered\""),
      1 + own->report.good_count);
}

static seg_status call_ingest_emails(void *made, seg_allocator allocator) {
  (void)allocator;
  return ingest(made, SEG_INGEST_EMAILS,
                "{\"contactId\":\"c70\",\"sentAt\":\"2024-01-01\",\"openedAt\":\"2024-01-01\","
                "\"clickedAt\":\"2024-01-01\"}\n");
}
static void check_ingest_emails(void *made, seg_status status) {
  fixture *own = made;
  size_t in = status == SEG_OK;
  assert_int_equal(own->report.good_count, in);
  assert_int_equal(test_count_of(own->table, "\"field\":\"email.sent\",\"operator\":\"triggered\""),
                   1 + in);
  assert_int_equal(
      test_count_of(own->table, "\"field\":\"email.clicked\",\"operator\":\"triggered\""), in);
}

// Filters.

static seg_status call_parse(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_filter_free(own->filter);
  own->filter = NULL;
  return seg_filter_parse(allocator, TEXT(CONDITION), &own->filter, &own->problems);
}
static void check_parse(void *made, seg_status status) {
  fixture *own = made;
  assert_int_equal(own->filter != NULL, status == SEG_OK);
  assert_int_equal(own->problems.count, 0);
}

static seg_status call_parse_invalid(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_filter_free(own->filter);
  own->filter = NULL;
  return seg_filter_parse(allocator,
                          TEXT("{\"logic\":1,\"groups\":[{},{\"filters\":[{\"field\":\"data.a\","
                               "\"operator\":\"equals\",\"value\":\"\xC3\x89\",\"x\":1},7]}]}"),
                          &own->filter, &own->problems);
}
static void check_parse_invalid(void *made, seg_status status) {
  fixture *own = made;
  assert_null(own->filter);
  assert_true(status != SEG_E_INVALID || own->problems.count == 4);
}

static seg_status call_parse_loose(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_filter_free(own->filter);
  own->filter = NULL;
  struct cJSON *tree = NULL;
  seg_status status = seg_json_parse(TEXT("{\"logic\":\"no\",\"groups\":[{\"filters\":["
                                          "{\"field\":\"segment.inner\",\"operator\":"
                                          "\"memberOfSegment\"}]}]}"),
                                     8, &tree, NULL);
  if (status == SEG_OK) {
    status = seg_filter_parse_loose(allocator, tree, &own->filter, &own->problems);
  }
  seg_json_free(tree);
  return status;
}
static void check_parse_loose(void *made, seg_status status) {
  fixture *own = made;
  assert_int_equal(own->filter != NULL, status == SEG_E_INVALID);
  assert_true(own->filter == NULL || !seg_filter_is_valid(own->filter));
}

static seg_status call_write(void *made, seg_allocator allocator) {
  fixture *own = made;
  return seg_filter_write(own->filter, allocator, &own->text);
}
static void check_text(void *made, seg_status status) {
  assert_int_equal(((fixture *)made)->text.bytes != NULL, status == SEG_OK);
}

static seg_status call_references(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  return seg_filter_check_references(own->filter, TEXT("self"), TEXT("Self"), &own->resolver,
                                     &own->problems);
}
static seg_status call_cycle(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  return seg_filter_check_references(own->filter, TEXT("inner"), TEXT("Self"), &own->resolver,
                                     &own->problems);
}
static void check_problems(void *made, seg_status status) {
  assert_int_equal(((fixture *)made)->problems.count, status == SEG_E_SEGMENT);
}

// Plans.

static seg_status call_plan(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_error error;
  seg_status status =
      seg_plan_create(allocator, own->filter, own->table, TEST_NOW_MS, &own->resolver,
                      seg_plan_all_blocks(own->table), &own->plan, &error);
  assert_error(&error, status);
  return status;
}
static void check_plan(void *made, seg_status status) {
  assert_int_equal(((fixture *)made)->plan != NULL, status == SEG_OK);
}
static seg_status call_evaluate(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  return seg_plan_evaluate(own->plan, (seg_block_range){0, 4}, own->mask);
}
static void check_evaluate(void *made, seg_status status) {
  fixture *own = made;
  assert_true(status != SEG_OK || seg_mask_count((seg_mask_view){own->mask, 4}) == 1);
}
static seg_status call_count(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  return seg_plan_count(own->plan, &own->count);
}
static void check_count(void *made, seg_status status) {
  assert_int_equal(((fixture *)made)->count, status == SEG_OK);
}
static void check_parts(void *made, seg_status status) { // c123, c132, c213, c231
  seg_mask_view mask = {((fixture *)made)->mask, 4};
  assert_true(status != SEG_OK || seg_mask_count(mask) == 4);
}
static seg_status call_nodes(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  return seg_plan_count_nodes(own->plan, own->counts);
}
static void check_nodes(void *made, seg_status status) {
  // Both groups, the three filters, the inner group and its filter.
  static const size_t expected[7] = {0, 0, 101, 1, 1, 256, 256};
  static const size_t none[7] = {0};
  assert_memory_equal(((fixture *)made)->counts, status == SEG_OK ? expected : none,
                      sizeof expected);
}

static seg_status call_explain(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_error error;
  seg_status status = seg_explain_create(allocator, own->filter, own->table, 1, TEST_NOW_MS,
                                         &own->resolver, &own->told, &error);
  assert_error(&error, status);
  return status;
}
static void check_explain(void *made, seg_status status) {
  const seg_explanation *told = ((fixture *)made)->told;
  assert_int_equal(told != NULL, status == SEG_OK);
  if (told != NULL) { // the second group: the event's window, and an inner group that always holds
    assert_int_equal(told->node_count, 7);
    assert_int_equal(told->flips_at_ms, TEST_NOW_MS + 2 * SEG_DAY_MS + 1);
    assert_int_equal(told->nodes[3].flips_at_ms, told->flips_at_ms);
    assert_int_equal(told->nodes[4].seen.count, 3);
  }
}
static void *make_explanation(seg_allocator allocator) {
  fixture *own = make_fixture(allocator);
  assert_int_equal(call_explain(own, allocator), SEG_OK);
  return own;
}
static seg_status call_explain_write(void *made, seg_allocator allocator) {
  fixture *own = made;
  return seg_explain_write(own->told, allocator, &own->text);
}

// Texts and snapshots.

static seg_status call_slug(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_error error;
  seg_status status =
      seg_slug(allocator, TEXT("\xC3\x89t\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC"), &own->text, &error);
  assert_error(&error, status);
  return status;
}
static seg_status call_fold(void *made, seg_allocator allocator) {
  return seg_text_fold(allocator,
                       TEXT("STRA\xC3\x9F"
                            "E"),
                       &((fixture *)made)->text);
}
static seg_status call_json(void *made, seg_allocator allocator) {
  (void)allocator;
  fixture *own = made;
  seg_json_free(own->data);
  own->data = NULL;
  seg_error error;
  seg_status status = seg_json_parse(TEXT(CONDITION), 64, &own->data, &error);
  assert_error(&error, status);
  return status;
}
static void check_json(void *made, seg_status status) {
  assert_int_equal(((fixture *)made)->data != NULL, status == SEG_OK);
}
static seg_status call_snapshot_write(void *made, seg_allocator allocator) {
  fixture *own = made;
  return seg_snapshot_write(own->table, allocator, NULL, 0, &own->text, NULL);
}
static seg_status call_snapshot_choose(void *made, seg_allocator allocator) {
  fixture *own = made;
  const seg_text_view fields[] = {TEXT("data.plan"), TEXT("event.login"), TEXT("data.nowhere")};
  return seg_snapshot_write(own->table, allocator, fields, 3, &own->text, NULL);
}
static seg_status call_snapshot_read(void *made, seg_allocator allocator) {
  fixture *own = made;
  seg_error error;
  seg_status status = seg_snapshot_read(allocator, 5, own->text, &own->read, &error);
  assert_error(&error, status);
  return status;
}
static void check_snapshot_read(void *made, seg_status status) {
  fixture *own = made;
  assert_int_equal(own->read != NULL, status == SEG_OK);
  if (status == SEG_OK) {
    seg_table *original = own->table;
    own->table = own->read;
    check_table(own, unchanged);
    own->table = original;
  }
}

static const subject subjects[] = {
    {"seg_table_create", make_fixture, call_create, check_read, end_fixture, SEG_OK},
    {"seg_table_add", make_fixture, call_add, check_add, end_fixture, SEG_OK},
    {"seg_table_add, no trace", make_known_columns, call_add, check_bytes, end_fixture, SEG_OK},
    {"seg_table_update, no trace", make_known_columns, call_update, check_bytes, end_fixture,
     SEG_OK},
    {"seg_table_add, widening", make_fixture, call_widen, check_widen, end_fixture, SEG_OK},
    {"seg_table_update", make_fixture, call_update, check_update, end_fixture, SEG_OK},
    {"seg_table_index_emails", make_fixture, call_index_emails, check_index_emails, end_fixture,
     SEG_OK},
    {"seg_table_add_event", make_fixture, call_first_event, check_first_event, end_fixture, SEG_OK},
    {"seg_table_remove_event", make_fixture, call_remove_event, check_removed_event, end_fixture,
     SEG_OK},
    {"seg_table_add_activity", make_fixture, call_more_events, check_unchanged, end_fixture,
     SEG_OK},
    {"seg_table_set_member", make_fixture, call_set_member, check_set_member, end_fixture, SEG_OK},
    {"seg_ingest_lines, contacts", make_fixture, call_ingest_contacts, check_ingest_contacts,
     end_fixture, SEG_OK},
    {"seg_ingest_lines, events", make_fixture, call_ingest_events, check_ingest_events, end_fixture,
     SEG_OK},
    {"seg_ingest_lines, emails", make_fixture, call_ingest_emails, check_ingest_emails, end_fixture,
     SEG_OK},
    {"seg_filter_parse", make_fixture, call_parse, check_parse, end_fixture, SEG_OK},
    {"seg_filter_parse, invalid", make_fixture, call_parse_invalid, check_parse_invalid,
     end_fixture, SEG_E_INVALID},
    {"seg_filter_parse_loose", make_fixture, call_parse_loose, check_parse_loose, end_fixture,
     SEG_E_INVALID},
    {"seg_filter_write", make_fixture, call_write, check_text, end_fixture, SEG_OK},
    {"seg_filter_check_references", make_fixture, call_references, check_problems, end_fixture,
     SEG_OK},
    {"seg_filter_check_references, cycle", make_fixture, call_cycle, check_problems, end_fixture,
     SEG_E_SEGMENT},
    {"seg_plan_create", make_fixture, call_plan, check_plan, end_fixture, SEG_OK},
    {"seg_plan_evaluate", make_plan, call_evaluate, check_evaluate, end_fixture, SEG_OK},
    {"seg_plan_create, texts", make_parts, call_plan, check_plan, end_fixture, SEG_OK},
    {"seg_plan_evaluate, texts", make_parts_plan, call_evaluate, check_parts, end_fixture, SEG_OK},
    {"seg_plan_count", make_plan, call_count, check_count, end_fixture, SEG_OK},
    {"seg_plan_count_nodes", make_plan, call_nodes, check_nodes, end_fixture, SEG_OK},
    {"seg_explain_create", make_fixture, call_explain, check_explain, end_fixture, SEG_OK},
    {"seg_explain_write", make_explanation, call_explain_write, check_text, end_fixture, SEG_OK},
    {"seg_slug", make_fixture, call_slug, check_text, end_fixture, SEG_OK},
    {"seg_text_fold", make_fixture, call_fold, check_text, end_fixture, SEG_OK},
    {"seg_json_parse", make_fixture, call_json, check_json, end_fixture, SEG_OK},
    {"seg_snapshot_write", make_fixture, call_snapshot_write, check_text, end_fixture, SEG_OK},
    {"seg_snapshot_write, chosen fields", make_fixture, call_snapshot_choose, check_text,
     end_fixture, SEG_OK},
    {"seg_snapshot_read", make_snapshot, call_snapshot_read, check_snapshot_read, end_fixture,
     SEG_OK},
};
#define SUBJECT_COUNT (sizeof subjects / sizeof subjects[0])

static void test_subject(void **state) { run_subject(*state); }

int main(void) {
  struct CMUnitTest tests[SUBJECT_COUNT];
  for (size_t i = 0; i < SUBJECT_COUNT; i++) {
    tests[i] = (struct CMUnitTest){.name = subjects[i].name,
                                   .test_func = test_subject,
                                   .initial_state = (void *)(uintptr_t)&subjects[i]};
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
