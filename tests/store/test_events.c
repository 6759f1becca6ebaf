// Events, their names, and email activities.
#include "support.h"

#include <stdio.h>
#include <string.h>

#define NEWEST ((store_event_place){STORE_NEWEST, STORE_NEWEST})
#define ALL ((store_event_scope){0, 0})

static void names_are_interned_once(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t bought = test_name(&test, test.ours, "bought");
  int64_t seen = test_name(&test, test.ours, "seen");
  int64_t num = 0;
  assert_int_equal(test_name(&test, test.ours, "bought"), bought);
  assert_int_not_equal(test_name(&test, test.theirs, "bought"), bought);
  assert_store(STORE_OK, store_event_name_find(s, test.ours, TEXT("seen"), &num, &test.err));
  assert_int_equal(num, seen);
  assert_store(STORE_NOT_FOUND, store_event_name_find(s, test.ours, TEXT("SEEN"), &num, &test.err));
  assert_log("bought=0@-1 seen=0@-1 ",
             store_event_name_list(s, test.ours, log_name, &log, &test.err));
  assert_log("", store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  test_store_end(&test);
}

static void events_need_a_contact_and_a_name_of_their_project(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ann = test_contact(&test, test.ours, "ann@a.com");
  int64_t eve = test_contact(&test, test.theirs, "eve@a.com");
  int64_t bought = test_name(&test, test.ours, "bought");
  int64_t their_name = test_name(&test, test.theirs, "bought");
  const struct {
    int64_t project, contact, name;
  } wrong[] = {{test.ours, eve, bought},
               {test.theirs, ann, their_name},
               {test.ours, ann, their_name},
               {test.ours, 999, bought},
               {99, ann, bought},
               {test.ours, 0, bought}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    store_event event = {
        .project = wrong[i].project, .contact = wrong[i].contact, .name = wrong[i].name};
    assert_store(STORE_NOT_FOUND, store_event_insert(s, &event, NULL, &test.err));
  }
  assert_log("", store_event_each(s, test.ours, log_mark, &log, &test.err));
  store_event whole = {.project = test.ours,
                       .contact = ann,
                       .name = bought,
                       .id = TEXT("e"),
                       .at_ms = NOW_MS,
                       .data_json = TEXT("{\"a\":1}")};
  assert_store(STORE_OK, store_event_insert(s, &whole, NULL, &test.err));
  assert_log("ann@a.com/bought@0/{\"a\":1} ",
             store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
  test_store_end(&test);
}

/// Four events out of order, two of them at the same instant.
static void add_some(test_store *test, int64_t contacts[2], int64_t names[2]) {
  contacts[0] = test_contact(test, test->ours, "ann");
  contacts[1] = test_contact(test, test->ours, "bob");
  names[0] = test_name(test, test->ours, "x");
  names[1] = test_name(test, test->ours, "y");
  (void)test_event(test, test->ours, contacts[1], names[0], NOW_MS + 5);
  (void)test_event(test, test->ours, contacts[0], names[1], NOW_MS + 9);
  (void)test_event(test, test->ours, contacts[0], names[0], NOW_MS + 5);
  (void)test_event(test, test->ours, contacts[0], names[0], NOW_MS);
}

static void pages_go_by_instant_then_by_num(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t contacts[2];
  int64_t names[2];
  add_some(&test, contacts, names);
  assert_log("ann/y@9/- ann/x@5/- bob/x@5/- ann/x@0/- ",
             store_event_page(s, project, ALL, NEWEST, 9, log_event, &log, &test.err));
  store_event_place last = {NOW_MS + 5, 3}; // ann's x at 5
  assert_log("bob/x@5/- ann/x@0/- ",
             store_event_page(s, project, ALL, last, 9, log_event, &log, &test.err));
  assert_log("bob/x@5/- ", store_event_page(s, project, ALL, last, 1, log_event, &log, &test.err));
  store_event_scope ann = {contacts[0], 0};
  assert_log("ann/y@9/- ann/x@5/- ann/x@0/- ",
             store_event_page(s, project, ann, NEWEST, 9, log_event, &log, &test.err));
  assert_log("ann/x@0/- ", store_event_page(s, project, ann, last, 9, log_event, &log, &test.err));
  store_event_scope x = {0, names[0]};
  assert_log("ann/x@5/- bob/x@5/- ann/x@0/- ",
             store_event_page(s, project, x, NEWEST, 9, log_event, &log, &test.err));
  store_event_scope both = {contacts[0], names[0]};
  assert_log("ann/x@5/- ann/x@0/- ",
             store_event_page(s, project, both, NEWEST, 9, log_event, &log, &test.err));
  char expected[128]; // contact by contact, by rising instant
  (void)snprintf(expected, sizeof expected, "%d/%d@0 %d/%d@5 %d/%d@9 %d/%d@5 ", (int)contacts[0],
                 (int)names[0], (int)contacts[0], (int)names[0], (int)contacts[0], (int)names[1],
                 (int)contacts[1], (int)names[0]);
  assert_log(expected, store_event_each(s, project, log_mark, &log, &test.err));
  test_store_end(&test);
}

static void names_are_counted_and_deleted(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t contacts[2];
  int64_t names[2];
  add_some(&test, contacts, names);
  assert_log("x=3@5 y=1@9 ", store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  int64_t deleted = 0;
  assert_store(STORE_OK, store_event_delete_name(s, test.ours, names[0], &deleted, &test.err));
  assert_int_equal(deleted, 3);
  assert_store(STORE_OK, store_event_delete_name(s, test.ours, names[0], &deleted, &test.err));
  assert_int_equal(deleted, 0);
  assert_log("y=1@9 ", store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  assert_int_equal(test_name(&test, test.ours, "x"), names[0]);
  for (int i = 0; i < 200; i++) { // more names than the first table of counts holds
    char name[16];
    (void)snprintf(name, sizeof name, "n%03d", i);
    int64_t num = test_name(&test, test.ours, name);
    (void)test_event(&test, test.ours, contacts[0], num, NOW_MS);
    (void)test_event(&test, test.ours, contacts[0], num, NOW_MS + i);
  }
  test_log log = {.rows_max = 3};
  assert_store(STORE_OK, store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  assert_string_equal(log.text, "n000=2@0 n001=2@1 n002=2@2 ");
  log = (test_log){.rows_max = 0};
  assert_store(STORE_OK, store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  assert_int_equal(log.rows, 201);
  test_store_end(&test);
}

static void days_are_counted_also_before_1970(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ann = test_contact(&test, test.ours, "ann");
  int64_t x = test_name(&test, test.ours, "x");
  int64_t y = test_name(&test, test.ours, "y");
  const int64_t day_ms = 86400000;
  const int64_t instants[] = {-day_ms - 1, -day_ms, -1, 0, day_ms - 1, 5 * day_ms};
  for (size_t i = 0; i < 6; i++) {
    (void)test_event(&test, test.ours, ann, i == 3 ? y : x, instants[i]);
  }
  assert_log("-2=1 -1=2 0=2 5=1 ",
             store_event_days(s, test.ours, 0, INT64_MIN, INT64_MAX, log_day, &log, &test.err));
  assert_log("-2=1 -1=2 0=1 5=1 ",
             store_event_days(s, test.ours, x, INT64_MIN, INT64_MAX, log_day, &log, &test.err));
  assert_log("-1=1 0=2 ",
             store_event_days(s, test.ours, 0, -1, 5 * day_ms, log_day, &log, &test.err));
  assert_log("", store_event_days(s, test.ours, 0, 0, 0, log_day, &log, &test.err));
  test_log one = {.rows_max = 1};
  assert_store(STORE_OK, store_event_days(s, test.ours, 0, 0, INT64_MAX, log_day, &one, &test.err));
  assert_string_equal(one.text, "0=2 ");
  assert_store(STORE_OK, store_event_days(s, test.ours, 0, 0, 9, NULL, NULL, &test.err));
  test_store_end(&test);
}

static void an_activity_of_a_message_counts_once(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ann = test_contact(&test, test.ours, "ann");
  int64_t eve = test_contact(&test, test.theirs, "eve");
  store_activity opened = {.contact = ann, .activity = 2, .at_ms = NOW_MS};
  opened.message_id = TEXT("m1");
  assert_store(STORE_OK, store_activity_insert(s, test.ours, &opened, &test.err));
  opened.at_ms++;
  assert_store(STORE_CONFLICT, store_activity_insert(s, test.ours, &opened, &test.err));
  opened.activity = 3;
  assert_store(STORE_OK, store_activity_insert(s, test.ours, &opened, &test.err));
  opened.message_id = NONE; // without a message, each counts
  assert_store(STORE_OK, store_activity_insert(s, test.ours, &opened, &test.err));
  assert_store(STORE_OK, store_activity_insert(s, test.ours, &opened, &test.err));
  store_activity theirs = {
      .contact = eve, .activity = 2, .at_ms = NOW_MS, .message_id = TEXT("m1")};
  assert_store(STORE_CONFLICT, store_activity_insert(s, test.ours, &theirs, &test.err));
  theirs.message_id = TEXT("m2");
  assert_store(STORE_NOT_FOUND, store_activity_insert(s, test.ours, &theirs, &test.err));
  theirs.message_id = TEXT("m1");
  assert_store(STORE_OK, store_activity_insert(s, test.theirs, &theirs, &test.err));
  char expected[64];
  (void)snprintf(expected, sizeof expected, "%d/2@0 %d/3@1 %d/3@1 %d/3@1 ", (int)ann, (int)ann,
                 (int)ann, (int)ann);
  assert_log(expected, store_activity_each(s, test.ours, log_activity, &log, &test.err));
  opened.activity = 6;
  assert_store(STORE_FAILED, store_activity_insert(s, test.ours, &opened, &test.err));
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_interned_once),
      cmocka_unit_test(events_need_a_contact_and_a_name_of_their_project),
      cmocka_unit_test(pages_go_by_instant_then_by_num),
      cmocka_unit_test(names_are_counted_and_deleted),
      cmocka_unit_test(days_are_counted_also_before_1970),
      cmocka_unit_test(an_activity_of_a_message_counts_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
