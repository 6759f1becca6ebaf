// Statements: prepared once a session, bound and read with types. See sqlite_internal.h.
#include "sqlite_internal.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

static void query_failed(store_query *query, int code) {
  query->status =
      store_sqlite_failed(query->session->file->path, query->session->db, code, query->err);
}

static store_statement_slot *slot_of(store_session *session, const char *sql) {
  size_t index = (size_t)(((uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
  for (;; index++) {
    store_statement_slot *slot = &session->statements[index % STORE_STATEMENT_SLOTS];
    if (slot->sql == sql || slot->sql == NULL) {
      return slot;
    }
  }
}

store_query store_query_begin(store_session *session, const char *sql, store_error *err) {
  assert(!session->is_in_query); // a visitor called the store, or a query was not ended
  session->is_in_query = true;
  store_query query = {.session = session, .err = err, .status = STORE_OK};
  store_statement_slot *slot = slot_of(session, sql);
  if (slot->sql == NULL) {
    int code =
        sqlite3_prepare_v3(session->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->statement, NULL);
    if (code != SQLITE_OK) {
      query_failed(&query, sqlite3_extended_errcode(session->db));
      return query;
    }
    slot->sql = sql;
    session->statement_count++;
    assert(session->statement_count <= (size_t)STORE_STATEMENT_SLOTS * 3 / 4);
  }
  query.statement = slot->statement;
  return query;
}

store_query store_change_begin(store_session *session, const char *sql, store_error *err) {
  assert(session->access == STORE_ACCESS_WRITE);
  assert(!sqlite3_get_autocommit(session->db)); // no transaction has been begun
  return store_query_begin(session, sql, err);
}

static void bind_checked(store_query *query, int code) {
  if (code != SQLITE_OK && query->status == STORE_OK) {
    query_failed(query, code);
  }
}

void store_bind_num(store_query *query, int64_t value) {
  bind_checked(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

static void bind_null(store_query *query) {
  bind_checked(query, sqlite3_bind_null(query->statement, ++query->bound));
}

void store_bind_optional_num(store_query *query, int64_t value) {
  if (value == 0) {
    bind_null(query);
  } else {
    store_bind_num(query, value);
  }
}

void store_bind_optional_instant(store_query *query, int64_t at_ms) {
  if (at_ms == STORE_NO_INSTANT) {
    bind_null(query);
  } else {
    store_bind_num(query, at_ms);
  }
}

void store_bind_text(store_query *query, seg_text_view text) {
  const char *bytes = text.bytes == NULL ? "" : text.bytes;
  bind_checked(query, sqlite3_bind_text64(query->statement, ++query->bound, bytes, text.size_bytes,
                                          SQLITE_STATIC, SQLITE_UTF8));
}

void store_bind_optional_text(store_query *query, seg_text_view text) {
  if (text.bytes == NULL) {
    bind_null(query);
  } else {
    store_bind_text(query, text);
  }
}

void store_bind_blob(store_query *query, const void *bytes, size_t size_bytes) {
  bind_checked(query, sqlite3_bind_blob64(query->statement, ++query->bound,
                                          bytes == NULL ? "" : bytes, size_bytes, SQLITE_STATIC));
}

void store_bind_limit(store_query *query, size_t limit) {
  store_bind_num(query, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

bool store_query_step(store_query *query) {
  if (query->status != STORE_OK) {
    return false;
  }
  int code = sqlite3_step(query->statement);
  if (code == SQLITE_ROW) {
    query->row_count++;
    return true;
  }
  if (code != SQLITE_DONE) {
    query_failed(query, sqlite3_extended_errcode(query->session->db));
  }
  return false;
}

store_status store_query_end(store_query *query) {
  (void)sqlite3_reset(query->statement); // its code is the one the step gave
  query->session->is_in_query = false;
  return query->status == STORE_OK ? store_done(query->err) : query->status;
}

store_status store_query_end_found(store_query *query, const char *what) {
  store_status status = store_query_end(query);
  bool is_missing = status == STORE_OK && query->row_count == 0 && what != NULL;
  return is_missing ? store_missing(query->err, what) : status;
}

store_status store_change_end(store_query *query, int64_t *changed) {
  while (store_query_step(query)) {
  }
  if (query->status == STORE_OK && changed != NULL) {
    *changed = sqlite3_changes64(query->session->db);
  }
  return store_query_end(query);
}

store_status store_change_end_found(store_query *query, const char *what) {
  int64_t changed = 0;
  store_status status = store_change_end(query, &changed);
  bool is_missing = status == STORE_OK && changed == 0 && what != NULL;
  return is_missing ? store_missing(query->err, what) : status;
}

store_status store_change_end_num(store_query *query, int64_t *num) {
  store_status status = store_change_end(query, NULL);
  if (status == STORE_OK && num != NULL) {
    *num = sqlite3_last_insert_rowid(query->session->db);
  }
  return status;
}

int64_t store_column_num(store_query *query, int column) {
  return sqlite3_column_int64(query->statement, column);
}

bool store_column_bool(store_query *query, int column) {
  return sqlite3_column_int64(query->statement, column) != 0;
}

int64_t store_column_optional_instant(store_query *query, int column) {
  bool is_null = sqlite3_column_type(query->statement, column) == SQLITE_NULL;
  return is_null ? STORE_NO_INSTANT : sqlite3_column_int64(query->statement, column);
}

seg_text_view store_column_text(store_query *query, int column) {
  const char *bytes = (const char *)sqlite3_column_text(query->statement, column);
  int size_bytes = sqlite3_column_bytes(query->statement, column);
  return (seg_text_view){bytes, (size_t)size_bytes};
}

seg_text_view store_column_blob(store_query *query, int column) {
  const char *bytes = sqlite3_column_blob(query->statement, column);
  int size_bytes = sqlite3_column_bytes(query->statement, column);
  return (seg_text_view){bytes == NULL ? "" : bytes, (size_t)size_bytes};
}

void store_column_hash(store_query *query, int column, uint8_t hash[STORE_HASH_BYTES]) {
  seg_text_view bytes = store_column_blob(query, column);
  if (bytes.size_bytes == STORE_HASH_BYTES) {
    memcpy(hash, bytes.bytes, STORE_HASH_BYTES);
    return;
  }
  memset(hash, 0, STORE_HASH_BYTES);
  query->status = store_report(query->err, STORE_CORRUPT,
                               "%s is damaged (a hash has %zu bytes); restore it from a backup",
                               query->session->file->path, bytes.size_bytes);
}

store_status store_delete_at_instants(store_session *session, const char *at_instant,
                                      const char *all, int64_t project, int64_t contact,
                                      store_instants instants, store_error *err) {
  size_t runs = instants.at_ms == NULL ? 1 : instants.count;
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < runs; i++) {
    store_query query = store_change_begin(session, instants.at_ms == NULL ? all : at_instant, err);
    store_bind_num(&query, project);
    store_bind_num(&query, contact);
    if (instants.at_ms != NULL) {
      store_bind_num(&query, instants.at_ms[i]);
    }
    status = store_change_end(&query, NULL);
  }
  return status;
}
