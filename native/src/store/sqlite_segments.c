// Segments: their definitions. Their members are in sqlite_members.c.
#include "sqlite_internal.h"

#define SEGMENT_SELECT                                                                             \
  "SELECT num, project, id, name, slug, description, is_static, condition_json, is_tracked,"       \
  " member_count, member_count_at_ms, created_at_ms, updated_at_ms, is_redefined "                 \
  "FROM segments WHERE project = ?1 "

static void segment_read(store_query *query, store_segment *out) {
  out->num = store_column_num(query, 0);
  out->project = store_column_num(query, 1);
  out->id = store_column_text(query, 2);
  out->name = store_column_text(query, 3);
  out->slug = store_column_text(query, 4);
  out->description = store_column_text(query, 5);
  out->is_static = store_column_bool(query, 6);
  out->condition_json = store_column_text(query, 7);
  out->is_tracked = store_column_bool(query, 8);
  out->member_count = store_column_num(query, 9);
  out->member_count_at_ms = store_column_num(query, 10);
  out->created_at_ms = store_column_num(query, 11);
  out->updated_at_ms = store_column_num(query, 12);
  out->is_redefined = store_column_bool(query, 13);
}

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status segment_visit(store_query *query, const char *what, store_segment_visit visit,
                                  void *context) {
  while (store_query_step(query)) {
    store_segment row;
    segment_read(query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

store_status store_segment_insert(store_session *session, const store_segment *segment,
                                  int64_t *num, store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO segments(project, id, name, slug, description, is_static, condition_json,"
      " is_tracked, member_count, member_count_at_ms, created_at_ms, updated_at_ms, is_redefined) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
      err);
  store_bind_num(&query, segment->project);
  store_bind_text(&query, segment->id);
  store_bind_text(&query, segment->name);
  store_bind_text(&query, segment->slug);
  store_bind_optional_text(&query, segment->description);
  store_bind_num(&query, segment->is_static);
  store_bind_optional_text(&query, segment->condition_json);
  store_bind_num(&query, segment->is_tracked);
  store_bind_num(&query, segment->member_count);
  store_bind_num(&query, segment->member_count_at_ms);
  store_bind_num(&query, segment->created_at_ms);
  store_bind_num(&query, segment->updated_at_ms);
  store_bind_num(&query, segment->is_redefined);
  return store_change_end_num(&query, num);
}

store_status store_segment_update(store_session *session, const store_segment *segment,
                                  store_error *err) {
  store_query query = store_change_begin(
      session,
      "UPDATE segments SET name = ?3, slug = ?4, description = ?5, condition_json = ?6,"
      " is_tracked = ?7, updated_at_ms = ?8, is_redefined = ?9 WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, segment->project);
  store_bind_num(&query, segment->num);
  store_bind_text(&query, segment->name);
  store_bind_text(&query, segment->slug);
  store_bind_optional_text(&query, segment->description);
  store_bind_optional_text(&query, segment->condition_json);
  store_bind_num(&query, segment->is_tracked);
  store_bind_num(&query, segment->updated_at_ms);
  store_bind_num(&query, segment->is_redefined);
  return store_change_end_found(&query, "segment");
}

/// Runs a deletion of the keys of one segment, which has been checked to be the project's.
static store_status delete_keys(store_session *session, const char *sql, int64_t segment,
                                store_error *err) {
  store_query query = store_change_begin(session, sql, err);
  store_bind_num(&query, store_key_first(segment));
  store_bind_num(&query, store_key_first(segment) | STORE_KEY_LOW);
  return store_change_end(&query, NULL);
}

store_status store_segment_delete(store_session *session, int64_t project, int64_t num,
                                  store_error *err) {
  store_status status = store_segment_check(session, project, num, err);
  store_forget_rows(session);
  if (status == STORE_OK) {
    status = delete_keys(session, "DELETE FROM members WHERE key BETWEEN ?1 AND ?2", num, err);
  }
  if (status == STORE_OK) {
    // What is an event stays one: nothing else refers to its row any more.
    status = delete_keys(
        session, "DELETE FROM changes WHERE key BETWEEN ?1 AND ?2 AND event IS NULL", num, err);
  }
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_change_begin(
      session, "UPDATE campaigns SET segment = NULL WHERE project = ?1 AND segment = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  status = store_change_end(&query, NULL);
  if (status != STORE_OK) {
    return status;
  }
  query = store_change_begin(session, "DELETE FROM segments WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  return store_change_end_found(&query, "segment");
}

store_status store_segment_get(store_session *session, int64_t project, seg_text_view id,
                               store_segment_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, SEGMENT_SELECT "AND id = ?2", err);
  store_bind_num(&query, project);
  store_bind_text(&query, id);
  return segment_visit(&query, "segment", visit, context);
}

store_status store_segment_list(store_session *session, int64_t project, store_segment_visit visit,
                                void *context, store_error *err) {
  store_query query = store_query_begin(session, SEGMENT_SELECT "ORDER BY num DESC", err);
  store_bind_num(&query, project);
  return segment_visit(&query, NULL, visit, context);
}

store_status store_segment_set_count(store_session *session, int64_t project, int64_t num,
                                     int64_t member_count, int64_t at_ms, store_error *err) {
  store_query query =
      store_change_begin(session,
                         "UPDATE segments SET member_count = ?3, member_count_at_ms = ?4 "
                         "WHERE project = ?1 AND num = ?2",
                         err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  store_bind_num(&query, member_count);
  store_bind_num(&query, at_ms);
  return store_change_end_found(&query, "segment");
}

store_status store_segment_set_redefined(store_session *session, int64_t project, int64_t num,
                                         bool is_redefined, store_error *err) {
  store_query query = store_change_begin(
      session, "UPDATE segments SET is_redefined = ?3 WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  store_bind_num(&query, is_redefined);
  return store_change_end_found(&query, "segment");
}
