/// What the files of the SQLite store share: the two objects, errors, and statements with types.
///
/// A statement is used in one shape everywhere:
///
///     store_query query = store_query_begin(session, "SELECT … WHERE project = ?1", err);
///     store_bind_num(&query, project);            // ?1, then ?2, … in order
///     while (store_query_step(&query)) { … store_column_num(&query, 0) … }
///     return store_query_end(&query);
///
/// A failure sticks to the query: what follows does nothing, and the end returns it. Every begun
/// query is ended, and a session has one at a time (asserted). The SQL is a string literal: its
/// address is the key under which the session keeps the prepared statement.
#ifndef SEGMENTRY_STORE_SQLITE_INTERNAL_H
#define SEGMENTRY_STORE_SQLITE_INTERNAL_H

#include "segmentry/table.h"
#include "store.h"

#include <sqlite3.h>
#include <stdatomic.h>

/// Slots for prepared statements, at most three quarters used: there are about 100 texts of SQL.
#define STORE_STATEMENT_SLOTS 256

/// The nums that this program gives itself, in the table `counters`: AUTOINCREMENT costs a third of
/// an insert, and the nums of changes are a part of a key only.
typedef enum store_counter {
  STORE_COUNTER_CONTACT = 0,
  STORE_COUNTER_EVENT = 1,
  STORE_COUNTER_CHANGE = 2,
  STORE_COUNTER_DELIVERY = 3
} store_counter;
#define STORE_COUNTER_COUNT 4

struct store {
  char *path;
  bool is_relaxed;
  int busy_timeout_ms;
  int64_t cache_bytes;
  int64_t size_bytes_max;
  int lock; ///< The descriptor of the lock's file; -1 when this store is not exclusive.
  atomic_int session_count;
  atomic_bool has_writer;
};

typedef struct store_statement_slot {
  const char *sql;
  sqlite3_stmt *statement;
} store_statement_slot;

/// A row that is known to be a project's.
typedef struct store_known {
  int64_t project;
  int64_t num;
} store_known;

/// An event's name whose number is known.
typedef struct store_known_name {
  store_known row;
  size_t size_bytes;
  char bytes[SEG_EVENT_NAME_BYTES_MAX];
} store_known_name;

/// Names remembered in a transaction: more than most projects use in a second.
#define STORE_KNOWN_NAMES 64

struct store_session {
  store *file;
  sqlite3 *db;
  store_access access;
  bool is_in_query;
  bool is_in_savepoint;
  size_t statement_count;
  store_statement_slot statements[STORE_STATEMENT_SLOTS];
  int64_t counters[STORE_COUNTER_COUNT]; ///< The last nums given, when loaded in this transaction.
  bool counters_are_loaded;
  bool counters_are_changed;
  // What was last found to be a project's, in this transaction; num 0 is none.
  store_known checked_segment;
  store_known checked_contact;
  store_known checked_name;
  store_known checked_webhook;
  store_known_name names[STORE_KNOWN_NAMES]; ///< By hash of the name.
};

// ---- Errors ----

/// Writes `err` if given; returns the status.
store_status store_report(store_error *err, store_status status, const char *format, ...)
    SEG_PRINTF(3, 4);
/// STORE_OK with an empty message.
store_status store_done(store_error *err);
/// STORE_NOT_FOUND for a `what` such as "contact".
store_status store_missing(store_error *err, const char *what);
/// The status and message of an SQLite result code; `db` may be NULL.
store_status store_sqlite_failed(const char *path, sqlite3 *db, int code, store_error *err);

// ---- Statements ----

typedef struct store_query {
  store_session *session;
  sqlite3_stmt *statement; ///< NULL when it couldn't be prepared.
  store_error *err;
  store_status status;
  int bound;         ///< Parameters bound so far.
  int64_t row_count; ///< Rows stepped to so far.
} store_query;

store_query store_query_begin(store_session *session, const char *sql, store_error *err);
/// The same for a statement that changes something: asserts that it may.
store_query store_change_begin(store_session *session, const char *sql, store_error *err);

void store_bind_num(store_query *query, int64_t value);
/// 0 is NULL.
void store_bind_optional_num(store_query *query, int64_t value);
/// STORE_NO_INSTANT is NULL.
void store_bind_optional_instant(store_query *query, int64_t at_ms);
/// An absent text is an empty one.
void store_bind_text(store_query *query, seg_text_view text);
/// An absent text is NULL.
void store_bind_optional_text(store_query *query, seg_text_view text);
void store_bind_blob(store_query *query, const void *bytes, size_t size_bytes);
/// A count of rows for LIMIT or OFFSET.
void store_bind_limit(store_query *query, size_t limit);

/// Whether there is a next row.
bool store_query_step(store_query *query);
/// Frees the statement for its next use; returns what stuck, or STORE_OK.
store_status store_query_end(store_query *query);
/// The same, and STORE_NOT_FOUND when there was no row; `what` NULL: a list may be empty.
store_status store_query_end_found(store_query *query, const char *what);
/// Runs a change to its end. changed  optional  How many rows the statement itself changed.
store_status store_change_end(store_query *query, int64_t *changed);
/// The same, and STORE_NOT_FOUND when it changed none; `what` NULL: there may be none.
store_status store_change_end_found(store_query *query, const char *what);
/// The same; gives the rowid of the inserted row.
store_status store_change_end_num(store_query *query, int64_t *num);

int64_t store_column_num(store_query *query, int column);
bool store_column_bool(store_query *query, int column);
/// NULL is STORE_NO_INSTANT.
int64_t store_column_optional_instant(store_query *query, int column);
/// NULL is an absent text. Ends with the next step.
seg_text_view store_column_text(store_query *query, int column);
seg_text_view store_column_blob(store_query *query, int column);
/// STORE_CORRUPT sticks to the query when it isn't a hash.
void store_column_hash(store_query *query, int column, uint8_t hash[STORE_HASH_BYTES]);

// ---- One server a file: see sqlite_lock.c ----

/// Locks the file for this process. STORE_BUSY: another one has it; the message says which.
store_status store_lock_take(store *file, store_error *err);
/// Gives the lock back, if there is one.
void store_lock_drop(store *file);

// ---- Sessions ----

/// Opens a connection with everything set but what belongs to the access.
store_status store_connect(const store *file, int flags, sqlite3 **out, store_error *err);
/// Runs SQL that gives no rows of interest.
store_status store_execute(const char *path, sqlite3 *db, const char *sql, store_error *err);
/// Reads one number, as a PRAGMA gives it.
store_status store_read_number(const char *path, sqlite3 *db, const char *sql, int64_t *out,
                               store_error *err);
/// Puts the file into the mode in which readers and the writer don't wait for each other.
store_status store_use_log(const char *path, sqlite3 *db, store_error *err);
/// Forgets what is known of the rows: some may be gone.
void store_forget_rows(store_session *session);
/// Whether a row is the one that is known; and remembering one, which only a transaction may.
static inline bool store_is_known(store_known known, int64_t project, int64_t num) {
  return num != 0 && known.num == num && known.project == project;
}
void store_remember(store_session *session, store_known *known, int64_t project, int64_t num);
/// The next num of a kind.
store_status store_counter_next(store_session *session, store_counter counter, int64_t *num,
                                store_error *err);
/// STORE_NOT_FOUND unless the segment is this project's. Remembers the last one in a transaction.
store_status store_segment_check(store_session *session, int64_t project, int64_t segment,
                                 store_error *err);
/// STORE_NOT_FOUND unless the webhook is this project's. Remembers the last one in a transaction.
store_status store_webhook_check(store_session *session, int64_t project, int64_t webhook,
                                 store_error *err);
/// STORE_NOT_FOUND unless the contact is this project's.
store_status store_contact_check(store_session *session, int64_t project, int64_t contact,
                                 store_error *err);

// ---- What a contact leaves behind when it is deleted ----

/// Deletes its events, but those that the history of memberships has.
store_status store_event_delete_contact(store_session *session, int64_t project, int64_t contact,
                                        store_instants instants, store_error *err);
store_status store_activity_delete_contact(store_session *session, int64_t project, int64_t contact,
                                           store_instants instants, store_error *err);
/// Makes its entries and exits events no more.
store_status store_change_forget_contact(store_session *session, int64_t project, int64_t contact,
                                         store_error *err);
/// Runs a deletion of (project, contact) once for each instant, or else `all` of them.
/// at_instant  SQL whose parameters are project, contact and at_ms.  all  Without the last.
store_status store_delete_at_instants(store_session *session, const char *at_instant,
                                      const char *all, int64_t project, int64_t contact,
                                      store_instants instants, store_error *err);

// ---- The schema: see sqlite_schema.c ----

/// Brings a database to this version; `db` is open and not in a transaction.
store_status store_migrate(const char *path, sqlite3 *db, store_error *err);
/// What `PRAGMA application_id` says in a file of this program: "SEGM".
#define STORE_APPLICATION_ID 0x5345474D

/// The key of a membership: the segment above, the contact below; of a change of one: the segment
/// above, the change's num below; of a recipient: the campaign above, the contact below; of a
/// delivery: the webhook above, the delivery's num below. 2^40 contacts, changes and deliveries,
/// 2^23 segments, campaigns and webhooks.
#define STORE_KEY_SHIFT 40
#define STORE_KEY_LOW ((INT64_C(1) << STORE_KEY_SHIFT) - 1)
/// The first key of a segment, campaign or webhook; its keys end before the next one's first.
static inline int64_t store_key_first(int64_t owner) { return owner << STORE_KEY_SHIFT; }

// ---- Rows that more than one file reads ----

/// Its columns in a SELECT, in the order store_contact_read expects; the tables are `c` and `u`,
/// which STORE_CONTACT_UPDATE joins to it.
#define STORE_CONTACT_COLUMNS                                                                      \
  "c.num, c.project, c.id, c.email, c.subscribed, c.data_json, c.created_at_ms, u.updated_at_ms"
#define STORE_CONTACT_COLUMN_COUNT 8
#define STORE_CONTACT_UPDATE " CROSS JOIN contact_updates u ON u.num = c.num "
void store_contact_read(store_query *query, store_contact *out);

#endif
