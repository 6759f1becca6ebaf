// What email providers report.
#include "sqlite_internal.h"

store_status store_activity_insert(store_session *session, int64_t project,
                                   const store_activity *activity, store_error *err) {
  store_status status = store_contact_check(session, project, activity->contact, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query =
      store_change_begin(session,
                         "INSERT INTO activities(project, contact, activity, at_ms, message_id) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)",
                         err);
  store_bind_num(&query, project);
  store_bind_num(&query, activity->contact);
  store_bind_num(&query, activity->activity);
  store_bind_num(&query, activity->at_ms);
  store_bind_optional_text(&query, activity->message_id);
  return store_change_end(&query, NULL);
}

store_status store_activity_each(store_session *session, int64_t project,
                                 store_activity_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(
      session,
      "SELECT contact, activity, at_ms FROM activities INDEXED BY activities_by_time "
      "WHERE project = ?1",
      err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    store_activity row = {.contact = store_column_num(&query, 0),
                          .activity = (int)store_column_num(&query, 1),
                          .at_ms = store_column_num(&query, 2)};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

store_status store_activity_delete_contact(store_session *session, int64_t project, int64_t contact,
                                           store_instants instants, store_error *err) {
  static const char AT_INSTANT[] =
      "DELETE FROM activities WHERE project = ?1 AND contact = ?2 AND at_ms = ?3";
  static const char ALL[] =
      "DELETE FROM activities WHERE num IN (SELECT num FROM activities INDEXED BY"
      " activities_by_time WHERE project = ?1 AND contact = ?2)";
  return store_delete_at_instants(session, AT_INSTANT, ALL, project, contact, instants, err);
}
