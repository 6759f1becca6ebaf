// Memberships and their history: two tables with packed keys (drawn in sqlite_schema.c).
//
// The workload is a segment computed for the first time: a million members in one transaction, by
// rising contact. A row costs a look at the contact and four appends: the member, the change, and
// the change's two indexes. The segment is looked at once a transaction. Plain VALUES on purpose:
// INSERT … SELECT opens a statement journal for each row and costs twice as much.
#include "sqlite_internal.h"

/// The columns that history_read expects; `h` is the change, `s` the segment, and the contact is
/// `c` or `d`.
#define HISTORY_COLUMNS                                                                            \
  "h.key, h.segment, h.contact, coalesce(c.id, d.id), coalesce(c.email, d.email), h.is_entry,"     \
  " h.at_ms, h.cause, s.id, s.name "
#define HISTORY_CONTACT                                                                            \
  "LEFT JOIN contacts c ON c.num = h.contact LEFT JOIN deleted_contacts d ON d.num = h.contact "

static int64_t member_key(int64_t segment, int64_t contact) {
  return store_key_first(segment) | contact;
}

/// STORE_NOT_FOUND unless both are this project's.
static store_status check_move(store_session *session, const store_move *move, int64_t contact,
                               store_error *err) {
  store_status status = store_segment_check(session, move->project, move->segment, err);
  return status == STORE_OK ? store_contact_check(session, move->project, contact, err) : status;
}

static store_status add_change(store_session *session, const store_move *move, int64_t contact,
                               bool is_entry, store_error *err) {
  int64_t num = 0;
  store_status status = store_counter_next(session, STORE_COUNTER_CHANGE, &num, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_change_begin(
      session,
      "INSERT INTO changes(key, project, segment, contact, is_entry, cause, at_ms, event) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      err);
  store_bind_num(&query, store_key_first(move->segment) | num);
  store_bind_num(&query, move->project);
  store_bind_num(&query, move->segment);
  store_bind_num(&query, contact);
  store_bind_num(&query, is_entry);
  store_bind_num(&query, move->cause);
  store_bind_num(&query, move->at_ms);
  store_bind_optional_num(&query, move->event);
  return store_change_end(&query, NULL);
}

store_status store_member_add(store_session *session, const store_move *move, int64_t contact,
                              store_error *err) {
  store_status status = check_move(session, move, contact, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query =
      store_change_begin(session, "INSERT INTO members(key, since_ms) VALUES (?1, ?2)", err);
  store_bind_num(&query, member_key(move->segment, contact));
  store_bind_num(&query, move->at_ms);
  status = store_change_end(&query, NULL);
  if (status == STORE_CONFLICT) {
    return store_report(err, STORE_CONFLICT, "the contact is a member already");
  }
  return status == STORE_OK ? add_change(session, move, contact, true, err) : status;
}

store_status store_member_remove(store_session *session, const store_move *move, int64_t contact,
                                 store_error *err) {
  // The check also keeps a number that is no contact's from reaching into another segment's keys.
  store_status status = check_move(session, move, contact, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_change_begin(session, "DELETE FROM members WHERE key = ?1", err);
  store_bind_num(&query, member_key(move->segment, contact));
  status = store_change_end_found(&query, "member");
  return status == STORE_OK ? add_change(session, move, contact, false, err) : status;
}

store_status store_segment_event_intern(store_session *session, int64_t project, int64_t segment,
                                        int64_t name, seg_text_view data_json, int64_t *num,
                                        store_error *err) {
  store_status status = store_segment_check(session, project, segment, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_query_begin(session,
                                        "SELECT num FROM segment_events WHERE project = ?1 AND "
                                        "segment = ?2 AND name = ?3 AND data_json = ?4",
                                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, segment);
  store_bind_num(&query, name);
  store_bind_text(&query, data_json);
  bool is_known = store_query_step(&query);
  if (is_known) {
    *num = store_column_num(&query, 0);
  }
  status = store_query_end(&query);
  if (status != STORE_OK || is_known) {
    return status;
  }
  query = store_change_begin(
      session,
      "INSERT INTO segment_events(project, segment, name, data_json) VALUES (?1, ?2, ?3, ?4)", err);
  store_bind_num(&query, project);
  store_bind_num(&query, segment);
  store_bind_num(&query, name);
  store_bind_text(&query, data_json);
  return store_change_end_num(&query, num);
}

/// Binds the first and the last key of a segment.
static void bind_keys(store_query *query, int64_t segment) {
  store_bind_num(query, store_key_first(segment));
  store_bind_num(query, store_key_first(segment) | STORE_KEY_LOW);
}

/// A segment of another project has no members: that is an empty list, not a failure.
static bool is_empty_for(store_session *session, int64_t project, int64_t segment,
                         store_status *status, store_error *err) {
  *status = store_segment_check(session, project, segment, err);
  if (*status == STORE_NOT_FOUND) {
    *status = store_done(err);
    return true;
  }
  return *status != STORE_OK;
}

store_status store_member_each(store_session *session, int64_t project, int64_t segment,
                               store_member_num_visit visit, void *context, store_error *err) {
  store_status status;
  if (is_empty_for(session, project, segment, &status, err)) {
    return status;
  }
  store_query query = store_query_begin(
      session, "SELECT key, since_ms FROM members WHERE key BETWEEN ?1 AND ?2 ORDER BY key", err);
  bind_keys(&query, segment);
  while (store_query_step(&query)) {
    int64_t contact = store_column_num(&query, 0) & STORE_KEY_LOW;
    if (visit == NULL || !visit(context, contact, store_column_num(&query, 1))) {
      break;
    }
  }
  return store_query_end(&query);
}

store_status store_member_count(store_session *session, int64_t project, int64_t segment,
                                seg_text_view search, int64_t *count, store_error *err) {
  static const char ALL[] = "SELECT count(*) FROM members WHERE key BETWEEN ?1 AND ?2";
  static const char FOUND[] =
      "SELECT count(*) FROM members m CROSS JOIN contacts c ON c.num = m.key - ?1 "
      "WHERE m.key BETWEEN ?1 AND ?2 AND c.project = ?3 AND instr(lower(c.email), lower(?4))";
  store_status status;
  *count = 0;
  if (is_empty_for(session, project, segment, &status, err)) {
    return status;
  }
  bool is_search = search.size_bytes > 0;
  store_query query = store_query_begin(session, is_search ? FOUND : ALL, err);
  bind_keys(&query, segment);
  if (is_search) {
    store_bind_num(&query, project);
    store_bind_text(&query, search);
  }
  if (store_query_step(&query)) {
    *count = store_column_num(&query, 0);
  }
  return store_query_end(&query);
}

store_status store_member_page(store_session *session, int64_t project, int64_t segment,
                               seg_text_view search, size_t offset, size_t limit,
                               store_member_visit visit, void *context, store_error *err) {
  // Without a search the rows passed over are not looked up: only the keys are.
  static const char ALL[] =
      "SELECT " STORE_CONTACT_COLUMNS ", m.since_ms FROM"
      " (SELECT key, since_ms FROM members WHERE key BETWEEN ?1 AND ?2"
      "  ORDER BY key DESC LIMIT ?4 OFFSET ?5) m"
      " CROSS JOIN contacts c ON c.num = m.key - ?1 AND c.project = ?3" STORE_CONTACT_UPDATE
      " ORDER BY m.key DESC";
  static const char FOUND[] =
      "SELECT " STORE_CONTACT_COLUMNS ", m.since_ms FROM members m"
      " CROSS JOIN contacts c ON c.num = m.key - ?1 AND c.project = ?3" STORE_CONTACT_UPDATE
      " WHERE m.key BETWEEN ?1 AND ?2"
      " AND instr(lower(c.email), lower(?6))"
      " ORDER BY m.key DESC LIMIT ?4 OFFSET ?5";
  store_status status;
  if (is_empty_for(session, project, segment, &status, err)) {
    return status;
  }
  bool is_search = search.size_bytes > 0;
  store_query query = store_query_begin(session, is_search ? FOUND : ALL, err);
  bind_keys(&query, segment);
  store_bind_num(&query, project);
  store_bind_limit(&query, limit);
  store_bind_limit(&query, offset);
  if (is_search) {
    store_bind_text(&query, search);
  }
  while (store_query_step(&query)) {
    store_member row;
    store_contact_read(&query, &row.contact);
    row.since_ms = store_column_num(&query, STORE_CONTACT_COLUMN_COUNT);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

static void history_read(store_query *query, store_member_change *out) {
  out->num = store_column_num(query, 0) & STORE_KEY_LOW;
  out->segment = store_column_num(query, 1);
  out->contact = store_column_num(query, 2);
  out->contact_id = store_column_text(query, 3);
  out->contact_email = store_column_text(query, 4);
  out->is_entry = store_column_bool(query, 5);
  out->at_ms = store_column_num(query, 6);
  out->cause = (store_cause)store_column_num(query, 7);
  out->segment_id = store_column_text(query, 8);
  out->segment_name = store_column_text(query, 9);
}

static store_status history_visit(store_query *query, store_member_change_visit visit,
                                  void *context) {
  while (store_query_step(query)) {
    store_member_change row;
    history_read(query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(query);
}

/// A cursor as the low part of a key.
static int64_t low_part(int64_t before) {
  if (before < 0) {
    return 0;
  }
  return before > STORE_KEY_LOW ? STORE_KEY_LOW : before;
}

store_status store_member_history_of_segment(store_session *session, int64_t project,
                                             int64_t segment, int64_t before, size_t limit,
                                             store_member_change_visit visit, void *context,
                                             store_error *err) {
  store_status status;
  if (is_empty_for(session, project, segment, &status, err)) {
    return status;
  }
  store_query query =
      store_query_begin(session,
                        "SELECT " HISTORY_COLUMNS "FROM changes h "
                        "CROSS JOIN segments s ON s.num = h.segment " HISTORY_CONTACT
                        "WHERE h.key >= ?1 AND h.key < ?2 ORDER BY h.key DESC LIMIT ?3",
                        err);
  store_bind_num(&query, store_key_first(segment));
  store_bind_num(&query, store_key_first(segment) | low_part(before));
  store_bind_limit(&query, limit);
  return history_visit(&query, visit, context);
}

store_status store_member_history_of_contact(store_session *session, int64_t project,
                                             int64_t contact, int64_t before, size_t limit,
                                             store_member_change_visit visit, void *context,
                                             store_error *err) {
  store_query query =
      store_query_begin(session,
                        "SELECT " HISTORY_COLUMNS "FROM segments s"
                        " CROSS JOIN changes h ON h.segment = s.num AND h.contact = ?2"
                        "  AND h.key < (s.num << 40) + ?3 " HISTORY_CONTACT
                        "WHERE s.project = ?1 ORDER BY h.key & ((1 << 40) - 1) DESC LIMIT ?4",
                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, contact);
  store_bind_num(&query, low_part(before));
  store_bind_limit(&query, limit);
  return history_visit(&query, visit, context);
}

store_status store_member_history_each(store_session *session, int64_t project, int64_t segment,
                                       store_member_change_visit visit, void *context,
                                       store_error *err) {
  store_status status;
  if (is_empty_for(session, project, segment, &status, err)) {
    return status;
  }
  store_query query = store_query_begin(
      session,
      "SELECT h.key, h.segment, h.contact, c.id, c.email, h.is_entry, h.at_ms, h.cause, s.id,"
      " s.name FROM changes h CROSS JOIN segments s ON s.num = h.segment"
      " CROSS JOIN contacts c ON c.num = h.contact"
      " WHERE h.key BETWEEN ?1 AND ?2 ORDER BY h.at_ms, h.key",
      err);
  bind_keys(&query, segment);
  return history_visit(&query, visit, context);
}

store_status store_change_forget_contact(store_session *session, int64_t project, int64_t contact,
                                         store_error *err) {
  // Of a segment that is gone, nothing but events was left.
  static const char *const FORGET[] = {
      "UPDATE changes SET event = NULL WHERE key IN ("
      "  SELECT h.key FROM segments s CROSS JOIN changes h ON h.segment = s.num AND h.contact = ?2"
      "  WHERE s.project = ?1 AND h.event IS NOT NULL)",
      "DELETE FROM changes WHERE key IN ("
      "  SELECT h.key FROM segment_events s"
      "  CROSS JOIN changes h ON h.segment = s.segment AND h.contact = ?2"
      "  WHERE s.project = ?1 AND s.segment NOT IN (SELECT num FROM segments WHERE project = ?1))"};
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < sizeof FORGET / sizeof FORGET[0]; i++) {
    store_query query = store_change_begin(session, FORGET[i], err);
    store_bind_num(&query, project);
    store_bind_num(&query, contact);
    status = store_change_end(&query, NULL);
  }
  return status;
}
