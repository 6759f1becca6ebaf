// See support.h.
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void test_expect(store_status expected, store_status found, const store_error *err,
                 const char *file, int line) {
  if (expected != found) {
    print_error("%s:%d: expected status %d, got %d: %s\n", file, line, (int)expected, (int)found,
                err->message);
  }
  assert_int_equal(expected, found);
  assert_int_equal(err->status, found);
  assert_int_equal(err->message[0] == '\0', found == STORE_OK);
}

void test_store_directory(test_store *test) {
  memset(test, 0, sizeof *test);
  (void)snprintf(test->directory, sizeof test->directory, "/tmp/segmentry-store-XXXXXX");
  assert_non_null(mkdtemp(test->directory));
  (void)snprintf(test->path, sizeof test->path, "%s/segmentry.db", test->directory);
}

void test_store_remove(test_store *test) {
  (void)chmod(test->directory, 0700);
  DIR *directory = opendir(test->directory);
  if (directory == NULL) {
    return;
  }
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", test->directory, entry->d_name);
    (void)unlink(path); // refuses "." and ".."
  }
  (void)closedir(directory);
  (void)rmdir(test->directory);
}

static void open_store(test_store *test) {
  store_options options = {.path = test->path, .is_relaxed = true, .busy_timeout_ms = 50};
  test_expect(STORE_OK, store_open(&options, &test->file, &test->err), &test->err, __FILE__,
              __LINE__);
  test_expect(STORE_OK,
              store_session_open(test->file, STORE_ACCESS_WRITE, &test->session, &test->err),
              &test->err, __FILE__, __LINE__);
  test_expect(STORE_OK, store_transaction_begin(test->session, &test->err), &test->err, __FILE__,
              __LINE__);
}

static int64_t add_project(test_store *test, const char *id, uint8_t byte) {
  store_project project = {.id = seg_text_of(id),
                           .name = seg_text_of(id),
                           .public_key = seg_text_of(id),
                           .created_at_ms = NOW_MS};
  test_hash(project.secret_hash, byte);
  int64_t num = 0;
  test_expect(STORE_OK, store_project_insert(test->session, &project, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

void test_store_begin(test_store *test) {
  test_store_directory(test);
  open_store(test);
  test->ours = add_project(test, "ours", 1);
  test->theirs = add_project(test, "theirs", 2);
}

static void close_store(test_store *test) {
  if (store_transaction_is_open(test->session)) {
    test_expect(STORE_OK, store_transaction_commit(test->session, &test->err), &test->err, __FILE__,
                __LINE__);
  }
  store_session_close(test->session);
  store_close(test->file);
}

void test_store_reopen(test_store *test) {
  close_store(test);
  open_store(test);
}

void test_store_end(test_store *test) {
  test_expect(STORE_OK, store_file_check(test->session, &test->err), &test->err, __FILE__,
              __LINE__);
  close_store(test);
  test_store_remove(test);
}

bool test_text_is(seg_text_view text, const char *expected) {
  return expected == NULL ? text.bytes == NULL : seg_text_equal(text, seg_text_of(expected));
}

void test_hash(uint8_t hash[STORE_HASH_BYTES], uint8_t byte) {
  memset(hash, byte, STORE_HASH_BYTES);
}

int64_t test_contact(test_store *test, int64_t project, const char *email) {
  char id[96];
  (void)snprintf(id, sizeof id, "id-%s", email);
  store_contact contact = {.project = project,
                           .id = seg_text_of(id),
                           .email = seg_text_of(email),
                           .subscribed = true,
                           .data_json = TEXT("{}"),
                           .created_at_ms = NOW_MS,
                           .updated_at_ms = NOW_MS};
  int64_t num = 0;
  test_expect(STORE_OK, store_contact_insert(test->session, &contact, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

int64_t test_name(test_store *test, int64_t project, const char *name) {
  int64_t num = 0;
  test_expect(STORE_OK,
              store_event_name_intern(test->session, project, seg_text_of(name), &num, &test->err),
              &test->err, __FILE__, __LINE__);
  return num;
}

int64_t test_event(test_store *test, int64_t project, int64_t contact, int64_t name,
                   int64_t at_ms) {
  store_event event = {
      .project = project, .contact = contact, .id = TEXT("event"), .name = name, .at_ms = at_ms};
  int64_t num = 0;
  test_expect(STORE_OK, store_event_insert(test->session, &event, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

int64_t test_segment(test_store *test, int64_t project, const char *slug) {
  char id[96];
  (void)snprintf(id, sizeof id, "id-%s", slug);
  store_segment segment = {.project = project,
                           .id = seg_text_of(id),
                           .name = seg_text_of(slug),
                           .slug = seg_text_of(slug),
                           .is_static = true,
                           .created_at_ms = NOW_MS,
                           .updated_at_ms = NOW_MS};
  int64_t num = 0;
  test_expect(STORE_OK, store_segment_insert(test->session, &segment, &num, &test->err), &test->err,
              __FILE__, __LINE__);
  return num;
}

void test_member(test_store *test, int64_t project, int64_t segment, int64_t contact) {
  test_expect(
      STORE_OK,
      test_enter(test->session, project, segment, contact, NOW_MS, STORE_CAUSE_MANUAL, &test->err),
      &test->err, __FILE__, __LINE__);
}

static bool write_log(test_log *log, const char *format, ...) SEG_PRINTF(2, 3);

static bool write_log(test_log *log, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written =
      vsnprintf(log->text + log->size_bytes, sizeof log->text - log->size_bytes, format, arguments);
  va_end(arguments);
  log->size_bytes += (size_t)written;
  assert_true(log->size_bytes < sizeof log->text);
  log->rows++;
  return log->rows_max == 0 || log->rows < log->rows_max;
}

/// A text for "%.*s"; absent is "-".
#define SHOWN(text) (int)((text).bytes == NULL ? 1 : (text).size_bytes), or_dash(text)

static const char *or_dash(seg_text_view text) { return text.bytes == NULL ? "-" : text.bytes; }

static long long after(int64_t at_ms) { // instants, as the distance to NOW_MS
  return at_ms == STORE_NO_INSTANT ? -1 : (long long)(at_ms - NOW_MS);
}

store_status test_enter(store_session *session, int64_t project, int64_t segment, int64_t contact,
                        int64_t at_ms, store_cause cause, store_error *err) {
  store_move move = {.project = project, .segment = segment, .at_ms = at_ms, .cause = cause};
  return store_member_add(session, &move, contact, err);
}

store_status test_leave(store_session *session, int64_t project, int64_t segment, int64_t contact,
                        int64_t at_ms, store_cause cause, store_error *err) {
  store_move move = {.project = project, .segment = segment, .at_ms = at_ms, .cause = cause};
  return store_member_remove(session, &move, contact, err);
}

bool log_contact(void *context, const store_contact *contact) {
  return write_log(context, "%.*s ", SHOWN(contact->email));
}

bool log_event(void *context, const store_event *event) {
  return write_log(context, "%.*s/%.*s@%lld/%.*s ", SHOWN(event->contact_email),
                   SHOWN(event->name_text), after(event->at_ms), SHOWN(event->data_json));
}

bool log_mark(void *context, const store_event_mark *mark) {
  return write_log(context, "%lld/%lld@%lld ", (long long)mark->contact, (long long)mark->name,
                   after(mark->at_ms));
}

bool log_name(void *context, const store_event_name *name) {
  return write_log(context, "%.*s=%lld@%lld ", SHOWN(name->name), (long long)name->count,
                   after(name->last_seen_at_ms));
}

bool log_day(void *context, const store_event_day *day) {
  return write_log(context, "%lld=%lld ", (long long)(day->start_at_ms / 86400000),
                   (long long)day->count);
}

bool log_activity(void *context, const store_activity *activity) {
  return write_log(context, "%lld/%d@%lld ", (long long)activity->contact, activity->activity,
                   after(activity->at_ms));
}

bool log_segment(void *context, const store_segment *segment) {
  return write_log(context, "%.*s/%.*s/%.*s/%.*s/%d%d/%lld@%lld ", SHOWN(segment->slug),
                   SHOWN(segment->name), SHOWN(segment->description),
                   SHOWN(segment->condition_json), segment->is_static, segment->is_tracked,
                   (long long)segment->member_count, (long long)segment->member_count_at_ms);
}

bool log_member(void *context, const store_member *member) {
  return write_log(context, "%.*s@%lld ", SHOWN(member->contact.email), after(member->since_ms));
}

bool log_member_num(void *context, int64_t contact, int64_t since_ms) {
  return write_log(context, "%lld@%lld ", (long long)contact, after(since_ms));
}

bool log_change(void *context, const store_member_change *change) {
  return write_log(context, "%s%.*s(%.*s)%d@%lld ", change->is_entry ? "+" : "-",
                   SHOWN(change->contact_email), SHOWN(change->contact_id), (int)change->cause,
                   after(change->at_ms));
}

bool log_campaign(void *context, const store_campaign *campaign) {
  return write_log(context, "%.*s/%d/%d/%.*s/%.*s/%lld ", SHOWN(campaign->name),
                   (int)campaign->status, (int)campaign->audience_type, SHOWN(campaign->segment_id),
                   SHOWN(campaign->audience_condition_json), after(campaign->scheduled_for_ms));
}

bool log_recipient(void *context, const store_recipient *recipient) {
  return write_log(context, "%.*s/%.*s/%.*s ", SHOWN(recipient->id), SHOWN(recipient->email),
                   SHOWN(recipient->data_json));
}

bool log_job(void *context, const store_job *job) {
  return write_log(context, "%.*s/%d/%d/%lld,%lld,%lld,%lld,%lld/%.*s ", SHOWN(job->id),
                   (int)job->kind, (int)job->status, (long long)job->total,
                   (long long)job->processed, (long long)job->imported, (long long)job->updated,
                   (long long)job->skipped, SHOWN(job->parameters_json));
}

bool log_input(void *context, int64_t sequence, seg_text_view bytes) {
  return write_log(context, "%lld:%.*s ", (long long)sequence, SHOWN(bytes));
}

bool log_job_error(void *context, const store_job_error *error) {
  return write_log(context, "%lld/%.*s/%.*s ", (long long)error->row, SHOWN(error->email),
                   SHOWN(error->reason));
}

bool log_answer(void *context, const store_answer *answer) {
  return write_log(context, "%.*s/%d/%d/%.*s@%lld ", SHOWN(answer->key), answer->body_hash[31],
                   answer->status, SHOWN(answer->content), after(answer->at_ms));
}

bool log_token(void *context, const store_token *token) {
  return write_log(context, "%d/%d/%lld@%lld-%lld ", (int)token->kind, token->hash[31],
                   (long long)token->project, after(token->created_at_ms),
                   after(token->expires_at_ms));
}

bool log_project(void *context, const store_project *project) {
  return write_log(context, "%.*s/%d/%.*s ", SHOWN(project->id), project->secret_hash[31],
                   SHOWN(project->public_key));
}
