// Segments, their members and history, and the campaigns that use them.
#include "support.h"

#include <stdio.h>
#include <string.h>

static void a_segment_comes_back_as_it_went_in(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  store_segment vip = {.project = test.ours,
                       .id = TEXT("v"),
                       .name = TEXT("VIP"),
                       .slug = TEXT("vip"),
                       .condition_json = TEXT("{}"),
                       .is_tracked = true};
  assert_store(STORE_OK, store_segment_insert(s, &vip, &vip.num, &test.err));
  assert_log("vip/VIP/-/{}/01/0@0 ",
             store_segment_get(s, test.ours, TEXT("v"), log_segment, &log, &test.err));
  assert_store(STORE_OK, store_segment_set_count(s, test.ours, vip.num, 7, 9, &test.err));
  vip.name = TEXT("Old");
  vip.slug = TEXT("old");
  vip.description = TEXT("");
  vip.condition_json = TEXT("{\"a\":1}");
  vip.is_tracked = false;
  assert_store(STORE_OK, store_segment_update(s, &vip, &test.err));
  (void)test_segment(&test, test.ours, "second");
  test_store_reopen(&test);
  assert_log("second/second/-/-/10/0@0 old/Old//{\"a\":1}/00/7@9 ",
             store_segment_list(test.session, test.ours, log_segment, &log, &test.err));
  vip.slug = TEXT("second");
  assert_store(STORE_CONFLICT, store_segment_update(test.session, &vip, &test.err));
  assert_string_equal(test.err.message, "the slug is taken");
  assert_store(STORE_CONFLICT, store_segment_insert(test.session, &vip, &vip.num, &test.err));
  vip.num = 99;
  assert_store(STORE_NOT_FOUND, store_segment_update(test.session, &vip, &test.err));
  assert_store(STORE_NOT_FOUND,
               store_segment_set_count(test.session, test.ours, 99, 1, 1, &test.err));
  assert_store(STORE_NOT_FOUND, store_segment_delete(test.session, test.ours, 99, &test.err));
  test_store_end(&test);
}

static void members_come_and_go_with_their_history(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t ann = test_contact(&test, project, "ann");
  int64_t bob = test_contact(&test, project, "bob");
  int64_t vip = test_segment(&test, project, "vip");
  int64_t old = test_segment(&test, project, "old");
  test_member(&test, project, vip, bob);
  test_member(&test, project, vip, ann);
  assert_store(STORE_CONFLICT,
               test_enter(s, project, vip, ann, NOW_MS, STORE_CAUSE_DATA, &test.err));
  assert_store(STORE_OK,
               test_leave(s, project, vip, bob, NOW_MS + 1, STORE_CAUSE_CLOCK, &test.err));
  assert_store(STORE_NOT_FOUND,
               test_leave(s, project, vip, bob, NOW_MS + 1, STORE_CAUSE_DATA, &test.err));
  assert_store(STORE_OK,
               test_enter(s, project, old, bob, NOW_MS + 2, STORE_CAUSE_DEFINITION, &test.err));
  assert_store(STORE_OK, test_enter(s, project, vip, bob, NOW_MS + 3, STORE_CAUSE_DATA, &test.err));
  char expected[64];
  (void)snprintf(expected, sizeof expected, "%d@0 %d@3 ", (int)ann, (int)bob);
  assert_log(expected, store_member_each(s, project, vip, log_member_num, &log, &test.err));
  assert_log("+bob(id-bob)0@3 -bob(id-bob)1@1 +ann(id-ann)3@0 +bob(id-bob)3@0 ",
             store_member_history_of_segment(s, project, vip, STORE_NEWEST, 9, log_change, &log,
                                             &test.err));
  assert_log("-bob(id-bob)1@1 ",
             store_member_history_of_segment(s, project, vip, 5, 1, log_change, &log, &test.err));
  assert_log("+bob(id-bob)3@0 +ann(id-ann)3@0 -bob(id-bob)1@1 +bob(id-bob)0@3 ",
             store_member_history_each(s, project, vip, log_change, &log, &test.err));
  assert_log("", store_member_history_each(s, test.theirs, vip, log_change, &log, &test.err));
  assert_log("+bob(id-bob)0@3 +bob(id-bob)2@2 -bob(id-bob)1@1 +bob(id-bob)3@0 ",
             store_member_history_of_contact(s, project, bob, STORE_NEWEST, 9, log_change, &log,
                                             &test.err));
  assert_log("-bob(id-bob)1@1 +bob(id-bob)3@0 ",
             store_member_history_of_contact(s, project, bob, 4, 9, log_change, &log, &test.err));
  assert_log("",
             store_member_history_of_contact(s, project, bob, -3, 9, log_change, &log, &test.err));
  assert_log("",
             store_member_history_of_segment(s, project, vip, 0, 9, log_change, &log, &test.err));
  test_store_end(&test);
}

static void members_are_paged_and_searched(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t vip = test_segment(&test, project, "vip");
  int64_t next = test_segment(&test, project, "next"); // its keys begin where vip's end
  const char *emails[] = {"ann@a", "bob@b", "cid@a", "dan@b"};
  for (size_t i = 0; i < 4; i++) {
    int64_t contact = test_contact(&test, project, emails[i]);
    test_member(&test, project, vip, contact);
    if (i == 0) {
      test_member(&test, project, next, contact);
    }
  }
  assert_log("dan@b@0 cid@a@0 bob@b@0 ",
             store_member_page(s, project, vip, NONE, 0, 3, log_member, &log, &test.err));
  assert_log("ann@a@0 ",
             store_member_page(s, project, vip, NONE, 3, 3, log_member, &log, &test.err));
  assert_log("", store_member_page(s, project, vip, NONE, SIZE_MAX, SIZE_MAX, log_member, &log,
                                   &test.err));
  assert_log("ann@a@0 ",
             store_member_page(s, project, vip, TEXT("@A"), 1, 9, log_member, &log, &test.err));
  int64_t count = 9;
  assert_store(STORE_OK, store_member_count(s, project, vip, NONE, &count, &test.err));
  assert_int_equal(count, 4);
  assert_store(STORE_OK, store_member_count(s, project, vip, TEXT("@B"), &count, &test.err));
  assert_int_equal(count, 2);
  assert_store(STORE_OK, store_member_count(s, project, next, NONE, &count, &test.err));
  assert_int_equal(count, 1);
  assert_store(STORE_OK, store_member_count(s, project, 99, NONE, &count, &test.err));
  assert_int_equal(count, 0);
  assert_store(STORE_OK, store_segment_delete(s, project, vip, &test.err));
  assert_log("", store_member_history_of_segment(s, project, vip, STORE_NEWEST, 9, log_change, &log,
                                                 &test.err));
  assert_store(STORE_OK, store_member_count(s, project, next, NONE, &count, &test.err));
  assert_int_equal(count, 1);
  test_store_end(&test);
}

static void members_need_a_contact_and_a_segment_of_their_project(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ann = test_contact(&test, test.ours, "ann");
  int64_t eve = test_contact(&test, test.theirs, "eve");
  int64_t vip = test_segment(&test, test.ours, "vip");
  int64_t spy = test_segment(&test, test.theirs, "spy");
  const int64_t wrong[][3] = {{test.ours, vip, eve},       {test.ours, spy, ann},
                              {test.theirs, vip, eve},     {test.theirs, spy, ann},
                              {test.ours, 0, ann},         {test.ours, vip, 0},
                              {test.ours, vip, -1},        {test.ours, -1, ann},
                              {test.ours, vip, INT64_MAX}, {test.ours, INT64_MAX, ann}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_store(STORE_NOT_FOUND, test_enter(s, wrong[i][0], wrong[i][1], wrong[i][2], NOW_MS,
                                             STORE_CAUSE_DATA, &test.err));
    assert_store(STORE_NOT_FOUND, test_leave(s, wrong[i][0], wrong[i][1], wrong[i][2], NOW_MS,
                                             STORE_CAUSE_DATA, &test.err));
  }
  // A segment made in a savepoint that is undone is gone, though it was just used.
  assert_store(STORE_OK, store_savepoint_begin(s, &test.err));
  int64_t brief = test_segment(&test, test.ours, "brief");
  test_member(&test, test.ours, brief, ann);
  assert_store(STORE_OK, store_savepoint_undo(s, &test.err));
  assert_store(STORE_NOT_FOUND,
               test_enter(s, test.ours, brief, ann, NOW_MS, STORE_CAUSE_DATA, &test.err));
  test_store_end(&test);
}

static void campaigns_use_segments(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t vip = test_segment(&test, project, "vip");
  int64_t spy = test_segment(&test, test.theirs, "spy");
  store_campaign first = {.project = project,
                          .id = TEXT("1"),
                          .name = TEXT("first"),
                          .status = STORE_CAMPAIGN_SCHEDULED,
                          .audience_type = STORE_AUDIENCE_SEGMENT,
                          .segment = vip,
                          .scheduled_for_ms = NOW_MS + 3};
  store_campaign second = {.project = project,
                           .id = TEXT("2"),
                           .name = TEXT("second"),
                           .audience_type = STORE_AUDIENCE_FILTERED,
                           .audience_condition_json = TEXT("{}"),
                           .scheduled_for_ms = STORE_NO_INSTANT};
  assert_store(STORE_OK, store_campaign_insert(s, &first, &first.num, &test.err));
  assert_store(STORE_OK, store_campaign_insert(s, &second, &second.num, &test.err));
  store_campaign_scope all = {.has_status = false};
  assert_log("second/0/2/-/{}/-1 first/1/1/id-vip/-/3 ",
             store_campaign_page(s, project, &all, 0, 9, log_campaign, &log, &test.err));
  assert_log("first/1/1/id-vip/-/3 ",
             store_campaign_page(s, project, &all, 1, 1, log_campaign, &log, &test.err));
  int64_t count = 0;
  assert_store(STORE_OK, store_campaign_count_using(s, project, vip, &count, &test.err));
  assert_int_equal(count, 1);
  first.status = STORE_CAMPAIGN_SENT;
  assert_store(STORE_OK, store_campaign_update(s, &first, &test.err));
  assert_store(STORE_OK, store_campaign_count_using(s, project, vip, &count, &test.err));
  assert_int_equal(count, 0);
  assert_store(STORE_OK, store_segment_delete(s, project, vip, &test.err));
  assert_log("first/3/1/-/-/3 ",
             store_campaign_get(s, project, TEXT("1"), log_campaign, &log, &test.err));
  first.segment = spy;
  assert_store(STORE_NOT_FOUND, store_campaign_update(s, &first, &test.err));
  assert_store(STORE_CONFLICT, store_campaign_insert(s, &second, &second.num, &test.err));
  assert_store(STORE_OK, store_campaign_delete(s, project, first.num, &test.err));
  assert_store(STORE_NOT_FOUND, store_campaign_delete(s, project, first.num, &test.err));
  test_store_end(&test);
}

static void campaigns_are_searched(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t p = test.ours;
  for (int i = 0; i < 3; i++) {
    static const char *const ids[] = {"0", "1", "2"};
    static const char *const names[] = {"Spring", "Summer", "100%"};
    store_campaign campaign = {.project = p,
                               .id = seg_text_of(ids[i]),
                               .name = seg_text_of(names[i]),
                               .subject = TEXT("Big SALE"),
                               .from = TEXT("shop@example.com"),
                               .status = i == 1 ? STORE_CAMPAIGN_SCHEDULED : STORE_CAMPAIGN_DRAFT,
                               .audience_condition_json = i == 2 ? TEXT("{}") : NONE,
                               .scheduled_for_ms = i == 1 ? NOW_MS + 3 : STORE_NO_INSTANT};
    assert_store(STORE_OK, store_campaign_insert(s, &campaign, NULL, &test.err));
  }
  static const struct {
    store_campaign_scope scope;
    const char *found;
    int64_t count;
  } cases[] = {
      {{.search = {"SPRING", 6}}, "Spring/0/0/-/-/-1 ", 1},
      {{.search = {"sale", 4}}, "100%/0/0/-/{}/-1 Summer/1/0/-/-/3 Spring/0/0/-/-/-1 ", 3},
      {{.search = {"shop@", 5}, .has_status = true, .status = STORE_CAMPAIGN_SCHEDULED},
       "Summer/1/0/-/-/3 ",
       1},
      {{.search = {"%", 1}}, "100%/0/0/-/{}/-1 ", 1},
      {{.has_status = true, .status = STORE_CAMPAIGN_SENT}, "", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t count = 9;
    assert_log(cases[i].found,
               store_campaign_page(s, p, &cases[i].scope, 0, 9, log_campaign, &log, &test.err));
    assert_store(STORE_OK, store_campaign_count(s, p, &cases[i].scope, &count, &test.err));
    assert_int_equal(count, cases[i].count);
  }
  assert_log("Summer/1/0/-/-/3 ", store_campaign_list_scheduled(s, log_campaign, &log, &test.err));
  assert_log("100%/0/0/-/{}/-1 ",
             store_campaign_list_filtered(s, p, log_campaign, &log, &test.err));
  test_store_end(&test);
}

static void recipients_outlive_their_contacts(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t p = test.ours;
  int64_t campaigns[2];
  static const char *const ids[] = {"a", "b"};
  for (int i = 0; i < 2; i++) {
    store_campaign campaign = {
        .project = p, .id = seg_text_of(ids[i]), .scheduled_for_ms = STORE_NO_INSTANT};
    assert_store(STORE_OK, store_campaign_insert(s, &campaign, &campaigns[i], &test.err));
  }
  int64_t ann = test_contact(&test, p, "ann");
  int64_t bob = test_contact(&test, p, "bob");
  store_recipient rows[] = {
      {.contact = ann, .id = TEXT("id-ann"), .email = TEXT("ann"), .data_json = TEXT("{\"a\":1}")},
      {.contact = bob, .id = TEXT("id-bob"), .email = TEXT("bob"), .data_json = TEXT("{}")}};
  for (int i = 0; i < 2; i++) {
    assert_store(STORE_OK, store_recipient_insert(s, p, campaigns[0], &rows[i], &test.err));
  }
  assert_store(STORE_OK, store_recipient_insert(s, p, campaigns[1], &rows[1], &test.err));
  assert_store(STORE_CONFLICT, store_recipient_insert(s, p, campaigns[0], &rows[0], &test.err));
  assert_store(STORE_NOT_FOUND, store_recipient_insert(s, p, 99, &rows[0], &test.err));
  assert_store(STORE_OK, store_contact_delete(s, p, ann, NO_INSTANTS, &test.err));
  assert_log("id-ann/ann/{\"a\":1} id-bob/bob/{} ",
             store_recipient_page(s, p, campaigns[0], 0, 9, log_recipient, &log, &test.err));
  assert_log("id-bob/bob/{} ",
             store_recipient_page(s, p, campaigns[0], ann, 9, log_recipient, &log, &test.err));
  assert_log("id-ann/ann/{\"a\":1} ",
             store_recipient_page(s, p, campaigns[0], 0, 1, log_recipient, &log, &test.err));
  int64_t found = 0;
  assert_store(STORE_OK,
               store_recipient_find(s, p, campaigns[0], TEXT("id-ann"), &found, &test.err));
  assert_int_equal(found, ann);
  assert_store(STORE_OK,
               store_recipient_find(s, p, campaigns[0], TEXT("id-bob"), &found, &test.err));
  assert_int_equal(found, bob);
  assert_store(STORE_NOT_FOUND,
               store_recipient_find(s, p, campaigns[1], TEXT("id-ann"), &found, &test.err));
  int64_t deleted = 0;
  assert_store(STORE_OK, store_recipient_clear(s, p, campaigns[0], 1, &deleted, &test.err));
  assert_int_equal(deleted, 1);
  assert_log("id-bob/bob/{} ",
             store_recipient_page(s, p, campaigns[0], 0, 9, log_recipient, &log, &test.err));
  assert_store(STORE_OK, store_campaign_delete(s, p, campaigns[0], &test.err));
  assert_log("", store_recipient_page(s, p, campaigns[0], 0, 9, log_recipient, &log, &test.err));
  assert_log("id-bob/bob/{} ",
             store_recipient_page(s, p, campaigns[1], 0, 9, log_recipient, &log, &test.err));
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_segment_comes_back_as_it_went_in),
      cmocka_unit_test(members_come_and_go_with_their_history),
      cmocka_unit_test(members_are_paged_and_searched),
      cmocka_unit_test(members_need_a_contact_and_a_segment_of_their_project),
      cmocka_unit_test(campaigns_use_segments),
      cmocka_unit_test(campaigns_are_searched),
      cmocka_unit_test(recipients_outlive_their_contacts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
