// Contacts.
#include "sqlite_internal.h"

#define CONTACT_SELECT                                                                             \
  "SELECT " STORE_CONTACT_COLUMNS " FROM contacts c" STORE_CONTACT_UPDATE "WHERE c.project = ?1 "

void store_contact_read(store_query *query, store_contact *out) {
  out->num = store_column_num(query, 0);
  out->project = store_column_num(query, 1);
  out->id = store_column_text(query, 2);
  out->email = store_column_text(query, 3);
  out->subscribed = store_column_bool(query, 4);
  out->data_json = store_column_text(query, 5);
  out->created_at_ms = store_column_num(query, 6);
  out->updated_at_ms = store_column_num(query, 7);
}

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status contact_visit(store_query *query, const char *what, store_contact_visit visit,
                                  void *context) {
  while (store_query_step(query)) {
    store_contact row;
    store_contact_read(query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

/// Sets when a contact was updated; `sql` takes its num and the instant.
static store_status write_update(store_session *session, const char *sql, int64_t num,
                                 int64_t updated_at_ms, store_error *err) {
  store_query query = store_change_begin(session, sql, err);
  store_bind_num(&query, num);
  store_bind_num(&query, updated_at_ms);
  return store_change_end(&query, NULL);
}

store_status store_contact_insert(store_session *session, const store_contact *contact,
                                  int64_t *num, store_error *err) {
  int64_t given = 0;
  store_status status = store_counter_next(session, STORE_COUNTER_CONTACT, &given, err);
  if (status != STORE_OK) {
    return status;
  }
  store_query query = store_change_begin(
      session,
      "INSERT INTO contacts(num, project, id, email, subscribed, data_json, created_at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      err);
  store_bind_num(&query, given);
  store_bind_num(&query, contact->project);
  store_bind_text(&query, contact->id);
  store_bind_text(&query, contact->email);
  store_bind_num(&query, contact->subscribed);
  store_bind_text(&query, contact->data_json);
  store_bind_num(&query, contact->created_at_ms);
  status = store_change_end_num(&query, num);
  if (status == STORE_OK) {
    store_remember(session, &session->checked_contact, contact->project, given);
    status =
        write_update(session, "INSERT INTO contact_updates(num, updated_at_ms) VALUES (?1, ?2)",
                     given, contact->updated_at_ms, err);
  }
  return status;
}

store_status store_contact_touch(store_session *session, int64_t project, int64_t num,
                                 int64_t updated_at_ms, store_error *err) {
  store_status status = store_contact_check(session, project, num, err);
  return status == STORE_OK
             ? write_update(session, "UPDATE contact_updates SET updated_at_ms = ?2 WHERE num = ?1",
                            num, updated_at_ms, err)
             : status;
}

store_status store_contact_check(store_session *session, int64_t project, int64_t contact,
                                 store_error *err) {
  if (store_is_known(session->checked_contact, project, contact)) {
    return STORE_OK;
  }
  // From the index alone: its entries are a tenth of the rows, which a large segment has all read.
  store_query query = store_query_begin(
      session, "SELECT 1 FROM contacts INDEXED BY contacts_by_num WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, contact);
  (void)store_query_step(&query);
  store_status status = store_query_end_found(&query, "contact");
  if (status == STORE_OK) {
    store_remember(session, &session->checked_contact, project, contact);
  }
  return status;
}

store_status store_contact_update(store_session *session, const store_contact *contact,
                                  store_error *err) {
  static const char ALL[] = "UPDATE contacts SET subscribed = ?3, data_json = ?4, email = ?5 "
                            "WHERE project = ?1 AND num = ?2";
  static const char BUT_EMAIL[] = "UPDATE contacts SET subscribed = ?3, data_json = ?4 "
                                  "WHERE project = ?1 AND num = ?2";
  bool has_email = contact->email.bytes != NULL;
  store_query query = store_change_begin(session, has_email ? ALL : BUT_EMAIL, err);
  store_bind_num(&query, contact->project);
  store_bind_num(&query, contact->num);
  store_bind_num(&query, contact->subscribed);
  store_bind_text(&query, contact->data_json);
  if (has_email) {
    store_bind_text(&query, contact->email);
  }
  store_status status = store_change_end_found(&query, "contact");
  return status == STORE_OK ? store_contact_touch(session, contact->project, contact->num,
                                                  contact->updated_at_ms, err)
                            : status;
}

/// Keeps what the history shows of a contact, if it has one.
static store_status keep_for_history(store_session *session, int64_t project, int64_t num,
                                     store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO deleted_contacts(num, project, id, email) "
      "SELECT c.num, c.project, c.id, c.email FROM contacts c "
      "WHERE c.project = ?1 AND c.num = ?2 AND EXISTS("
      "  SELECT 1 FROM segments s CROSS JOIN changes h ON h.segment = s.num AND h.contact = ?2"
      "  WHERE s.project = ?1)",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  return store_change_end(&query, NULL);
}

/// Deletes what lies apart from the contact's row, all but the history.
static store_status delete_belongings(store_session *session, int64_t project, int64_t num,
                                      store_instants instants, store_error *err) {
  store_status status = store_event_delete_contact(session, project, num, instants, err);
  if (status == STORE_OK) {
    status = store_activity_delete_contact(session, project, num, instants, err);
  }
  if (status == STORE_OK) {
    status = store_change_forget_contact(session, project, num, err);
  }
  return status;
}

store_status store_contact_delete(store_session *session, int64_t project, int64_t num,
                                  store_instants instants, store_error *err) {
  store_forget_rows(session);
  store_status status = keep_for_history(session, project, num, err);
  if (status == STORE_OK) {
    status = delete_belongings(session, project, num, instants, err);
  }
  static const char *const DELETE[] = {
      "DELETE FROM members WHERE key IN"
      " (SELECT (s.num << 40) | ?2 FROM segments s WHERE s.project = ?1)",
      "DELETE FROM contact_updates WHERE num ="
      " (SELECT num FROM contacts WHERE project = ?1 AND num = ?2)",
      "DELETE FROM contacts WHERE project = ?1 AND num = ?2"};
  for (size_t i = 0; status == STORE_OK && i < sizeof DELETE / sizeof DELETE[0]; i++) {
    store_query query = store_change_begin(session, DELETE[i], err);
    store_bind_num(&query, project);
    store_bind_num(&query, num);
    // The last one says whether there was such a contact.
    status = store_change_end_found(&query, i == 2 ? "contact" : NULL);
  }
  return status;
}

store_status store_contact_get(store_session *session, int64_t project, seg_text_view id,
                               store_contact_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, CONTACT_SELECT "AND c.id = ?2", err);
  store_bind_num(&query, project);
  store_bind_text(&query, id);
  return contact_visit(&query, "contact", visit, context);
}

store_status store_contact_get_by_num(store_session *session, int64_t project, int64_t num,
                                      store_contact_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, CONTACT_SELECT "AND c.num = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, num);
  return contact_visit(&query, "contact", visit, context);
}

store_status store_contact_page(store_session *session, int64_t project, seg_text_view search,
                                int64_t before, size_t limit, store_contact_visit visit,
                                void *context, store_error *err) {
  static const char ALL[] = CONTACT_SELECT "AND c.num < ?2 ORDER BY c.num DESC LIMIT ?3";
  static const char FOUND[] = CONTACT_SELECT "AND c.num < ?2 AND instr(lower(c.email), lower(?4))"
                                             " ORDER BY c.num DESC LIMIT ?3";
  bool is_search = search.size_bytes > 0;
  store_query query = store_query_begin(session, is_search ? FOUND : ALL, err);
  store_bind_num(&query, project);
  store_bind_num(&query, before);
  store_bind_limit(&query, limit);
  if (is_search) {
    store_bind_text(&query, search);
  }
  return contact_visit(&query, NULL, visit, context);
}

store_status store_contact_count(store_session *session, int64_t project, seg_text_view search,
                                 int64_t *count, store_error *err) {
  static const char ALL[] = "SELECT count(*) FROM contacts WHERE project = ?1";
  static const char FOUND[] =
      "SELECT count(*) FROM contacts WHERE project = ?1 AND instr(lower(email), lower(?2))";
  bool is_search = search.size_bytes > 0;
  store_query query = store_query_begin(session, is_search ? FOUND : ALL, err);
  store_bind_num(&query, project);
  if (is_search) {
    store_bind_text(&query, search);
  }
  if (store_query_step(&query)) {
    *count = store_column_num(&query, 0);
  }
  return store_query_end(&query);
}

store_status store_contact_each(store_session *session, int64_t project, store_contact_visit visit,
                                void *context, store_error *err) {
  store_query query = store_query_begin(session, CONTACT_SELECT "ORDER BY c.num", err);
  store_bind_num(&query, project);
  return contact_visit(&query, NULL, visit, context);
}
