// Projects, contacts, and what a deleted contact leaves behind.
#include "support.h"

#include <string.h>

static void projects_are_found_by_every_key(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  uint8_t hash[STORE_HASH_BYTES];
  assert_log("ours/1/ours theirs/2/theirs ", store_project_list(s, log_project, &log, &test.err));
  assert_log("theirs/2/theirs ",
             store_project_get(s, TEXT("theirs"), log_project, &log, &test.err));
  assert_log("ours/1/ours ", store_project_get_by_num(s, test.ours, log_project, &log, &test.err));
  test_hash(hash, 2);
  assert_log("theirs/2/theirs ", store_project_find_secret(s, hash, log_project, &log, &test.err));
  assert_log("ours/1/ours ",
             store_project_find_public(s, TEXT("ours"), log_project, &log, &test.err));
  hash[31] = 3;
  assert_store(STORE_NOT_FOUND, store_project_find_secret(s, hash, NULL, NULL, &test.err));
  assert_store(STORE_NOT_FOUND, store_project_find_public(s, TEXT("our"), NULL, NULL, &test.err));
  assert_store(STORE_NOT_FOUND, store_project_get(s, TEXT(""), NULL, NULL, &test.err));
  assert_store(STORE_NOT_FOUND, store_project_get_by_num(s, 0, NULL, NULL, &test.err));
  test_store_end(&test);
}

static void keys_are_rotated_and_unique(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  uint8_t hash[STORE_HASH_BYTES];
  test_hash(hash, 2);
  assert_store(STORE_CONFLICT, store_project_set_keys(s, test.ours, hash, TEXT("new"), &test.err));
  assert_string_equal(test.err.message, "the secret_hash is taken");
  test_hash(hash, 9);
  assert_store(STORE_CONFLICT,
               store_project_set_keys(s, test.ours, hash, TEXT("theirs"), &test.err));
  assert_store(STORE_NOT_FOUND, store_project_set_keys(s, 99, hash, TEXT("new"), &test.err));
  assert_store(STORE_OK, store_project_set_keys(s, test.ours, hash, TEXT("new"), &test.err));
  assert_log("ours/9/new ", store_project_find_secret(s, hash, log_project, &log, &test.err));
  assert_store(STORE_NOT_FOUND, store_project_find_public(s, TEXT("ours"), NULL, NULL, &test.err));
  store_project same = {.id = TEXT("ours"), .public_key = TEXT("other")};
  int64_t num = 0;
  assert_store(STORE_CONFLICT, store_project_insert(s, &same, &num, &test.err));
  assert_string_equal(test.err.message, "the id is taken");
  test_store_end(&test);
}

static bool check_contact(void *context, const store_contact *contact) {
  const store_contact *expected = context;
  assert_int_equal(contact->num, expected->num);
  assert_int_equal(contact->project, expected->project);
  assert_true(seg_text_equal(contact->id, expected->id));
  assert_true(seg_text_equal(contact->email, expected->email));
  assert_int_equal(contact->subscribed, expected->subscribed);
  assert_true(seg_text_equal(contact->data_json, expected->data_json));
  assert_int_equal(contact->created_at_ms, expected->created_at_ms);
  assert_int_equal(contact->updated_at_ms, expected->updated_at_ms);
  return true;
}

static void a_contact_comes_back_as_it_went_in(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  store_contact ann = {.project = test.ours,
                       .id = TEXT("a"),
                       .email = TEXT("zo\xC3\xAB@example.com"),
                       .subscribed = true,
                       .data_json = TEXT("{\"n\":12345678901234567890,\"t\":\"a\0b\"}"),
                       .created_at_ms = -5,
                       .updated_at_ms = INT64_MAX};
  assert_store(STORE_OK, store_contact_insert(s, &ann, &ann.num, &test.err));
  assert_store(STORE_OK, store_contact_get(s, test.ours, ann.id, check_contact, &ann, &test.err));
  ann.email = TEXT("new@example.com");
  ann.subscribed = false;
  ann.data_json = TEXT("{}");
  ann.updated_at_ms = NOW_MS;
  assert_store(STORE_OK, store_contact_update(s, &ann, &test.err));
  test_store_reopen(&test);
  s = test.session;
  assert_store(STORE_OK,
               store_contact_get_by_num(s, test.ours, ann.num, check_contact, &ann, &test.err));
  assert_store(STORE_OK, store_contact_each(s, test.ours, check_contact, &ann, &test.err));
  test_store_end(&test);
}

static void ids_are_unique_in_a_project(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  (void)test_contact(&test, test.ours, "ann@example.com");
  (void)test_contact(&test, test.theirs, "ann@example.com"); // as is its id: another project's
  (void)test_contact(&test, test.ours, "bob@example.com");
  int64_t num = 0;
  store_contact same = {
      .project = test.ours, .id = TEXT("id-ann@example.com"), .email = TEXT("x@example.com")};
  assert_store(STORE_CONFLICT, store_contact_insert(s, &same, &num, &test.err));
  assert_string_equal(test.err.message, "the id is taken");
  same.project = 99;
  assert_store(STORE_NOT_FOUND, store_contact_insert(s, &same, &num, &test.err));
  int64_t count = 0;
  assert_store(STORE_OK, store_contact_count(s, test.ours, NONE, &count, &test.err));
  assert_int_equal(count, 2);
  test_store_end(&test);
}

static void pages_go_from_the_newest_on(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  (void)test_contact(&test, project, "ann@a.com");
  int64_t bob = test_contact(&test, project, "bob@b.com");
  (void)test_contact(&test, test.theirs, "not@ours.com");
  int64_t cid = test_contact(&test, project, "cid@a.com");
  (void)test_contact(&test, project, "d%d_@b.com");
  assert_log("d%d_@b.com cid@a.com ",
             store_contact_page(s, project, NONE, STORE_NEWEST, 2, log_contact, &log, &test.err));
  assert_log("bob@b.com ann@a.com ",
             store_contact_page(s, project, TEXT(""), cid, 2, log_contact, &log, &test.err));
  assert_log("cid@a.com ann@a.com ", store_contact_page(s, project, TEXT("@A."), STORE_NEWEST, 9,
                                                        log_contact, &log, &test.err));
  assert_log("ann@a.com ",
             store_contact_page(s, project, TEXT("@a."), bob, 9, log_contact, &log, &test.err));
  assert_log("d%d_@b.com ", store_contact_page(s, project, TEXT("%d_"), STORE_NEWEST, 9,
                                               log_contact, &log, &test.err));
  assert_log("",
             store_contact_page(s, project, NONE, STORE_NEWEST, 0, log_contact, &log, &test.err));
  assert_log("", store_contact_page(s, project, TEXT("ours"), STORE_NEWEST, 9, log_contact, &log,
                                    &test.err));
  int64_t count = 0;
  assert_store(STORE_OK, store_contact_count(s, project, TEXT("B.COM"), &count, &test.err));
  assert_int_equal(count, 2);
  test_log two = {.rows_max = 2}; // a visitor that stops
  assert_store(STORE_OK, store_contact_each(s, project, log_contact, &two, &test.err));
  assert_string_equal(two.text, "ann@a.com bob@b.com ");
  assert_store(STORE_OK, store_contact_each(s, project, NULL, NULL, &test.err));
  test_store_end(&test);
}

static void a_deleted_contact_leaves_only_its_history(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t ann = test_contact(&test, project, "ann@a.com");
  int64_t bob = test_contact(&test, project, "bob@a.com");
  int64_t name = test_name(&test, project, "bought");
  int64_t vip = test_segment(&test, project, "vip");
  int64_t old = test_segment(&test, project, "old");
  (void)test_event(&test, project, ann, name, NOW_MS);
  (void)test_event(&test, project, bob, name, NOW_MS);
  store_activity opened = {.contact = ann, .activity = 2, .at_ms = NOW_MS};
  assert_store(STORE_OK, store_activity_insert(s, project, &opened, &test.err));
  test_member(&test, project, vip, ann);
  test_member(&test, project, vip, bob);
  test_member(&test, project, old, ann);
  assert_store(STORE_OK,
               test_leave(s, project, vip, ann, NOW_MS + 1, STORE_CAUSE_DELETE, &test.err));
  assert_store(STORE_OK, store_contact_delete(s, project, ann, NO_INSTANTS, &test.err));
  assert_store(STORE_NOT_FOUND, store_contact_delete(s, project, ann, NO_INSTANTS, &test.err));
  test_store_reopen(&test);
  s = test.session;
  assert_log("bob@a.com/bought@0/- ",
             store_event_page(s, project, ALL, NEWEST, 9, log_event, &log, &test.err));
  assert_log("", store_activity_each(s, project, log_activity, &log, &test.err));
  assert_log("bob@a.com@0 ",
             store_member_page(s, project, vip, NONE, 0, 9, log_member, &log, &test.err));
  assert_log("", store_member_each(s, project, old, log_member_num, &log, &test.err));
  assert_log("-ann@a.com(id-ann@a.com)4@1 +bob@a.com(id-bob@a.com)3@0 +ann@a.com(id-ann@a.com)3@0 ",
             store_member_history_of_segment(s, project, vip, STORE_NEWEST, 9, log_change, &log,
                                             &test.err));
  assert_log("+bob@a.com(id-bob@a.com)3@0 ",
             store_member_history_each(s, project, vip, log_change, &log, &test.err));
  // Who comes next, even with the same address, is somebody else.
  int64_t again = test_contact(&test, project, "ann@a.com");
  assert_true(again > bob);
  assert_log("", store_member_history_of_contact(s, project, again, STORE_NEWEST, 9, log_change,
                                                 &log, &test.err));
  assert_log("-ann@a.com(id-ann@a.com)4@1 +ann@a.com(id-ann@a.com)3@0 +ann@a.com(id-ann@a.com)3@0 ",
             store_member_history_of_contact(s, project, ann, STORE_NEWEST, 9, log_change, &log,
                                             &test.err));
  test_store_end(&test);
}

static void a_num_is_never_given_twice(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t ann = test_contact(&test, test.ours, "ann@a.com");
  assert_store(STORE_OK,
               store_contact_delete(test.session, test.ours, ann, NO_INSTANTS, &test.err));
  test_store_reopen(&test);
  int64_t bob = test_contact(&test, test.ours, "bob@a.com");
  assert_true(bob > ann);
  int64_t vip = test_segment(&test, test.ours, "vip");
  assert_store(STORE_OK, store_segment_delete(test.session, test.ours, vip, &test.err));
  assert_true(test_segment(&test, test.ours, "vip") > vip);
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(projects_are_found_by_every_key),
      cmocka_unit_test(keys_are_rotated_and_unique),
      cmocka_unit_test(a_contact_comes_back_as_it_went_in),
      cmocka_unit_test(ids_are_unique_in_a_project),
      cmocka_unit_test(pages_go_from_the_newest_on),
      cmocka_unit_test(a_deleted_contact_leaves_only_its_history),
      cmocka_unit_test(a_num_is_never_given_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
