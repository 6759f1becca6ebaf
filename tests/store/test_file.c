// The file: made, opened again, of another kind, in use, full, read-only, copied; transactions.
#include "support.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/// Tries to open a file; closes it again when that works.
static store_status try_open(const test_store *test, store_error *err) {
  store_options options = {.path = test->path, .busy_timeout_ms = 1};
  store *file = NULL;
  store_status status = store_open(&options, &file, err);
  store_close(file);
  return status;
}

static void write_bytes(const char *path, const void *bytes, size_t size_bytes) {
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(bytes, 1, size_bytes, stream), size_bytes);
  assert_int_equal(fclose(stream), 0);
}

static void run_sql(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void assert_mentions(const store_error *err, const char *part) {
  if (strstr(err->message, part) == NULL) {
    print_error("no \"%s\" in: %s\n", part, err->message);
    fail();
  }
}

static void a_new_file_is_private_and_opens_again(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  struct stat about;
  assert_int_equal(stat(test.path, &about), 0);
  assert_int_equal(about.st_mode & 0777, 0600);
  (void)test_contact(&test, test.ours, "ann");
  test_store_reopen(&test);
  assert_log("ann ", store_contact_each(test.session, test.ours, log_contact, &log, &test.err));
  assert_store(STORE_OK, store_file_check(test.session, &test.err));
  int64_t size_bytes = 0;
  assert_store(STORE_OK, store_file_size(test.file, &size_bytes, &test.err));
  assert_true(size_bytes > 4096);
  assert_true(store_schema_version() >= 1);
  test_store_end(&test);
}

static void an_empty_file_becomes_a_store(void **state) {
  (void)state;
  test_store test;
  test_store_directory(&test);
  write_bytes(test.path, "", 0);
  assert_store(STORE_OK, try_open(&test, &test.err));
  assert_store(STORE_OK, try_open(&test, &test.err));
  test_store_remove(&test);
}

static void what_is_not_there_is_said_so(void **state) {
  (void)state;
  test_store test;
  test_store_directory(&test);
  store *file = NULL;
  store_options options = {.path = test.path, .must_exist = true};
  assert_store(STORE_NOT_FOUND, store_open(&options, &file, &test.err));
  assert_mentions(&test.err, test.path);
  assert_int_equal(access(test.path, F_OK), -1);
  options = (store_options){.path = "/nonexistent/directory/file.db"};
  assert_store(STORE_FAILED, store_open(&options, &file, &test.err));
  assert_mentions(&test.err, "directory must exist");
  options.path = test.directory;
  assert_store(STORE_FAILED, store_open(&options, &file, &test.err));
  assert_mentions(&test.err, "is not a file");
  assert_int_equal(store_open(&options, &file, NULL), STORE_FAILED); // err is optional
  test_store_remove(&test);
}

static void what_is_not_a_database_is_left_alone(void **state) {
  (void)state;
  test_store test;
  test_store_directory(&test);
  static const char zeros[65536];
  write_bytes(test.path, zeros, sizeof zeros);
  assert_store(STORE_CORRUPT, try_open(&test, &test.err));
  assert_mentions(&test.err, "not a database of segmentry");
  write_bytes(test.path, "dear diary", 10);
  assert_store(STORE_CORRUPT, try_open(&test, &test.err));
  struct stat about;
  assert_int_equal(stat(test.path, &about), 0);
  assert_int_equal(about.st_size, 10);
  char header[8192] = "SQLite format 3"; // and then nothing
  write_bytes(test.path, header, sizeof header);
  assert_store(STORE_CORRUPT, try_open(&test, &test.err));
  (void)unlink(test.path);
  run_sql(test.path, "CREATE TABLE other(a)");
  assert_store(STORE_CORRUPT, try_open(&test, &test.err));
  assert_mentions(&test.err, "another program");
  test_store_remove(&test);
}

static void a_newer_version_is_refused(void **state) {
  (void)state;
  test_store test;
  test_store_directory(&test);
  assert_store(STORE_OK, try_open(&test, &test.err));
  char sql[64];
  (void)snprintf(sql, sizeof sql, "PRAGMA user_version=%d", store_schema_version() + 1);
  run_sql(test.path, sql);
  assert_store(STORE_NEWER, try_open(&test, &test.err));
  assert_mentions(&test.err, "newer version of segmentry");
  run_sql(test.path, "PRAGMA user_version=0"); // of this program, but without a version
  assert_store(STORE_CORRUPT, try_open(&test, &test.err));
  test_store_remove(&test);
}

static bool go_on(void *context, const store_contact *contact) {
  (void)context;
  return contact->num > 0;
}

static void damage_is_found(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  for (int i = 0; i < 2000; i++) {
    char email[32];
    (void)snprintf(email, sizeof email, "user%d@example.com", i);
    (void)test_contact(&test, test.ours, email);
  }
  assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
  store_session_close(test.session);
  store_close(test.file);
  int file = open(test.path, O_RDWR);
  struct stat about;
  assert_int_equal(fstat(file, &about), 0);
  char garbage[4096];
  memset(garbage, 0xA5, sizeof garbage);
  // Behind the first pages, which each table has one of, and which an opening reads.
  for (off_t at = (off_t)64 * 4096; at < about.st_size; at += 4096) {
    assert_int_equal(pwrite(file, garbage, sizeof garbage, at), sizeof garbage);
  }
  (void)close(file);
  store_session *reader = NULL;
  assert_store(STORE_OK, store_open(&(store_options){.path = test.path}, &test.file, &test.err));
  assert_store(STORE_OK, store_session_open(test.file, STORE_ACCESS_READ, &reader, &test.err));
  assert_store(STORE_CORRUPT, store_file_check(reader, &test.err));
  assert_mentions(&test.err, "is damaged");
  assert_store(STORE_CORRUPT, store_contact_each(reader, test.ours, go_on, NULL, &test.err));
  store_session_close(reader);
  store_close(test.file);
  test_store_remove(&test);
}

static void a_file_in_use_is_reported(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test); // holds the write lock: a transaction is open
  assert_store(STORE_BUSY, try_open(&test, &test.err));
  assert_mentions(&test.err, "locked by another process");
  test_store_end(&test);
}

/// Runs as a user that may write nothing here; root may write everything.
static void try_as_nobody(const test_store *test) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(NOBODY) != 0) {
      _exit(9);
    }
    store_error err;
    store_status status = try_open(test, &err);
    _exit(status == STORE_READ_ONLY && strstr(err.message, test->path) != NULL ? 0 : 1);
  }
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFEXITED(result));
  assert_int_equal(WEXITSTATUS(result), 0);
}

static void a_read_only_directory_or_file_is_reported(void **state) {
  (void)state;
  test_store test;
  test_store_directory(&test);
  assert_int_equal(chmod(test.directory, 0555), 0);
  try_as_nobody(&test); // nothing there, and nothing can be made
  assert_int_equal(chmod(test.directory, 0755), 0);
  assert_store(STORE_OK, try_open(&test, &test.err));
  assert_int_equal(chmod(test.path, 0444), 0);
  assert_int_equal(chmod(test.directory, 0555), 0);
  try_as_nobody(&test);
  assert_int_equal(chmod(test.directory, 0777), 0);
  try_as_nobody(&test);
  test_store_remove(&test);
}

static store_status fill(test_store *test, int64_t project, int count) {
  store_status status = STORE_OK;
  static int made;
  static char data[2048];
  memset(data, 'x', sizeof data);
  for (int i = 0; status == STORE_OK && i < count; i++) {
    char text[32];
    (void)snprintf(text, sizeof text, "%d", made++);
    store_contact contact = {.project = project,
                             .id = seg_text_of(text),
                             .email = seg_text_of(text),
                             .data_json = {data, sizeof data}};
    int64_t num = 0;
    status = store_contact_insert(test->session, &contact, &num, &test->err);
  }
  return status == STORE_OK ? store_transaction_commit(test->session, &test->err) : status;
}

static void a_full_disk_leaves_what_was_committed(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  (void)test_contact(&test, test.ours, "ann");
  test_store_reopen(&test);
  store_transaction_rollback(test.session);
  store_session_close(test.session);
  store_close(test.file);
  store_options options = {.path = test.path, .size_bytes_max = 1 << 20, .is_relaxed = true};
  assert_store(STORE_OK, store_open(&options, &test.file, &test.err));
  assert_store(STORE_OK,
               store_session_open(test.file, STORE_ACCESS_WRITE, &test.session, &test.err));
  assert_store(STORE_OK, store_transaction_begin(test.session, &test.err));
  assert_store(STORE_FULL, fill(&test, test.ours, 1000));
  assert_mentions(&test.err, "no room left");
  store_transaction_rollback(test.session);
  assert_false(store_transaction_is_open(test.session));
  assert_log("ann ", store_contact_each(test.session, test.ours, log_contact, &log, &test.err));
  assert_store(STORE_OK, store_transaction_begin(test.session, &test.err)); // and it goes on
  assert_store(STORE_OK, fill(&test, test.ours, 5));
  int64_t count = 0;
  assert_store(STORE_OK, store_contact_count(test.session, test.ours, NONE, &count, &test.err));
  assert_int_equal(count, 6);
  test_store_end(&test);
}

static void commands_of_a_batch_are_undone_alone(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store_session *s = test.session;
  assert_true(store_transaction_is_open(s));
  assert_store(STORE_OK, store_savepoint_begin(s, &test.err));
  (void)test_contact(&test, test.ours, "ann");
  assert_store(STORE_OK, store_savepoint_keep(s, &test.err));
  assert_store(STORE_OK, store_savepoint_begin(s, &test.err));
  int64_t bob = test_contact(&test, test.ours, "bob");
  assert_store(STORE_OK, store_savepoint_undo(s, &test.err));
  assert_true(test_contact(&test, test.ours, "cid") > bob);
  test_store_reopen(&test);
  s = test.session;
  assert_log("ann cid ", store_contact_each(s, test.ours, log_contact, &log, &test.err));
  (void)test_contact(&test, test.ours, "dan");
  store_transaction_rollback(s);
  store_transaction_rollback(s); // always safe
  assert_false(store_transaction_is_open(s));
  assert_store(STORE_FAILED, store_transaction_commit(s, &test.err));
  assert_log("ann cid ", store_contact_each(s, test.ours, log_contact, &log, &test.err));
  test_store_end(&test);
}

static void a_reader_sees_one_moment(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
  store_session *reader = NULL;
  int64_t project = test.ours;
  assert_store(STORE_OK, store_session_open(test.file, STORE_ACCESS_READ, &reader, &test.err));
  assert_store(STORE_OK, store_transaction_begin(reader, &test.err));
  assert_store(STORE_OK, store_transaction_begin(test.session, &test.err));
  (void)test_contact(&test, project, "ann");
  assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
  assert_log("", store_contact_each(reader, project, log_contact, &log, &test.err));
  assert_store(STORE_OK, store_transaction_commit(reader, &test.err));
  assert_log("ann ", store_contact_each(reader, project, log_contact, &log, &test.err));
  store_session_close(reader);
  test_store_end(&test);
}

static void a_backup_is_whole_while_the_store_is_in_use(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  int64_t vip = test_segment(&test, test.ours, "vip");
  test_member(&test, test.ours, vip, test_contact(&test, test.ours, "ann"));
  assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
  assert_store(STORE_OK, store_transaction_begin(test.session, &test.err));
  (void)test_contact(&test, test.ours, "not yet");
  char path[128];
  (void)snprintf(path, sizeof path, "%s/copy.db", test.directory);
  assert_store(STORE_OK, store_file_backup(test.file, path, &test.err));
  assert_store(STORE_CONFLICT, store_file_backup(test.file, path, &test.err));
  assert_store(STORE_FAILED, store_file_backup(test.file, "/nonexistent/copy.db", &test.err));
  store *copy = NULL;
  store_session *reader = NULL;
  store_options options = {.path = path, .must_exist = true};
  assert_store(STORE_OK, store_open(&options, &copy, &test.err));
  assert_store(STORE_OK, store_session_open(copy, STORE_ACCESS_READ, &reader, &test.err));
  assert_store(STORE_OK, store_file_check(reader, &test.err));
  assert_log("ann@0 ",
             store_member_page(reader, test.ours, vip, NONE, 0, 9, log_member, &log, &test.err));
  assert_log("ann ", store_contact_each(reader, test.ours, log_contact, &log, &test.err));
  store_session_close(reader);
  store_close(copy);
  test_store_end(&test);
}

static void one_store_alone_is_exclusive(void **state) {
  (void)state;
  test_store test;
  test_store_directory(&test);
  store_options options = {.path = test.path, .is_exclusive = true};
  store *first = NULL;
  store *second = NULL;
  assert_store(STORE_OK, store_open(&options, &first, &test.err));
  assert_store(STORE_BUSY, store_open(&options, &second, &test.err));
  assert_mentions(&test.err, test.path);
  char number[24];
  (void)snprintf(number, sizeof number, "process %ld", (long)getpid());
  assert_mentions(&test.err, number);
  assert_store(STORE_OK, try_open(&test, &test.err)); // one that is not exclusive may come in
  assert_store(STORE_BUSY, store_open(&options, &second, &test.err)); // and takes no lock away
  store_close(first);
  assert_store(STORE_OK, store_open(&options, &second, &test.err));
  store_close(second);
  test_store_remove(&test);
}

static void a_session_sees_that_others_have_written(void **state) {
  (void)state;
  test_store test;
  test_store_begin(&test);
  store *other = NULL;
  store_session *stranger = NULL;
  store_options options = {.path = test.path};
  int64_t before = 0;
  int64_t after = 0;
  assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
  assert_store(STORE_OK, store_open(&options, &other, &test.err));
  assert_store(STORE_OK, store_session_open(other, STORE_ACCESS_WRITE, &stranger, &test.err));
  assert_store(STORE_OK, store_session_version(test.session, &before, &test.err));
  assert_true(before != 0);
  assert_store(STORE_OK, store_transaction_begin(test.session, &test.err));
  (void)test_contact(&test, test.ours, "ann");
  assert_store(STORE_OK, store_transaction_commit(test.session, &test.err));
  assert_store(STORE_OK, store_session_version(test.session, &after, &test.err));
  assert_int_equal(before, after); // its own changes do not count
  assert_store(STORE_OK, store_transaction_begin(stranger, &test.err));
  uint8_t hash[STORE_HASH_BYTES];
  test_hash(hash, 7);
  assert_store(STORE_OK,
               store_project_set_keys(stranger, test.ours, hash, TEXT("pk_new"), &test.err));
  assert_store(STORE_OK, store_session_version(test.session, &after, &test.err));
  assert_int_equal(before, after); // nor what is not committed
  assert_store(STORE_OK, store_transaction_commit(stranger, &test.err));
  assert_store(STORE_OK, store_session_version(test.session, &after, &test.err));
  assert_true(before != after);
  store_session_close(stranger);
  store_close(other);
  test_store_end(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_file_is_private_and_opens_again),
      cmocka_unit_test(an_empty_file_becomes_a_store),
      cmocka_unit_test(what_is_not_there_is_said_so),
      cmocka_unit_test(what_is_not_a_database_is_left_alone),
      cmocka_unit_test(a_newer_version_is_refused),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(a_file_in_use_is_reported),
      cmocka_unit_test(a_read_only_directory_or_file_is_reported),
      cmocka_unit_test(a_full_disk_leaves_what_was_committed),
      cmocka_unit_test(commands_of_a_batch_are_undone_alone),
      cmocka_unit_test(a_reader_sees_one_moment),
      cmocka_unit_test(one_store_alone_is_exclusive),
      cmocka_unit_test(a_session_sees_that_others_have_written),
      cmocka_unit_test(a_backup_is_whole_while_the_store_is_in_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
