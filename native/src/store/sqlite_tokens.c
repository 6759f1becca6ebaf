// Tokens of the dashboard: cookies and one-time links, known by their hash.
#include "sqlite_internal.h"

store_status store_token_put(store_session *session, const store_token *token, store_error *err) {
  store_query query =
      store_change_begin(session,
                         "INSERT INTO tokens(kind, hash, project, created_at_ms, expires_at_ms) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)",
                         err);
  store_bind_num(&query, token->kind);
  store_bind_blob(&query, token->hash, STORE_HASH_BYTES);
  store_bind_optional_num(&query, token->project);
  store_bind_num(&query, token->created_at_ms);
  store_bind_num(&query, token->expires_at_ms);
  return store_change_end(&query, NULL);
}

store_status store_token_get(store_session *session, store_token_kind kind,
                             const uint8_t hash[STORE_HASH_BYTES], store_token_visit visit,
                             void *context, store_error *err) {
  store_query query = store_query_begin(session,
                                        "SELECT hash, coalesce(project, 0), created_at_ms,"
                                        " expires_at_ms FROM tokens WHERE kind = ?1 AND hash = ?2",
                                        err);
  store_bind_num(&query, kind);
  store_bind_blob(&query, hash, STORE_HASH_BYTES);
  if (store_query_step(&query)) {
    store_token row = {.kind = kind};
    store_column_hash(&query, 0, row.hash);
    row.project = store_column_num(&query, 1);
    row.created_at_ms = store_column_num(&query, 2);
    row.expires_at_ms = store_column_num(&query, 3);
    if (query.status == STORE_OK && visit != NULL) {
      (void)visit(context, &row);
    }
  }
  return store_query_end_found(&query, "token");
}

store_status store_token_delete(store_session *session, store_token_kind kind,
                                const uint8_t hash[STORE_HASH_BYTES], store_error *err) {
  store_query query =
      store_change_begin(session, "DELETE FROM tokens WHERE kind = ?1 AND hash = ?2", err);
  store_bind_num(&query, kind);
  store_bind_blob(&query, hash, STORE_HASH_BYTES);
  return store_change_end_found(&query, "token");
}

store_status store_token_expire(store_session *session, int64_t now_ms, store_error *err) {
  store_query query =
      store_change_begin(session, "DELETE FROM tokens WHERE expires_at_ms <= ?1", err);
  store_bind_num(&query, now_ms);
  return store_change_end(&query, NULL);
}
