// Idempotency keys: the answer that was given.
#include "sqlite_internal.h"

store_status store_answer_get(store_session *session, int64_t project, seg_text_view key,
                              store_answer_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session,
                                        "SELECT key, body_hash, status, content, at_ms "
                                        "FROM answers WHERE project = ?1 AND key = ?2",
                                        err);
  store_bind_num(&query, project);
  store_bind_text(&query, key);
  if (store_query_step(&query)) {
    store_answer row;
    row.key = store_column_text(&query, 0);
    store_column_hash(&query, 1, row.body_hash);
    row.status = (int)store_column_num(&query, 2);
    row.content = store_column_blob(&query, 3);
    row.at_ms = store_column_num(&query, 4);
    if (query.status == STORE_OK && visit != NULL) {
      (void)visit(context, &row);
    }
  }
  return store_query_end_found(&query, "idempotency key");
}

store_status store_answer_put(store_session *session, int64_t project, const store_answer *answer,
                              store_error *err) {
  store_query query =
      store_change_begin(session,
                         "INSERT INTO answers(project, body_hash, status, content, at_ms, key) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                         err);
  store_bind_num(&query, project);
  store_bind_blob(&query, answer->body_hash, STORE_HASH_BYTES);
  store_bind_num(&query, answer->status);
  store_bind_blob(&query, answer->content.bytes, answer->content.size_bytes);
  store_bind_num(&query, answer->at_ms);
  store_bind_text(&query, answer->key);
  return store_change_end(&query, NULL);
}

store_status store_answer_expire(store_session *session, int64_t project, seg_text_view key,
                                 int64_t before_ms, size_t limit, store_error *err) {
  store_query query = store_change_begin(
      session, "DELETE FROM answers WHERE project = ?1 AND at_ms < ?2 AND key = ?3", err);
  store_bind_num(&query, project);
  store_bind_num(&query, before_ms);
  store_bind_text(&query, key);
  store_status status = store_change_end(&query, NULL);
  if (status != STORE_OK) {
    return status;
  }
  query = store_change_begin(
      session,
      "DELETE FROM answers WHERE num IN (SELECT num FROM answers WHERE at_ms < ?1 LIMIT ?2)", err);
  store_bind_num(&query, before_ms);
  store_bind_limit(&query, limit);
  return store_change_end(&query, NULL);
}
