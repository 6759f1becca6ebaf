// Jobs, idempotency keys, tokens; and a walk through all that a project owns, by another project.
#include "support.h"

#include <stdio.h>
#include <string.h>

static int64_t add_job(test_store *test, int64_t project, const char *id) {
  store_job job = {.project = project,
                   .id = seg_text_of(id),
                   .kind = STORE_JOB_IMPORT,
                   .parameters_json = TEXT("{}")};
  int64_t num = 0;
  test_expect(STORE_OK, store_job_insert(test->session, &job, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

static void jobs_go_on_where_they_were(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  store_job job = {.project = project,
                   .status = STORE_JOB_RUNNING,
                   .total = 5,
                   .processed = 4,
                   .imported = 3,
                   .updated = 2,
                   .skipped = 1};
  job.num = add_job(&test, project, "a");
  int64_t done = add_job(&test, project, "b");
  (void)add_job(&test, test.theirs, "a");
  assert_store(STORE_OK, store_job_set_progress(s, &job, &test.err));
  store_job finished = {.project = project, .num = done, .status = STORE_JOB_COMPLETED};
  assert_store(STORE_OK, store_job_set_progress(s, &finished, &test.err));
  test_store_reopen(&test);
  s = test.session;
  assert_log("a/0/2/5,4,3,2,1/{} a/0/0/0,0,0,0,0/{} ",
             store_job_list_unfinished(s, log_job, &log, &test.err));
  assert_log("b/0/3/0,0,0,0,0/{} ", store_job_get(s, project, TEXT("b"), log_job, &log, &test.err));
  job.id = TEXT("a");
  assert_store(STORE_CONFLICT, store_job_insert(s, &job, &job.num, &test.err));
  job.num = 99;
  assert_store(STORE_NOT_FOUND, store_job_set_progress(s, &job, &test.err));
  test_store_end(&test);
}

static void input_is_read_in_order(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t project = test.ours;
  int64_t job = add_job(&test, project, "a");
  assert_store(STORE_OK, store_job_input_append(s, project, job, 1, TEXT("two"), &test.err));
  assert_store(STORE_OK, store_job_input_append(s, project, job, 0, TEXT("one"), &test.err));
  assert_store(STORE_OK, store_job_input_append(s, project, job, 2, NONE, &test.err));
  assert_store(STORE_CONFLICT, store_job_input_append(s, project, job, 1, TEXT("x"), &test.err));
  assert_store(STORE_NOT_FOUND, store_job_input_append(s, project, 99, 1, TEXT("x"), &test.err));
  assert_log("0:one 1:two 2: ",
             store_job_input_each(s, project, job, 0, log_input, &log, &test.err));
  assert_log("1:two 2: ", store_job_input_each(s, project, job, 1, log_input, &log, &test.err));
  test_store_end(&test);
}

static bool last_row(void *context, const store_job_error *error) {
  int64_t *rows = context;
  assert_int_equal(error->row, *rows);
  ++*rows;
  return true;
}

/// Tidies until nothing is left, `limit` at a time; returns how often it was called.
static int tidy(test_store *test, int64_t before_ms, size_t limit) {
  bool is_done = false;
  int calls = 0;
  for (; !is_done; calls++) {
    test_expect(STORE_OK, store_job_tidy(test->session, before_ms, limit, &is_done, &test->err),
                &test->err, __FILE__, __LINE__);
  }
  return calls;
}

static int64_t add_ended_job(test_store *test, const char *id, store_job_status status,
                             int64_t updated_at_ms) {
  store_job job = {.project = test->ours, .status = status, .updated_at_ms = updated_at_ms};
  job.num = add_job(test, test->ours, id);
  for (int64_t i = 0; i < 3; i++) {
    store_job_error error = {.row = i, .email = TEXT("e"), .reason = TEXT("r")};
    test_expect(
        STORE_OK,
        store_job_input_append(test->session, test->ours, job.num, i, TEXT("x"), &test->err),
        &test->err, __FILE__, __LINE__);
    test_expect(STORE_OK,
                store_job_error_add(test->session, test->ours, job.num, &error, &test->err),
                &test->err, __FILE__, __LINE__);
  }
  test_expect(STORE_OK, store_job_set_progress(test->session, &job, &test->err), &test->err,
              __FILE__, __LINE__);
  return job.num;
}

static void what_ended_jobs_leave_is_tidied(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t ours = test.ours;
  int64_t waiting = add_ended_job(&test, "waiting", STORE_JOB_QUEUED, NOW_MS - 10);
  int64_t late = add_ended_job(&test, "late", STORE_JOB_COMPLETED, NOW_MS);
  (void)add_ended_job(&test, "early", STORE_JOB_FAILED, NOW_MS - 1);
  (void)add_ended_job(&test, "broken off", STORE_JOB_ABANDONED, NOW_MS + 10);
  assert_int_equal(tidy(&test, NOW_MS, 2), 5 + 1 + 1); // 9 pieces, 2 jobs, nothing
  assert_log("0:x 1:x 2:x ", store_job_input_each(s, ours, waiting, 0, log_input, &log, &test.err));
  assert_log("", store_job_input_each(s, ours, late, 0, log_input, &log, &test.err));
  assert_store(STORE_OK, store_job_get(s, ours, TEXT("waiting"), NULL, NULL, &test.err));
  assert_store(STORE_OK, store_job_get(s, ours, TEXT("late"), NULL, NULL, &test.err));
  assert_store(STORE_NOT_FOUND, store_job_get(s, ours, TEXT("early"), NULL, NULL, &test.err));
  assert_store(STORE_NOT_FOUND, store_job_get(s, ours, TEXT("broken off"), NULL, NULL, &test.err));
  int64_t rows = 0;
  assert_store(STORE_OK, store_job_error_list(s, ours, late, last_row, &rows, &test.err));
  assert_int_equal(rows, 3);
  assert_int_equal(tidy(&test, NOW_MS, 2), 1);
  assert_int_equal(tidy(&test, NOW_MS + 1, 2), 2);
  assert_store(STORE_NOT_FOUND, store_job_get(s, ours, TEXT("late"), NULL, NULL, &test.err));
  test_store_end(&test);
}

static void the_first_errors_of_a_job_are_kept(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  int64_t job = add_job(&test, test.ours, "a");
  for (int i = 0; i < STORE_JOB_ERRORS_MAX + 5; i++) {
    store_job_error error = {.row = i, .email = TEXT("e"), .reason = TEXT("r")};
    assert_store(STORE_OK, store_job_error_add(s, test.ours, job, &error, &test.err));
  }
  int64_t rows = 0;
  assert_store(STORE_OK, store_job_error_list(s, test.ours, job, last_row, &rows, &test.err));
  assert_int_equal(rows, STORE_JOB_ERRORS_MAX);
  test_store_end(&test);
}

static void an_answer_is_given_again_until_it_expires(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  store_answer answer = {
      .key = TEXT("k"), .status = 201, .content = TEXT("{\"a\0b\"}"), .at_ms = NOW_MS};
  test_hash(answer.body_hash, 7);
  assert_store(STORE_NOT_FOUND, store_answer_get(s, test.ours, TEXT("k"), NULL, NULL, &test.err));
  assert_store(STORE_OK, store_answer_put(s, test.ours, &answer, &test.err));
  assert_store(STORE_CONFLICT, store_answer_put(s, test.ours, &answer, &test.err));
  answer.content = TEXT("{}");
  answer.at_ms++;
  assert_store(STORE_OK, store_answer_put(s, test.theirs, &answer, &test.err));
  assert_log("k/7/201/{}@1 ",
             store_answer_get(s, test.theirs, TEXT("k"), log_answer, &log, &test.err));
  store_answer older = {.key = TEXT("older"), .at_ms = NOW_MS - 1};
  assert_store(STORE_OK, store_answer_put(s, test.theirs, &older, &test.err));
  // Its own key's first, then some of the others', the oldest.
  assert_store(STORE_OK, store_answer_expire(s, test.ours, TEXT("none"), NOW_MS + 1, 1, &test.err));
  assert_store(STORE_NOT_FOUND,
               store_answer_get(s, test.theirs, TEXT("older"), NULL, NULL, &test.err));
  assert_store(STORE_OK, store_answer_expire(s, test.ours, TEXT("k"), NOW_MS, 0, &test.err));
  assert_store(STORE_OK, store_answer_get(s, test.ours, TEXT("k"), NULL, NULL, &test.err));
  assert_store(STORE_OK, store_answer_expire(s, test.ours, TEXT("k"), NOW_MS + 1, 0, &test.err));
  assert_store(STORE_NOT_FOUND, store_answer_get(s, test.ours, TEXT("k"), NULL, NULL, &test.err));
  assert_store(STORE_OK, store_answer_get(s, test.theirs, TEXT("k"), NULL, NULL, &test.err));
  test_store_end(&test);
}

static void a_login_token_works_once(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  store_token login = {
      .kind = STORE_TOKEN_LOGIN, .created_at_ms = NOW_MS, .expires_at_ms = NOW_MS + 10};
  test_hash(login.hash, 5);
  store_token cookie = login;
  cookie.kind = STORE_TOKEN_SESSION;
  cookie.project = test.ours;
  cookie.expires_at_ms = NOW_MS + 20;
  assert_store(STORE_OK, store_token_put(s, &login, &test.err));
  assert_store(STORE_CONFLICT, store_token_put(s, &login, &test.err));
  assert_store(STORE_OK, store_token_put(s, &cookie, &test.err));
  assert_log("1/5/0@0-10 ",
             store_token_get(s, STORE_TOKEN_LOGIN, login.hash, log_token, &log, &test.err));
  assert_store(STORE_OK, store_token_delete(s, STORE_TOKEN_LOGIN, login.hash, &test.err));
  assert_store(STORE_NOT_FOUND, store_token_delete(s, STORE_TOKEN_LOGIN, login.hash, &test.err));
  assert_log("0/5/1@0-20 ",
             store_token_get(s, STORE_TOKEN_SESSION, login.hash, log_token, &log, &test.err));
  assert_store(STORE_OK, store_token_expire(s, NOW_MS + 19, &test.err));
  assert_store(STORE_OK,
               store_token_get(s, STORE_TOKEN_SESSION, login.hash, NULL, NULL, &test.err));
  assert_store(STORE_OK, store_token_expire(s, NOW_MS + 20, &test.err));
  assert_store(STORE_NOT_FOUND,
               store_token_get(s, STORE_TOKEN_SESSION, login.hash, NULL, NULL, &test.err));
  cookie.project = 99;
  assert_store(STORE_NOT_FOUND, store_token_put(s, &cookie, &test.err));
  test_store_end(&test);
}

// ---- Tenants apart ----

/// One of everything, owned by `ours`.
typedef struct possessions {
  int64_t contact, name, segment, campaign, job;
} possessions;

static possessions own_one_of_each(test_store *test) {
  store_session *s = test->session;
  int64_t project = test->ours;
  possessions own = {.contact = test_contact(test, project, "ann"),
                     .name = test_name(test, project, "bought"),
                     .segment = test_segment(test, project, "vip"),
                     .job = add_job(test, project, "job")};
  (void)test_event(test, project, own.contact, own.name, NOW_MS);
  test_member(test, project, own.segment, own.contact);
  store_activity opened = {.contact = own.contact, .activity = 2};
  store_campaign campaign = {.project = project,
                             .id = TEXT("campaign"),
                             .segment = own.segment,
                             .audience_condition_json = TEXT("{}"),
                             .scheduled_for_ms = STORE_NO_INSTANT};
  store_job_error error = {.row = 1};
  store_answer answer = {.key = TEXT("key")};
  store_status status = store_activity_insert(s, project, &opened, &test->err);
  test_expect(STORE_OK, status, &test->err, __FILE__, __LINE__);
  status = store_campaign_insert(s, &campaign, &own.campaign, &test->err);
  test_expect(STORE_OK, status, &test->err, __FILE__, __LINE__);
  store_recipient recipient = {
      .contact = own.contact, .id = TEXT("id-ann"), .email = TEXT("ann"), .data_json = TEXT("{}")};
  status = store_recipient_insert(s, project, own.campaign, &recipient, &test->err);
  test_expect(STORE_OK, status, &test->err, __FILE__, __LINE__);
  status = store_job_input_append(s, project, own.job, 0, TEXT("in"), &test->err);
  test_expect(STORE_OK, status, &test->err, __FILE__, __LINE__);
  status = store_job_error_add(s, project, own.job, &error, &test->err);
  test_expect(STORE_OK, status, &test->err, __FILE__, __LINE__);
  status = store_answer_put(s, project, &answer, &test->err);
  test_expect(STORE_OK, status, &test->err, __FILE__, __LINE__);
  return own;
}

static void others_find_nothing(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  possessions own = own_one_of_each(&test);
  int64_t p = test.theirs;
  store_event_place newest = NEWEST;
  store_error *err = &test.err;
  assert_store(STORE_NOT_FOUND, store_contact_get(s, p, TEXT("id-ann"), NULL, NULL, err));
  assert_store(STORE_NOT_FOUND, store_contact_get_by_num(s, p, own.contact, NULL, NULL, err));
  assert_store(STORE_NOT_FOUND, store_segment_get(s, p, TEXT("id-vip"), NULL, NULL, err));
  assert_store(STORE_NOT_FOUND, store_campaign_get(s, p, TEXT("campaign"), NULL, NULL, err));
  assert_store(STORE_NOT_FOUND, store_job_get(s, p, TEXT("job"), NULL, NULL, err));
  assert_store(STORE_NOT_FOUND, store_answer_get(s, p, TEXT("key"), NULL, NULL, err));
  int64_t num = 0;
  assert_store(STORE_NOT_FOUND, store_event_name_find(s, p, TEXT("bought"), &num, err));
  assert_log("", store_contact_page(s, p, NONE, STORE_NEWEST, 9, log_contact, &log, err));
  assert_log("", store_contact_page(s, p, TEXT("a"), STORE_NEWEST, 9, log_contact, &log, err));
  assert_log("", store_contact_each(s, p, log_contact, &log, err));
  assert_log("", store_event_name_list(s, p, log_name, &log, err));
  assert_log("", store_event_name_stats(s, p, log_name, &log, err));
  assert_log("", store_event_each(s, p, log_mark, &log, err));
  for (int i = 0; i < 4; i++) {
    store_event_scope scope = {.contact = (i & 1) != 0 ? own.contact : 0,
                               .name = (i & 2) != 0 ? own.name : 0};
    assert_log("", store_event_page(s, p, scope, newest, 9, log_event, &log, err));
  }
  assert_log("", store_event_days(s, p, own.name, 0, INT64_MAX, log_day, &log, err));
  assert_log("", store_activity_each(s, p, log_activity, &log, err));
  assert_log("", store_segment_list(s, p, log_segment, &log, err));
  assert_log("", store_member_each(s, p, own.segment, log_member_num, &log, err));
  assert_log("", store_member_page(s, p, own.segment, NONE, 0, 9, log_member, &log, err));
  assert_log("", store_member_page(s, p, own.segment, TEXT("a"), 0, 9, log_member, &log, err));
  assert_log("", store_member_history_of_segment(s, p, own.segment, STORE_NEWEST, 9, log_change,
                                                 &log, err));
  assert_log("", store_member_history_of_contact(s, p, own.contact, STORE_NEWEST, 9, log_change,
                                                 &log, err));
  store_campaign_scope all = {.has_status = false};
  assert_log("", store_campaign_page(s, p, &all, 0, 9, log_campaign, &log, err));
  assert_log("", store_campaign_list_filtered(s, p, log_campaign, &log, err));
  assert_log("", store_recipient_page(s, p, own.campaign, 0, 9, log_recipient, &log, err));
  assert_store(STORE_NOT_FOUND,
               store_recipient_find(s, p, own.campaign, TEXT("id-ann"), &num, err));
  assert_log("", store_job_input_each(s, p, own.job, 0, log_input, &log, err));
  assert_log("", store_job_error_list(s, p, own.job, log_job_error, &log, err));
  int64_t count = 9;
  assert_store(STORE_OK, store_contact_count(s, p, NONE, &count, err));
  assert_int_equal(count, 0);
  assert_store(STORE_OK, store_contact_count(s, p, TEXT("a"), &count, err));
  assert_int_equal(count, 0);
  assert_store(STORE_OK, store_member_count(s, p, own.segment, NONE, &count, err));
  assert_int_equal(count, 0);
  assert_store(STORE_OK, store_campaign_count_using(s, p, own.segment, &count, err));
  assert_int_equal(count, 0);
  count = 9;
  assert_store(STORE_OK, store_campaign_count(s, p, &all, &count, err));
  assert_int_equal(count, 0);
  test_store_end(&test);
}

static void others_change_nothing(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  possessions own = own_one_of_each(&test);
  int64_t p = test.theirs;
  store_error *err = &test.err;
  store_contact contact = {.project = p, .num = own.contact, .email = TEXT("x")};
  store_segment segment = {.project = p, .num = own.segment, .name = TEXT("x"), .slug = TEXT("x")};
  store_campaign campaign = {.project = p, .num = own.campaign, .name = TEXT("x")};
  store_job job = {.project = p, .num = own.job, .total = 9};
  store_job_error error = {.row = 2};
  store_activity opened = {.contact = own.contact, .activity = 2};
  store_event event = {.project = p, .contact = own.contact, .name = own.name};
  assert_store(STORE_NOT_FOUND, store_contact_update(s, &contact, err));
  assert_store(STORE_NOT_FOUND, store_contact_delete(s, p, own.contact, NO_INSTANTS, err));
  assert_store(STORE_NOT_FOUND, store_event_insert(s, &event, NULL, err));
  int64_t deleted = 9;
  assert_store(STORE_OK, store_event_delete_name(s, p, own.name, &deleted, err));
  assert_int_equal(deleted, 0);
  int64_t last = 9;
  assert_store(STORE_OK, store_event_delete_some(s, p, own.name, 0, 9, &deleted, &last, err));
  assert_int_equal(deleted, 0);
  assert_store(STORE_NOT_FOUND, store_activity_insert(s, p, &opened, err));
  assert_store(STORE_NOT_FOUND, store_segment_update(s, &segment, err));
  assert_store(STORE_NOT_FOUND, store_segment_set_count(s, p, own.segment, 9, 9, err));
  assert_store(STORE_NOT_FOUND, store_segment_delete(s, p, own.segment, err));
  assert_store(STORE_NOT_FOUND,
               test_leave(s, p, own.segment, own.contact, NOW_MS, STORE_CAUSE_MANUAL, err));
  assert_store(STORE_NOT_FOUND, store_campaign_update(s, &campaign, err));
  assert_store(STORE_NOT_FOUND, store_campaign_delete(s, p, own.campaign, err));
  store_recipient recipient = {.contact = 9};
  assert_store(STORE_NOT_FOUND, store_recipient_insert(s, p, own.campaign, &recipient, err));
  assert_store(STORE_OK, store_recipient_clear(s, p, own.campaign, 9, &deleted, err));
  assert_store(STORE_NOT_FOUND, store_job_set_progress(s, &job, err));
  assert_store(STORE_NOT_FOUND, store_job_input_append(s, p, own.job, 1, TEXT("x"), err));
  assert_store(STORE_NOT_FOUND, store_job_error_add(s, p, own.job, &error, err));
  p = test.ours; // and all is as it was
  assert_log("ann/bought@0/- ", store_event_page(s, p, ALL, NEWEST, 9, log_event, &log, err));
  assert_log("vip/vip/-/-/10/0@0 ", store_segment_list(s, p, log_segment, &log, err));
  assert_log("ann@0 ", store_member_page(s, p, own.segment, NONE, 0, 9, log_member, &log, err));
  assert_log("+ann(id-ann)3@0 ", store_member_history_of_segment(s, p, own.segment, STORE_NEWEST, 9,
                                                                 log_change, &log, err));
  store_campaign_scope all = {.has_status = false};
  assert_log("/0/0/id-vip/{}/-1 ", store_campaign_page(s, p, &all, 0, 9, log_campaign, &log, err));
  assert_log("id-ann/ann/{} ",
             store_recipient_page(s, p, own.campaign, 0, 9, log_recipient, &log, err));
  assert_log("job/0/0/0,0,0,0,0/{} ", store_job_get(s, p, TEXT("job"), log_job, &log, err));
  assert_log("0:in ", store_job_input_each(s, p, own.job, 0, log_input, &log, err));
  assert_log("1// ", store_job_error_list(s, p, own.job, log_job_error, &log, err));
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jobs_go_on_where_they_were),
      cmocka_unit_test(what_ended_jobs_leave_is_tidied),
      cmocka_unit_test(input_is_read_in_order),
      cmocka_unit_test(the_first_errors_of_a_job_are_kept),
      cmocka_unit_test(an_answer_is_given_again_until_it_expires),
      cmocka_unit_test(a_login_token_works_once),
      cmocka_unit_test(others_find_nothing),
      cmocka_unit_test(others_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
