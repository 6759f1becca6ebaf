// What follows from memberships and their history: since when a contact is a member of what, and
// how a segment grew. The tables are sqlite_members.c's.
#include "sqlite_internal.h"

store_status store_member_since(store_session *session, int64_t project, int64_t contact,
                                store_membership_visit visit, void *context, store_error *err) {
  store_query query =
      store_query_begin(session,
                        "SELECT s.num, m.since_ms FROM segments s "
                        "CROSS JOIN members m ON m.key = (s.num << 40) | ?2 WHERE s.project = ?1",
                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, contact);
  while (store_query_step(&query)) {
    if (visit == NULL ||
        !visit(context, store_column_num(&query, 0), store_column_num(&query, 1))) {
      break;
    }
  }
  return store_query_end(&query);
}

// The changes are walked, not grouped: SQLite would sort all of them to group by day, which takes
// eight times as long.
store_status store_member_growth(store_session *session, int64_t project, int64_t segment,
                                 int64_t start_ms, size_t day_count, int64_t *days, int64_t *before,
                                 store_error *err) {
  store_status status = store_segment_check(session, project, segment, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_query_begin(
      session, "SELECT at_ms, is_entry FROM changes WHERE key >= ?1 AND key < ?2", err);
  store_bind_num(&query, store_key_first(segment));
  store_bind_num(&query, store_key_first(segment + 1));
  *before = 0;
  for (size_t i = 0; i < day_count; i++) {
    days[i] = 0;
  }
  while (store_query_step(&query)) {
    int64_t at_ms = store_column_num(&query, 0);
    int64_t growth = store_column_bool(&query, 1) ? 1 : -1;
    if (at_ms < start_ms || day_count == 0) {
      *before += growth;
    } else {
      size_t day = (size_t)((at_ms - start_ms) / STORE_DAY_MS);
      days[day < day_count ? day : day_count - 1] += growth;
    }
  }
  return store_query_end(&query);
}
