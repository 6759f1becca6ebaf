// Events and their names. What entries and exits are as events lies in the history of memberships;
// everything that reads events reads both, side by side: see sqlite_schema.c.
#include "sqlite_internal.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
/// Midnight of the day from which days are counted: before it, dividing would round up. Instants
/// begin with the year 0001, 719,162 days before 1970.
#define FIRST_DAY_MS (-INT64_C(1000000) * DAY_MS)

/// The columns that event_read expects, of an event `e` and of a change `h` that is one. A change
/// has no id of its own.
#define EVENT_COLUMNS                                                                              \
  "SELECT e.num AS num, e.project, e.contact AS contact, c.id, c.email, e.id, e.name, n.name,"     \
  " e.at_ms AS at_ms, e.data_json "                                                                \
  "FROM events e INDEXED BY events_by_time CROSS JOIN contacts c ON c.num = e.contact"             \
  " CROSS JOIN event_names n ON n.num = e.name WHERE e.project = ?1 "
#define CHANGE_COLUMNS                                                                             \
  "SELECT h.key, h.project, h.contact, c.id, c.email, NULL, s.name, n.name, h.at_ms, s.data_json " \
  "FROM changes h INDEXED BY changes_by_time CROSS JOIN segment_events s ON s.num = h.event"       \
  " CROSS JOIN contacts c ON c.num = h.contact CROSS JOIN event_names n ON n.num = s.name"         \
  " WHERE h.project = ?1 AND h.event IS NOT NULL "

/// Text of the id of an entry or exit, with its final NUL.
#define CHANGE_ID_BYTES 37

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

/// The slot of a name among those that are known; NULL for one that is too long to be kept.
static store_known_name *name_slot(store_session *session, seg_text_view name) {
  uint64_t hash = UINT64_C(14695981039346656037); // FNV-1a
  if (name.size_bytes > SEG_EVENT_NAME_BYTES_MAX) {
    return NULL;
  }
  for (size_t i = 0; i < name.size_bytes; i++) {
    hash = (hash ^ (unsigned char)name.bytes[i]) * UINT64_C(1099511628211);
  }
  return &session->names[hash % STORE_KNOWN_NAMES];
}

static store_status find_or_insert_name(store_session *session, int64_t project, seg_text_view name,
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

store_status store_event_name_intern(store_session *session, int64_t project, seg_text_view name,
                                     int64_t *num, store_error *err) {
  store_known_name *slot = name_slot(session, name);
  if (slot != NULL && slot->row.num != 0 && slot->row.project == project &&
      seg_text_equal(name, (seg_text_view){slot->bytes, slot->size_bytes})) {
    *num = slot->row.num;
    session->checked_name = slot->row;
    return store_done(err);
  }
  store_status status = find_or_insert_name(session, project, name, num, err);
  if (status == STORE_OK) {
    store_remember(session, &session->checked_name, project, *num);
  }
  if (status == STORE_OK && slot != NULL) {
    store_remember(session, &slot->row, project, *num);
    slot->size_bytes = name.size_bytes;
    memcpy(slot->bytes, name.bytes, name.size_bytes);
  }
  return status;
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

/// Tallies what two queries give of a project: keys and instants, of events and of changes.
static store_status tally_all(store_session *session, const char *const sql[2],
                              const int64_t *bound, size_t bound_count, tally *counts,
                              store_error *err) {
  store_status status = STORE_OK;
  for (int i = 0; status == STORE_OK && i < 2; i++) {
    store_query query = store_query_begin(session, sql[i], err);
    for (size_t k = 0; k < bound_count; k++) {
      store_bind_num(&query, bound[k]);
    }
    while (store_query_step(&query)) {
      if (!tally_add(counts, store_column_num(&query, 0), store_column_num(&query, 1))) {
        query.status = store_sqlite_failed(session->file->path, NULL, SQLITE_NOMEM, err);
      }
    }
    status = store_query_end(&query);
  }
  return status;
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

store_status store_event_name_counts(store_session *session, int64_t project, int64_t from_ms,
                                     int64_t to_ms, store_event_name_visit visit, void *context,
                                     store_error *err) {
  static const char *const MARKS[] = {
      "SELECT name, at_ms FROM events INDEXED BY events_by_time"
      " WHERE project = ?1 AND at_ms >= ?2 AND at_ms < ?3",
      "SELECT s.name, h.at_ms FROM changes h INDEXED BY changes_by_time"
      " CROSS JOIN segment_events s ON s.num = h.event"
      " WHERE h.project = ?1 AND h.at_ms >= ?2 AND h.at_ms < ?3 AND h.event IS NOT NULL"};
  tally counts = {0};
  const int64_t bound[] = {project, from_ms, to_ms};
  store_status status =
      tally_all(session, MARKS, bound, sizeof bound / sizeof bound[0], &counts, err);
  if (status == STORE_OK) {
    status = visit_tallied(session, project, &counts, visit, context, err);
  }
  free(counts.entries);
  return status;
}

store_status store_event_name_stats(store_session *session, int64_t project,
                                    store_event_name_visit visit, void *context, store_error *err) {
  return store_event_name_counts(session, project, INT64_MIN, INT64_MAX, visit, context, err);
}

// ---- Events ----

/// STORE_NOT_FOUND unless the name is this project's. Remembers the last one in a transaction.
static store_status check_name(store_session *session, int64_t project, int64_t name,
                               store_error *err) {
  if (store_is_known(session->checked_name, project, name)) {
    return STORE_OK;
  }
  store_query query =
      store_query_begin(session, "SELECT 1 FROM event_names WHERE project = ?1 AND num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, name);
  (void)store_query_step(&query);
  store_status status = store_query_end_found(&query, "event name");
  if (status == STORE_OK) {
    store_remember(session, &session->checked_name, project, name);
  }
  return status;
}

store_status store_event_insert(store_session *session, const store_event *event, int64_t *num,
                                store_error *err) {
  int64_t given = 0;
  store_status status = store_contact_check(session, event->project, event->contact, err);
  if (status == STORE_OK) {
    status = check_name(session, event->project, event->name, err);
  }
  if (status == STORE_OK) {
    status = store_counter_next(session, STORE_COUNTER_EVENT, &given, err);
  }
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
  static const char *const MARKS[] = {
      "SELECT contact, name, at_ms FROM events INDEXED BY events_by_time WHERE project = ?1",
      "SELECT h.contact, s.name, h.at_ms FROM changes h INDEXED BY changes_by_time"
      " CROSS JOIN segment_events s ON s.num = h.event"
      " WHERE h.project = ?1 AND h.event IS NOT NULL"};
  store_status status = STORE_OK;
  bool goes_on = visit != NULL;
  for (int i = 0; status == STORE_OK && goes_on && i < 2; i++) {
    store_query query = store_query_begin(session, MARKS[i], err);
    store_bind_num(&query, project);
    while (goes_on && store_query_step(&query)) {
      store_event_mark mark = {store_column_num(&query, 0), store_column_num(&query, 1),
                               store_column_num(&query, 2)};
      goes_on = visit(context, &mark);
    }
    status = store_query_end(&query);
  }
  return status;
}

/// The id of an entry or exit as an event: a UUID of version 8 made of its instant and its key, so
/// that it is always the same, and never that of another event, which are of version 7.
static void make_change_id(int64_t key, int64_t at_ms, char out[CHANGE_ID_BYTES]) {
  static const char digits[] = "0123456789abcdef";
  uint64_t high = (uint64_t)at_ms << 16 | 0x8000 | (uint64_t)key >> 62;
  uint64_t low = ((uint64_t)key & (UINT64_MAX >> 2)) | UINT64_C(1) << 63;
  size_t at = 0;
  for (unsigned i = 0; i < 32; i++) {
    if (i == 8 || i == 12 || i == 16 || i == 20) {
      out[at++] = '-';
    }
    uint64_t half = i < 16 ? high : low;
    out[at++] = digits[half >> (60 - 4 * (i % 16)) & 0xF];
  }
  out[at] = '\0';
}

/// change_id  Room for the id of a row that has none.
static void event_read(store_query *query, store_event *out, char change_id[CHANGE_ID_BYTES]) {
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
  if (out->id.bytes == NULL) {
    make_change_id(out->num, out->at_ms, change_id);
    out->id = seg_text_of(change_id);
  }
}

/// A page on its way to its visitor.
typedef struct event_walk {
  store_event_visit visit;
  void *context;
  size_t left; ///< Of the limit.
} event_walk;

/// Visits a query's rows and ends it.
static store_status walk_events(store_query *query, event_walk *walk) {
  while (walk->left > 0 && store_query_step(query)) {
    store_event row;
    char change_id[CHANGE_ID_BYTES];
    event_read(query, &row, change_id);
    bool goes_on = walk->visit != NULL && walk->visit(walk->context, &row);
    walk->left = goes_on ? walk->left - 1 : 0;
  }
  return store_query_end(query);
}

/// Reads a contact's events off the instants it has any at.
static store_status walk_instants(store_session *session, int64_t project, store_event_scope scope,
                                  store_event_place before, event_walk *walk, store_error *err) {
  static const char AT_INSTANT[] =
      EVENT_COLUMNS "AND e.at_ms = ?2 AND e.contact = ?3 AND e.num < ?4"
                    " AND (?5 IS NULL OR e.name = ?5) UNION ALL " CHANGE_COLUMNS
                    "AND h.at_ms = ?2 AND h.contact = ?3 AND h.key < ?4"
                    " AND (?5 IS NULL OR s.name = ?5) ORDER BY num DESC";
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && walk->left > 0 && i < scope.instants.count; i++) {
    int64_t at_ms = scope.instants.at_ms[i];
    bool is_cut = at_ms == before.at_ms && scope.contact == before.contact;
    if (at_ms > before.at_ms || (at_ms == before.at_ms && scope.contact > before.contact)) {
      continue;
    }
    store_query query = store_query_begin(session, AT_INSTANT, err);
    store_bind_num(&query, project);
    store_bind_num(&query, at_ms);
    store_bind_num(&query, scope.contact);
    store_bind_num(&query, is_cut ? before.num : STORE_NEWEST);
    store_bind_optional_num(&query, scope.name);
    status = walk_events(&query, walk);
  }
  return status;
}

store_status store_event_page(store_session *session, int64_t project, store_event_scope scope,
                              store_event_place before, size_t limit, store_event_visit visit,
                              void *context, store_error *err) {
  static const char PASSING_OVER[] = EVENT_COLUMNS
      "AND (e.at_ms, e.contact, e.num) < (?2, ?3, ?4) AND (?5 IS NULL OR e.contact = ?5)"
      " AND (?6 IS NULL OR e.name = ?6) UNION ALL " CHANGE_COLUMNS
      "AND (h.at_ms, h.contact, h.key) < (?2, ?3, ?4) AND (?5 IS NULL OR h.contact = ?5)"
      " AND (?6 IS NULL OR s.name = ?6) ORDER BY at_ms DESC, contact DESC, num DESC";
  event_walk walk = {.visit = visit, .context = context, .left = limit};
  if (scope.contact != 0 && scope.instants.at_ms != NULL) {
    store_status status = walk_instants(session, project, scope, before, &walk, err);
    return status == STORE_OK ? store_done(err) : status;
  }
  store_query query = store_query_begin(session, PASSING_OVER, err);
  store_bind_num(&query, project);
  store_bind_num(&query, before.at_ms);
  store_bind_num(&query, before.contact);
  store_bind_num(&query, before.num);
  store_bind_optional_num(&query, scope.contact);
  store_bind_optional_num(&query, scope.name);
  return walk_events(&query, &walk);
}

static int earlier_first(const void *a, const void *b) {
  int64_t left = ((const tally_entry *)a)->key;
  int64_t right = ((const tally_entry *)b)->key;
  return (left > right) - (left < right);
}

store_status store_event_days(store_session *session, int64_t project, int64_t name,
                              int64_t from_ms, int64_t to_ms, store_event_day_visit visit,
                              void *context, store_error *err) {
  static const char *const DAYS[] = {
      "SELECT (at_ms - ?5) / 86400000, at_ms FROM events INDEXED BY events_by_time "
      "WHERE project = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (?4 = 0 OR name = ?4)",
      "SELECT (h.at_ms - ?5) / 86400000, h.at_ms FROM changes h INDEXED BY changes_by_time"
      " CROSS JOIN segment_events s ON s.num = h.event WHERE h.project = ?1 AND h.at_ms >= ?2"
      " AND h.at_ms < ?3 AND h.event IS NOT NULL AND (?4 = 0 OR s.name = ?4)"};
  tally counts = {0};
  const int64_t bound[] = {project, from_ms, to_ms, name, FIRST_DAY_MS};
  store_status status =
      tally_all(session, DAYS, bound, sizeof bound / sizeof bound[0], &counts, err);
  size_t used = 0;
  for (size_t i = 0; i < counts.capacity; i++) {
    if (counts.entries[i].count > 0) {
      counts.entries[used++] = counts.entries[i];
    }
  }
  if (used > 0) {
    qsort(counts.entries, used, sizeof *counts.entries, earlier_first);
  }
  for (size_t i = 0; status == STORE_OK && visit != NULL && i < used; i++) {
    store_event_day day = {.start_at_ms = counts.entries[i].key * DAY_MS + FIRST_DAY_MS,
                           .count = counts.entries[i].count};
    if (!visit(context, &day)) {
      break;
    }
  }
  free(counts.entries);
  return status;
}

store_status store_event_delete_name(store_session *session, int64_t project, int64_t name,
                                     int64_t *deleted, store_error *err) {
  // Of a segment that is gone, the events are all that is left of the history.
  static const char *const DELETE[] = {
      "DELETE FROM events WHERE project = ?1 AND name = ?2",
      "DELETE FROM changes WHERE key IN (SELECT h.key FROM segment_events s CROSS JOIN changes h"
      " ON h.key BETWEEN s.segment << 40 AND (s.segment << 40) + ((1 << 40) - 1)"
      " AND h.event = s.num WHERE s.project = ?1 AND s.name = ?2"
      " AND s.segment NOT IN (SELECT num FROM segments WHERE project = ?1))",
      "UPDATE changes SET event = NULL WHERE key IN (SELECT h.key FROM segment_events s"
      " CROSS JOIN changes h ON h.key BETWEEN s.segment << 40 AND"
      " (s.segment << 40) + ((1 << 40) - 1) AND h.event = s.num"
      " WHERE s.project = ?1 AND s.name = ?2)"};
  store_status status = STORE_OK;
  *deleted = 0;
  for (size_t i = 0; status == STORE_OK && i < sizeof DELETE / sizeof DELETE[0]; i++) {
    int64_t changed = 0;
    store_query query = store_change_begin(session, DELETE[i], err);
    store_bind_num(&query, project);
    store_bind_num(&query, name);
    status = store_change_end(&query, &changed);
    *deleted += changed;
  }
  return status;
}

store_status store_event_delete_contact(store_session *session, int64_t project, int64_t contact,
                                        store_instants instants, store_error *err) {
  static const char AT_INSTANT[] =
      "DELETE FROM events WHERE project = ?1 AND contact = ?2 AND at_ms = ?3";
  static const char ALL[] = "DELETE FROM events WHERE num IN (SELECT num FROM events INDEXED BY"
                            " events_by_time WHERE project = ?1 AND contact = ?2)";
  return store_delete_at_instants(session, AT_INSTANT, ALL, project, contact, instants, err);
}

store_status store_event_delete_some(store_session *session, int64_t project, int64_t name,
                                     int64_t after, size_t limit, int64_t *deleted, int64_t *last,
                                     store_error *err) {
  // By num, and not by an index: so the next call goes on where this one stopped.
  store_query query = store_change_begin(
      session,
      "DELETE FROM events WHERE num IN (SELECT num FROM events NOT INDEXED"
      " WHERE num > ?3 AND project = ?1 AND name = ?2 ORDER BY num LIMIT ?4) RETURNING num",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, name);
  store_bind_num(&query, after);
  store_bind_limit(&query, limit);
  int64_t highest = after;
  while (store_query_step(&query)) {
    int64_t num = store_column_num(&query, 0);
    highest = num > highest ? num : highest;
  }
  *deleted = query.row_count;
  *last = highest;
  return store_query_end(&query);
}
