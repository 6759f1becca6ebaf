// A process that is killed while it writes: what it said was committed is there, and nothing else.
//
// The child commits batches of ten memberships, each with a contact and an event, and writes the
// number of each batch into a pipe once its commit has returned. It is killed at a moment that
// differs from round to round; then the file is opened again and counted.
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 25
#define BATCH 10

static int64_t count_contacts(test_store *test) {
  int64_t count = -1;
  assert_int_equal(store_contact_count(test->session, test->ours, NONE, &count, &test->err),
                   STORE_OK);
  return count;
}

static bool count_mark(void *context, const store_event_mark *mark) {
  (void)mark;
  ++*(int64_t *)context;
  return true;
}

static bool count_change(void *context, const store_member_change *change) {
  assert_non_null(change->contact_id.bytes);
  ++*(int64_t *)context;
  return true;
}

static void write_until_killed(test_store *test, int64_t segment, int64_t name, int pipe_end) {
  store *file = NULL;
  store_session *session = NULL;
  store_error *err = &test->err;
  if (store_open(&(store_options){.path = test->path}, &file, err) != STORE_OK ||
      store_session_open(file, STORE_ACCESS_WRITE, &session, err) != STORE_OK) {
    _exit(1);
  }
  test->session = session;
  for (int batch = 1;; batch++) {
    if (store_transaction_begin(session, err) != STORE_OK) {
      _exit(1);
    }
    for (int i = 0; i < BATCH; i++) {
      char email[64];
      (void)snprintf(email, sizeof email, "%d-%d-%d@example.com", (int)getpid(), batch, i);
      int64_t contact = test_contact(test, test->ours, email);
      (void)test_event(test, test->ours, contact, name, NOW_MS);
      test_member(test, test->ours, segment, contact);
    }
    if (store_transaction_commit(session, err) != STORE_OK ||
        write(pipe_end, &batch, sizeof batch) != sizeof batch) {
      _exit(1);
    }
  }
}

/// Lets a child write for a while; gives the number of batches it has said were committed.
static int kill_while_writing(test_store *test, int64_t segment, int64_t name, long after_us) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)close(ends[0]);
    write_until_killed(test, segment, name, ends[1]);
  }
  (void)close(ends[1]);
  int said = 0;
  int batch = 0;
  if (read(ends[0], &batch, sizeof batch) == sizeof batch) { // it has begun
    said = batch;
    (void)nanosleep(&(struct timespec){.tv_nsec = after_us * 1000}, NULL);
  }
  (void)kill(child, SIGKILL);
  while (read(ends[0], &batch, sizeof batch) == sizeof batch) {
    said = batch;
  }
  (void)close(ends[0]);
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFSIGNALED(result));
  return said;
}

static void what_was_committed_is_there(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t segment = test_segment(&test, test.ours, "vip");
  int64_t name = test_name(&test, test.ours, "seen");
  for (int round = 0; round < ROUNDS; round++) {
    int64_t before = count_contacts(&test);
    assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
    store_session_close(test.session);
    store_close(test.file);
    int said = kill_while_writing(&test, segment, name, 200 + round * 1733);
    assert_true(said >= 1);
    store_options options = {.path = test.path, .busy_timeout_ms = 2000};
    assert_store(STORE_OK, store_open(&options, &test.file, &test.err));
    assert_store(STORE_OK,
                 store_session_open(test.file, STORE_ACCESS_WRITE, &test.session, &test.err));
    assert_store(STORE_OK, store_transaction_begin(test.session, &test.err));
    // The one batch after the last word may have been committed too, but as a whole.
    int64_t added = count_contacts(&test) - before;
    assert_true(added == (int64_t)said * BATCH || added == (int64_t)(said + 1) * BATCH);
    int64_t events = 0;
    int64_t changes = 0;
    int64_t members = 0;
    assert_store(STORE_OK,
                 store_event_each(test.session, test.ours, count_mark, &events, &test.err));
    assert_store(STORE_OK,
                 store_member_count(test.session, test.ours, segment, NONE, &members, &test.err));
    assert_store(STORE_OK,
                 store_member_history_of_segment(test.session, test.ours, segment, STORE_NEWEST,
                                                 SIZE_MAX, count_change, &changes, &test.err));
    assert_int_equal(events, before + added);
    assert_int_equal(members, before + added);
    assert_int_equal(changes, before + added);
  }
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_committed_is_there)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
