// The schema, as migrations that are run in order, all missing ones in one transaction.
//
// A migration is never changed once released: a later one mends it. `PRAGMA user_version` is the
// number of migrations a file has had.
//
// What the tables rest on:
//   * Tenants. A row that a project owns has the project's num, and refers to its contact or
//   segment
//     by (project, num): the database itself refuses a reference into another project.
//   * Contacts, events, changes get their nums from `counters`, the rest from AUTOINCREMENT: none
//   is
//     ever given twice, so that the history of a deleted contact is not taken for a new one's.
//   * There is no index of addresses: each new contact would land on a page of it at random, which
//     was half of what storing one cost. Whoever writes contacts has them all in memory, and looks
//     there. Ids are made in order of time, so that their index grows at its end.
//   * When a contact was last updated stands in a table of its own, contact_updates: an event sets
//     it and, mostly, nothing else. Its rows are so short that a page has 300 of them, not 12.
//   * Events have one index, by time: an event that comes in lands at its end. An index by contact
//     would put each on a page of its own, which was most of what storing one cost. What a contact
//     has is found by the instants that the table in memory knows, or else by a scan of 0.1 µs an
//     event; so are days and names, whose queries are rare. Email activities are the same.
//   * An entry or exit of a tracked segment is an event, and is stored once: its row in `changes`
//     names the row of `segment_events` that says what it is as an event. A new name of the segment
//     makes a new such row. Lists of events read `events` and `changes` side by side.
//   * Memberships and changes are the bulk: a segment of a million in one transaction. Both are
//     tables with a plain integer key, packed as
//
//         63       40 39                  0
//         | segment  | contact            |   members
//         | segment  | num of the change  |   changes
//         | campaign | contact            |   campaign_recipients
//         | webhook  | num of the delivery|   deliveries, due_deliveries
//
//     at 0.5 µs a row; WITHOUT ROWID over (segment, contact) was 0.9 µs. A segment's rows lie
//     together, so that adding or deleting a whole segment touches only its own pages: this is also
//     why the index for a contact's history begins with the segment, and such a page asks once for
//     each segment of the project. The key of a change is never an event's num: those are below
//     2^40, and segments count from 1.
//   * No foreign keys where rows are many or outlive what they refer to: sqlite_events.c,
//     sqlite_members.c, sqlite_campaigns.c and the two deletions (sqlite_contacts.c,
//     sqlite_segments.c) keep them whole.
//   * A campaign's recipients are copies: the list stays as it was, whatever becomes of the
//     contacts.
//   * The history of a contact that is gone finds its id and email in deleted_contacts.
//   * A delivery is what a webhook is told of one event. What is told never changes, and stands in
//     deliveries until it expires; that it is still to be told stands in due_deliveries, whose rows
//     have 20 bytes. So an attempt that fails does not write the text again, what is due is found
//     without looking at what is done, and both tables grow at a webhook's end. Neither needs an
//     index: a delivery's id has its key in it.
#include "sqlite_internal.h"

#include <stdio.h>

static const char *const MIGRATIONS[] = {
    // 1: everything of the first release
    "CREATE TABLE counters(counter INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "INSERT INTO counters VALUES (0, 0), (1, 0), (2, 0), (3, 0);"

    "CREATE TABLE projects("
    "  num INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    "  secret_hash BLOB NOT NULL UNIQUE, public_key TEXT NOT NULL UNIQUE,"
    "  created_at_ms INTEGER NOT NULL) STRICT;"

    "CREATE TABLE contacts("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL REFERENCES projects(num),"
    "  id TEXT NOT NULL, email TEXT NOT NULL, subscribed INTEGER NOT NULL, data_json TEXT NOT NULL,"
    "  created_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE contact_updates("
    "  num INTEGER PRIMARY KEY, updated_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX contacts_by_num ON contacts(project, num);"
    "CREATE UNIQUE INDEX contacts_by_id ON contacts(project, id);"
    "CREATE TABLE deleted_contacts("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL REFERENCES projects(num),"
    "  id TEXT NOT NULL, email TEXT NOT NULL) STRICT;"

    "CREATE TABLE event_names("
    "  num INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL REFERENCES projects(num),"
    "  name TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX event_names_by_num ON event_names(project, num);"
    "CREATE UNIQUE INDEX event_names_by_name ON event_names(project, name);"
    "CREATE TABLE events("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL, contact INTEGER NOT NULL,"
    "  name INTEGER NOT NULL, at_ms INTEGER NOT NULL, id TEXT NOT NULL, data_json TEXT) STRICT;"
    "CREATE INDEX events_by_time ON events(project, at_ms, contact, num, name);"

    "CREATE TABLE activities("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL, contact INTEGER NOT NULL,"
    "  activity INTEGER NOT NULL CHECK(activity BETWEEN 0 AND 5), at_ms INTEGER NOT NULL,"
    "  message_id TEXT) STRICT;"
    "CREATE INDEX activities_by_time ON activities(project, at_ms, contact, activity);"
    "CREATE UNIQUE INDEX activities_by_message ON activities(project, activity, message_id)"
    "  WHERE message_id IS NOT NULL;"

    "CREATE TABLE segments("
    "  num INTEGER PRIMARY KEY AUTOINCREMENT CHECK(num < 1 << 23), project INTEGER NOT NULL "
    "REFERENCES projects(num),"
    "  id TEXT NOT NULL, name TEXT NOT NULL, slug TEXT NOT NULL, description TEXT,"
    "  is_static INTEGER NOT NULL, condition_json TEXT, is_tracked INTEGER NOT NULL,"
    "  member_count INTEGER NOT NULL, member_count_at_ms INTEGER NOT NULL,"
    "  created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL,"
    "  is_redefined INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX segments_by_num ON segments(project, num);"
    "CREATE UNIQUE INDEX segments_by_id ON segments(project, id);"
    "CREATE UNIQUE INDEX segments_by_slug ON segments(project, slug);"
    "CREATE TABLE members(key INTEGER PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE segment_events("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL, segment INTEGER NOT NULL,"
    "  name INTEGER NOT NULL, data_json TEXT NOT NULL,"
    "  FOREIGN KEY(project, name) REFERENCES event_names(project, num)) STRICT;"
    "CREATE INDEX segment_events_by_segment ON segment_events(project, segment, name);"
    "CREATE TABLE changes("
    "  key INTEGER PRIMARY KEY, project INTEGER NOT NULL, segment INTEGER NOT NULL,"
    "  contact INTEGER NOT NULL, is_entry INTEGER NOT NULL, cause INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL, event INTEGER) STRICT;"
    "CREATE INDEX changes_by_contact ON changes(segment, contact);"
    "CREATE INDEX changes_by_time ON changes(project, at_ms, contact, key, event)"
    "  WHERE event IS NOT NULL;"

    "CREATE TABLE campaigns("
    "  num INTEGER PRIMARY KEY AUTOINCREMENT CHECK(num < 1 << 23), project INTEGER NOT NULL "
    "REFERENCES projects(num),"
    "  id TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,"
    "  sender TEXT NOT NULL, status INTEGER NOT NULL, audience_type INTEGER NOT NULL,"
    "  segment INTEGER, audience_condition_json TEXT, scheduled_for_ms INTEGER,"
    "  recipient_count INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,"
    "  updated_at_ms INTEGER NOT NULL,"
    "  FOREIGN KEY(project, segment) REFERENCES segments(project, num)) STRICT;"
    "CREATE UNIQUE INDEX campaigns_by_num ON campaigns(project, num);"
    "CREATE UNIQUE INDEX campaigns_by_id ON campaigns(project, id);"
    "CREATE INDEX campaigns_by_segment ON campaigns(project, segment, status);"
    "CREATE INDEX campaigns_by_schedule ON campaigns(scheduled_for_ms) WHERE status = 1;"

    "CREATE TABLE campaign_recipients("
    "  key INTEGER PRIMARY KEY, id TEXT NOT NULL, email TEXT NOT NULL,"
    "  data_json TEXT NOT NULL) STRICT;"

    "CREATE TABLE jobs("
    "  num INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL REFERENCES projects(num),"
    "  id TEXT NOT NULL, kind INTEGER NOT NULL, status INTEGER NOT NULL, total INTEGER NOT NULL,"
    "  processed INTEGER NOT NULL, imported INTEGER NOT NULL, updated INTEGER NOT NULL,"
    "  skipped INTEGER NOT NULL, parameters_json TEXT NOT NULL,"
    "  created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX jobs_by_num ON jobs(project, num);"
    "CREATE UNIQUE INDEX jobs_by_id ON jobs(project, id);"
    "CREATE INDEX jobs_unfinished ON jobs(num) WHERE status < 3;"
    "CREATE INDEX jobs_ended ON jobs(status, updated_at_ms) WHERE status >= 3;"
    "CREATE TABLE job_inputs("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL, job INTEGER NOT NULL,"
    "  sequence INTEGER NOT NULL, bytes BLOB NOT NULL,"
    "  FOREIGN KEY(project, job) REFERENCES jobs(project, num) ON DELETE CASCADE) STRICT;"
    "CREATE UNIQUE INDEX job_inputs_in_order ON job_inputs(project, job, sequence);"
    "CREATE TABLE job_errors("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL, job INTEGER NOT NULL,"
    "  row_number INTEGER NOT NULL, email TEXT NOT NULL, reason TEXT NOT NULL,"
    "  FOREIGN KEY(project, job) REFERENCES jobs(project, num) ON DELETE CASCADE) STRICT;"
    "CREATE INDEX job_errors_by_job ON job_errors(project, job);"

    "CREATE TABLE webhooks("
    "  num INTEGER PRIMARY KEY AUTOINCREMENT CHECK(num < 1 << 23), project INTEGER NOT NULL "
    "REFERENCES projects(num),"
    "  id TEXT NOT NULL, name TEXT, url TEXT NOT NULL, events_json TEXT NOT NULL,"
    "  headers_json TEXT, condition_json TEXT, is_enabled INTEGER NOT NULL, secret TEXT NOT NULL,"
    "  old_secret TEXT, old_secret_until_ms INTEGER, created_at_ms INTEGER NOT NULL,"
    "  updated_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX webhooks_by_num ON webhooks(project, num);"
    "CREATE UNIQUE INDEX webhooks_by_id ON webhooks(project, id);"
    "CREATE TABLE webhook_health("
    "  webhook INTEGER PRIMARY KEY REFERENCES webhooks(num) ON DELETE CASCADE,"
    "  failures INTEGER NOT NULL, last_success_at_ms INTEGER, last_failure_at_ms INTEGER,"
    "  paused_until_ms INTEGER, delivered INTEGER NOT NULL, failed_attempt INTEGER NOT NULL)"
    "  STRICT;"
    "CREATE TABLE deliveries("
    "  key INTEGER PRIMARY KEY, contact INTEGER NOT NULL, status INTEGER NOT NULL,"
    "  nonce INTEGER NOT NULL, at_ms INTEGER NOT NULL, payload TEXT NOT NULL) STRICT;"
    "CREATE INDEX deliveries_parked ON deliveries(status) WHERE status = 2;"
    "CREATE TABLE due_deliveries("
    "  key INTEGER PRIMARY KEY, attempts INTEGER NOT NULL, since_ms INTEGER NOT NULL,"
    "  next_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE attempts("
    "  num INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    "  duration_ms INTEGER NOT NULL, http_status INTEGER NOT NULL, error TEXT, request TEXT,"
    "  answer BLOB) STRICT;"
    "CREATE INDEX attempts_by_delivery ON attempts(delivery);"

    "CREATE TABLE answers("
    "  num INTEGER PRIMARY KEY, project INTEGER NOT NULL REFERENCES projects(num),"
    "  key TEXT NOT NULL, body_hash BLOB NOT NULL, status INTEGER NOT NULL, content BLOB NOT NULL,"
    "  at_ms INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX answers_by_key ON answers(project, key);"
    "CREATE INDEX answers_by_time ON answers(at_ms);"

    "CREATE TABLE tokens("
    "  num INTEGER PRIMARY KEY, kind INTEGER NOT NULL, hash BLOB NOT NULL,"
    "  project INTEGER REFERENCES projects(num), created_at_ms INTEGER NOT NULL,"
    "  expires_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX tokens_by_hash ON tokens(kind, hash);"
    "CREATE INDEX tokens_by_expiry ON tokens(expires_at_ms);",
};

#define VERSION ((int)(sizeof MIGRATIONS / sizeof MIGRATIONS[0]))

int store_schema_version(void) { return VERSION; }

/// What the file says it is. A new one has no table yet.
typedef struct file_state {
  int64_t version;
  int64_t application_id;
  int64_t object_count;
} file_state;

static store_status read_state(const char *path, sqlite3 *db, file_state *state, store_error *err) {
  store_status status =
      store_read_number(path, db, "PRAGMA application_id", &state->application_id, err);
  if (status == STORE_OK) {
    status = store_read_number(path, db, "PRAGMA user_version", &state->version, err);
  }
  if (status == STORE_OK) {
    status = store_read_number(path, db, "SELECT count(*) FROM sqlite_schema", &state->object_count,
                               err);
  }
  return status;
}

static store_status check_state(const char *path, const file_state *state, store_error *err) {
  bool is_new = state->object_count == 0 && state->version == 0 && state->application_id == 0;
  if (!is_new && state->application_id != STORE_APPLICATION_ID) {
    return store_report(err, STORE_CORRUPT,
                        "%s is a database of another program; give the path of segmentry's", path);
  }
  if (!is_new && (state->version < 1 || state->object_count == 0)) {
    return store_report(err, STORE_CORRUPT,
                        "%s is damaged (schema version %lld); restore it from a backup", path,
                        (long long)state->version);
  }
  if (state->version > VERSION) {
    return store_report(err, STORE_NEWER,
                        "%s was written by a newer version of segmentry (its schema is version "
                        "%lld, this program's is %d); use that version, or a backup from before "
                        "the upgrade",
                        path, (long long)state->version, VERSION);
  }
  return STORE_OK;
}

static store_status run_migrations(const char *path, sqlite3 *db, int64_t version,
                                   store_error *err) {
  store_status status = STORE_OK;
  for (int64_t i = version; status == STORE_OK && i < VERSION; i++) {
    status = store_execute(path, db, MIGRATIONS[i], err);
  }
  if (status == STORE_OK && version < VERSION) {
    char sql[96];
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                   STORE_APPLICATION_ID, VERSION);
    status = store_execute(path, db, sql, err);
  }
  return status;
}

store_status store_migrate(const char *path, sqlite3 *db, store_error *err) {
  file_state state = {0};
  store_status status = read_state(path, db, &state, err);
  if (status == STORE_OK) { // before anything of the file is touched
    status = check_state(path, &state, err);
  }
  if (status == STORE_OK) {
    status = store_use_log(path, db, err);
  }
  if (status ==
      STORE_OK) { // also when there is nothing to do: it says whether the file is writable
    status = store_execute(path, db, "BEGIN IMMEDIATE", err);
  }
  if (status != STORE_OK) {
    return status;
  }
  status = read_state(path, db, &state, err); // another process may have been faster
  if (status == STORE_OK) {
    status = check_state(path, &state, err);
  }
  if (status == STORE_OK) {
    status = run_migrations(path, db, state.version, err);
  }
  if (status == STORE_OK) {
    status = store_execute(path, db, "COMMIT", err);
  }
  if (status != STORE_OK) {
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  }
  return status;
}
