// The table: rows and holes, dictionaries that widen and empty, memory.
#include "support.h"

#include "segmentry/fields.h"
#include "segmentry/ingest.h"
#include "segmentry/instant.h"
#include "segmentry/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_IS(value) "\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"" value "\""
#define PLAN_EXISTS "\"field\":\"data.plan\",\"operator\":\"exists\""
#define PLAN_MISSING "\"field\":\"data.plan\",\"operator\":\"notExists\""
#define BOUGHT "\"field\":\"event.bought\",\"operator\":\"triggered\""
#define NOT_BOUGHT "\"field\":\"event.bought\",\"operator\":\"notTriggered\""
#define SUBSCRIBED "\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true"
#define UPDATED_EARLY                                                                              \
  "\"field\":\"updatedAt\",\"operator\":\"lessThan\",\"value\":\"1970-01-01T12:00:00Z\""
#define OPENED "\"field\":\"email.opened\",\"operator\":\"triggered\""

static void removed_rows_are_taken_again(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = test_table(test_memory_allocator(&memory));
  char id[16];
  for (uint32_t i = 0; i < 200; i++) {
    (void)snprintf(id, sizeof id, "c%u", (unsigned)i);
    assert_int_equal(test_add(table, id, "{\"plan\":\"pro\"}"), i);
  }
  const uint32_t holes[] = {199, 3, 64, 130};
  for (size_t i = 0; i < 4; i++) {
    seg_table_remove(table, holes[i]);
    seg_table_remove(table, holes[i]); // a hole stays one
    assert_false(seg_table_is_live(table, holes[i]));
  }
  assert_int_equal(seg_table_contact_count(table), 196);
  assert_int_equal(seg_table_row_count(table), 200);
  assert_int_equal(test_count_of(table, PLAN_IS("pro")), 196);
  assert_int_equal(test_count_of(table, PLAN_MISSING), 0); // holes never match

  uint32_t row;
  assert_false(seg_table_find(table, TEXT("c64"), &row));
  assert_true(seg_table_find(table, TEXT("c65"), &row));
  assert_int_equal(row, 65);
  bool taken[200] = {false};
  for (uint32_t i = 0; i < 4; i++) {
    (void)snprintf(id, sizeof id, "new%u", (unsigned)i);
    row = test_add(table, id, NULL);
    assert_true(row < 200);
    taken[row] = true;
    assert_text(seg_table_id(table, row), id);
  }
  assert_true(taken[199] && taken[3] && taken[64] && taken[130]);
  assert_int_equal(test_add(table, "one more", NULL), 200);
  assert_int_equal(test_count_of(table, PLAN_MISSING), 5);
  assert_false(seg_table_is_live(table, 201));
  assert_false(seg_table_is_live(table, UINT32_MAX));
  seg_table_free(table);
  assert_int_equal(memory.block_count, 0);
}

static void what_a_contact_had_goes_with_it(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t ada = test_add(table, "ada", "{\"plan\":\"pro\"}");
  uint32_t bob = test_add(table, "bob", "{\"plan\":\"pro\"}");
  for (int i = 0; i < 3; i++) {
    assert_int_equal(seg_table_add_event(table, ada, TEXT("bought"), TEST_NOW_MS - i, NULL),
                     SEG_OK);
    assert_int_equal(seg_table_add_activity(table, ada, SEG_ACTIVITY_OPENED, i, NULL), SEG_OK);
  }
  assert_int_equal(seg_table_add_event(table, bob, TEXT("bought"), TEST_NOW_MS, NULL), SEG_OK);
  assert_int_equal(seg_table_set_member(table, TEXT("s"), ada, true, NULL), SEG_OK);
  assert_int_equal(seg_table_set_member(table, TEXT("s"), bob, true, NULL), SEG_OK);
  assert_int_equal(test_count_of(table, BOUGHT), 2);
  assert_int_equal(test_count_of(table, OPENED), 1);

  seg_table_remove(table, ada);
  assert_int_equal(test_add(table, "cyd", NULL), ada); // the same row
  assert_int_equal(test_count_of(table, BOUGHT), 1);
  assert_int_equal(test_count_of(table, NOT_BOUGHT), 1);
  assert_int_equal(test_count_of(table, OPENED), 0);
  assert_int_equal(test_count_of(table, PLAN_EXISTS), 1);
  seg_mask_view members;
  assert_true(seg_table_members(table, TEXT("s"), &members));
  assert_int_equal(seg_mask_count(members), 1);
  assert_int_equal(members.words[0], UINT64_C(1) << bob);
  assert_false(seg_table_members(table, TEXT("another"), &members));
  seg_table_free(table);
}

static void an_update_replaces_all_but_id_events_and_memberships(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", "{\"plan\":\"pro\",\"deep\":{\"n\":1}}");
  assert_int_equal(seg_table_add_event(table, row, TEXT("bought"), 0, NULL), SEG_OK);
  assert_int_equal(seg_table_set_member(table, TEXT("s"), row, true, NULL), SEG_OK);
  test_update(table, row, "\t ADA@Sub.Example.COM ", "{\"plan\":null,\"deep.n\":\"literal\"}");
  assert_text(seg_table_id(table, row), "ada");
  assert_text(seg_table_email(table, row), "ada@sub.example.com");
  assert_int_equal(test_count_of(table, PLAN_EXISTS), 0);
  assert_int_equal(test_count_of(table, "\"field\":\"data.deep\",\"operator\":\"exists\""), 0);
  assert_int_equal(test_count_of(table, "\"field\":\"data.deep.n\",\"operator\":\"equals\","
                                        "\"value\":\"literal\""),
                   1);
  assert_int_equal(test_count_of(table, "\"field\":\"subscribed\",\"operator\":\"equals\","
                                        "\"value\":false"),
                   1);
  assert_int_equal(test_count_of(table, BOUGHT), 1);
  seg_mask_view members;
  assert_true(seg_table_members(table, TEXT("s"), &members));
  assert_int_equal(seg_mask_count(members), 1);
  seg_table_free(table);
}

/// The contacts have the values v0, v1, ... one each: asks for some of them and for one beyond.
static void check_values(const seg_table *table, uint32_t count) {
  const uint32_t asked[] = {0, 1, count / 2, count - 2, count - 1, count};
  for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
    char filter[96];
    (void)snprintf(filter, sizeof filter,
                   "\"field\":\"data.v\",\"operator\":\"equals\",\"value\":\"v%u\"",
                   (unsigned)asked[i]);
    assert_int_equal(test_count_of(table, filter), asked[i] < count);
    (void)snprintf(filter, sizeof filter,
                   "\"field\":\"data.v\",\"operator\":\"notEquals\",\"value\":\"v%u\"",
                   (unsigned)asked[i]);
    assert_int_equal(test_count_of(table, filter), asked[i] < count ? count - 1 : count);
  }
}

static void codes_widen_at_256_and_65536_values(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = test_table(test_memory_allocator(&memory));
  char id[16];
  char data[32];
  for (uint32_t i = 0; i < 65538; i++) {
    (void)snprintf(id, sizeof id, "c%u", (unsigned)i);
    (void)snprintf(data, sizeof data, "{\"v\":\"v%u\"}", (unsigned)i);
    assert_int_equal(test_add(table, id, data), i);
    uint32_t count = i + 1;
    if ((count >= 254 && count <= 258) || count >= 65534) {
      check_values(table, count);
    }
  }
  // All values go and others come: the codes are taken again, and nothing grows.
  size_t held = seg_table_memory_bytes(table);
  for (uint32_t row = 0; row < 65538; row++) {
    (void)snprintf(id, sizeof id, "c%u@a", (unsigned)row);
    (void)snprintf(data, sizeof data, "{\"v\":\"w%u\"}", (unsigned)row);
    test_update(table, row, id, data);
  }
  assert_int_equal(test_count_of(table, "\"field\":\"data.v\",\"operator\":\"contains\","
                                        "\"value\":\"v\""),
                   0);
  assert_int_equal(test_count_of(table, "\"field\":\"data.v\",\"operator\":\"contains\","
                                        "\"value\":\"W\""),
                   65538);
  assert_true(seg_table_memory_bytes(table) <= held * 2);
  assert_int_equal(memory.held_bytes, seg_table_memory_bytes(table));
  seg_table_free(table);
  assert_int_equal(memory.held_bytes, 0);
}

/// Years of one contact changing its data: unique values, each a while, must not pile up.
static void churn_does_not_grow_the_table(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = test_table(test_memory_allocator(&memory));
  for (int i = 0; i < 100; i++) {
    char id[16];
    (void)snprintf(id, sizeof id, "c%d", i);
    (void)test_add(table, id, "{\"v\":\"first\"}");
  }
  size_t settled = 0;
  size_t most = 0;
  for (uint32_t round = 0; round < 20000; round++) {
    char email[600];
    char data[600];
    int size = snprintf(email, sizeof email, "c%u@%0200u", (unsigned)round, (unsigned)round);
    assert_true(size < SEG_EMAIL_BYTES_MAX);
    (void)snprintf(data, sizeof data, "{\"v\":\"\xC3\x89%0200u\",\"list\":[\"A%0100u\",1]}",
                   (unsigned)round, (unsigned)round);
    test_update(table, round % 100, email, data);
    size_t held = seg_table_memory_bytes(table);
    assert_int_equal(held, memory.held_bytes);
    settled = round == 5000 ? most : settled;
    most = held > most ? held : most;
  }
  assert_true(most <= settled + settled / 8); // a pool's room depends on the order of its texts
  // The values that were moved to a new pool again and again are still whole.
  char filter[600];
  (void)snprintf(filter, sizeof filter,
                 "\"field\":\"data.v\",\"operator\":\"contains\",\"value\":\"\xC3\xA9%0200u\"",
                 19950U);
  assert_int_equal(test_count_of(table, filter), 1);
  (void)snprintf(filter, sizeof filter,
                 "\"field\":\"data.list\",\"operator\":\"contains\",\"value\":\"a%0100u\"", 19950U);
  assert_int_equal(test_count_of(table, filter), 1);
  (void)snprintf(filter, sizeof filter,
                 "\"field\":\"email\",\"operator\":\"contains\",\"value\":\"@%0200u\"", 19950U);
  assert_int_equal(test_count_of(table, filter), 1);
  seg_table_free(table);
  assert_int_equal(memory.held_bytes, 0);
}

/// The same with texts so short that their lengths take as much room as they do.
static void short_values_do_not_grow_the_table(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "a", "{\"v\":\"x\"}");
  size_t held = seg_table_memory_bytes(table);
  for (int round = 0; round < 200000; round++) {
    test_update(table, row, "a@b.c", round % 2 == 0 ? "{\"v\":\"y\"}" : "{\"v\":\"x\"}");
  }
  assert_true(seg_table_memory_bytes(table) <= held + 262144);
  seg_table_free(table);
}

/// Contacts that come with everything and go: memory stays at the level of the second round.
static void coming_and_going_keeps_the_level(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = test_table(test_memory_allocator(&memory));
  size_t level = 0;
  for (int round = 0; round < 12; round++) {
    for (uint32_t i = 0; i < 5000; i++) {
      char id[32];
      char data[96];
      (void)snprintf(id, sizeof id, "r%d-%u", round, (unsigned)i);
      (void)snprintf(data, sizeof data, "{\"n\":%u,\"s\":\"%d:%u\"}", (unsigned)i, round,
                     (unsigned)i % 700);
      uint32_t row = test_add(table, id, data);
      for (int k = 0; k < 3; k++) {
        assert_int_equal(seg_table_add_event(table, row, TEXT("e"), k, NULL), SEG_OK);
      }
      assert_int_equal(seg_table_set_member(table, TEXT("s"), row, true, NULL), SEG_OK);
    }
    assert_int_equal(seg_table_row_count(table), 5000);
    for (uint32_t row = 0; row < 5000; row++) {
      seg_table_remove(table, row);
    }
    assert_int_equal(seg_table_contact_count(table), 0);
    level = round == 3 ? seg_table_memory_bytes(table) : level;
  }
  assert_true(seg_table_memory_bytes(table) <= level + level / 8);
  assert_int_equal(test_count_of(table, NOT_BOUGHT), 0);
  seg_table_free(table);
  assert_int_equal(memory.block_count, 0);
}

/// A refused contact must not use up the room for fields.
static void a_refused_contact_leaves_no_fields_behind(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  char id[16];
  char data[64];
  for (int i = 0; i < SEG_TABLE_COLUMNS_MAX - 1; i++) {
    (void)snprintf(id, sizeof id, "c%d", i);
    (void)snprintf(data, sizeof data, "{\"f%d\":1}", i);
    (void)test_add(table, id, data);
  }
  struct cJSON *two = NULL;
  assert_int_equal(seg_json_parse(TEXT("{\"x\":1,\"y\":2}"), 4, &two, NULL), SEG_OK);
  seg_contact_view contact = {.id = TEXT("over"), .email = TEXT("o@example.com"), .data = two};
  seg_error error;
  assert_int_equal(seg_table_add(table, &contact, NULL, &error), SEG_E_LIMIT);
  assert_error(&error, SEG_E_LIMIT);
  seg_json_free(two);
  (void)test_add(table, "fits", "{\"z\":1}");
  assert_int_equal(test_count_of(table, "\"field\":\"data.z\",\"operator\":\"exists\""), 1);
  seg_table_free(table);
}

static void every_change_has_a_version_of_its_own(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  seg_table *other = test_table(seg_allocator_default());
  uint32_t copied;
  seg_mask_view nobody = {.words = NULL, .block_count = 0};
  uint64_t version = seg_table_version(table);
  uint32_t row = test_add(table, "a", "{\"n\":1}");
#define ASSERT_CHANGED()                                                                           \
  do {                                                                                             \
    assert_true(seg_table_version(table) > version);                                               \
    version = seg_table_version(table);                                                            \
  } while (0)
  ASSERT_CHANGED();
  test_update(table, row, "b@example.com", "{\"n\":2}");
  ASSERT_CHANGED();
  seg_table_touch(table, row, true, 7);
  ASSERT_CHANGED();
  assert_int_equal(seg_table_add_event(table, row, TEXT("e"), 1, NULL), SEG_OK);
  ASSERT_CHANGED();
  assert_int_equal(seg_table_add_activity(table, row, SEG_ACTIVITY_SENT, 1, NULL), SEG_OK);
  ASSERT_CHANGED();
  assert_int_equal(seg_table_set_member(table, TEXT("s"), row, true, NULL), SEG_OK);
  ASSERT_CHANGED();
  assert_int_equal(seg_table_set_members(table, TEXT("s"), nobody, NULL), SEG_OK);
  ASSERT_CHANGED();
  (void)test_add(other, "c", NULL);
  assert_int_equal(seg_table_copy_row(table, other, 0, &copied, NULL), SEG_OK);
  ASSERT_CHANGED();
  seg_table_remove_event(table, TEXT("e"));
  ASSERT_CHANGED();
  seg_table_remove(table, row);
  ASSERT_CHANGED();
#undef ASSERT_CHANGED
  // What changes nothing has none.
  seg_table_remove(table, row);
  seg_table_remove_event(table, TEXT("e"));
  assert_int_equal(seg_table_add_event(table, row, TEXT("e"), 1, NULL), SEG_E_MISSING);
  assert_int_equal(seg_table_copy_row(table, other, 0, &copied, NULL), SEG_E_DUPLICATE);
  assert_int_equal(seg_table_version(table), version);
  seg_table_free(other);
  seg_table_free(table);
}

static void a_touch_changes_two_fields(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t ada = test_add(table, "ada", "{\"plan\":\"pro\"}");
  uint32_t bob = test_add(table, "bob", "{\"plan\":\"pro\"}");
  seg_table_touch(table, ada, true, 1000);
  seg_table_touch(table, bob, false, 1000);
  assert_int_equal(test_count_of(table, SUBSCRIBED), 1);
  seg_table_touch(table, bob, true, 1000);
  assert_int_equal(test_count_of(table, SUBSCRIBED), 2);
  assert_int_equal(test_count_of(table, UPDATED_EARLY), 2);
  seg_table_touch(table, ada, true, SEG_DAY_MS);
  assert_int_equal(test_count_of(table, UPDATED_EARLY), 1);
  assert_int_equal(test_count_of(table, PLAN_IS("pro")), 2);
  seg_table_free(table);
}

static int rising(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void instants_are_those_of_events_and_activities(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t ada = test_add(table, "ada", NULL);
  uint32_t bob = test_add(table, "bob", NULL);
  int64_t found[200];
  assert_int_equal(seg_table_instants(table, ada, true, found, 200), 0);
  for (int64_t i = 0; i < 100; i++) { // enough for a list of its own
    assert_int_equal(seg_table_add_event(table, ada, TEXT("a"), 99 - i, NULL), SEG_OK);
  }
  assert_int_equal(seg_table_add_event(table, ada, TEXT("b"), 100, NULL), SEG_OK);
  assert_int_equal(seg_table_add_event(table, ada, TEXT("b"), 100, NULL), SEG_OK);
  assert_int_equal(seg_table_add_activity(table, ada, SEG_ACTIVITY_OPENED, 101, NULL), SEG_OK);
  assert_int_equal(seg_table_add_event(table, bob, TEXT("c"), 7, NULL), SEG_OK);
  assert_int_equal(seg_table_instants(table, ada, true, NULL, 0), 103);
  assert_int_equal(seg_table_instants(table, ada, true, found, 200), 103);
  qsort(found, 103, sizeof found[0], rising);
  for (int64_t i = 0; i < 101; i++) {
    assert_int_equal(found[i], i);
  }
  assert_int_equal(found[101], 100);
  assert_int_equal(found[102], 101);
  assert_int_equal(seg_table_instants(table, ada, false, NULL, 0), 102);
  int64_t room[3] = {-1, -1, -1};
  assert_int_equal(seg_table_instants(table, ada, true, room, 2), 103);
  assert_int_equal(room[2], -1);
  assert_int_equal(seg_table_instants(table, bob, true, room, 3), 1);
  assert_int_equal(room[0], 7);
  seg_table_free(table);
}

static void an_address_has_one_form(void **state) {
  (void)state;
  char out[SEG_EMAIL_BYTES_MAX];
  char longest[SEG_EMAIL_BYTES_MAX + 2];
  seg_text_view email;
  seg_error error;
  assert_int_equal(seg_email_normalise(TEXT(" \tAda@Example.COM\r\n"), out, &email, &error),
                   SEG_OK);
  assert_text(email, "ada@example.com");
  assert_int_equal(seg_email_normalise(TEXT(" \n"), out, &email, &error), SEG_E_INVALID);
  assert_error(&error, SEG_E_INVALID);
  memset(longest, 'A', sizeof longest);
  seg_text_view text = {.bytes = longest, .size_bytes = SEG_EMAIL_BYTES_MAX};
  assert_int_equal(seg_email_normalise(text, out, &email, &error), SEG_OK);
  assert_int_equal(email.size_bytes, SEG_EMAIL_BYTES_MAX);
  text.size_bytes++;
  assert_int_equal(seg_email_normalise(text, out, &email, &error), SEG_E_LIMIT);
}

/// What a caller is shown of lines, as text; lines of "bad" contacts are refused.
typedef struct shown_lines {
  char text[512];
  size_t size_bytes;
  size_t end_at; ///< Ends the reading at this line; 0 never.
  char reason[SEG_MESSAGE_BYTES];
} shown_lines;

static seg_status show_line(void *context, const seg_ingest_line *line, seg_error *error) {
  shown_lines *own = context;
  if (line->number == own->end_at) {
    return SEG_E_NOMEM;
  }
  int64_t at_ms = line->kind == SEG_INGEST_CONTACTS  ? line->contact.created_at_ms
                  : line->kind == SEG_INGEST_EVENTS  ? line->event_at_ms
                  : line->kind == SEG_INGEST_EMAILS  ? line->activity_at_ms[SEG_ACTIVITY_OPENED]
                  : line->kind == SEG_INGEST_MEMBERS ? line->since_ms
                                                     : line->change_at_ms;
  const char *mark = line->kind != SEG_INGEST_CHANGES ? "" : line->is_entry ? "+" : "-";
  seg_text_view name = line->kind == SEG_INGEST_CONTACTS ? line->contact.email
                       : line->kind == SEG_INGEST_EVENTS ? line->event_name
                                                         : line->segment;
  int size = snprintf(own->text + own->size_bytes, sizeof own->text - own->size_bytes,
                      "%zu:%u:%s%.*s:%lld ", line->number, (unsigned)line->row, mark,
                      (int)name.size_bytes, name.bytes == NULL ? "" : name.bytes, (long long)at_ms);
  own->size_bytes += (size_t)size;
  if (line->kind == SEG_INGEST_CONTACTS && seg_text_equal(line->contact.id, TEXT("bad"))) {
    error->status = SEG_E_INVALID;
    (void)snprintf(error->message, sizeof error->message, "is not wanted");
    return SEG_E_INVALID;
  }
  return SEG_OK;
}

static void keep_reason(void *context, size_t line, const char *message) {
  shown_lines *own = context;
  (void)snprintf(own->reason, sizeof own->reason, "%zu: %s", line, message);
}

static seg_status show_all(seg_table *table, seg_ingest_kind kind, const char *lines,
                           shown_lines *own) {
  seg_ingest_report report = {.good_line = show_line, .bad_line = keep_reason, .context = own};
  return seg_ingest_lines(table, kind, seg_text_of(lines), &report);
}

#define LINE(id)                                                                                   \
  "{\"id\":\"" id "\",\"email\":\"" id                                                             \
  "@x\",\"subscribed\":true,\"createdAt\":\"1970-01-01T00:00:"                                     \
  "01Z\",\"updatedAt\":\"1970-01-01\"}\n"

static void lines_are_shown_and_may_be_refused(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  shown_lines contacts = {.end_at = 5};
  assert_int_equal(show_all(table, SEG_INGEST_CONTACTS,
                            LINE("ann") "\n" LINE("bad") LINE("cid") LINE("dan"), &contacts),
                   SEG_E_NOMEM);
  assert_string_equal(contacts.text, "1:0:ann@x:1000 3:1:bad@x:1000 4:1:cid@x:1000 ");
  assert_string_equal(contacts.reason, "3: is not wanted");
  uint32_t row;
  assert_false(seg_table_find(table, TEXT("bad"), &row)); // taken out again
  assert_false(seg_table_find(table, TEXT("dan"), &row));
  assert_int_equal(seg_table_contact_count(table), 2);

  shown_lines events = {.end_at = 0};
  assert_int_equal(show_all(table, SEG_INGEST_EVENTS,
                            "{\"contactId\":\"cid\",\"name\":\"e\",\"createdAt\":\"1970-01-01\"}",
                            &events),
                   SEG_OK);
  assert_string_equal(events.text, "1:1:e:0 ");
  shown_lines emails = {.end_at = 0};
  assert_int_equal(show_all(table, SEG_INGEST_EMAILS,
                            "{\"contactId\":\"ann\",\"openedAt\":\"1970-01-02\"}", &emails),
                   SEG_OK);
  assert_string_equal(emails.text, "1:0::86400000 ");
  seg_table_free(table);
}

static void lines_fill_stored_memberships(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  shown_lines contacts = {.end_at = 0};
  assert_int_equal(show_all(table, SEG_INGEST_CONTACTS, LINE("ann") LINE("bob"), &contacts),
                   SEG_OK);
  shown_lines members = {.end_at = 0};
  assert_int_equal(show_all(table, SEG_INGEST_MEMBERS,
                            "{\"segment\":\"vip\",\"contactId\":\"bob\",\"since\":\"1970-01-01\"}\n"
                            "{\"segment\":\"vip\",\"contactId\":\"nobody\"}\n"
                            "{\"segment\":\"all\",\"contactId\":\"ann\",\"since\":null}\n",
                            &members),
                   SEG_OK);
  char expected[64];
  (void)snprintf(expected, sizeof expected, "1:1:vip:0 3:0:all:%lld ", (long long)SEG_INSTANT_NONE);
  assert_string_equal(members.text, expected);
  assert_string_equal(members.reason, "2: contactId: there is no contact with the id \"nobody\"");
  seg_mask_view vip;
  assert_true(seg_table_members(table, TEXT("vip"), &vip));
  assert_int_equal(vip.words[0], 2);
  assert_true(seg_table_members(table, TEXT("all"), &vip));
  assert_int_equal(vip.words[0], 1);
  seg_table_free(table);
}

static void lines_of_changes_are_checked_and_leave_the_table_alone(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  shown_lines contacts = {.end_at = 0};
  assert_int_equal(show_all(table, SEG_INGEST_CONTACTS, LINE("ann") LINE("bob"), &contacts),
                   SEG_OK);
  shown_lines changes = {.end_at = 0};
  assert_int_equal(show_all(table, SEG_INGEST_CHANGES,
                            "{\"segment\":\"vip\",\"contactId\":\"bob\",\"type\":\"entry\","
                            "\"at\":\"1970-01-01\",\"cause\":\"DATA\"}\n"
                            "{\"segment\":\"vip\",\"contactId\":\"bob\",\"type\":\"left\","
                            "\"at\":\"1970-01-02\"}\n"
                            "{\"segment\":\"vip\",\"contactId\":\"bob\",\"type\":\"exit\","
                            "\"at\":\"1970-01-02\"}\n",
                            &changes),
                   SEG_OK);
  assert_string_equal(changes.text, "1:1:+vip:0 3:1:-vip:86400000 ");
  assert_string_equal(changes.reason, "2: type: must be \"entry\" or \"exit\"");
  seg_mask_view vip;
  assert_false(seg_table_members(table, TEXT("vip"), &vip));
  seg_table_free(table);
}

static void a_removed_event_is_as_if_it_had_never_been_seen(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = test_table(test_memory_allocator(&memory));
  static const char *const names[] = {"first", "bought", "last"};
  for (int contact = 0; contact < 200; contact++) {
    char id[16];
    (void)snprintf(id, sizeof id, "c%d", contact);
    uint32_t row = test_add(table, id, NULL);
    for (int i = 0; i < contact % 4; i++) { // 150 contacts have it, 300 times
      for (size_t k = 0; k < 3; k++) {
        seg_text_view name = seg_text_of(names[k]);
        assert_int_equal(seg_table_add_event(table, row, name, TEST_NOW_MS - i, NULL), SEG_OK);
      }
    }
  }
  seg_event_info info = seg_table_event(table, TEXT("bought"));
  assert_int_equal(info.contact_count, 150);
  assert_int_equal(info.occurrence_count, 300);
  size_t full_bytes = seg_table_memory_bytes(table);
  seg_table_remove_event(table, TEXT("unknown"));
  assert_int_equal(seg_table_memory_bytes(table), full_bytes);

  seg_table_remove_event(table, TEXT("bought"));
  assert_true(seg_table_memory_bytes(table) < full_bytes);
  assert_int_equal(seg_table_event_count(table), 2);
  assert_false(seg_table_knows_event(table, TEXT("bought")));
  info = seg_table_event(table, TEXT("bought"));
  assert_int_equal(info.contact_count + info.occurrence_count, 0);
  assert_int_equal(test_count_of(table, BOUGHT), 0);
  assert_int_equal(test_count_of(table, NOT_BOUGHT), 200);
  for (size_t k = 0; k < 3; k += 2) { // the others are where they were
    info = seg_table_event(table, seg_text_of(names[k]));
    assert_int_equal(info.contact_count, 150);
    assert_int_equal(info.occurrence_count, 300);
  }
  assert_int_equal(seg_table_add_event(table, 0, TEXT("bought"), TEST_NOW_MS, NULL), SEG_OK);
  assert_int_equal(test_count_of(table, BOUGHT), 1);
  for (size_t k = 0; k < 3; k++) {
    seg_table_remove_event(table, seg_text_of(names[k]));
  }
  assert_int_equal(seg_table_event_count(table), 0);
  seg_table_free(table);
  assert_int_equal(memory.block_count, 0);
}

static void removed_event_names_make_room(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", NULL);
  char name[16];
  for (int i = 0; i < SEG_TABLE_EVENTS_MAX; i++) {
    (void)snprintf(name, sizeof name, "e%d", i);
    assert_int_equal(seg_table_add_event(table, row, seg_text_of(name), i, NULL), SEG_OK);
  }
  assert_int_equal(seg_table_add_event(table, row, TEXT("more"), 0, NULL), SEG_E_LIMIT);
  for (int i = 0; i < SEG_TABLE_EVENTS_MAX; i += 2) {
    (void)snprintf(name, sizeof name, "e%d", i);
    seg_table_remove_event(table, seg_text_of(name));
  }
  assert_int_equal(seg_table_add_event(table, row, TEXT("more"), 0, NULL), SEG_OK);
  for (int i = 0; i < SEG_TABLE_EVENTS_MAX; i++) {
    (void)snprintf(name, sizeof name, "e%d", i);
    assert_int_equal(seg_table_event(table, seg_text_of(name)).occurrence_count, i % 2);
  }
  seg_table_free(table);
}

/// Puts contacts with few different addresses into rows, and takes them out again, at random.
static void change_addresses(seg_table *table, uint64_t *random, size_t changes) {
  for (size_t i = 0; i < changes; i++) {
    char id[16];
    char email[32];
    uint32_t row;
    (void)snprintf(id, sizeof id, "c%u", (unsigned)test_random_below(random, 200));
    (void)snprintf(email, sizeof email, "A%u@x.io", (unsigned)test_random_below(random, 500));
    seg_contact_view contact = {.id = seg_text_of(id), .email = seg_text_of(email)};
    if (!seg_table_find(table, contact.id, &row)) {
      assert_int_equal(seg_table_add(table, &contact, &row, NULL), SEG_OK);
    } else if (test_random_below(random, 3) == 0) {
      seg_table_remove(table, row);
    } else {
      assert_int_equal(seg_table_update(table, row, &contact, NULL), SEG_OK);
    }
  }
}

/// Each address is found exactly where a live row has it.
static void check_addresses(const seg_table *table) {
  for (unsigned i = 0; i < 500; i++) {
    char email[32];
    (void)snprintf(email, sizeof email, "a%u@x.io", i);
    bool is_there = false;
    for (uint32_t row = 0; row < seg_table_row_count(table); row++) {
      is_there = is_there || (seg_table_is_live(table, row) &&
                              seg_text_equal(seg_table_email(table, row), seg_text_of(email)));
    }
    uint32_t found = UINT32_MAX;
    assert_int_equal(seg_table_find_email(table, seg_text_of(email), &found), is_there);
    if (is_there) {
      assert_true(seg_table_is_live(table, found));
      assert_text(seg_table_email(table, found), email);
    }
  }
}

static void addresses_are_found(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  seg_table *table = test_table(test_memory_allocator(&memory));
  uint64_t random = 5;
  uint32_t row;
  change_addresses(table, &random, 300);
  assert_false(seg_table_find_email(table, seg_table_email(table, 0), &row)); // no index yet
  assert_int_equal(seg_table_index_emails(table), SEG_OK);
  assert_int_equal(seg_table_index_emails(table), SEG_OK);
  for (int round = 0; round < 20; round++) {
    check_addresses(table);
    change_addresses(table, &random, 200);
  }
  check_addresses(table);
  seg_table_free(table);
  assert_int_equal(memory.block_count, 0);
}

static void of_two_with_one_address_the_newest_is_not_found(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  assert_int_equal(seg_table_index_emails(table), SEG_OK);
  for (uint32_t i = 0; i < 500; i++) {
    char ids[2][16];
    char email[16];
    uint32_t rows[2];
    uint32_t found;
    (void)snprintf(email, sizeof email, "a%u@x.io", (unsigned)i);
    for (size_t k = 0; k < 2; k++) {
      (void)snprintf(ids[k], sizeof ids[k], "%u-%zu", (unsigned)i, k);
      seg_contact_view contact = {.id = seg_text_of(ids[k]), .email = seg_text_of(email)};
      assert_int_equal(seg_table_add(table, &contact, &rows[k], NULL), SEG_OK);
      assert_true(seg_table_find_email(table, contact.email, &found));
      assert_int_equal(found, rows[0]);
    }
  }
  seg_table_free(table);
}

/// What a contact takes of the room for texts is at most what is reckoned by its size as JSON: also
/// of texts that grow most when they are compared, and of arrays.
static void texts_take_no_more_room_than_reckoned(void **state) {
  (void)state;
  static const char *const letters[] = {"A",
                                        "\xCE\x90",
                                        "\xC5\x89",
                                        "\xE0\xA5\x98",
                                        "\xF0\x9D\x85\xA0",
                                        "\xEF\xAC\x83",
                                        "\xE1\xBE\x82",
                                        "\\n"};
  seg_table *table = test_table(seg_allocator_default());
  uint64_t random = test_seed();
  for (size_t i = 0; i < 400; i++) {
    char json[1200];
    char id[16];
    bool is_list = i % 3 == 0;
    int at = snprintf(json, sizeof json, is_list ? "{\"t\":[\"%zu" : "{\"t\":\"%zu", i);
    for (uint32_t k = test_random_below(&random, 200); k > 0; k--) {
      const char *next = is_list && k % 2 == 0 ? "\",\"" : letters[test_random_below(&random, 8)];
      at += snprintf(json + at, sizeof json - (size_t)at, "%s", next);
    }
    at += snprintf(json + at, sizeof json - (size_t)at, is_list ? "\"]}" : "\"}");
    struct cJSON *data = NULL;
    assert_int_equal(seg_json_parse(TEXT(json), 4, &data, NULL), SEG_OK);
    (void)snprintf(id, sizeof id, "c%zu", i);
    size_t data_before = seg_table_data_room(table, data).text_bytes;
    size_t texts_before = seg_table_text_room(table);
    assert_int_equal(seg_table_data_room(table, data).new_field_count, i == 0);
    (void)test_add(table, id, json);
    seg_data_room after = seg_table_data_room(table, data);
    assert_true(i == 0 || after.text_bytes < data_before);
    assert_true(i == 0 || data_before - after.text_bytes <= SEG_DATA_ROOM_BYTES((size_t)at));
    assert_true(texts_before - seg_table_text_room(table) <= SEG_CONTACT_ROOM_BYTES);
    assert_text(after.text_path, "t");
    seg_json_free(data);
  }
  seg_table_free(table);
}

static void texts_end_at_the_limit(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  (void)test_add(table, "a", "{\"t\":\"first\"}");
  seg_table_limit_texts(table, 4096);
  char json[3000];
  int at = snprintf(json, sizeof json, "{\"t\":\"");
  memset(json + at, 'x', 2500);
  (void)strcpy(json + at + 2500, "\"}");
  (void)test_add(table, "b", json);
  json[at] = 'y';
  struct cJSON *data = NULL;
  assert_int_equal(seg_json_parse(TEXT(json), 4, &data, NULL), SEG_OK);
  seg_contact_view contact = {.id = TEXT("c"), .email = TEXT("c@x.io"), .data = data};
  seg_error error;
  assert_true(seg_table_data_room(table, data).text_bytes < 2500);
  assert_int_equal(seg_table_add(table, &contact, NULL, &error), SEG_E_NOMEM);
  assert_int_equal(seg_table_contact_count(table), 2);
  seg_json_free(data);
  (void)test_add(table, "d", "{\"t\":\"first\",\"other\":\"A\"}");
  seg_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_shown_and_may_be_refused),
      cmocka_unit_test(lines_fill_stored_memberships),
      cmocka_unit_test(lines_of_changes_are_checked_and_leave_the_table_alone),
      cmocka_unit_test(removed_rows_are_taken_again),
      cmocka_unit_test(texts_take_no_more_room_than_reckoned),
      cmocka_unit_test(texts_end_at_the_limit),
      cmocka_unit_test(what_a_contact_had_goes_with_it),
      cmocka_unit_test(an_update_replaces_all_but_id_events_and_memberships),
      cmocka_unit_test(codes_widen_at_256_and_65536_values),
      cmocka_unit_test(churn_does_not_grow_the_table),
      cmocka_unit_test(short_values_do_not_grow_the_table),
      cmocka_unit_test(coming_and_going_keeps_the_level),
      cmocka_unit_test(a_refused_contact_leaves_no_fields_behind),
      cmocka_unit_test(every_change_has_a_version_of_its_own),
      cmocka_unit_test(a_touch_changes_two_fields),
      cmocka_unit_test(instants_are_those_of_events_and_activities),
      cmocka_unit_test(an_address_has_one_form),
      cmocka_unit_test(a_removed_event_is_as_if_it_had_never_been_seen),
      cmocka_unit_test(removed_event_names_make_room),
      cmocka_unit_test(addresses_are_found),
      cmocka_unit_test(of_two_with_one_address_the_newest_is_not_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
