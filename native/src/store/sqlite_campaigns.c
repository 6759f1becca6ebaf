// Campaigns, as far as segments need them, and the lists of their recipients.
#include "sqlite_internal.h"

#define CAMPAIGN_COLUMNS                                                                           \
  "SELECT a.num, a.project, a.id, a.name, a.subject, a.body, a.sender, a.status,"                  \
  " a.audience_type, coalesce(a.segment, 0), s.id, a.audience_condition_json,"                     \
  " a.scheduled_for_ms, a.recipient_count, a.created_at_ms, a.updated_at_ms "                      \
  "FROM campaigns a LEFT JOIN segments s ON s.num = a.segment "
#define CAMPAIGN_SELECT CAMPAIGN_COLUMNS "WHERE a.project = ?1 "
/// The parameters are those of bind_scope.
#define CAMPAIGN_IN_SCOPE                                                                          \
  "(?2 IS NULL OR a.status = ?2) AND (?3 IS NULL OR instr(lower(a.name), lower(?3)) > 0 "          \
  "OR instr(lower(a.subject), lower(?3)) > 0 OR instr(lower(a.sender), lower(?3)) > 0) "

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
  out->recipient_count = store_column_num(query, 13);
  out->created_at_ms = store_column_num(query, 14);
  out->updated_at_ms = store_column_num(query, 15);
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
  store_bind_num(query, campaign->recipient_count);
  store_bind_num(query, campaign->updated_at_ms);
}

store_status store_campaign_insert(store_session *session, const store_campaign *campaign,
                                   int64_t *num, store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO campaigns(project, id, name, subject, body, sender, status, audience_type,"
      " segment, audience_condition_json, scheduled_for_ms, recipient_count, updated_at_ms,"
      " created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
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
      " recipient_count = ?12, updated_at_ms = ?13 WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, campaign->project);
  store_bind_num(&query, campaign->num);
  campaign_bind(&query, campaign);
  return store_change_end_found(&query, "campaign");
}

store_status store_campaign_delete(store_session *session, int64_t project, int64_t num,
                                   store_error *err) {
  int64_t deleted = 0;
  store_status status = store_recipient_clear(session, project, num, SIZE_MAX, &deleted, err);
  if (status != STORE_OK) {
    return status;
  }
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

static void bind_scope(store_query *query, int64_t project, const store_campaign_scope *scope) {
  store_bind_num(query, project);
  store_bind_optional_instant(query, scope->has_status ? (int64_t)scope->status : STORE_NO_INSTANT);
  store_bind_optional_text(query, scope->search);
}

store_status store_campaign_page(store_session *session, int64_t project,
                                 const store_campaign_scope *scope, size_t offset, size_t limit,
                                 store_campaign_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(
      session, CAMPAIGN_SELECT "AND " CAMPAIGN_IN_SCOPE "ORDER BY a.num DESC LIMIT ?4 OFFSET ?5",
      err);
  bind_scope(&query, project, scope);
  store_bind_limit(&query, limit);
  store_bind_limit(&query, offset);
  return campaign_visit(&query, NULL, visit, context);
}

/// Reads the one number of a query that always has a row.
static store_status read_count(store_query *query, int64_t *count) {
  if (store_query_step(query)) {
    *count = store_column_num(query, 0);
  }
  return store_query_end(query);
}

store_status store_campaign_count(store_session *session, int64_t project,
                                  const store_campaign_scope *scope, int64_t *count,
                                  store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT count(*) FROM campaigns a WHERE a.project = ?1 AND " CAMPAIGN_IN_SCOPE, err);
  bind_scope(&query, project, scope);
  return read_count(&query, count);
}

store_status store_campaign_list_filtered(store_session *session, int64_t project,
                                          store_campaign_visit visit, void *context,
                                          store_error *err) {
  store_query query = store_query_begin(
      session,
      CAMPAIGN_SELECT "AND a.audience_condition_json IS NOT NULL AND a.status IN (0, 1, 2)", err);
  store_bind_num(&query, project);
  return campaign_visit(&query, NULL, visit, context);
}

store_status store_campaign_list_scheduled(store_session *session, store_campaign_visit visit,
                                           void *context, store_error *err) {
  store_query query = store_query_begin(
      session, CAMPAIGN_COLUMNS "WHERE a.status = 1 ORDER BY a.scheduled_for_ms, a.num", err);
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
  return read_count(&query, count);
}

// Recipients. Each statement asks for the campaign too, so that no project reaches another's list.

store_status store_recipient_insert(store_session *session, int64_t project, int64_t campaign,
                                    const store_recipient *recipient, store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO campaign_recipients(key, id, email, data_json) "
      "SELECT (num << 40) | ?3, ?4, ?5, ?6 FROM campaigns WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, campaign);
  store_bind_num(&query, recipient->contact);
  store_bind_text(&query, recipient->id);
  store_bind_text(&query, recipient->email);
  store_bind_text(&query, recipient->data_json);
  return store_change_end_found(&query, "campaign");
}

store_status store_recipient_page(store_session *session, int64_t project, int64_t campaign,
                                  int64_t after, size_t limit, store_recipient_visit visit,
                                  void *context, store_error *err) {
  store_query query =
      store_query_begin(session,
                        "SELECT r.key, r.id, r.email, r.data_json FROM campaigns a "
                        "CROSS JOIN campaign_recipients r ON r.key > ?3 AND r.key < ?4 "
                        "WHERE a.project = ?1 AND a.num = ?2 ORDER BY r.key LIMIT ?5",
                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, campaign);
  store_bind_num(&query, store_key_first(campaign) | after);
  store_bind_num(&query, store_key_first(campaign + 1));
  store_bind_limit(&query, limit);
  while (store_query_step(&query)) {
    store_recipient row = {.contact = store_column_num(&query, 0) & STORE_KEY_LOW,
                           .id = store_column_text(&query, 1),
                           .email = store_column_text(&query, 2),
                           .data_json = store_column_text(&query, 3)};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

/// Runs a query whose row, if there is one, has a recipient's key.
static store_status read_contact_of_key(store_query *query, int64_t *contact) {
  if (store_query_step(query)) {
    *contact = store_column_num(query, 0) & STORE_KEY_LOW;
  }
  return store_query_end_found(query, "recipient");
}

store_status store_recipient_find(store_session *session, int64_t project, int64_t campaign,
                                  seg_text_view id, int64_t *contact, store_error *err) {
  store_query query = store_query_begin(
      session,
      "SELECT r.key FROM campaigns a CROSS JOIN contacts c ON c.project = a.project AND c.id = ?3 "
      "CROSS JOIN campaign_recipients r ON r.key = (a.num << 40) | c.num "
      "WHERE a.project = ?1 AND a.num = ?2",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, campaign);
  store_bind_text(&query, id);
  store_status status = read_contact_of_key(&query, contact);
  if (status != STORE_NOT_FOUND) {
    return status;
  }
  query = store_query_begin(session,
                            "SELECT r.key FROM campaigns a "
                            "CROSS JOIN campaign_recipients r ON r.key > ?4 AND r.key < ?5 "
                            "WHERE a.project = ?1 AND a.num = ?2 AND r.id = ?3 LIMIT 1",
                            err);
  store_bind_num(&query, project);
  store_bind_num(&query, campaign);
  store_bind_text(&query, id);
  store_bind_num(&query, store_key_first(campaign));
  store_bind_num(&query, store_key_first(campaign + 1));
  return read_contact_of_key(&query, contact);
}

store_status store_recipient_clear(store_session *session, int64_t project, int64_t campaign,
                                   size_t limit, int64_t *deleted, store_error *err) {
  store_query query = store_change_begin(
      session,
      "DELETE FROM campaign_recipients WHERE key IN ("
      "  SELECT r.key FROM campaigns a CROSS JOIN campaign_recipients r"
      "  ON r.key > ?3 AND r.key < ?4 WHERE a.project = ?1 AND a.num = ?2 ORDER BY r.key LIMIT ?5)",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, campaign);
  store_bind_num(&query, store_key_first(campaign));
  store_bind_num(&query, store_key_first(campaign + 1));
  store_bind_limit(&query, limit);
  return store_change_end(&query, deleted);
}
