// Campaigns, as far as segments need them.
#include "sqlite_internal.h"

#define CAMPAIGN_SELECT                                                                            \
  "SELECT a.num, a.project, a.id, a.name, a.subject, a.body, a.sender, a.status,"                  \
  " a.audience_type, coalesce(a.segment, 0), s.id, a.audience_condition_json,"                     \
  " a.scheduled_for_ms, a.created_at_ms, a.updated_at_ms "                                         \
  "FROM campaigns a LEFT JOIN segments s ON s.num = a.segment WHERE a.project = ?1 "

static void campaign_read(store_query *query, store_campaign *out) {
  out->num = store_column_num(query, 0);
  out->project = store_column_num(query, 1);
  out->id = store_column_text(query, 2);
  out->name = store_column_text(query, 3);
  out->subject = store_column_text(query, 4);
  out->body = store_column_text(query, 5);
  out->from = store_column_text(query, 6);
  out->status = (store_campaign_status)store_column_num(query, 7);
  out->audience_type = (store_audience)store_column_num(query, 8);
  out->segment = store_column_num(query, 9);
  out->segment_id = store_column_text(query, 10);
  out->audience_condition_json = store_column_text(query, 11);
  out->scheduled_for_ms = store_column_optional_instant(query, 12);
  out->created_at_ms = store_column_num(query, 13);
  out->updated_at_ms = store_column_num(query, 14);
}

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status campaign_visit(store_query *query, const char *what, store_campaign_visit visit,
                                   void *context) {
  while (store_query_step(query)) {
    store_campaign row;
    campaign_read(query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

/// What an insert and an update bind alike, after two parameters of their own.
static void campaign_bind(store_query *query, const store_campaign *campaign) {
  store_bind_text(query, campaign->name);
  store_bind_text(query, campaign->subject);
  store_bind_text(query, campaign->body);
  store_bind_text(query, campaign->from);
  store_bind_num(query, campaign->status);
  store_bind_num(query, campaign->audience_type);
  store_bind_optional_num(query, campaign->segment);
  store_bind_optional_text(query, campaign->audience_condition_json);
  store_bind_optional_instant(query, campaign->scheduled_for_ms);
  store_bind_num(query, campaign->updated_at_ms);
}

store_status store_campaign_insert(store_session *session, const store_campaign *campaign,
                                   int64_t *num, store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO campaigns(project, id, name, subject, body, sender, status, audience_type,"
      " segment, audience_condition_json, scheduled_for_ms, updated_at_ms, created_at_ms) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
      err);
  store_bind_num(&query, campaign->project);
  store_bind_text(&query, campaign->id);
  campaign_bind(&query, campaign);
  store_bind_num(&query, campaign->created_at_ms);
  return store_change_end_num(&query, num);
}

store_status store_campaign_update(store_session *session, const store_campaign *campaign,
                                   store_error *err) {
  store_query query = store_change_begin(
      session,
      "UPDATE campaigns SET name = ?3, subject = ?4, body = ?5, sender = ?6, status = ?7,"
      " audience_type = ?8, segment = ?9, audience_condition_json = ?10, scheduled_for_ms = ?11,"
      " updated_at_ms = ?12 WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, campaign->project);
  store_bind_num(&query, campaign->num);
  campaign_bind(&query, campaign);
  return store_change_end_found(&query, "campaign");
}

store_status store_campaign_delete(store_session *session, int64_t project, int64_t num,
                                   store_error *err) {
  store_query query =
      store_change_begin(session, "DELETE FROM campaigns WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  return store_change_end_found(&query, "campaign");
}

store_status store_campaign_get(store_session *session, int64_t project, seg_text_view id,
                                store_campaign_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, CAMPAIGN_SELECT "AND a.id = ?2", err);
  store_bind_num(&query, project);
  store_bind_text(&query, id);
  return campaign_visit(&query, "campaign", visit, context);
}

store_status store_campaign_list(store_session *session, int64_t project, int64_t before,
                                 size_t limit, store_campaign_visit visit, void *context,
                                 store_error *err) {
  store_query query = store_query_begin(
      session, CAMPAIGN_SELECT "AND a.num < ?2 ORDER BY a.num DESC LIMIT ?3", err);
  store_bind_num(&query, project);
  store_bind_num(&query, before);
  store_bind_limit(&query, limit);
  return campaign_visit(&query, NULL, visit, context);
}

store_status store_campaign_count_using(store_session *session, int64_t project, int64_t segment,
                                        int64_t *count, store_error *err) {
  store_query query = store_query_begin(
      session,
      "SELECT count(*) FROM campaigns WHERE project = ?1 AND segment = ?2 AND status IN (0, 1, 2)",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, segment);
  if (store_query_step(&query)) {
    *count = store_column_num(&query, 0);
  }
  return store_query_end(&query);
}
