// Thousands of random changes to a table, and the same to a plain model: an array of structs and
// one `if` a filter. Every so often each filter must pick the same rows in both, in the whole
// table, in a few blocks, and in what comes back from a snapshot.
#include "support.h"

#include "segmentry/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Over a page of 4,096 rows, so that changes fall on both sides of its end.
#define ROWS_MAX 4300
#define EVENTS_MAX 6
#define CHANGES 12000
#define CHECK_EVERY 1500

/// A contact of the model.
typedef struct model_contact {
  bool is_live;
  unsigned id;
  bool subscribed;
  int64_t created_at_ms;
  int number;   ///< data.n; -1 absent.
  int plan;     ///< data.plan "p<number>"; -1 absent.
  unsigned tag; ///< data.deep.tag, often one of its own.
  size_t login_count;
  int64_t logins_ms[EVENTS_MAX];
  size_t open_count;
  int64_t opens_ms[EVENTS_MAX];
  bool is_member;
} model_contact;

typedef struct model {
  seg_table *table;
  model_contact rows[ROWS_MAX];
  unsigned next_id;
  uint64_t random;
} model;

static uint32_t below(model *own, uint32_t bound) { return test_random_below(&own->random, bound); }

// What each filter says, and what it means in the model.

static bool is_n_over_50(const model_contact *row) { return row->number > 50; }
static bool is_n_not_7(const model_contact *row) { return row->number >= 0 && row->number != 7; }
static bool is_n_absent(const model_contact *row) { return row->number < 0; }
static bool is_plan_3(const model_contact *row) { return row->plan == 3; }
static bool is_plan_with_1(const model_contact *row) {
  char digits[16];
  (void)snprintf(digits, sizeof digits, "%d", row->plan);
  return row->plan >= 0 && strchr(digits, '1') != NULL;
}
static bool is_tag_even(const model_contact *row) { return row->tag % 10 == 4; }
static bool is_subscribed(const model_contact *row) { return row->subscribed; }
static bool is_new(const model_contact *row) {
  return row->created_at_ms >= TEST_NOW_MS - 10 * SEG_DAY_MS && row->created_at_ms <= TEST_NOW_MS;
}
static bool has_logged_in(const model_contact *row) { return row->login_count > 0; }
static bool is_login_within(const model_contact *row) {
  for (size_t i = 0; i < row->login_count; i++) {
    if (row->logins_ms[i] >= TEST_NOW_MS - 5 * SEG_DAY_MS && row->logins_ms[i] <= TEST_NOW_MS) {
      return true;
    }
  }
  return false;
}
static bool has_no_open_since(const model_contact *row) {
  for (size_t i = 0; i < row->open_count; i++) {
    if (row->opens_ms[i] >= TEST_NOW_MS - 5 * SEG_DAY_MS) {
      return false;
    }
  }
  return true;
}
static bool is_open_older(const model_contact *row) {
  return row->open_count > 0 && has_no_open_since(row);
}
static bool is_member(const model_contact *row) { return row->is_member; }
static bool is_email_with_9(const model_contact *row) {
  char digits[16];
  (void)snprintf(digits, sizeof digits, "%u", row->id);
  return strchr(digits, '9') != NULL;
}

static const struct {
  const char *filter;
  bool (*matches)(const model_contact *row);
} questions[] = {
    {"\"field\":\"data.n\",\"operator\":\"greaterThan\",\"value\":50", is_n_over_50},
    {"\"field\":\"data.n\",\"operator\":\"notEquals\",\"value\":7", is_n_not_7},
    {"\"field\":\"data.n\",\"operator\":\"notExists\"", is_n_absent},
    {"\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"p3\"", is_plan_3},
    {"\"field\":\"data.plan\",\"operator\":\"contains\",\"value\":\"1\"", is_plan_with_1},
    {"\"field\":\"data.deep.tag\",\"operator\":\"contains\",\"value\":\"4.\"", is_tag_even},
    {"\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true", is_subscribed},
    {"\"field\":\"createdAt\",\"operator\":\"within\",\"value\":10,\"unit\":\"days\"", is_new},
    {"\"field\":\"event.login\",\"operator\":\"triggered\"", has_logged_in},
    {"\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":5,\"unit\":\"days\"",
     is_login_within},
    {"\"field\":\"email.opened\",\"operator\":\"notTriggeredWithin\",\"value\":120,"
     "\"unit\":\"hours\"",
     has_no_open_since},
    {"\"field\":\"email.opened\",\"operator\":\"triggeredOlderThan\",\"value\":5,"
     "\"unit\":\"days\"",
     is_open_older},
    {"\"field\":\"segment.s\",\"operator\":\"memberOfSegment\"", is_member},
    {"\"field\":\"email\",\"operator\":\"contains\",\"value\":\"9\"", is_email_with_9},
};
#define QUESTION_COUNT (sizeof questions / sizeof questions[0])

// Changes.

static int64_t random_instant(model *own) {
  return TEST_NOW_MS + ((int64_t)below(own, 40) - 30) * SEG_DAY_MS + below(own, 3) - 1;
}

/// Gives a contact new random data, in the model and as a view; `json` has room for it.
static void change_contact(model *own, model_contact *row, char json[256]) {
  row->subscribed = below(own, 2) == 0;
  row->created_at_ms = random_instant(own);
  row->number = (int)below(own, 101) - 1;
  row->plan = (int)below(own, 25) - 1;
  row->tag = below(own, 100000);
  int size = snprintf(json, 256, "{\"deep\":{\"tag\":\"T%u.\"}", row->tag);
  if (row->number >= 0) {
    size += snprintf(json + size, 256 - (size_t)size, ",\"n\":%d", row->number);
  }
  if (row->plan >= 0) {
    size += snprintf(json + size, 256 - (size_t)size, ",\"plan\":\"p%d\"", row->plan);
  }
  (void)snprintf(json + size, 256 - (size_t)size, "}");
}

static void write_contact(model *own, uint32_t row, bool is_new_one) {
  model_contact *contact = &own->rows[row];
  char json[256];
  char id[32];
  char email[64];
  change_contact(own, contact, json);
  (void)snprintf(id, sizeof id, "id-%u", contact->id);
  (void)snprintf(email, sizeof email, " C%u@Example.com", contact->id);
  struct cJSON *data = NULL;
  assert_int_equal(seg_json_parse(TEXT(json), 8, &data, NULL), SEG_OK);
  seg_contact_view view = {.id = TEXT(id),
                           .email = TEXT(email),
                           .subscribed = contact->subscribed,
                           .created_at_ms = contact->created_at_ms,
                           .updated_at_ms = TEST_NOW_MS,
                           .data = data};
  if (is_new_one) {
    uint32_t given = UINT32_MAX;
    assert_int_equal(seg_table_add(own->table, &view, &given, NULL), SEG_OK);
    assert_int_equal(given, row);
  } else {
    assert_int_equal(seg_table_update(own->table, row, &view, NULL), SEG_OK);
  }
  seg_json_free(data);
}

/// The table takes the lowest hole, so the model knows the row before.
static void add_contact(model *own) {
  for (uint32_t row = 0; row < ROWS_MAX; row++) {
    if (!own->rows[row].is_live) {
      own->rows[row] = (model_contact){.is_live = true, .id = own->next_id++};
      write_contact(own, row, true);
      return;
    }
  }
}

static void add_occurrence(model *own, uint32_t row) {
  model_contact *contact = &own->rows[row];
  int64_t at_ms = random_instant(own);
  if (below(own, 2) == 0 && contact->login_count < EVENTS_MAX) {
    contact->logins_ms[contact->login_count++] = at_ms;
    assert_int_equal(seg_table_add_event(own->table, row, TEXT("login"), at_ms, NULL), SEG_OK);
  } else if (contact->open_count < EVENTS_MAX) {
    contact->opens_ms[contact->open_count++] = at_ms;
    assert_int_equal(seg_table_add_activity(own->table, row, SEG_ACTIVITY_OPENED, at_ms, NULL),
                     SEG_OK);
  }
}

/// Of all contacts at once.
static void remove_logins(model *own) {
  for (uint32_t row = 0; row < ROWS_MAX; row++) {
    own->rows[row].login_count = 0;
  }
  seg_table_remove_event(own->table, TEXT("login"));
}

static void change_something(model *own) {
  uint32_t row = below(own, ROWS_MAX);
  if (below(own, 3000) == 0) {
    remove_logins(own);
    return;
  }
  uint32_t what = below(own, 10);
  if (!own->rows[row].is_live) {
    add_contact(own);
  } else if (what == 0) {
    own->rows[row].is_live = false;
    seg_table_remove(own->table, row);
  } else if (what <= 3) {
    write_contact(own, row, false);
  } else if (what == 4) {
    own->rows[row].is_member = below(own, 2) == 0;
    assert_int_equal(
        seg_table_set_member(own->table, TEXT("s"), row, own->rows[row].is_member, NULL), SEG_OK);
  } else {
    add_occurrence(own, row);
  }
}

// Comparing.

static bool find_members(void *context, seg_text_view id, seg_segment *out) {
  seg_mask_view members = {.words = NULL, .block_count = 0};
  static const uint64_t nobody = 0;
  (void)seg_table_members(context, id, &members);
  *out = (seg_segment){.name = id,
                       .members = members.words == NULL ? &nobody : members.words,
                       .member_block_count = members.block_count};
  return true;
}

static void check_question(model *own, size_t question) {
  seg_filter *filter = test_filter_of(seg_allocator_default(), questions[question].filter);
  seg_resolver resolver = {.find = find_members, .context = own->table};
  uint64_t *mask = test_mask(own->table, filter, &resolver);
  size_t blocks = seg_table_block_count(own->table);
  for (uint32_t row = 0; row < blocks * 64; row++) {
    bool expected =
        row < ROWS_MAX && own->rows[row].is_live && questions[question].matches(&own->rows[row]);
    if ((((mask[row / 64] >> (row % 64)) & 1) != 0) != expected) {
      fail_msg("%s: row %u should%s match", questions[question].filter, (unsigned)row,
               expected ? "" : " not");
    }
  }
  // A few blocks alone take other ways through the plan.
  for (int i = 0; i < 4; i++) {
    size_t begin = below(own, (uint32_t)blocks);
    seg_block_range range = {begin, begin + 1 + below(own, 3)};
    range.end = range.end < blocks ? range.end : blocks;
    seg_plan *plan = NULL;
    uint64_t part[4];
    assert_int_equal(seg_plan_create(seg_allocator_default(), filter, own->table, TEST_NOW_MS,
                                     &resolver, range, &plan, NULL),
                     SEG_OK);
    assert_int_equal(seg_plan_evaluate(plan, range, part), SEG_OK);
    assert_memory_equal(part, mask + begin, (range.end - begin) * sizeof *part);
    seg_plan_free(plan);
  }
  free(mask);
  seg_filter_free(filter);
}

static void check_snapshot(model *own) {
  seg_text_view bytes;
  seg_table *copy = NULL;
  seg_allocator allocator = seg_allocator_default();
  assert_int_equal(seg_snapshot_write(own->table, allocator, NULL, 0, &bytes, NULL), SEG_OK);
  assert_int_equal(seg_snapshot_read(allocator, 3, bytes, &copy, NULL), SEG_OK);
  assert_int_equal(seg_table_contact_count(copy), seg_table_contact_count(own->table));
  for (size_t i = 0; i < QUESTION_COUNT; i++) {
    seg_filter *filter = test_filter_of(allocator, questions[i].filter);
    seg_resolver before = {.find = find_members, .context = own->table};
    seg_resolver after = {.find = find_members, .context = copy};
    assert_int_equal(test_count(copy, filter, &after), test_count(own->table, filter, &before));
    seg_filter_free(filter);
  }
  seg_table_free(copy);
  seg_text_free(allocator, bytes);
}

static void random_changes_agree_with_the_model(void **state) {
  (void)state;
  test_memory memory = TEST_MEMORY_INIT;
  model *own = calloc(1, sizeof *own);
  assert_non_null(own);
  own->random = test_seed();
  own->table = test_table(test_memory_allocator(&memory));
  for (uint32_t i = 0; i < ROWS_MAX - 100; i++) {
    add_contact(own);
  }
  for (uint32_t change = 1; change <= CHANGES; change++) {
    change_something(own);
    if (change % CHECK_EVERY == 0) {
      for (size_t i = 0; i < QUESTION_COUNT; i++) {
        check_question(own, i);
      }
      check_snapshot(own);
      assert_int_equal(memory.held_bytes, seg_table_memory_bytes(own->table));
    }
  }
  seg_table_free(own->table);
  assert_int_equal(memory.block_count, 0);
  free(own);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_changes_agree_with_the_model)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
