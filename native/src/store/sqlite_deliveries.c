// Deliveries: the outbox of webhooks, and the log of what became of it. Two tables with one packed
// key (drawn in sqlite_schema.c): what is told, and that it is still due.
//
// The workload is a segment computed for the first time, with a webhook that is told of each entry:
// a million rows in transactions of 100,000. A row costs two appends, and a look at the webhook
// once a transaction.
#include "sqlite_internal.h"

static int64_t delivery_key(int64_t webhook, int64_t num) { return store_key_first(webhook) | num; }

/// A num as the low part of a key.
static int64_t low_part(int64_t num) {
  if (num < 0) {
    return 0;
  }
  return num > STORE_KEY_LOW ? STORE_KEY_LOW : num;
}

/// Binds the keys of a webhook with num > after: the first and the last.
static void bind_keys_after(store_query *query, int64_t webhook, int64_t after) {
  store_bind_num(query, delivery_key(webhook, low_part(after)) + 1);
  store_bind_num(query, delivery_key(webhook, STORE_KEY_LOW));
}

/// A webhook of another project has no deliveries: that is an empty list, not a failure.
static bool is_empty_for(store_session *session, int64_t project, int64_t webhook,
                         store_status *status, store_error *err) {
  *status = store_webhook_check(session, project, webhook, err);
  if (*status == STORE_NOT_FOUND) {
    *status = store_done(err);
    return true;
  }
  return *status != STORE_OK;
}

/// The columns that delivery_read expects; `d` is the delivery, `q` its place in the queue.
#define DELIVERY_SELECT                                                                            \
  "SELECT d.key, d.contact, d.nonce, d.status, d.at_ms, coalesce(q.attempts, 0), q.since_ms,"      \
  " q.next_at_ms, d.payload "
#define DELIVERY_ALL "FROM deliveries d LEFT JOIN due_deliveries q ON q.key = d.key "
#define DELIVERY_DUE "FROM due_deliveries q CROSS JOIN deliveries d ON d.key = q.key "

static void delivery_read(store_query *query, store_delivery *out) {
  int64_t key = store_column_num(query, 0);
  *out = (store_delivery){.webhook = key >> STORE_KEY_SHIFT,
                          .num = key & STORE_KEY_LOW,
                          .contact = store_column_num(query, 1),
                          .nonce = store_column_num(query, 2),
                          .status = (store_delivery_status)store_column_num(query, 3),
                          .at_ms = store_column_num(query, 4),
                          .attempts = store_column_num(query, 5),
                          .since_ms = store_column_optional_instant(query, 6),
                          .next_at_ms = store_column_optional_instant(query, 7),
                          .payload = store_column_text(query, 8)};
}

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status delivery_visit(store_query *query, const char *what, store_delivery_visit visit,
                                   void *context) {
  while (store_query_step(query)) {
    store_delivery row;
    delivery_read(query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

// Writing.

store_status store_delivery_next_num(store_session *session, int64_t *num, store_error *err) {
  return store_counter_next(session, STORE_COUNTER_DELIVERY, num, err);
}

static store_status put_due(store_session *session, int64_t key, int64_t at_ms, store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT OR REPLACE INTO due_deliveries(key, attempts, since_ms, next_at_ms) "
      "VALUES (?1, 0, ?2, ?2)",
      err);
  store_bind_num(&query, key);
  store_bind_num(&query, at_ms);
  return store_change_end(&query, NULL);
}

store_status store_delivery_insert(store_session *session, int64_t project,
                                   const store_delivery *delivery, store_error *err) {
  store_status status = store_webhook_check(session, project, delivery->webhook, err);
  if (status != STORE_OK) {
    return status;
  }
  int64_t key = delivery_key(delivery->webhook, delivery->num);
  store_query query =
      store_change_begin(session,
                         "INSERT INTO deliveries(key, contact, status, nonce, at_ms, payload) "
                         "VALUES (?1, ?2, 0, ?3, ?4, ?5)",
                         err);
  store_bind_num(&query, key);
  store_bind_num(&query, delivery->contact);
  store_bind_num(&query, delivery->nonce);
  store_bind_num(&query, delivery->at_ms);
  store_bind_text(&query, delivery->payload);
  status = store_change_end(&query, NULL);
  return status == STORE_OK ? put_due(session, key, delivery->at_ms, err) : status;
}

static store_status set_status(store_session *session, int64_t key, store_delivery_status to,
                               store_error *err) {
  store_query query =
      store_change_begin(session, "UPDATE deliveries SET status = ?2 WHERE key = ?1", err);
  store_bind_num(&query, key);
  store_bind_num(&query, to);
  return store_change_end_found(&query, "delivery");
}

store_status store_delivery_settle(store_session *session, int64_t project, int64_t webhook,
                                   int64_t num, store_delivery_status status, store_error *err) {
  store_status found = store_webhook_check(session, project, webhook, err);
  if (found != STORE_OK) {
    return found;
  }
  int64_t key = delivery_key(webhook, low_part(num));
  store_query query = store_change_begin(session, "DELETE FROM due_deliveries WHERE key = ?1", err);
  store_bind_num(&query, key);
  found = store_change_end_found(&query, "pending delivery");
  return found == STORE_OK ? set_status(session, key, status, err) : found;
}

store_status store_delivery_delay(store_session *session, int64_t project, int64_t webhook,
                                  int64_t num, int64_t next_at_ms, store_error *err) {
  store_status found = store_webhook_check(session, project, webhook, err);
  if (found != STORE_OK) {
    return found;
  }
  store_query query = store_change_begin(
      session, "UPDATE due_deliveries SET attempts = attempts + 1, next_at_ms = ?2 WHERE key = ?1",
      err);
  store_bind_num(&query, delivery_key(webhook, low_part(num)));
  store_bind_num(&query, next_at_ms);
  return store_change_end_found(&query, "pending delivery");
}

store_status store_delivery_renew(store_session *session, int64_t project, int64_t webhook,
                                  int64_t num, int64_t at_ms, store_error *err) {
  store_status found = store_webhook_check(session, project, webhook, err);
  int64_t key = delivery_key(webhook, low_part(num));
  if (found == STORE_OK) {
    found = set_status(session, key, STORE_DELIVERY_PENDING, err);
  }
  return found == STORE_OK ? put_due(session, key, at_ms, err) : found;
}

// Reading.

store_status store_delivery_list_pending(store_session *session, int64_t project, int64_t webhook,
                                         int64_t after, size_t limit, store_delivery_visit visit,
                                         void *context, store_error *err) {
  store_status status;
  if (is_empty_for(session, project, webhook, &status, err)) {
    return status;
  }
  store_query query = store_query_begin(
      session, DELIVERY_SELECT DELIVERY_DUE "WHERE q.key BETWEEN ?1 AND ?2 ORDER BY q.key LIMIT ?3",
      err);
  bind_keys_after(&query, webhook, after);
  store_bind_limit(&query, limit);
  return delivery_visit(&query, NULL, visit, context);
}

store_status store_delivery_is_pending(store_session *session, int64_t project, int64_t webhook,
                                       bool *is_pending, store_error *err) {
  store_status status;
  *is_pending = false;
  if (is_empty_for(session, project, webhook, &status, err)) {
    return status;
  }
  store_query query = store_query_begin(
      session, "SELECT 1 FROM due_deliveries WHERE key BETWEEN ?1 AND ?2 LIMIT 1", err);
  bind_keys_after(&query, webhook, 0);
  *is_pending = store_query_step(&query);
  return store_query_end(&query);
}

store_status store_delivery_count(store_session *session, int64_t project, int64_t webhook,
                                  int64_t *pending, int64_t *parked, store_error *err) {
  static const char PENDING[] = "SELECT count(*) FROM due_deliveries WHERE key BETWEEN ?1 AND ?2";
  static const char PARKED[] =
      "SELECT count(*) FROM deliveries WHERE status = 2 AND key BETWEEN ?1 AND ?2";
  store_status status;
  *pending = *parked = 0;
  if (is_empty_for(session, project, webhook, &status, err)) {
    return status;
  }
  for (int i = 0; status == STORE_OK && i < 2; i++) {
    store_query query = store_query_begin(session, i == 0 ? PENDING : PARKED, err);
    bind_keys_after(&query, webhook, 0);
    if (store_query_step(&query)) {
      *(i == 0 ? pending : parked) = store_column_num(&query, 0);
    }
    status = store_query_end(&query);
  }
  return status;
}

store_status store_delivery_page(store_session *session, int64_t project, int64_t webhook,
                                 const store_delivery_status *status, int64_t before, size_t limit,
                                 store_delivery_visit visit, void *context, store_error *err) {
  static const char ALL[] =
      DELIVERY_SELECT DELIVERY_ALL "WHERE d.key >= ?1 AND d.key < ?2 ORDER BY d.key DESC LIMIT ?3";
  static const char *const OF_STATUS[] = {
      [STORE_DELIVERY_PENDING] = DELIVERY_SELECT DELIVERY_DUE
      "WHERE q.key >= ?1 AND q.key < ?2 ORDER BY q.key DESC LIMIT ?3",
      [STORE_DELIVERY_DELIVERED] = DELIVERY_SELECT DELIVERY_ALL
      "WHERE d.status = 1 AND d.key >= ?1 AND d.key < ?2 ORDER BY d.key DESC LIMIT ?3",
      [STORE_DELIVERY_PARKED] = DELIVERY_SELECT DELIVERY_ALL
      "WHERE d.status = 2 AND d.key >= ?1 AND d.key < ?2 ORDER BY d.key DESC LIMIT ?3"};
  store_status found;
  if (is_empty_for(session, project, webhook, &found, err)) {
    return found;
  }
  store_query query = store_query_begin(session, status == NULL ? ALL : OF_STATUS[*status], err);
  store_bind_num(&query, store_key_first(webhook));
  store_bind_num(&query, delivery_key(webhook, low_part(before)));
  store_bind_limit(&query, limit);
  return delivery_visit(&query, NULL, visit, context);
}

store_status store_delivery_get(store_session *session, int64_t project, int64_t webhook,
                                int64_t num, store_delivery_visit visit, void *context,
                                store_error *err) {
  store_status status = store_webhook_check(session, project, webhook, err);
  if (status == STORE_NOT_FOUND) {
    return store_missing(err, "delivery");
  }
  if (status != STORE_OK) {
    return status;
  }
  store_query query =
      store_query_begin(session, DELIVERY_SELECT DELIVERY_ALL "WHERE d.key = ?1", err);
  store_bind_num(&query, delivery_key(webhook, low_part(num)));
  return delivery_visit(&query, "delivery", visit, context);
}

store_status store_delivery_each(store_session *session, int64_t project, int64_t webhook,
                                 int64_t after, size_t limit, store_delivery_visit visit,
                                 void *context, store_error *err) {
  store_status status;
  if (is_empty_for(session, project, webhook, &status, err)) {
    return status;
  }
  store_query query = store_query_begin(
      session,
      "SELECT key, contact, nonce, status, at_ms, 0, NULL, NULL, NULL FROM deliveries "
      "WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?3",
      err);
  bind_keys_after(&query, webhook, after);
  store_bind_limit(&query, limit);
  return delivery_visit(&query, NULL, visit, context);
}

/// Finds the first delivery with num >= from. False, with `num` past the end, if there is none.
static bool look_from(store_session *session, int64_t webhook, int64_t from, int64_t *num,
                      int64_t *at_ms, store_status *status, store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT key, at_ms FROM deliveries WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1",
      err);
  bind_keys_after(&query, webhook, from - 1);
  bool found = store_query_step(&query);
  *num = found ? store_column_num(&query, 0) & STORE_KEY_LOW : STORE_KEY_LOW;
  *at_ms = found ? store_column_num(&query, 1) : STORE_NO_INSTANT;
  *status = store_query_end(&query);
  return found;
}

store_status store_delivery_find_first(store_session *session, int64_t project, int64_t webhook,
                                       int64_t at_ms, int64_t *num, store_error *err) {
  store_status status;
  *num = STORE_KEY_LOW;
  if (is_empty_for(session, project, webhook, &status, err)) {
    return status;
  }
  int64_t low = 1; // all nums below are too early
  int64_t high = STORE_KEY_LOW;
  while (status == STORE_OK && low < high) {
    int64_t middle = low + (high - low) / 2;
    int64_t found = 0;
    int64_t found_at_ms = 0;
    if (look_from(session, webhook, middle, &found, &found_at_ms, &status, err) &&
        found_at_ms < at_ms) {
      low = found + 1;
    } else {
      high = middle;
    }
  }
  *num = low;
  return status;
}

// Attempts.

store_status store_attempt_insert(store_session *session, int64_t project, int64_t webhook,
                                  int64_t num, const store_attempt *attempt, int64_t *attempt_num,
                                  store_error *err) {
  store_status status = store_delivery_get(session, project, webhook, num, NULL, NULL, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_change_begin(
      session,
      "INSERT INTO attempts(delivery, at_ms, duration_ms, http_status, error, request, answer) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      err);
  store_bind_num(&query, delivery_key(webhook, low_part(num)));
  store_bind_num(&query, attempt->at_ms);
  store_bind_num(&query, attempt->duration_ms);
  store_bind_num(&query, attempt->http_status);
  store_bind_optional_text(&query, attempt->error);
  store_bind_optional_text(&query, attempt->request);
  store_bind_blob(&query, attempt->answer.bytes, attempt->answer.size_bytes);
  int64_t made;
  return store_change_end_num(&query, attempt_num == NULL ? &made : attempt_num);
}

#define ATTEMPT_SELECT                                                                             \
  "SELECT at_ms, duration_ms, http_status, error, request, answer FROM attempts "

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status attempt_visit(store_query *query, const char *what, store_attempt_visit visit,
                                  void *context) {
  while (store_query_step(query)) {
    store_attempt row = {.at_ms = store_column_num(query, 0),
                         .duration_ms = store_column_num(query, 1),
                         .http_status = store_column_num(query, 2),
                         .error = store_column_text(query, 3),
                         .request = store_column_text(query, 4),
                         .answer = store_column_blob(query, 5)};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

store_status store_attempt_get(store_session *session, int64_t project, int64_t webhook,
                               int64_t attempt_num, store_attempt_visit visit, void *context,
                               store_error *err) {
  store_status status = store_webhook_check(session, project, webhook, err);
  if (status == STORE_NOT_FOUND) {
    return store_missing(err, "attempt");
  }
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_query_begin(
      session, ATTEMPT_SELECT "WHERE num = ?3 AND delivery BETWEEN ?1 AND ?2", err);
  bind_keys_after(&query, webhook, 0);
  store_bind_num(&query, attempt_num);
  return attempt_visit(&query, "attempt", visit, context);
}

store_status store_attempt_list(store_session *session, int64_t project, int64_t webhook,
                                int64_t num, size_t limit, store_attempt_visit visit, void *context,
                                store_error *err) {
  store_status status;
  if (is_empty_for(session, project, webhook, &status, err)) {
    return status;
  }
  store_query query = store_query_begin(
      session, ATTEMPT_SELECT "WHERE delivery = ?1 ORDER BY num DESC LIMIT ?2", err);
  store_bind_num(&query, delivery_key(webhook, low_part(num)));
  store_bind_limit(&query, limit);
  return attempt_visit(&query, NULL, visit, context);
}

// Expiry: one walk over all deliveries, a few at a time. A webhook's lie together in the order in
// which they were recorded, so the first that is too new ends its part of the walk.

static store_status delete_delivery(store_session *session, int64_t key, store_error *err) {
  static const char *const DELETE[] = {"DELETE FROM attempts WHERE delivery = ?1",
                                       "DELETE FROM due_deliveries WHERE key = ?1",
                                       "DELETE FROM deliveries WHERE key = ?1"};
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < sizeof DELETE / sizeof DELETE[0]; i++) {
    store_query query = store_change_begin(session, DELETE[i], err);
    store_bind_num(&query, key);
    status = store_change_end(&query, NULL);
  }
  return status;
}

/// The next delivery of the walk.
typedef struct walked {
  int64_t key;
  store_delivery_status status;
  int64_t at_ms;
  bool has_webhook;
} walked;

static bool walk_next(store_session *session, int64_t from, walked *out, store_status *status,
                      store_error *err) {
  store_query query = store_query_begin(
      session,
      "SELECT d.key, d.status, d.at_ms, w.num IS NOT NULL FROM deliveries d"
      " LEFT JOIN webhooks w ON w.num = d.key >> 40 WHERE d.key >= ?1 ORDER BY d.key LIMIT 1",
      err);
  store_bind_num(&query, from);
  bool found = store_query_step(&query);
  if (found) {
    *out = (walked){.key = store_column_num(&query, 0),
                    .status = (store_delivery_status)store_column_num(&query, 1),
                    .at_ms = store_column_num(&query, 2),
                    .has_webhook = store_column_bool(&query, 3)};
  }
  *status = store_query_end(&query);
  return found && *status == STORE_OK;
}

store_status store_delivery_expire(store_session *session, int64_t before_ms, size_t limit,
                                   int64_t *cursor, store_error *err) {
  store_status status = STORE_OK;
  for (size_t i = 0; i < limit; i++) {
    walked next;
    if (!walk_next(session, *cursor, &next, &status, err)) {
      *cursor = status == STORE_OK ? 0 : *cursor;
      return status;
    }
    bool is_old = next.at_ms < before_ms;
    if (!next.has_webhook || (is_old && next.status != STORE_DELIVERY_PENDING)) {
      status = delete_delivery(session, next.key, err);
      if (status != STORE_OK) {
        return status;
      }
    }
    *cursor = next.has_webhook && !is_old ? store_key_first((next.key >> STORE_KEY_SHIFT) + 1)
                                          : next.key + 1;
  }
  return STORE_OK;
}
