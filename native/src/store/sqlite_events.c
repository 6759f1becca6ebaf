// Events and their names. Three kinds of reading, each from one index: see sqlite_schema.c.
#include "sqlite_internal.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

#define EVENT_SELECT(INDEX)                                                                        \
  "SELECT e.num, e.project, e.contact, c.id, c.email, e.id, e.name, n.name, e.at_ms, e.data_json " \
  "FROM events e INDEXED BY " INDEX " CROSS JOIN contacts c ON c.num = e.contact"                  \
  " CROSS JOIN event_names n ON n.num = e.name "                                                   \
  "WHERE e.project = ?1 AND (e.at_ms, e.num) < (?2, ?3) "
#define EVENT_ORDER "ORDER BY e.at_ms DESC, e.num DESC LIMIT ?4"

// ---- Names ----

store_status store_event_name_find(store_session *session, int64_t project, seg_text_view name,
                                   int64_t *num, store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT num FROM event_names WHERE project = ?1 AND name = ?2", err);
  store_bind_num(&query, project);
  store_bind_text(&query, name);
  if (store_query_step(&query)) {
    *num = store_column_num(&query, 0);
  }
  return store_query_end_found(&query, "event name");
}

store_status store_event_name_intern(store_session *session, int64_t project, seg_text_view name,
                                     int64_t *num, store_error *err) {
  store_status status = store_event_name_find(session, project, name, num, err);
  if (status != STORE_NOT_FOUND) {
    return status;
  }
  store_query query =
      store_change_begin(session, "INSERT INTO event_names(project, name) VALUES (?1, ?2)", err);
  store_bind_num(&query, project);
  store_bind_text(&query, name);
  return store_change_end_num(&query, num);
}

store_status store_event_name_list(store_session *session, int64_t project,
                                   store_event_name_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT num, name FROM event_names WHERE project = ?1 ORDER BY num", err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    store_event_name row = {.num = store_column_num(&query, 0),
                            .name = store_column_text(&query, 1),
                            .last_seen_at_ms = STORE_NO_INSTANT};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

/// Counts by a number that is not the index's first: SQLite would sort all rows for a GROUP BY, and
/// there are few names and few days. An open hash table, at most half full.
typedef struct tally_entry {
  int64_t key;
  int64_t count; ///< 0 is a free slot.
  int64_t last_ms;
} tally_entry;

typedef struct tally {
  tally_entry *entries;
  size_t capacity; ///< A power of two, or 0.
  size_t used;
} tally;

static tally_entry *tally_slot(const tally *counts, int64_t key) {
  size_t index = (size_t)(((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
  for (;; index++) {
    tally_entry *entry = &counts->entries[index & (counts->capacity - 1)];
    if (entry->count == 0 || entry->key == key) {
      return entry;
    }
  }
}

static bool tally_grow(tally *counts) {
  tally larger = {.capacity = counts->capacity == 0 ? 64 : counts->capacity * 2,
                  .used = counts->used};
  larger.entries = calloc(larger.capacity, sizeof *larger.entries);
  if (larger.entries == NULL) {
    return false;
  }
  for (size_t i = 0; i < counts->capacity; i++) {
    if (counts->entries[i].count > 0) {
      *tally_slot(&larger, counts->entries[i].key) = counts->entries[i];
    }
  }
  free(counts->entries);
  *counts = larger;
  return true;
}

static bool tally_add(tally *counts, int64_t key, int64_t at_ms) {
  if (counts->used * 2 >= counts->capacity && !tally_grow(counts)) {
    return false;
  }
  tally_entry *entry = tally_slot(counts, key);
  if (entry->count == 0) {
    entry->key = key;
    entry->last_ms = at_ms;
    counts->used++;
  }
  entry->count++;
  entry->last_ms = at_ms > entry->last_ms ? at_ms : entry->last_ms;
  return true;
}

static store_status tally_names(store_session *session, int64_t project, tally *counts,
                                store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT name, at_ms FROM events INDEXED BY events_by_time WHERE project = ?1", err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    if (!tally_add(counts, store_column_num(&query, 0), store_column_num(&query, 1))) {
      query.status = store_sqlite_failed(session->file->path, NULL, SQLITE_NOMEM, err);
    }
  }
  return store_query_end(&query);
}

static store_status visit_tallied(store_session *session, int64_t project, const tally *counts,
                                  store_event_name_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT num, name FROM event_names WHERE project = ?1 ORDER BY name", err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    int64_t num = store_column_num(&query, 0);
    const tally_entry *entry = counts->capacity == 0 ? NULL : tally_slot(counts, num);
    if (entry == NULL || entry->count == 0) {
      continue;
    }
    store_event_name row = {.num = num,
                            .name = store_column_text(&query, 1),
                            .count = entry->count,
                            .last_seen_at_ms = entry->last_ms};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

store_status store_event_name_stats(store_session *session, int64_t project,
                                    store_event_name_visit visit, void *context, store_error *err) {
  tally counts = {0};
  store_status status = tally_names(session, project, &counts, err);
  if (status == STORE_OK) {
    status = visit_tallied(session, project, &counts, visit, context, err);
  }
  free(counts.entries);
  return status;
}

// ---- Events ----

store_status store_event_insert(store_session *session, const store_event *event, int64_t *num,
                                store_error *err) {
  int64_t given = 0;
  store_status status = store_counter_next(session, STORE_COUNTER_EVENT, &given, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query =
      store_change_begin(session,
                         "INSERT INTO events(num, project, contact, name, at_ms, id, data_json) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                         err);
  store_bind_num(&query, given);
  store_bind_num(&query, event->project);
  store_bind_num(&query, event->contact);
  store_bind_num(&query, event->name);
  store_bind_num(&query, event->at_ms);
  store_bind_text(&query, event->id);
  store_bind_optional_text(&query, event->data_json);
  return store_change_end_num(&query, num);
}

store_status store_event_each(store_session *session, int64_t project, store_event_mark_visit visit,
                              void *context, store_error *err) {
  store_query query =
      store_query_begin(session,
                        "SELECT contact, name, at_ms FROM events INDEXED BY events_by_contact "
                        "WHERE project = ?1 ORDER BY contact, at_ms",
                        err);
  store_bind_num(&query, project);
  while (store_query_step(&query)) {
    store_event_mark mark = {store_column_num(&query, 0), store_column_num(&query, 1),
                             store_column_num(&query, 2)};
    if (visit == NULL || !visit(context, &mark)) {
      break;
    }
  }
  return store_query_end(&query);
}

static void event_read(store_query *query, store_event *out) {
  out->num = store_column_num(query, 0);
  out->project = store_column_num(query, 1);
  out->contact = store_column_num(query, 2);
  out->contact_id = store_column_text(query, 3);
  out->contact_email = store_column_text(query, 4);
  out->id = store_column_text(query, 5);
  out->name = store_column_num(query, 6);
  out->name_text = store_column_text(query, 7);
  out->at_ms = store_column_num(query, 8);
  out->data_json = store_column_text(query, 9);
}

store_status store_event_page(store_session *session, int64_t project, store_event_scope scope,
                              store_event_place before, size_t limit, store_event_visit visit,
                              void *context, store_error *err) {
  static const char ALL[] = EVENT_SELECT("events_by_time") EVENT_ORDER;
  static const char OF_NAME[] = EVENT_SELECT("events_by_time") "AND e.name = ?5 " EVENT_ORDER;
  static const char OF_CONTACT[] =
      EVENT_SELECT("events_by_contact") "AND e.contact = ?5 " EVENT_ORDER;
  static const char OF_BOTH[] =
      EVENT_SELECT("events_by_contact") "AND e.contact = ?5 AND e.name = ?6 " EVENT_ORDER;
  bool has_name = scope.name != 0;
  const char *sql =
      scope.contact == 0 ? (has_name ? OF_NAME : ALL) : (has_name ? OF_BOTH : OF_CONTACT);
  store_query query = store_query_begin(session, sql, err);
  store_bind_num(&query, project);
  store_bind_num(&query, before.at_ms);
  store_bind_num(&query, before.num);
  store_bind_limit(&query, limit);
  if (scope.contact != 0) {
    store_bind_num(&query, scope.contact);
  }
  if (has_name) {
    store_bind_num(&query, scope.name);
  }
  while (store_query_step(&query)) {
    store_event row;
    event_read(&query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

/// The day an instant is in, also before 1970.
static int64_t day_of(int64_t at_ms) {
  int64_t day = at_ms / DAY_MS;
  return at_ms % DAY_MS < 0 ? day - 1 : day;
}

store_status store_event_days(store_session *session, int64_t project, int64_t name,
                              int64_t from_ms, int64_t to_ms, store_event_day_visit visit,
                              void *context, store_error *err) {
  // The rows come by rising instant: a day is over when the next one begins.
  store_query query =
      store_query_begin(session,
                        "SELECT at_ms FROM events INDEXED BY events_by_time WHERE project = ?1 "
                        "AND at_ms >= ?2 AND at_ms < ?3 AND (?4 IS NULL OR name = ?4) "
                        "ORDER BY at_ms",
                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, from_ms);
  store_bind_num(&query, to_ms);
  store_bind_optional_num(&query, name);
  store_event_day day = {0};
  bool goes_on = visit != NULL;
  while (goes_on && store_query_step(&query)) {
    int64_t start_at_ms = day_of(store_column_num(&query, 0)) * DAY_MS;
    if (day.count > 0 && day.start_at_ms != start_at_ms) {
      goes_on = visit(context, &day);
      day.count = 0;
    }
    day.start_at_ms = start_at_ms;
    day.count++;
  }
  if (goes_on && query.status == STORE_OK && day.count > 0) {
    (void)visit(context, &day);
  }
  return store_query_end(&query);
}

store_status store_event_delete_name(store_session *session, int64_t project, int64_t name,
                                     int64_t *deleted, store_error *err) {
  store_query query =
      store_change_begin(session, "DELETE FROM events WHERE project = ?1 AND name = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, name);
  return store_change_end(&query, deleted);
}
