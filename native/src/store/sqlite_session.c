// Sessions: connections, transactions, and the nums that are counted here.
#include "sqlite_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Readers see a page or two at a time; the writer's cache pays for random inserts into the indexes
/// of ids and emails.
#define READER_CACHE_SHARE 16

static store_status writer_settings(store_session *session, store_error *err) {
  const store *file = session->file;
  int64_t page_bytes = 0;
  store_status status =
      store_read_number(file->path, session->db, "PRAGMA page_size", &page_bytes, err);
  if (status != STORE_OK || file->size_bytes_max == 0 || page_bytes == 0) {
    return status;
  }
  char sql[64];
  (void)snprintf(sql, sizeof sql, "PRAGMA max_page_count=%lld",
                 (long long)(file->size_bytes_max / page_bytes));
  return store_execute(file->path, session->db, sql, err);
}

static store_status session_settings(store_session *session, store_error *err) {
  const store *file = session->file;
  bool is_writer = session->access == STORE_ACCESS_WRITE;
  int64_t cache_kib = file->cache_bytes / 1024 / (is_writer ? 1 : READER_CACHE_SHARE);
  char sql[256];
  (void)snprintf(sql, sizeof sql, "PRAGMA cache_size=-%lld; PRAGMA synchronous=%s;%s",
                 (long long)(cache_kib > 0 ? cache_kib : 1), file->is_relaxed ? "NORMAL" : "FULL",
                 is_writer ? "" : " PRAGMA query_only=ON;");
  store_status status = store_execute(file->path, session->db, sql, err);
  return status == STORE_OK && is_writer ? writer_settings(session, err) : status;
}

store_status store_session_open(store *file, store_access access, store_session **out,
                                store_error *err) {
  store_session *session = calloc(1, sizeof *session);
  if (session == NULL) {
    return store_sqlite_failed(file->path, NULL, SQLITE_NOMEM, err);
  }
  session->file = file;
  session->access = access;
  if (access == STORE_ACCESS_WRITE) {
    bool had_writer = atomic_exchange(&file->has_writer, true);
    assert(!had_writer);
    (void)had_writer;
  }
  (void)atomic_fetch_add(&file->session_count, 1);
  // Readers too: a reader of a write-ahead log writes its mark beside it. query_only keeps the
  // rest.
  store_status status = store_connect(file, SQLITE_OPEN_READWRITE, &session->db, err);
  if (status == STORE_OK) {
    status = session_settings(session, err);
  }
  if (status != STORE_OK) {
    store_session_close(session);
    return status;
  }
  *out = session;
  return store_done(err);
}

void store_session_close(store_session *session) {
  if (session == NULL) {
    return;
  }
  assert(!session->is_in_query);
  for (size_t i = 0; i < STORE_STATEMENT_SLOTS; i++) {
    (void)sqlite3_finalize(session->statements[i].statement);
  }
  (void)sqlite3_close(session->db); // rolls back
  if (session->access == STORE_ACCESS_WRITE) {
    atomic_store(&session->file->has_writer, false);
  }
  (void)atomic_fetch_sub(&session->file->session_count, 1);
  free(session);
}

void store_forget_rows(store_session *session) {
  session->checked_segment = session->checked_contact = session->checked_name =
      session->checked_webhook = (store_known){0};
  for (size_t i = 0; i < STORE_KNOWN_NAMES; i++) {
    session->names[i].row.num = 0;
  }
}

void store_remember(store_session *session, store_known *known, int64_t project, int64_t num) {
  if (!sqlite3_get_autocommit(session->db)) {
    *known = (store_known){.project = project, .num = num};
  }
}

/// What a session knows of the database is known for one transaction only.
static void forget(store_session *session) {
  session->is_in_savepoint = false;
  session->counters_are_loaded = false;
  session->counters_are_changed = false;
  store_forget_rows(session);
}

static store_status run(store_session *session, const char *sql, store_error *err) {
  store_query query = store_query_begin(session, sql, err);
  return store_change_end(&query, NULL);
}

store_status store_session_check(store_session *session, store_error *err) {
  int has_moved = 0;
  int code = sqlite3_file_control(session->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (code == SQLITE_OK && has_moved != 0) {
    return store_report(err, STORE_FAILED,
                        "%s is gone, or another file now, and what is written to the one that was "
                        "opened would be lost; put that one back, or restart",
                        session->file->path);
  }
  return store_done(err);
}

store_status store_transaction_begin(store_session *session, store_error *err) {
  assert(sqlite3_get_autocommit(session->db));
  forget(session);
  if (session->access == STORE_ACCESS_WRITE) {
    store_status status = store_session_check(session, err);
    return status == STORE_OK ? run(session, "BEGIN IMMEDIATE", err) : status;
  }
  store_status status = run(session, "BEGIN", err);
  if (status == STORE_OK) { // the first read fixes the moment: make it now
    status = run(session, "SELECT 1 FROM counters LIMIT 1", err);
  }
  return status;
}

static store_status counters_save(store_session *session, store_error *err) {
  for (int i = 0; i < STORE_COUNTER_COUNT; i++) {
    store_query query =
        store_change_begin(session, "UPDATE counters SET value = ?1 WHERE counter = ?2", err);
    store_bind_num(&query, session->counters[i]);
    store_bind_num(&query, i);
    store_status status = store_change_end(&query, NULL);
    if (status != STORE_OK) {
      return status;
    }
  }
  return STORE_OK;
}

store_status store_transaction_commit(store_session *session, store_error *err) {
  assert(!session->is_in_savepoint);
  if (sqlite3_get_autocommit(session->db)) {
    return store_report(err, STORE_FAILED,
                        "%s: the transaction has ended before its commit; nothing of it is stored",
                        session->file->path);
  }
  store_status status = session->counters_are_changed ? counters_save(session, err) : STORE_OK;
  if (status == STORE_OK) {
    status = run(session, "COMMIT", err);
  }
  if (status != STORE_OK) {
    store_transaction_rollback(session);
  }
  forget(session);
  return status;
}

void store_transaction_rollback(store_session *session) {
  forget(session);
  if (!sqlite3_get_autocommit(session->db)) {
    (void)run(session, "ROLLBACK", NULL); // can fail only when there is nothing to roll back
  }
}

bool store_transaction_is_open(const store_session *session) {
  return !sqlite3_get_autocommit(session->db);
}

store_status store_savepoint_begin(store_session *session, store_error *err) {
  assert(!session->is_in_savepoint);
  assert(!sqlite3_get_autocommit(session->db));
  store_status status = run(session, "SAVEPOINT command", err);
  session->is_in_savepoint = status == STORE_OK;
  return status;
}

store_status store_savepoint_keep(store_session *session, store_error *err) {
  assert(session->is_in_savepoint);
  session->is_in_savepoint = false;
  return run(session, "RELEASE command", err);
}

store_status store_savepoint_undo(store_session *session, store_error *err) {
  assert(session->is_in_savepoint);
  session->is_in_savepoint = false;
  store_forget_rows(session); // they may have been made within
  store_status status = run(session, "ROLLBACK TO command", err);
  return status == STORE_OK ? run(session, "RELEASE command", err) : status;
}

store_status store_session_version(store_session *session, int64_t *version, store_error *err) {
  assert(sqlite3_get_autocommit(session->db)); // within a transaction it stands still
  store_query query = store_query_begin(session, "PRAGMA data_version", err);
  if (store_query_step(&query)) {
    *version = store_column_num(&query, 0);
  }
  return store_query_end(&query);
}

static store_status counters_load(store_session *session, store_error *err) {
  store_query query = store_query_begin(session, "SELECT counter, value FROM counters", err);
  while (store_query_step(&query)) {
    int64_t counter = store_column_num(&query, 0);
    if (counter >= 0 && counter < STORE_COUNTER_COUNT) {
      session->counters[counter] = store_column_num(&query, 1);
    }
  }
  store_status status = store_query_end(&query);
  session->counters_are_loaded = status == STORE_OK;
  return status;
}

store_status store_counter_next(store_session *session, store_counter counter, int64_t *num,
                                store_error *err) {
  if (!session->counters_are_loaded) {
    store_status status = counters_load(session, err);
    if (status != STORE_OK) {
      return status;
    }
  }
  if (session->counters[counter] >= STORE_KEY_LOW - 1) {
    return store_report(err, STORE_FULL, "%s has given all its numbers", session->file->path);
  }
  session->counters_are_changed = true;
  *num = ++session->counters[counter];
  return STORE_OK;
}

store_status store_segment_check(store_session *session, int64_t project, int64_t segment,
                                 store_error *err) {
  if (store_is_known(session->checked_segment, project, segment)) {
    return STORE_OK;
  }
  store_query query =
      store_query_begin(session, "SELECT 1 FROM segments WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, segment);
  (void)store_query_step(&query);
  store_status status = store_query_end_found(&query, "segment");
  if (status == STORE_OK) {
    store_remember(session, &session->checked_segment, project, segment);
  }
  return status;
}
