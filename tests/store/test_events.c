// Events, their names, and email activities.
#include "support.h"

#include <stdio.h>
#include <string.h>

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

static void pages_go_by_instant_then_by_contact(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t contacts[2];
  int64_t names[2];
  add_some(&test, contacts, names);
  assert_log("ann/y@9/- bob/x@5/- ann/x@5/- ann/x@0/- ",
             store_event_page(s, project, ALL, NEWEST, 9, log_event, &log, &test.err));
  store_event_place last = {NOW_MS + 5, contacts[1], 1}; // bob's x at 5
  assert_log("ann/x@5/- ann/x@0/- ",
             store_event_page(s, project, ALL, last, 9, log_event, &log, &test.err));
  assert_log("ann/x@5/- ", store_event_page(s, project, ALL, last, 1, log_event, &log, &test.err));
  assert_log("", store_event_page(s, project, ALL, NEWEST, 0, log_event, &log, &test.err));
  store_event_scope x = {.name = names[0]};
  assert_log("bob/x@5/- ann/x@5/- ann/x@0/- ",
             store_event_page(s, project, x, NEWEST, 9, log_event, &log, &test.err));
  test_log all = {.rows_max = 0};
  assert_store(STORE_OK, store_event_each(s, project, log_mark, &all, &test.err));
  assert_int_equal(all.rows, 4);
  test_store_end(&test);
}

/// The same whether the instants are known or not, and whatever else they name.
static void pages_of_a_contact_may_know_its_instants(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t contacts[2];
  int64_t names[2];
  add_some(&test, contacts, names);
  (void)test_event(&test, project, contacts[0], names[1], NOW_MS + 5); // num 5
  const int64_t at_ms[] = {NOW_MS + 9, NOW_MS + 8, NOW_MS + 5, NOW_MS};
  const store_instants instants[] = {NO_INSTANTS, {at_ms, 4}};
  for (size_t i = 0; i < 2; i++) {
    store_event_scope ann = {.contact = contacts[0], .instants = instants[i]};
    assert_log("ann/y@9/- ann/y@5/- ann/x@5/- ann/x@0/- ",
               store_event_page(s, project, ann, NEWEST, 9, log_event, &log, &test.err));
    assert_log("ann/y@9/- ann/y@5/- ",
               store_event_page(s, project, ann, NEWEST, 2, log_event, &log, &test.err));
    store_event_place last = {NOW_MS + 5, contacts[0], 5};
    assert_log("ann/x@5/- ann/x@0/- ",
               store_event_page(s, project, ann, last, 9, log_event, &log, &test.err));
    store_event_place bobs = {NOW_MS + 5, contacts[1], 1};
    assert_log("ann/y@5/- ann/x@5/- ann/x@0/- ",
               store_event_page(s, project, ann, bobs, 9, log_event, &log, &test.err));
    store_event_scope both = ann;
    both.name = names[0];
    assert_log("ann/x@5/- ann/x@0/- ",
               store_event_page(s, project, both, NEWEST, 9, log_event, &log, &test.err));
    store_event_scope theirs = ann;
    assert_log("", store_event_page(s, test.theirs, theirs, NEWEST, 9, log_event, &log, &test.err));
  }
  assert_store(STORE_OK, store_contact_delete(s, project, contacts[0], instants[1], &test.err));
  assert_log("x=1@5 ", store_event_name_stats(s, project, log_name, &log, &test.err));
  test_store_end(&test);
}

// Entries and exits as events.

/// What ann and bob enter with, and at what instant.
typedef struct entry_world {
  test_store test;
  int64_t ann;
  int64_t bob;
  int64_t vip;
  int64_t name;
} entry_world;

static void enter_as_event(entry_world *own, int64_t contact, int64_t name, const char *data,
                           int64_t at_ms) {
  test_store *test = &own->test;
  store_move move = {.project = test->ours, .segment = own->vip, .at_ms = at_ms};
  test_expect(STORE_OK,
              store_segment_event_intern(test->session, test->ours, own->vip, name,
                                         seg_text_of(data), &move.event, &test->err),
              &test->err, __FILE__, __LINE__);
  test_expect(STORE_OK, store_member_add(test->session, &move, contact, &test->err), &test->err,
              __FILE__, __LINE__);
}

/// ann buys, then both enter as "in".
static void begin_entries(entry_world *own) {
  test_store_begin(&own->test);
  test_store *test = &own->test;
  own->ann = test_contact(test, test->ours, "ann");
  own->bob = test_contact(test, test->ours, "bob");
  own->vip = test_segment(test, test->ours, "vip");
  (void)test_event(test, test->ours, own->ann, test_name(test, test->ours, "buy"), NOW_MS);
  own->name = test_name(test, test->ours, "in");
  enter_as_event(own, own->ann, own->name, "{}", NOW_MS);
  enter_as_event(own, own->bob, own->name, "{}", NOW_MS + 1);
}

static void entries_are_events_exactly_once(void **state) {
  (void)state;
  entry_world own;
  begin_entries(&own);
  test_store test = own.test;
  for (int round = 0; round < 2; round++) {
    store_session *s = test.session;
    const int64_t at_ms[] = {NOW_MS + 1, NOW_MS};
    assert_log("bob/in@1/{} ann/in@0/{} ann/buy@0/- ",
               store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
    assert_log("bob/in@1/{} ann/in@0/{} ",
               store_event_page(s, test.ours, (store_event_scope){.name = own.name}, NEWEST, 9,
                                log_event, &log, &test.err));
    const store_instants instants[] = {NO_INSTANTS, {at_ms, 2}};
    for (size_t i = 0; i < 2; i++) {
      store_event_scope ann = {.contact = own.ann, .instants = instants[i]};
      assert_log("ann/in@0/{} ann/buy@0/- ",
                 store_event_page(s, test.ours, ann, NEWEST, 9, log_event, &log, &test.err));
      ann.name = own.name;
      assert_log("ann/in@0/{} ",
                 store_event_page(s, test.ours, ann, NEWEST, 9, log_event, &log, &test.err));
    }
    assert_log("buy=1@0 in=2@1 ", store_event_name_stats(s, test.ours, log_name, &log, &test.err));
    test_log days = {.rows_max = 0};
    assert_store(STORE_OK,
                 store_event_days(s, test.ours, own.name, 0, INT64_MAX, log_day, &days, &test.err));
    assert_int_equal(days.rows, 1);
    assert_non_null(strstr(days.text, "=2 "));
    test_log marks = {.rows_max = 0};
    assert_store(STORE_OK, store_event_each(s, test.ours, log_mark, &marks, &test.err));
    assert_int_equal(marks.rows, 3);
    assert_log("", store_event_page(s, test.theirs, ALL, NEWEST, 9, log_event, &log, &test.err));
    test_store_reopen(&test); // what was read must be in the file
  }
  test_store_end(&test);
}

/// Keeps the place and the id of the last row.
typedef struct kept_place {
  store_event_place place;
  char id[64];
  size_t rows;
} kept_place;

static bool keep_place(void *context, const store_event *event) {
  kept_place *kept = context;
  kept->place = (store_event_place){event->at_ms, event->contact, event->num};
  assert_true(event->id.size_bytes > 0 && event->id.size_bytes < sizeof kept->id);
  char id[64];
  (void)snprintf(id, sizeof id, "%.*s", (int)event->id.size_bytes, event->id.bytes);
  assert_string_not_equal(id, kept->id);
  (void)snprintf(kept->id, sizeof kept->id, "%s", id);
  kept->rows++;
  return true;
}

static void entries_are_paged_and_have_ids_that_stay(void **state) {
  (void)state;
  entry_world own;
  begin_entries(&own);
  test_store test = own.test;
  kept_place all = {.rows = 0};
  assert_store(STORE_OK, store_event_page(test.session, test.ours, ALL, NEWEST, 9, keep_place, &all,
                                          &test.err));
  kept_place one = {.place = NEWEST};
  for (size_t i = 0; i < 3; i++) { // a row a page, and the same rows
    assert_store(STORE_OK, store_event_page(test.session, test.ours, ALL, one.place, 1, keep_place,
                                            &one, &test.err));
    assert_int_equal(one.rows, i + 1);
    test_store_reopen(&test);
  }
  assert_string_equal(one.id, all.id);
  assert_log(
      "", store_event_page(test.session, test.ours, ALL, one.place, 1, log_event, &log, &test.err));
  kept_place first = {.rows = 0};
  assert_store(STORE_OK, store_event_page(test.session, test.ours, ALL, NEWEST, 1, keep_place,
                                          &first, &test.err));
  assert_int_equal(strlen(first.id), 36);
  assert_int_equal(first.id[14], '8'); // a UUID's version and variant
  assert_int_equal(first.id[19], '8');
  test_store_end(&test);
}

static void an_entry_keeps_the_name_it_had(void **state) {
  (void)state;
  entry_world own;
  begin_entries(&own);
  int64_t cid = test_contact(&own.test, own.test.ours, "cid");
  enter_as_event(&own, cid, test_name(&own.test, own.test.ours, "came"), "{\"n\":2}", NOW_MS + 2);
  test_store test = own.test;
  store_session *s = test.session;
  const char *expected = "cid/came@2/{\"n\":2} bob/in@1/{} ann/in@0/{} ann/buy@0/- ";
  assert_log(expected, store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
  assert_store(STORE_OK, store_segment_delete(s, test.ours, own.vip, &test.err));
  assert_log(expected, store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
  assert_log("buy=1@0 came=1@2 in=2@1 ",
             store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  assert_log("", store_member_history_of_contact(s, test.ours, own.ann, STORE_NEWEST, 9, log_change,
                                                 &log, &test.err));
  // With the contact, or with the name, they go for good.
  assert_store(STORE_OK, store_contact_delete(s, test.ours, own.ann, NO_INSTANTS, &test.err));
  int64_t deleted = 0;
  assert_store(STORE_OK, store_event_delete_name(s, test.ours, own.name, &deleted, &test.err));
  assert_int_equal(deleted, 1);
  assert_log("came=1@2 ", store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  assert_log("cid/came@2/{\"n\":2} ",
             store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
  test_store_end(&test);
}

static void the_history_outlives_the_events(void **state) {
  (void)state;
  entry_world own;
  begin_entries(&own);
  test_store test = own.test;
  store_session *s = test.session;
  int64_t deleted = 0;
  assert_store(STORE_OK, store_contact_delete(s, test.ours, own.bob, NO_INSTANTS, &test.err));
  assert_store(STORE_OK, store_event_delete_name(s, test.ours, own.name, &deleted, &test.err));
  assert_int_equal(deleted, 1);
  assert_log("ann/buy@0/- ",
             store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
  assert_log("+bob(id-bob)0@1 +ann(id-ann)0@0 ",
             store_member_history_of_segment(s, test.ours, own.vip, STORE_NEWEST, 9, log_change,
                                             &log, &test.err));
  // The segment goes on having events of that name.
  int64_t cid = test_contact(&test, test.ours, "cid");
  own.test = test;
  enter_as_event(&own, cid, own.name, "{}", NOW_MS + 3);
  assert_log("cid/in@3/{} ann/buy@0/- ",
             store_event_page(s, test.ours, ALL, NEWEST, 9, log_event, &log, &test.err));
  test_store_end(&test);
}

static void what_an_entry_is_belongs_to_its_project(void **state) {
  (void)state;
  entry_world own;
  begin_entries(&own);
  test_store test = own.test;
  int64_t theirs = test_name(&test, test.theirs, "in");
  int64_t num = 0;
  assert_store(STORE_NOT_FOUND, store_segment_event_intern(test.session, test.theirs, own.vip,
                                                           theirs, TEXT("{}"), &num, &test.err));
  assert_store(STORE_NOT_FOUND, store_segment_event_intern(test.session, test.ours, own.vip, theirs,
                                                           TEXT("{}"), &num, &test.err));
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
  assert_log("x=2@5 y=1@9 ", store_event_name_counts(s, test.ours, NOW_MS + 5, NOW_MS + 10,
                                                     log_name, &log, &test.err));
  assert_log("x=3@5 ",
             store_event_name_counts(s, test.ours, NOW_MS, NOW_MS + 9, log_name, &log, &test.err));
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

static void events_are_deleted_piece_by_piece(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ann = test_contact(&test, test.ours, "ann");
  int64_t spy = test_contact(&test, test.theirs, "spy");
  int64_t x = test_name(&test, test.ours, "x");
  int64_t y = test_name(&test, test.ours, "y");
  int64_t nums[5];
  for (int i = 0; i < 5; i++) { // recorded in another order than they happened
    nums[i] = test_event(&test, test.ours, ann, x, NOW_MS - i);
    (void)test_event(&test, test.ours, ann, y, NOW_MS);
    (void)test_event(&test, test.theirs, spy, test_name(&test, test.theirs, "x"), NOW_MS);
  }
  int64_t deleted = 9;
  int64_t last = 0;
  assert_store(STORE_OK,
               store_event_delete_some(s, test.ours, x, last, 2, &deleted, &last, &test.err));
  assert_int_equal(deleted, 2);
  assert_int_equal(last, nums[1]);
  assert_store(STORE_OK,
               store_event_delete_some(s, test.ours, x, last, 9, &deleted, &last, &test.err));
  assert_int_equal(deleted, 3);
  assert_int_equal(last, nums[4]);
  assert_store(STORE_OK,
               store_event_delete_some(s, test.ours, x, last, 9, &deleted, &last, &test.err));
  assert_int_equal(deleted, 0);
  assert_int_equal(last, nums[4]);
  assert_log("y=5@0 ", store_event_name_stats(s, test.ours, log_name, &log, &test.err));
  assert_log("x=5@0 ", store_event_name_stats(s, test.theirs, log_name, &log, &test.err));
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_interned_once),
      cmocka_unit_test(events_need_a_contact_and_a_name_of_their_project),
      cmocka_unit_test(pages_go_by_instant_then_by_contact),
      cmocka_unit_test(pages_of_a_contact_may_know_its_instants),
      cmocka_unit_test(entries_are_events_exactly_once),
      cmocka_unit_test(entries_are_paged_and_have_ids_that_stay),
      cmocka_unit_test(an_entry_keeps_the_name_it_had),
      cmocka_unit_test(the_history_outlives_the_events),
      cmocka_unit_test(what_an_entry_is_belongs_to_its_project),
      cmocka_unit_test(names_are_counted_and_deleted),
      cmocka_unit_test(days_are_counted_also_before_1970),
      cmocka_unit_test(an_activity_of_a_message_counts_once),
      cmocka_unit_test(events_are_deleted_piece_by_piece),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
