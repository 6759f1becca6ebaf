/// A store in a directory of its own for each test, and short words for its rows.
#ifndef SEGMENTRY_STORE_TEST_SUPPORT_H
#define SEGMENTRY_STORE_TEST_SUPPORT_H

#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1780315200000)
#define TEXT(literal) ((seg_text_view){(literal), sizeof(literal) - 1})
#define NONE ((seg_text_view){NULL, 0})
#define NO_INSTANTS ((store_instants){NULL, 0})
#define NEWEST ((store_event_place){STORE_NEWEST, STORE_NEWEST, STORE_NEWEST})
#define ALL ((store_event_scope){.contact = 0})

typedef struct test_store {
  char directory[64];
  char path[96];
  store *file;
  store_session *session; ///< The writer, with a transaction begun.
  store_error err;
  int64_t ours;   ///< The first project.
  int64_t theirs; ///< The second one.
} test_store;

/// Opens a new store with two projects; everything ends with test_store_end.
void test_store_begin(test_store *test);
void test_store_end(test_store *test);
/// Commits, closes and opens the same file again.
void test_store_reopen(test_store *test);
/// Only the directory and the path: no file yet.
void test_store_directory(test_store *test);
/// Removes the directory with all that is in it.
void test_store_remove(test_store *test);

/// What a call should give; says what it gave. The message is empty exactly when all is well.
void test_expect(store_status expected, store_status found, const store_error *err,
                 const char *file, int line);
#define assert_store(expected, call) test_expect((expected), (call), &test.err, __FILE__, __LINE__)

bool test_text_is(seg_text_view text, const char *expected);
/// A hash of one repeated byte.
void test_hash(uint8_t hash[STORE_HASH_BYTES], uint8_t byte);

// Rows with what the test doesn't care about filled in. Each gives its num.
int64_t test_contact(test_store *test, int64_t project, const char *email);
int64_t test_name(test_store *test, int64_t project, const char *name);
int64_t test_event(test_store *test, int64_t project, int64_t contact, int64_t name, int64_t at_ms);
int64_t test_segment(test_store *test, int64_t project, const char *slug);
void test_member(test_store *test, int64_t project, int64_t segment, int64_t contact);

// Changes of membership that are no events.
store_status test_enter(store_session *session, int64_t project, int64_t segment, int64_t contact,
                        int64_t at_ms, store_cause cause, store_error *err);
store_status test_leave(store_session *session, int64_t project, int64_t segment, int64_t contact,
                        int64_t at_ms, store_cause cause, store_error *err);

/// Visitors: write what they see as text, one row after another, into a test_log.
typedef struct test_log {
  char text[4096];
  size_t size_bytes;
  size_t rows_max; ///< Stops after so many rows; 0 is no limit.
  size_t rows;
} test_log;

bool log_contact(void *context, const store_contact *contact);
bool log_event(void *context, const store_event *event);
bool log_mark(void *context, const store_event_mark *mark);
bool log_name(void *context, const store_event_name *name);
bool log_day(void *context, const store_event_day *day);
bool log_activity(void *context, const store_activity *activity);
bool log_segment(void *context, const store_segment *segment);
bool log_member(void *context, const store_member *member);
bool log_member_num(void *context, int64_t contact, int64_t since_ms);
bool log_change(void *context, const store_member_change *change);
bool log_campaign(void *context, const store_campaign *campaign);
bool log_recipient(void *context, const store_recipient *recipient);
bool log_job(void *context, const store_job *job);
bool log_input(void *context, int64_t sequence, seg_text_view bytes);
bool log_job_error(void *context, const store_job_error *error);
bool log_answer(void *context, const store_answer *answer);
bool log_token(void *context, const store_token *token);
bool log_project(void *context, const store_project *project);

/// The text of a log whose call succeeded.
#define assert_log(expected, call)                                                                 \
  do {                                                                                             \
    test_log log = {{0}, 0, 0, 0};                                                                 \
    assert_store(STORE_OK, (call));                                                                \
    assert_string_equal(log.text, expected);                                                       \
  } while (0)

#endif
