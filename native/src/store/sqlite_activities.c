// What email providers report.
#include "sqlite_internal.h"

store_status store_activity_insert(store_session *session, int64_t project,
                                   const store_activity *activity, store_error *err) {
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
      "SELECT contact, activity, at_ms FROM activities INDEXED BY activities_by_contact "
      "WHERE project = ?1 ORDER BY contact, activity, at_ms",
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
