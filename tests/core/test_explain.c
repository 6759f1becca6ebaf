// Explanations: what is seen, and when verdicts flip. Verdicts are held against plans over a table
// of the one contact, which the explanation never sees.
#include "segmentry/explain.h"

#include "support.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static seg_explanation *explain(const seg_table *table, const seg_filter *filter, uint32_t row,
                                const seg_resolver *resolver) {
  seg_explanation *made = NULL;
  seg_error error;
  if (seg_explain_create(seg_allocator_default(), filter, table, row, TEST_NOW_MS, resolver, &made,
                         &error) != SEG_OK) {
    fail_msg("%s", error.message);
  }
  assert_error(&error, SEG_OK);
  return made;
}

static seg_resolver members_of(seg_table *table);

/// Explains one filter, written as for test_filter_of. Free both.
static seg_explanation *explain_one(seg_table *table, uint32_t row, const char *rest,
                                    seg_filter **filter) {
  seg_resolver resolver = members_of(table);
  *filter = test_filter_of(seg_allocator_default(), rest);
  return explain(table, *filter, row, &resolver);
}

static void end(seg_explanation *explanation, seg_filter *filter) {
  seg_explain_free(explanation);
  seg_filter_free(filter);
}

// A static segment "s", whose members the table stores, and a dynamic one "d" that refers to a
// further one.

static struct {
  seg_filter *dynamic;
  seg_filter *inner;
} known;

static int make_known(void **state) {
  (void)state;
  known.dynamic =
      test_filter(seg_allocator_default(),
                  "{\"logic\":\"OR\",\"groups\":[{\"filters\":[{\"field\":\"segment.i\","
                  "\"operator\":\"notMemberOfSegment\"}]},{\"filters\":[{\"field\":\"data.when\","
                  "\"operator\":\"olderThan\",\"value\":2,\"unit\":\"hours\"}]}]}");
  known.inner = test_filter_of(seg_allocator_default(),
                               "\"field\":\"event.login\",\"operator\":\"triggeredWithin\","
                               "\"value\":36,\"unit\":\"hours\"");
  return 0;
}

static int free_known(void **state) {
  (void)state;
  seg_filter_free(known.dynamic);
  seg_filter_free(known.inner);
  return 0;
}

static bool find_segment(void *context, seg_text_view id, seg_segment *out) {
  static const uint64_t nobody = 0;
  seg_mask_view members = {.words = &nobody};
  *out = (seg_segment){.name = id};
  if (seg_text_equal(id, TEXT("d")) || seg_text_equal(id, TEXT("i"))) {
    out->filter = id.bytes[0] == 'd' ? known.dynamic : known.inner;
    return true;
  }
  (void)seg_table_members(context, id, &members);
  out->members = members.words;
  out->member_block_count = members.block_count;
  return seg_text_equal(id, TEXT("s"));
}

static seg_resolver members_of(seg_table *table) {
  return (seg_resolver){.find = find_segment, .context = table};
}

// What is seen.

static void shows_the_value_of_each_kind_of_field(void **state) {
  (void)state;
  static const struct {
    const char *filter;
    const char *seen;
  } cases[] = {
      {"\"field\":\"email\",\"operator\":\"contains\",\"value\":\"ADA\"",
       "{\"kind\":\"text\",\"value\":\"ada@example.com\"}"},
      {"\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":false",
       "{\"kind\":\"boolean\",\"value\":true}"},
      {"\"field\":\"createdAt\",\"operator\":\"lessThan\",\"value\":\"2024-01-01\"",
       "{\"kind\":\"instant\",\"value\":\"2024-01-31T12:00:00.000Z\"}"},
      {"\"field\":\"updatedAt\",\"operator\":\"lessThan\",\"value\":\"2024-01-01\"",
       "{\"kind\":\"instant\",\"value\":\"2024-02-29T12:00:00.000Z\"}"},
      {"\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"pro\"",
       "{\"kind\":\"text\",\"value\":\"Pro \\\"x\\\"\"}"},
      {"\"field\":\"data.seats\",\"operator\":\"greaterThan\",\"value\":3",
       "{\"kind\":\"number\",\"value\":0.1}"},
      {"\"field\":\"data.vip\",\"operator\":\"exists\"", "{\"kind\":\"boolean\",\"value\":false}"},
      {"\"field\":\"data.tags\",\"operator\":\"contains\",\"value\":\"a\"",
       "{\"kind\":\"array\",\"value\":[\"A\",\"b\"]}"},
      {"\"field\":\"data.deep\",\"operator\":\"exists\"", "{\"kind\":\"object\"}"},
      {"\"field\":\"data.none\",\"operator\":\"notExists\"", "{\"kind\":\"absent\"}"},
      {"\"field\":\"data.gone\",\"operator\":\"notExists\"", "{\"kind\":\"absent\"}"},
      {"\"field\":\"event.login\",\"operator\":\"triggered\"",
       "{\"kind\":\"occurrences\",\"count\":2,\"last\":\"2024-03-01T11:59:59.999Z\"}"},
      {"\"field\":\"event.never\",\"operator\":\"notTriggered\"", "{\"kind\":\"absent\"}"},
      {"\"field\":\"email.opened\",\"operator\":\"triggered\"",
       "{\"kind\":\"occurrences\",\"count\":1,\"last\":\"2024-03-02T12:00:00.000Z\"}"},
      {"\"field\":\"email.clicked\",\"operator\":\"triggered\"", "{\"kind\":\"absent\"}"},
      {"\"field\":\"segment.s\",\"operator\":\"memberOfSegment\"",
       "{\"kind\":\"membership\",\"value\":true}"},
      {"\"field\":\"segment.s\",\"operator\":\"notMemberOfSegment\"",
       "{\"kind\":\"membership\",\"value\":true}"},
      {"\"field\":\"segment.d\",\"operator\":\"notMemberOfSegment\"",
       "{\"kind\":\"membership\",\"value\":false}"},
  };
  seg_table *table = test_table(seg_allocator_default());
  (void)test_add(table, "other", "{\"gone\":1}");
  uint32_t row = test_add(table, "ada",
                          "{\"plan\":\"Pro \\\"x\\\"\",\"seats\":0.1,\"vip\":false,"
                          "\"tags\":[\"A\",7,\"b\"],\"deep\":{\"er\":1}}");
  for (int i = 1; i <= 2; i++) {
    assert_int_equal(seg_table_add_event(table, row, TEXT("login"), TEST_NOW_MS - i, NULL), SEG_OK);
  }
  assert_int_equal(
      seg_table_add_activity(table, row, SEG_ACTIVITY_OPENED, TEST_NOW_MS + SEG_DAY_MS, NULL),
      SEG_OK);
  assert_int_equal(seg_table_set_member(table, TEXT("s"), row, true, NULL), SEG_OK);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    seg_filter *filter;
    seg_explanation *told = explain_one(table, row, cases[i].filter, &filter);
    seg_text_view json;
    cJSON *tree = NULL;
    assert_int_equal(seg_explain_write(told, seg_allocator_default(), &json), SEG_OK);
    assert_int_equal(seg_json_parse(json, 8, &tree, NULL), SEG_OK);
    cJSON *node = cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "nodes"), 1);
    char *seen = cJSON_PrintUnformatted(cJSON_GetObjectItem(node, "seen"));
    assert_string_equal(seen, cases[i].seen);
    cJSON_free(seen);
    seg_json_free(tree);
    seg_text_free(seg_allocator_default(), json);
    end(told, filter);
  }
  seg_table_free(table);
}

static void writes_the_whole_as_json(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", "{\"n\":7}");
  seg_filter *filter = test_filter(
      seg_allocator_default(),
      "{\"logic\":\"OR\",\"groups\":[{\"filters\":[{\"field\":\"data.n\",\"operator\":\"equals\","
      "\"value\":8}]},{\"filters\":[],\"conditions\":{\"logic\":\"AND\",\"groups\":[{\"filters\":["
      "{\"field\":\"updatedAt\",\"operator\":\"within\",\"value\":2,\"unit\":\"days\"}]}]}}]}");
  seg_explanation *told = explain(table, filter, row, NULL);
  seg_text_view json;
  assert_int_equal(seg_explain_write(told, seg_allocator_default(), &json), SEG_OK);
  assert_text(json,
              "{\"matches\":true,\"flipsAt\":\"2024-03-02T12:00:00.001Z\","
              "\"searchedUntil\":\"9999-12-31T23:59:59.999Z\",\"nodes\":["
              "{\"path\":\"groups[0]\",\"matches\":false,\"flipsAt\":null},"
              "{\"path\":\"groups[0].filters[0]\",\"matches\":false,\"flipsAt\":null,"
              "\"seen\":{\"kind\":\"number\",\"value\":7}},"
              "{\"path\":\"groups[1]\",\"matches\":true,\"flipsAt\":\"2024-03-02T12:00:00.001Z\"},"
              "{\"path\":\"groups[1].conditions.groups[0]\",\"matches\":true,"
              "\"flipsAt\":\"2024-03-02T12:00:00.001Z\"},"
              "{\"path\":\"groups[1].conditions.groups[0].filters[0]\",\"matches\":true,"
              "\"flipsAt\":\"2024-03-02T12:00:00.001Z\","
              "\"seen\":{\"kind\":\"instant\",\"value\":\"2024-02-29T12:00:00.000Z\"}}]}");
  seg_text_free(seg_allocator_default(), json);
  end(told, filter);
  seg_table_free(table);
}

static void cuts_long_values_where_a_character_ends(void **state) {
  (void)state;
  enum { SIZE = 3 * SEG_EXPLAIN_TEXT_BYTES_MAX };
  char *data = malloc(SIZE + 4000);
  assert_non_null(data);
  char *at = data + sprintf(data, "{\"long\":\"");
  for (int i = 0; i < SIZE / 3; i++) {
    at += sprintf(at, "\xE2\x82\xAC"); // of three bytes, which 1,024 is no multiple of
  }
  at += sprintf(at, "\",\"list\":[\"0\"");
  for (int i = 1; i <= SEG_EXPLAIN_ELEMENTS_MAX; i++) {
    at += sprintf(at, ",\"%d\"", i);
  }
  (void)sprintf(at, "]}");
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", data);
  static const char *const fields[] = {"long", "list"};
  for (int i = 0; i < 2; i++) {
    char rest[64];
    (void)snprintf(rest, sizeof rest, "\"field\":\"data.%s\",\"operator\":\"exists\"", fields[i]);
    seg_filter *filter;
    seg_explanation *told = explain_one(table, row, rest, &filter);
    seg_text_view json;
    cJSON *tree = NULL;
    assert_int_equal(seg_explain_write(told, seg_allocator_default(), &json), SEG_OK);
    assert_int_equal(seg_json_parse(json, 8, &tree, NULL), SEG_OK); // which checks the UTF-8 too
    cJSON *node = cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "nodes"), 1);
    cJSON *seen = cJSON_GetObjectItem(node, "seen");
    cJSON *value = cJSON_GetObjectItem(seen, "value");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(seen, "isCut")));
    if (i == 0) {
      assert_int_equal(strlen(value->valuestring), SEG_EXPLAIN_TEXT_BYTES_MAX / 3 * 3);
    } else {
      assert_int_equal(cJSON_GetArraySize(value), SEG_EXPLAIN_ELEMENTS_MAX);
    }
    seg_json_free(tree);
    seg_text_free(seg_allocator_default(), json);
    end(told, filter);
  }
  seg_table_free(table);
  free(data);
}

static void refuses_what_a_plan_refuses_and_rows_without_a_contact(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", NULL);
  uint32_t hole = test_add(table, "bob", NULL);
  seg_table_remove(table, hole);
  seg_filter *filter = test_filter_of(seg_allocator_default(),
                                      "\"field\":\"segment.x\",\"operator\":\"memberOfSegment\"");
  seg_explanation *told = NULL;
  seg_error error;
  const uint32_t missing[] = {hole, 64, UINT32_MAX};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(seg_explain_create(seg_allocator_default(), filter, table, missing[i],
                                        TEST_NOW_MS, NULL, &told, &error),
                     SEG_E_MISSING);
    assert_error(&error, SEG_E_MISSING);
  }
  assert_int_equal(seg_explain_create(seg_allocator_default(), filter, table, row, TEST_NOW_MS,
                                      NULL, &told, &error),
                   SEG_E_SEGMENT);
  assert_error(&error, SEG_E_SEGMENT);
  assert_null(told);
  seg_filter_free(filter);
  seg_table_free(table);
}

// When verdicts flip.

/// The table's one event lies `age_ms` back.
static int64_t flip_of_event(const char *rest, int64_t age_ms) {
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", NULL);
  seg_filter *filter;
  assert_int_equal(seg_table_add_event(table, row, TEXT("e"), TEST_NOW_MS - age_ms, NULL), SEG_OK);
  seg_explanation *told = explain_one(table, row, rest, &filter);
  int64_t flips_at_ms = told->flips_at_ms;
  assert_int_equal(told->nodes[1].flips_at_ms, flips_at_ms);
  end(told, filter);
  seg_table_free(table);
  return flips_at_ms == SEG_EXPLAIN_NEVER ? flips_at_ms : flips_at_ms - TEST_NOW_MS;
}

static void flips_to_the_millisecond(void **state) {
  (void)state;
#define DAYS_2(operator)                                                                           \
  "\"field\":\"event.e\",\"operator\":\"" operator"\",\"value\":2,\"unit\":\"days\""
  assert_int_equal(flip_of_event(DAYS_2("triggeredWithin"), SEG_DAY_MS), SEG_DAY_MS + 1);
  assert_int_equal(flip_of_event(DAYS_2("triggeredWithin"), 2 * SEG_DAY_MS), 1);
  assert_int_equal(flip_of_event(DAYS_2("triggeredWithin"), 3 * SEG_DAY_MS), SEG_EXPLAIN_NEVER);
  assert_int_equal(flip_of_event(DAYS_2("triggeredWithin"), -SEG_DAY_MS), SEG_DAY_MS);
  assert_int_equal(flip_of_event(DAYS_2("triggeredOlderThan"), SEG_DAY_MS), SEG_DAY_MS + 1);
  assert_int_equal(flip_of_event(DAYS_2("triggeredOlderThan"), 3 * SEG_DAY_MS), SEG_EXPLAIN_NEVER);
  assert_int_equal(flip_of_event(DAYS_2("triggeredOlderThan"), -SEG_DAY_MS), 3 * SEG_DAY_MS + 1);
  assert_int_equal(flip_of_event(DAYS_2("notTriggeredWithin"), SEG_DAY_MS), SEG_DAY_MS + 1);
  assert_int_equal(flip_of_event(DAYS_2("notTriggeredWithin"), -SEG_DAY_MS), 3 * SEG_DAY_MS + 1);
  assert_int_equal(flip_of_event("\"field\":\"event.e\",\"operator\":\"triggered\"", -SEG_DAY_MS),
                   SEG_EXPLAIN_NEVER);
#undef DAYS_2
}

static void what_terms_do_together_is_found(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", NULL);
  // One ends at the millisecond at which the other begins: the whole never changes.
  seg_filter *seamless = test_filter(
      seg_allocator_default(),
      "{\"logic\":\"OR\",\"groups\":[{\"filters\":[{\"field\":\"updatedAt\",\"operator\":"
      "\"within\",\"value\":2,\"unit\":\"days\"}]},{\"filters\":[{\"field\":\"updatedAt\","
      "\"operator\":\"olderThan\",\"value\":2,\"unit\":\"days\"}]}]}");
  seg_explanation *told = explain(table, seamless, row, NULL);
  assert_true(told->matches);
  assert_int_equal(told->flips_at_ms, SEG_EXPLAIN_NEVER);
  assert_int_equal(told->nodes[0].flips_at_ms, TEST_NOW_MS + SEG_DAY_MS + 1);
  assert_int_equal(told->nodes[2].flips_at_ms, TEST_NOW_MS + SEG_DAY_MS + 1);
  end(told, seamless);
  // Two that have to go: the whole goes with the later one.
  seg_filter *later = test_filter(
      seg_allocator_default(),
      "{\"logic\":\"OR\",\"groups\":[{\"filters\":[{\"field\":\"updatedAt\",\"operator\":"
      "\"within\",\"value\":2,\"unit\":\"days\"}]},{\"filters\":[{\"field\":\"updatedAt\","
      "\"operator\":\"within\",\"value\":5,\"unit\":\"days\"}]}]}");
  told = explain(table, later, row, NULL);
  assert_int_equal(told->flips_at_ms, TEST_NOW_MS + 4 * SEG_DAY_MS + 1);
  end(told, later);
  seg_table_free(table);
}

static void gives_up_after_the_limit_and_says_so(void **state) {
  (void)state;
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "ada", NULL);
  // Each occurrence begins before the one before it has left the window: never false again.
  for (int i = 0; i < SEG_EXPLAIN_INSTANTS_MAX + 10; i++) {
    assert_int_equal(
        seg_table_add_event(table, row, TEXT("e"), TEST_NOW_MS + i * SEG_MINUTE_MS, NULL), SEG_OK);
  }
  seg_filter *filter;
  seg_explanation *told =
      explain_one(table, row,
                  "\"field\":\"event.e\",\"operator\":\"triggeredWithin\",\"value\":1,"
                  "\"unit\":\"hours\"",
                  &filter);
  assert_true(told->matches);
  assert_int_equal(told->flips_at_ms, SEG_EXPLAIN_NEVER);
  assert_int_equal(told->searched_until_ms,
                   TEST_NOW_MS + (SEG_EXPLAIN_INSTANTS_MAX + 1) * SEG_MINUTE_MS - 1);
  end(told, filter);
  seg_table_free(table);
}

// Random filters on random contacts.

#define ROUNDS 60
#define CONTACTS 90
#define FILTERS_A_ROUND 12
#define OCCURRENCES_MAX 24

typedef struct random_round {
  uint64_t random;
  seg_table *table;
  char json[8192];
  size_t json_bytes;
} random_round;

static uint32_t below(random_round *own, uint32_t bound) {
  return test_random_below(&own->random, bound);
}

static int64_t instant_nearby(random_round *own) {
  int64_t step_ms = below(own, 2) == 0 ? SEG_HOUR_MS : SEG_DAY_MS;
  return TEST_NOW_MS + ((int64_t)below(own, 16) - 10) * step_ms + below(own, 3) - 1;
}

static void add_random_contact(random_round *own, unsigned number) {
  char id[16];
  char data[128] = "{}";
  char when[SEG_INSTANT_TEXT_BYTES];
  (void)snprintf(id, sizeof id, "c%u", number);
  seg_instant_write(instant_nearby(own), when);
  if (below(own, 4) > 0) {
    when[below(own, 2) == 0 ? 10 : 24] = '\0'; // a day alone, or the instant
    (void)snprintf(data, sizeof data, "{\"when\":\"%s\",\"n\":%u}", when, below(own, 3));
  }
  uint32_t row = test_add(own->table, id, data);
  for (uint32_t i = below(own, OCCURRENCES_MAX); i > 0; i--) {
    assert_int_equal(seg_table_add_event(own->table, row, TEXT("login"), instant_nearby(own), NULL),
                     SEG_OK);
  }
  for (uint32_t i = below(own, 3); i > 0; i--) {
    assert_int_equal(
        seg_table_add_activity(own->table, row, SEG_ACTIVITY_OPENED, instant_nearby(own), NULL),
        SEG_OK);
  }
  assert_int_equal(seg_table_set_member(own->table, TEXT("s"), row, below(own, 2) == 0, NULL),
                   SEG_OK);
}

static void put(random_round *own, const char *text) {
  size_t size = strlen(text);
  assert_true(own->json_bytes + size < sizeof own->json);
  memcpy(own->json + own->json_bytes, text, size + 1);
  own->json_bytes += size;
}

static void put_filter(random_round *own) {
  static const char *const timeless[] = {
      "{\"field\":\"data.n\",\"operator\":\"equals\",\"value\":1}",
      "{\"field\":\"event.login\",\"operator\":\"triggered\"}",
      "{\"field\":\"segment.s\",\"operator\":\"memberOfSegment\"}",
      "{\"field\":\"segment.d\",\"operator\":\"memberOfSegment\"}",
      "{\"field\":\"segment.i\",\"operator\":\"notMemberOfSegment\"}"};
  static const char *const instants[] = {"createdAt", "updatedAt", "data.when", "data.none"};
  static const char *const instant_operators[] = {"within", "olderThan"};
  static const char *const timelines[] = {"event.login", "email.opened", "event.none"};
  static const char *const timeline_operators[] = {"triggeredWithin", "triggeredOlderThan",
                                                   "notTriggeredWithin"};
  static const char *const spans[] = {
      "0,\"unit\":\"days\"",     "1,\"unit\":\"days\"",   "0.37,\"unit\":\"hours\"",
      "5,\"unit\":\"hours\"",    "7,\"unit\":\"days\"",   "0.00001,\"unit\":\"minutes\"",
      "1e300,\"unit\":\"days\"", "2.5,\"unit\":\"days\"", "3650000,\"unit\":\"days\""};
  if (below(own, 3) == 0) {
    put(own, timeless[below(own, 5)]);
    return;
  }
  bool is_timeline = below(own, 2) == 0;
  char filter[160];
  (void)snprintf(filter, sizeof filter, "{\"field\":\"%s\",\"operator\":\"%s\",\"value\":%s}",
                 is_timeline ? timelines[below(own, 3)] : instants[below(own, 4)],
                 is_timeline ? timeline_operators[below(own, 3)] : instant_operators[below(own, 2)],
                 spans[below(own, 9)]);
  put(own, filter);
}

static void put_condition(random_round *own, unsigned depth) {
  put(own,
      below(own, 2) == 0 ? "{\"logic\":\"AND\",\"groups\":[" : "{\"logic\":\"OR\",\"groups\":[");
  for (uint32_t groups = 1 + below(own, 3); groups > 0; groups--) {
    put(own, "{\"filters\":[");
    for (uint32_t filters = 1 + below(own, 2); filters > 0; filters--) {
      put_filter(own);
      put(own, filters > 1 ? "," : "]");
    }
    if (depth < 2 && below(own, 3) == 0) {
      put(own, ",\"conditions\":");
      put_condition(own, depth + 1);
    }
    put(own, groups > 1 ? "}," : "}]}");
  }
}

/// The contact alone, and the verdicts that a plan over it gives.
typedef struct witness {
  const seg_filter *filter;
  seg_table *table;
  const seg_explanation *told;
  size_t *counts;
  size_t count;
} witness;

static void ask(witness *own, int64_t at_ms) {
  seg_resolver resolver = members_of(own->table);
  seg_plan *plan = NULL;
  assert_int_equal(seg_plan_create(seg_allocator_default(), own->filter, own->table, at_ms,
                                   &resolver, seg_plan_all_blocks(own->table), &plan, NULL),
                   SEG_OK);
  assert_int_equal(seg_plan_count_nodes(plan, own->counts), SEG_OK);
  assert_int_equal(seg_plan_count(plan, &own->count), SEG_OK);
  seg_plan_free(plan);
}

/// Asserts that every verdict is as the explanation says for a moment.
static void check_moment(witness *own, int64_t at_ms, const char *json) {
  ask(own, at_ms);
  const seg_explanation *told = own->told;
  // Beyond its flip a node may have flipped back.
  bool is_certain = at_ms <= told->flips_at_ms;
  if (is_certain && (own->count == 1) != (told->matches != (at_ms == told->flips_at_ms))) {
    fail_msg("%s: the whole, %lld ms from now", json, (long long)(at_ms - TEST_NOW_MS));
  }
  for (size_t i = 0; i < told->node_count; i++) {
    const seg_explained_node *node = &told->nodes[i];
    if (at_ms <= node->flips_at_ms &&
        (own->counts[i] == 1) != (node->matches != (at_ms == node->flips_at_ms))) {
      fail_msg("%s: node %zu, %lld ms from now", json, i, (long long)(at_ms - TEST_NOW_MS));
    }
  }
}

static void check_explanation(random_round *own, const seg_filter *filter, uint32_t row) {
  witness other = {.filter = filter, .table = test_table(seg_allocator_default())};
  uint32_t copied;
  seg_resolver resolver = members_of(own->table);
  seg_explanation *told = explain(own->table, filter, row, &resolver);
  assert_int_equal(seg_table_copy_row(other.table, own->table, row, &copied, NULL), SEG_OK);
  other.told = told;
  other.counts = calloc(told->node_count, sizeof *other.counts);
  assert_non_null(other.counts);
  assert_int_equal(told->searched_until_ms, SEG_EXPLAIN_HORIZON_MS);
  check_moment(&other, TEST_NOW_MS, own->json);
  for (size_t i = 0; i <= told->node_count; i++) {
    int64_t flips_at_ms = i == 0 ? told->flips_at_ms : told->nodes[i - 1].flips_at_ms;
    if (flips_at_ms != SEG_EXPLAIN_NEVER) {
      assert_true(flips_at_ms > TEST_NOW_MS);
      check_moment(&other, flips_at_ms, own->json);
      check_moment(&other, flips_at_ms - 1, own->json);
    }
  }
  // In between nothing changes, and beyond nothing that never does.
  for (int i = 0; i < 8; i++) {
    check_moment(&other, TEST_NOW_MS + below(own, 20 * 24) * SEG_HOUR_MS + below(own, 3),
                 own->json);
  }
  check_moment(&other, SEG_EXPLAIN_HORIZON_MS, own->json);
  free(other.counts);
  seg_explain_free(told);
  seg_table_free(other.table);
}

static void random_explanations_agree_with_plans(void **state) {
  (void)state;
  random_round *own = calloc(1, sizeof *own);
  assert_non_null(own);
  own->random = test_seed();
  for (int round = 0; round < ROUNDS; round++) {
    own->table = test_table(seg_allocator_default());
    for (unsigned i = 0; i < CONTACTS; i++) {
      add_random_contact(own, i);
    }
    for (int i = 0; i < FILTERS_A_ROUND; i++) {
      own->json_bytes = 0;
      put_condition(own, 0);
      seg_filter *filter = test_filter(seg_allocator_default(), own->json);
      check_explanation(own, filter, below(own, CONTACTS));
      seg_filter_free(filter);
    }
    seg_table_free(own->table);
  }
  free(own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shows_the_value_of_each_kind_of_field),
      cmocka_unit_test(writes_the_whole_as_json),
      cmocka_unit_test(cuts_long_values_where_a_character_ends),
      cmocka_unit_test(refuses_what_a_plan_refuses_and_rows_without_a_contact),
      cmocka_unit_test(flips_to_the_millisecond),
      cmocka_unit_test(what_terms_do_together_is_found),
      cmocka_unit_test(gives_up_after_the_limit_and_says_so),
      cmocka_unit_test(random_explanations_agree_with_plans),
  };
  return cmocka_run_group_tests(tests, make_known, free_known);
}
