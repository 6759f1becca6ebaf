// What follows from memberships: since when, how segments grew, and what uses them.
#include "support.h"

#include <stdio.h>
#include <string.h>

static void move(test_store *test, int64_t segment, int64_t contact, bool is_entry, int64_t at_ms) {
  store_move made = {.project = test->ours,
                     .segment = segment,
                     .at_ms = at_ms,
                     .cause = is_entry ? STORE_CAUSE_DATA : STORE_CAUSE_CLOCK};
  store_status status = is_entry ? store_member_add(test->session, &made, contact, &test->err)
                                 : store_member_remove(test->session, &made, contact, &test->err);
  assert_int_equal(status, STORE_OK);
}

static bool log_since(void *context, int64_t segment, int64_t since_ms) {
  char *text = context;
  size_t used = strlen(text);
  (void)snprintf(text + used, 64 - used, "%lld@%lld ", (long long)segment,
                 (long long)(since_ms - NOW_MS));
  return true;
}

static void memberships_of_a_contact_know_their_beginning(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ann = test_contact(&test, test.ours, "ann");
  int64_t bob = test_contact(&test, test.ours, "bob");
  int64_t vip = test_segment(&test, test.ours, "vip");
  int64_t old = test_segment(&test, test.ours, "old");
  char found[64] = "";
  char expected[64];
  move(&test, vip, ann, true, NOW_MS);
  move(&test, vip, ann, false, NOW_MS + 1);
  move(&test, vip, ann, true, NOW_MS + 2);
  move(&test, old, ann, true, NOW_MS + 3);
  assert_store(STORE_OK, store_member_since(s, test.ours, ann, log_since, found, &test.err));
  (void)snprintf(expected, sizeof expected, "%lld@2 %lld@3 ", (long long)vip, (long long)old);
  assert_string_equal(found, expected);
  found[0] = '\0';
  assert_store(STORE_OK, store_member_since(s, test.ours, bob, log_since, found, &test.err));
  assert_store(STORE_OK, store_member_since(s, test.theirs, ann, log_since, found, &test.err));
  assert_string_equal(found, "");
  test_store_end(&test);
}

static void growth_is_added_up_by_day(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t vip = test_segment(&test, test.ours, "vip");
  int64_t next = test_segment(&test, test.ours, "next"); // its keys begin where vip's end
  int64_t start_ms = NOW_MS - NOW_MS % STORE_DAY_MS;
  int64_t contacts[5];
  for (int i = 0; i < 5; i++) {
    char name[2] = {(char)('a' + i), '\0'};
    contacts[i] = test_contact(&test, test.ours, name);
    move(&test, next, contacts[i], true, start_ms);
  }
  move(&test, vip, contacts[0], true, start_ms - 5 * STORE_DAY_MS);
  move(&test, vip, contacts[1], true, start_ms - 1);
  move(&test, vip, contacts[2], true, start_ms);
  move(&test, vip, contacts[3], true, start_ms + STORE_DAY_MS - 1);
  move(&test, vip, contacts[0], false, start_ms + STORE_DAY_MS);
  move(&test, vip, contacts[4], true, start_ms + 9 * STORE_DAY_MS); // later than the last day
  move(&test, vip, contacts[0], true, start_ms - 2);                // a clock that went back
  int64_t days[3] = {7, 7, 7};
  int64_t before = 7;
  assert_store(STORE_OK,
               store_member_growth(s, test.ours, vip, start_ms, 3, days, &before, &test.err));
  assert_int_equal(before, 3);
  assert_int_equal(days[0], 2);
  assert_int_equal(days[1], -1);
  assert_int_equal(days[2], 1);
  assert_store(STORE_OK,
               store_member_growth(s, test.ours, vip, start_ms, 0, NULL, &before, &test.err));
  assert_int_equal(before, 5);
  assert_store(STORE_NOT_FOUND,
               store_member_growth(s, test.theirs, vip, start_ms, 3, days, &before, &test.err));
  test_store_end(&test);
}

static bool log_use(void *context, const store_campaign_use *use) {
  char *text = context;
  size_t used = strlen(text);
  (void)snprintf(text + used, 128 - used, "%.*s/%.*s/%d ", (int)use->id.size_bytes, use->id.bytes,
                 (int)use->name.size_bytes, use->name.bytes, (int)use->status);
  return true;
}

static void campaigns_use_a_segment_as_audience_or_in_a_condition(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t vip = test_segment(&test, test.ours, "vip"); // its id is id-vip
  static const struct {
    const char *id;
    store_campaign_status status;
    bool is_audience;
    const char *condition;
  } given[] = {
      {"1", STORE_CAMPAIGN_SENT, true, NULL},
      {"2", STORE_CAMPAIGN_DRAFT, false, "{\"a\":[{\"field\":\"segment.id-vip\",\"x\":1}]}"},
      {"3", STORE_CAMPAIGN_DRAFT, false, "{\"a\":[{\"field\":\"segment.id-vip2\"}]}"},
      {"4", STORE_CAMPAIGN_DRAFT, false, "{\"value\":\"\\\"field\\\":\\\"segment.id-vip\\\"\"}"},
      {"5", STORE_CAMPAIGN_DRAFT, false, NULL},
  };
  for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
    store_campaign campaign = {.project = test.ours,
                               .id = seg_text_of(given[i].id),
                               .name = TEXT("c"),
                               .status = given[i].status,
                               .segment = given[i].is_audience ? vip : 0,
                               .audience_condition_json = seg_text_of(given[i].condition),
                               .scheduled_for_ms = STORE_NO_INSTANT};
    if (given[i].condition == NULL) {
      campaign.audience_condition_json = (seg_text_view){.bytes = NULL};
    }
    assert_store(STORE_OK, store_campaign_insert(s, &campaign, &campaign.num, &test.err));
  }
  char found[128] = "";
  assert_store(STORE_OK, store_campaign_list_using(s, test.ours, TEXT("id-vip"), 9, log_use, found,
                                                   &test.err));
  assert_string_equal(found, "2/c/0 1/c/3 ");
  found[0] = '\0';
  assert_store(STORE_OK, store_campaign_list_using(s, test.ours, TEXT("id-vip"), 1, log_use, found,
                                                   &test.err));
  assert_string_equal(found, "2/c/0 ");
  found[0] = '\0';
  assert_store(STORE_OK, store_campaign_list_using(s, test.theirs, TEXT("id-vip"), 9, log_use,
                                                   found, &test.err));
  assert_string_equal(found, "");
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memberships_of_a_contact_know_their_beginning),
      cmocka_unit_test(growth_is_added_up_by_day),
      cmocka_unit_test(campaigns_use_a_segment_as_audience_or_in_a_condition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
