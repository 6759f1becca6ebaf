// Who uses a segment.
#include "sqlite_internal.h"

// A stored condition was printed by the core: within its strings a quote has a backslash before it,
// so that what is looked for can stand nowhere but where a field is named.
store_status store_campaign_list_using(store_session *session, int64_t project,
                                       seg_text_view segment_id, size_t limit,
                                       store_campaign_use_visit visit, void *context,
                                       store_error *err) {
  store_query query = store_query_begin(
      session,
      "SELECT a.id, a.name, a.status FROM segments s "
      "CROSS JOIN campaigns a ON a.project = s.project AND (a.segment = s.num "
      "  OR instr(a.audience_condition_json, '\"field\":\"segment.' || s.id || '\"') > 0) "
      "WHERE s.project = ?1 AND s.id = ?2 ORDER BY a.num DESC LIMIT ?3",
      err);
  store_bind_num(&query, project);
  store_bind_text(&query, segment_id);
  store_bind_limit(&query, limit);
  while (store_query_step(&query)) {
    store_campaign_use use = {.id = store_column_text(&query, 0),
                              .name = store_column_text(&query, 1),
                              .status = (store_campaign_status)store_column_num(&query, 2)};
    if (visit == NULL || !visit(context, &use)) {
      break;
    }
  }
  return store_query_end(&query);
}
