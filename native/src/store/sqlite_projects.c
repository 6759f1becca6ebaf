// Projects and their keys.
#include "sqlite_internal.h"

#define PROJECT_SELECT "SELECT num, id, name, secret_hash, public_key, created_at_ms FROM projects "

static void project_read(store_query *query, store_project *out) {
  out->num = store_column_num(query, 0);
  out->id = store_column_text(query, 1);
  out->name = store_column_text(query, 2);
  store_column_hash(query, 3, out->secret_hash);
  out->public_key = store_column_text(query, 4);
  out->created_at_ms = store_column_num(query, 5);
}

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status project_visit(store_query *query, const char *what, store_project_visit visit,
                                  void *context) {
  while (store_query_step(query)) {
    store_project row;
    project_read(query, &row);
    if (query->status != STORE_OK || visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

store_status store_project_insert(store_session *session, const store_project *project,
                                  int64_t *num, store_error *err) {
  store_query query =
      store_change_begin(session,
                         "INSERT INTO projects(id, name, secret_hash, public_key, created_at_ms) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)",
                         err);
  store_bind_text(&query, project->id);
  store_bind_text(&query, project->name);
  store_bind_blob(&query, project->secret_hash, STORE_HASH_BYTES);
  store_bind_text(&query, project->public_key);
  store_bind_num(&query, project->created_at_ms);
  return store_change_end_num(&query, num);
}

store_status store_project_list(store_session *session, store_project_visit visit, void *context,
                                store_error *err) {
  store_query query = store_query_begin(session, PROJECT_SELECT "ORDER BY num", err);
  return project_visit(&query, NULL, visit, context);
}

store_status store_project_get(store_session *session, seg_text_view id, store_project_visit visit,
                               void *context, store_error *err) {
  store_query query = store_query_begin(session, PROJECT_SELECT "WHERE id = ?1", err);
  store_bind_text(&query, id);
  return project_visit(&query, "project", visit, context);
}

store_status store_project_get_by_num(store_session *session, int64_t num,
                                      store_project_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, PROJECT_SELECT "WHERE num = ?1", err);
  store_bind_num(&query, num);
  return project_visit(&query, "project", visit, context);
}

store_status store_project_find_secret(store_session *session,
                                       const uint8_t secret_hash[STORE_HASH_BYTES],
                                       store_project_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, PROJECT_SELECT "WHERE secret_hash = ?1", err);
  store_bind_blob(&query, secret_hash, STORE_HASH_BYTES);
  return project_visit(&query, "project", visit, context);
}

store_status store_project_find_public(store_session *session, seg_text_view public_key,
                                       store_project_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, PROJECT_SELECT "WHERE public_key = ?1", err);
  store_bind_text(&query, public_key);
  return project_visit(&query, "project", visit, context);
}

store_status store_project_set_keys(store_session *session, int64_t project,
                                    const uint8_t secret_hash[STORE_HASH_BYTES],
                                    seg_text_view public_key, store_error *err) {
  store_query query = store_change_begin(
      session, "UPDATE projects SET secret_hash = ?2, public_key = ?3 WHERE num = ?1", err);
  store_bind_num(&query, project);
  store_bind_blob(&query, secret_hash, STORE_HASH_BYTES);
  store_bind_text(&query, public_key);
  return store_change_end_found(&query, "project");
}
