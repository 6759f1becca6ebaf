// Webhooks: their definitions, and how sending to them goes. What they are told is in
// sqlite_deliveries.c.
#include "sqlite_internal.h"

static void health_read(store_query *query, int first_column, store_webhook_health *out) {
  out->failures = store_column_num(query, first_column);
  out->last_success_at_ms = store_column_optional_instant(query, first_column + 1);
  out->last_failure_at_ms = store_column_optional_instant(query, first_column + 2);
  out->paused_until_ms = store_column_optional_instant(query, first_column + 3);
  out->delivered = store_column_num(query, first_column + 4);
  out->failed_attempt = store_column_num(query, first_column + 5);
}

store_status store_webhook_list(store_session *session, int64_t project, store_webhook_visit visit,
                                void *context, store_error *err) {
  store_query query = store_query_begin(
      session,
      "SELECT w.num, w.project, w.id, w.name, w.url, w.events_json, w.headers_json,"
      " w.condition_json, w.is_enabled, w.secret, w.old_secret, w.old_secret_until_ms,"
      " w.created_at_ms, w.updated_at_ms, coalesce(h.failures, 0), h.last_success_at_ms,"
      " h.last_failure_at_ms, h.paused_until_ms, coalesce(h.delivered, 0),"
      " coalesce(h.failed_attempt, 0) "
      "FROM webhooks w LEFT JOIN webhook_health h ON h.webhook = w.num "
      "WHERE w.project = ?1 ORDER BY w.num",
      err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    store_webhook row = {.num = store_column_num(&query, 0),
                         .project = store_column_num(&query, 1),
                         .id = store_column_text(&query, 2),
                         .name = store_column_text(&query, 3),
                         .url = store_column_text(&query, 4),
                         .events_json = store_column_text(&query, 5),
                         .headers_json = store_column_text(&query, 6),
                         .condition_json = store_column_text(&query, 7),
                         .is_enabled = store_column_bool(&query, 8),
                         .secret = store_column_text(&query, 9),
                         .old_secret = store_column_text(&query, 10),
                         .old_secret_until_ms = store_column_optional_instant(&query, 11),
                         .created_at_ms = store_column_num(&query, 12),
                         .updated_at_ms = store_column_num(&query, 13)};
    health_read(&query, 14, &row.health);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

/// What an insert and an update bind alike, after two parameters of their own.
static void webhook_bind(store_query *query, const store_webhook *webhook) {
  store_bind_optional_text(query, webhook->name);
  store_bind_text(query, webhook->url);
  store_bind_text(query, webhook->events_json);
  store_bind_optional_text(query, webhook->headers_json);
  store_bind_optional_text(query, webhook->condition_json);
  store_bind_num(query, webhook->is_enabled);
  store_bind_text(query, webhook->secret);
  store_bind_optional_text(query, webhook->old_secret);
  store_bind_optional_instant(query, webhook->old_secret_until_ms);
  store_bind_num(query, webhook->updated_at_ms);
}

store_status store_webhook_insert(store_session *session, const store_webhook *webhook,
                                  int64_t *num, store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO webhooks(project, id, name, url, events_json, headers_json, condition_json,"
      " is_enabled, secret, old_secret, old_secret_until_ms, updated_at_ms, created_at_ms) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
      err);
  store_bind_num(&query, webhook->project);
  store_bind_text(&query, webhook->id);
  webhook_bind(&query, webhook);
  store_bind_num(&query, webhook->created_at_ms);
  return store_change_end_num(&query, num);
}

store_status store_webhook_update(store_session *session, const store_webhook *webhook,
                                  store_error *err) {
  store_query query = store_change_begin(
      session,
      "UPDATE webhooks SET name = ?3, url = ?4, events_json = ?5, headers_json = ?6,"
      " condition_json = ?7, is_enabled = ?8, secret = ?9, old_secret = ?10,"
      " old_secret_until_ms = ?11, updated_at_ms = ?12 WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, webhook->project);
  store_bind_num(&query, webhook->num);
  webhook_bind(&query, webhook);
  return store_change_end_found(&query, "webhook");
}

store_status store_webhook_check(store_session *session, int64_t project, int64_t webhook,
                                 store_error *err) {
  if (store_is_known(session->checked_webhook, project, webhook)) {
    return STORE_OK;
  }
  store_query query =
      store_query_begin(session, "SELECT 1 FROM webhooks WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, webhook);
  (void)store_query_step(&query);
  store_status status = store_query_end_found(&query, "webhook");
  if (status == STORE_OK) {
    store_remember(session, &session->checked_webhook, project, webhook);
  }
  return status;
}

store_status store_webhook_set_health(store_session *session, int64_t project, int64_t num,
                                      const store_webhook_health *health, store_error *err) {
  store_status status = store_webhook_check(session, project, num, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_change_begin(
      session,
      "INSERT OR REPLACE INTO webhook_health(webhook, failures, last_success_at_ms,"
      " last_failure_at_ms, paused_until_ms, delivered, failed_attempt)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      err);
  store_bind_num(&query, num);
  store_bind_num(&query, health->failures);
  store_bind_optional_instant(&query, health->last_success_at_ms);
  store_bind_optional_instant(&query, health->last_failure_at_ms);
  store_bind_optional_instant(&query, health->paused_until_ms);
  store_bind_num(&query, health->delivered);
  store_bind_num(&query, health->failed_attempt);
  return store_change_end(&query, NULL);
}

store_status store_webhook_delete(store_session *session, int64_t project, int64_t num,
                                  store_error *err) {
  store_forget_rows(session);
  store_query query =
      store_change_begin(session, "DELETE FROM webhooks WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  return store_change_end_found(&query, "webhook");
}
