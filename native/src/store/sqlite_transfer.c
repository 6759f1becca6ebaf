// Lists that only an export reads: with everything a row has, in the order it was stored.
#include "sqlite_internal.h"

store_status store_activity_list(store_session *session, int64_t project,
                                 store_activity_entry_visit visit, void *context,
                                 store_error *err) {
  store_query query =
      store_query_begin(session,
                        "SELECT a.contact, a.activity, a.at_ms, a.message_id, c.id "
                        "FROM activities a NOT INDEXED CROSS JOIN contacts c ON c.num = a.contact "
                        "WHERE a.project = ?1 ORDER BY a.num",
                        err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    store_activity_entry row = {.activity = {.contact = store_column_num(&query, 0),
                                             .activity = (int)store_column_num(&query, 1),
                                             .at_ms = store_column_num(&query, 2),
                                             .message_id = store_column_text(&query, 3)},
                                .contact_id = store_column_text(&query, 4)};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}
