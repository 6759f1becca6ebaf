/// The store: everything durable, behind one interface that names no database.
///
/// Two objects. A `store` is the file: opened, brought to this version's schema, closed. A
/// `store_session` is one connection to it: used by one thread at a time, with its statements
/// prepared once. One session is read-write and belongs to the writer thread; any number are
/// read-only. Readers and the writer never wait for each other.
///
/// Laws, for every function below:
///   * Inputs are borrowed for the call. Rows and texts handed to a visitor are borrowed by it and
///     end when it returns: copy what is to stay. Outputs are written only on STORE_OK.
///   * `err` is optional, belongs to the caller and is fully written when given, on STORE_OK too.
///   * An optional text is absent when its `bytes` is NULL. An optional number (`num`) is absent
///     when it is 0; rows count from 1. An optional instant is absent when it is STORE_NO_INSTANT.
///   * Instants are milliseconds since 1970-01-01 UTC. The store never reads a clock, and makes no
///   ids but those of entries and exits, which follow from their rows.
///   * `project` is a project's num. A row of another project is as good as absent:
///   STORE_NOT_FOUND,
///     or an empty list. References are checked too: a contact of another project never gets an
///     event.
///   * nums grow with every row of a kind and are never given twice, even after a deletion.
///   * A visitor must not call the store with the session that called it. Returning false ends the
///     list; the call still returns STORE_OK. A NULL visitor only asks whether there is something.
///     `context` is passed through untouched and may be NULL.
///   * What changes something needs the read-write session with a transaction begun (asserted).
///   * STORE_NOT_FOUND and STORE_CONFLICT change nothing and leave the transaction usable. After
///   any
///     other failure of a change, roll back: the transaction, not only the savepoint.
///   * Besides what a declaration lists, every function may return STORE_BUSY, STORE_FULL,
///     STORE_CORRUPT, STORE_NOMEM and STORE_FAILED.
#ifndef SEGMENTRY_STORE_H
#define SEGMENTRY_STORE_H

#include "segmentry/base.h"

/// What a fallible function returns.
typedef enum store_status {
  STORE_OK = 0,
  STORE_NOT_FOUND, ///< No such row in this project; at opening: no such file.
  STORE_CONFLICT,  ///< Something that has to be unique is taken; the message names it.
  STORE_FULL,      ///< The disk, or the file's limit, is full.
  STORE_BUSY,      ///< Another process holds the file for longer than the timeout.
  STORE_READ_ONLY, ///< The file or its directory can't be written.
  STORE_CORRUPT,   ///< Not a database of this program, or a damaged one.
  STORE_NEWER,     ///< Written by a newer version of this program.
  STORE_NOMEM,
  STORE_FAILED ///< Anything else, such as an I/O error; the message has the cause.
} store_status;

/// A message is cut at this many bytes: room for a path, the cause, and what to do.
#define STORE_MESSAGE_BYTES 1024

/// What went wrong, for the operator: what is the matter with the file, and what to do about it.
typedef struct store_error {
  store_status status;
  char message[STORE_MESSAGE_BYTES];
} store_error;

/// Absent, for the instants that are optional.
#define STORE_NO_INSTANT INT64_MIN
/// As a cursor: from the newest on.
#define STORE_NEWEST INT64_MAX
/// Keys, tokens and bodies are known by their SHA-256.
#define STORE_HASH_BYTES 32
/// Errors kept for one job: enough to see the pattern, bounded for a file of nothing but errors.
#define STORE_JOB_ERRORS_MAX 1000

// ---- The file ----

typedef struct store store;
typedef struct store_session store_session;

/// All zero is the default for everything but the path.
typedef struct store_options {
  const char *path;  ///< Relative to the working directory; copied.
  bool must_exist;   ///< Don't create the file: STORE_NOT_FOUND instead.
  bool is_exclusive; ///< As a server: STORE_BUSY while another store, here or in another process,
                     ///< has the file open so. Others may still read it and make small changes.
  bool is_relaxed;   ///< A power cut may take the last commits (a crash of the process never does).
  int busy_timeout_ms; ///< How long to wait for another process; 0 is 5,000.
  int64_t cache_bytes; ///< Page cache of the read-write session; 0 is 256 MiB. Readers have 1/16.
  int64_t size_bytes_max; ///< The file grows no further: STORE_FULL. 0 is no limit.
} store_options;

/// Open the file, create it when it is not there, and bring its schema to this version.
///
/// Returns STORE_NOT_FOUND with must_exist; STORE_READ_ONLY, STORE_NEWER, STORE_CORRUPT, …: each
/// with its message. Threads: none else uses `out` yet. End with store_close.
store_status store_open(const store_options *options, store **out, store_error *err);

/// Close the file. All sessions must be closed before (asserted). NULL is nothing.
void store_close(store *file);

/// The schema's version that this program writes: the number of its migrations.
int store_schema_version(void);

typedef enum store_access { STORE_ACCESS_READ = 0, STORE_ACCESS_WRITE = 1 } store_access;

/// Open a connection. One STORE_ACCESS_WRITE session a store (asserted). Threads: any, of one
/// store.
store_status store_session_open(store *file, store_access access, store_session **out,
                                store_error *err);

/// Close a connection; an open transaction is rolled back. NULL is nothing.
void store_session_close(store_session *session);

/// Whether the file that was opened is still at its path; STORE_FAILED if it was moved, deleted, or
/// another one put in its place. What is written to such a file is lost with the last process that
/// has it open. Cost: one stat.
store_status store_session_check(store_session *session, store_error *err);

/// Begin a transaction. On a reading session, what it reads from here to the end is one moment. On
/// a writing one, store_session_check first.
store_status store_transaction_begin(store_session *session, store_error *err);

/// Commit: on STORE_OK everything since the beginning is durable; on anything else nothing is, and
/// the transaction is rolled back already.
store_status store_transaction_commit(store_session *session, store_error *err);

/// Undo everything since the beginning. Always safe, also without a transaction.
void store_transaction_rollback(store_session *session);

/// Whether a transaction is open; after a failure the database may have ended it by itself.
bool store_transaction_is_open(const store_session *session);

/// One command within a batch: begin it, then keep or undo it alone. They don't nest (asserted).
store_status store_savepoint_begin(store_session *session, store_error *err);
store_status store_savepoint_keep(store_session *session, store_error *err);
/// Not STORE_OK: the transaction is gone or unusable; roll it back.
store_status store_savepoint_undo(store_session *session, store_error *err);

/// A number that is another one once somebody else than this session has committed something: a
/// session of this process, or another process. Outside a transaction.
store_status store_session_version(store_session *session, int64_t *version, store_error *err);

/// Copy the whole store, as of one moment, into a new file while it is in use. STORE_CONFLICT if
/// there is a file at `path` already. Threads: any; never blocks the writer.
store_status store_file_backup(store *file, const char *path, store_error *err);

/// Read every page and check it. STORE_CORRUPT with the first thing found. Cost: a full read.
store_status store_file_check(store_session *session, store_error *err);

/// Bytes on disk, with what the log has not handed over yet.
store_status store_file_size(store *file, int64_t *size_bytes, store_error *err);

// ---- Projects ----

typedef struct store_project {
  int64_t num;
  seg_text_view id;
  seg_text_view name;
  uint8_t secret_hash[STORE_HASH_BYTES];
  seg_text_view public_key;
  int64_t created_at_ms;
} store_project;

typedef bool (*store_project_visit)(void *context, const store_project *project);

/// `project->num` is not read. STORE_CONFLICT: the id or a key is taken.
store_status store_project_insert(store_session *session, const store_project *project,
                                  int64_t *num, store_error *err);
/// All projects, oldest first.
store_status store_project_list(store_session *session, store_project_visit visit, void *context,
                                store_error *err);
store_status store_project_get(store_session *session, seg_text_view id, store_project_visit visit,
                               void *context, store_error *err);
store_status store_project_get_by_num(store_session *session, int64_t num,
                                      store_project_visit visit, void *context, store_error *err);
/// Compare the row's hash in constant time before trusting it.
store_status store_project_find_secret(store_session *session,
                                       const uint8_t secret_hash[STORE_HASH_BYTES],
                                       store_project_visit visit, void *context, store_error *err);
store_status store_project_find_public(store_session *session, seg_text_view public_key,
                                       store_project_visit visit, void *context, store_error *err);
/// Rotate the keys. STORE_NOT_FOUND, STORE_CONFLICT.
store_status store_project_set_keys(store_session *session, int64_t project,
                                    const uint8_t secret_hash[STORE_HASH_BYTES],
                                    seg_text_view public_key, store_error *err);

// ---- Contacts ----

typedef struct store_contact {
  int64_t num;
  int64_t project;
  seg_text_view id;
  seg_text_view email; ///< Normalised by the caller, who also sees to it that no other contact of
                       ///< the project has it: the store has no index of addresses.
  bool subscribed;
  seg_text_view data_json; ///< Kept as it is.
  int64_t created_at_ms;
  int64_t updated_at_ms;
} store_contact;

typedef bool (*store_contact_visit)(void *context, const store_contact *contact);

/// `contact->num` is not read. STORE_CONFLICT: the id is taken in this project; STORE_NOT_FOUND: no
/// such project.
store_status store_contact_insert(store_session *session, const store_contact *contact,
                                  int64_t *num, store_error *err);
/// Sets email, subscribed, data_json and updated_at_ms of (project, num). An email with NULL bytes
/// stays. STORE_NOT_FOUND.
store_status store_contact_update(store_session *session, const store_contact *contact,
                                  store_error *err);
/// Sets updated_at_ms alone, which costs least. STORE_NOT_FOUND.
store_status store_contact_touch(store_session *session, int64_t project, int64_t num,
                                 int64_t updated_at_ms, store_error *err);
/// When a contact's events and activities happened, newest first: what whoever holds them in memory
/// can tell. There is no index by contact: in it, each event would land on a page of its own, which
/// is most of what it costs to store one. An instant that has none of the contact's is passed over.
/// All zero: not known, so that all events of the project are looked at, about 0.1 µs each.
typedef struct store_instants {
  const int64_t *at_ms;
  size_t count;
} store_instants;

/// Deletes the contact with its events, activities and memberships. Its membership history stays,
/// and shows its id and email. Exits for the deletion itself are the caller's (store_member_remove
/// with STORE_CAUSE_DELETE, before this).
/// instants  optional  All of the contact's events and activities; others would stay.
store_status store_contact_delete(store_session *session, int64_t project, int64_t num,
                                  store_instants instants, store_error *err);
store_status store_contact_get(store_session *session, int64_t project, seg_text_view id,
                               store_contact_visit visit, void *context, store_error *err);
store_status store_contact_get_by_num(store_session *session, int64_t project, int64_t num,
                                      store_contact_visit visit, void *context, store_error *err);
/// Newest first, those with num < before, at most `limit`.
/// search  optional  Part of the email, ASCII case apart. With it every row passed over is read.
store_status store_contact_page(store_session *session, int64_t project, seg_text_view search,
                                int64_t before, size_t limit, store_contact_visit visit,
                                void *context, store_error *err);
/// How many there are. Cost: with or without search a scan of an index, 10 ns to 100 ns a contact.
store_status store_contact_count(store_session *session, int64_t project, seg_text_view search,
                                 int64_t *count, store_error *err);
/// Every contact of a project, by rising num: what start-up reads.
store_status store_contact_each(store_session *session, int64_t project, store_contact_visit visit,
                                void *context, store_error *err);

// ---- Events ----
//
// Entries and exits of tracked segments are events too: everything below but store_event_insert
// covers them. They are stored once, as the history of memberships (store_member_add).

/// A name of events, as a number.
typedef struct store_event_name {
  int64_t num;
  seg_text_view name;
  int64_t count;           ///< 0 in store_event_name_list, which counts nothing.
  int64_t last_seen_at_ms; ///< STORE_NO_INSTANT in store_event_name_list.
} store_event_name;

typedef bool (*store_event_name_visit)(void *context, const store_event_name *name);

/// The number of a name, given now if it has none.
store_status store_event_name_intern(store_session *session, int64_t project, seg_text_view name,
                                     int64_t *num, store_error *err);
/// STORE_NOT_FOUND for a name that never was interned.
store_status store_event_name_find(store_session *session, int64_t project, seg_text_view name,
                                   int64_t *num, store_error *err);
/// Every name, by rising num, also those without events: what start-up reads.
store_status store_event_name_list(store_session *session, int64_t project,
                                   store_event_name_visit visit, void *context, store_error *err);
/// The names that have events, in byte order, with counts and last seen. Cost: a scan of an index,
/// about 0.1 µs an event.
store_status store_event_name_stats(store_session *session, int64_t project,
                                    store_event_name_visit visit, void *context, store_error *err);

/// The same of the events with from_ms <= at_ms < to_ms alone.
store_status store_event_name_counts(store_session *session, int64_t project, int64_t from_ms,
                                     int64_t to_ms, store_event_name_visit visit, void *context,
                                     store_error *err);

typedef struct store_event {
  int64_t num;
  int64_t project;
  int64_t contact;
  seg_text_view contact_id;    ///< Read only: from the contact.
  seg_text_view contact_email; ///< Read only: from the contact.
  seg_text_view id;
  int64_t name;            ///< From store_event_name_intern.
  seg_text_view name_text; ///< Read only.
  int64_t at_ms;
  seg_text_view data_json; ///< Optional; kept as it is.
} store_event;

/// What start-up needs of an event.
typedef struct store_event_mark {
  int64_t contact;
  int64_t name;
  int64_t at_ms;
} store_event_mark;

/// A place in a list of events, which goes by (at_ms, contact, num): of the last row seen, or
/// STORE_NEWEST in each.
typedef struct store_event_place {
  int64_t at_ms;
  int64_t contact;
  int64_t num;
} store_event_place;

/// Which events: of one contact, of one name, of both, or (0, 0) all of the project.
typedef struct store_event_scope {
  int64_t contact;
  int64_t name;
  store_instants instants; ///< Optional. Of the contact's events.
} store_event_scope;

typedef struct store_event_day {
  int64_t start_at_ms; ///< Midnight UTC.
  int64_t count;
} store_event_day;

typedef bool (*store_event_visit)(void *context, const store_event *event);
typedef bool (*store_event_mark_visit)(void *context, const store_event_mark *mark);
typedef bool (*store_event_day_visit)(void *context, const store_event_day *day);

/// `num` and what is read only are not read. STORE_NOT_FOUND: no such contact or name here.
/// num  written  Optional.
store_status store_event_insert(store_session *session, const store_event *event, int64_t *num,
                                store_error *err);
/// Every event of a project, in no order.
store_status store_event_each(store_session *session, int64_t project, store_event_mark_visit visit,
                              void *context, store_error *err);
/// Newest first, those before a place, at most `limit`.
/// Cost: a page of the project is found at once, and one of a contact with as many looks as it has
/// instants up to there; one of a name alone passes over the other names' events, about 0.1 µs
/// each.
store_status store_event_page(store_session *session, int64_t project, store_event_scope scope,
                              store_event_place before, size_t limit, store_event_visit visit,
                              void *context, store_error *err);
/// Events a day (UTC) with from_ms <= at_ms < to_ms, oldest day first; days without any are left
/// out. name  optional  Of this name only.
store_status store_event_days(store_session *session, int64_t project, int64_t name,
                              int64_t from_ms, int64_t to_ms, store_event_day_visit visit,
                              void *context, store_error *err);
/// Deletes all events of a name; the name keeps its number, and entries and exits that had it stay
/// in the history of memberships. STORE_OK also when there are none.
store_status store_event_delete_name(store_session *session, int64_t project, int64_t name,
                                     int64_t *deleted, store_error *err);
/// Deletes the oldest of them, in the order they were recorded: those with num > after, at most
/// `limit`. For a name with so many that one transaction would take long.
/// last  written  The highest num that was deleted; `after` if none was.
/// Cost: about 10 µs each, and 0.1 µs for every event of any name that is passed over.
store_status store_event_delete_some(store_session *session, int64_t project, int64_t name,
                                     int64_t after, size_t limit, int64_t *deleted, int64_t *last,
                                     store_error *err);

// ---- Email activities ----

typedef struct store_activity {
  int64_t contact;
  int activity; ///< seg_activity of table.h, 0 to 5.
  int64_t at_ms;
  seg_text_view message_id; ///< Optional. Empty in store_activity_each.
} store_activity;

typedef bool (*store_activity_visit)(void *context, const store_activity *activity);

/// STORE_CONFLICT: this (message_id, activity) has been counted already. STORE_NOT_FOUND: no such
/// contact. Without a message_id it always counts.
store_status store_activity_insert(store_session *session, int64_t project,
                                   const store_activity *activity, store_error *err);
/// Every activity of a project, in no order.
store_status store_activity_each(store_session *session, int64_t project,
                                 store_activity_visit visit, void *context, store_error *err);

/// An activity with its message and its contact's id, as an export shows it.
typedef struct store_activity_entry {
  store_activity activity;
  seg_text_view contact_id;
} store_activity_entry;

typedef bool (*store_activity_entry_visit)(void *context, const store_activity_entry *entry);

/// Every activity of a project, in the order in which they were stored. Cost: a scan of the
/// activities of all projects.
store_status store_activity_list(store_session *session, int64_t project,
                                 store_activity_entry_visit visit, void *context, store_error *err);

// ---- Segments ----

typedef struct store_segment {
  int64_t num;
  int64_t project;
  seg_text_view id;
  seg_text_view name;
  seg_text_view slug;
  seg_text_view description; ///< Optional.
  bool is_static;
  seg_text_view condition_json; ///< Optional: a static one has none.
  bool is_tracked;
  int64_t member_count;
  int64_t member_count_at_ms;
  int64_t created_at_ms;
  int64_t updated_at_ms;
  bool is_redefined; ///< What its members are has not been settled since its definition changed.
} store_segment;

typedef bool (*store_segment_visit)(void *context, const store_segment *segment);

/// `num` is not read. STORE_CONFLICT: the slug or the id is taken.
store_status store_segment_insert(store_session *session, const store_segment *segment,
                                  int64_t *num, store_error *err);
/// Sets everything of (project, num) but id, is_static, the counts and created_at_ms.
store_status store_segment_update(store_session *session, const store_segment *segment,
                                  store_error *err);
/// Deletes the segment with its memberships and their history. What was an event stays one.
/// Campaigns that used it lose the reference; whether they may is the caller's rule
/// (store_campaign_count_using).
store_status store_segment_delete(store_session *session, int64_t project, int64_t num,
                                  store_error *err);
store_status store_segment_get(store_session *session, int64_t project, seg_text_view id,
                               store_segment_visit visit, void *context, store_error *err);
/// Newest first.
store_status store_segment_list(store_session *session, int64_t project, store_segment_visit visit,
                                void *context, store_error *err);
store_status store_segment_set_count(store_session *session, int64_t project, int64_t num,
                                     int64_t member_count, int64_t at_ms, store_error *err);
store_status store_segment_set_redefined(store_session *session, int64_t project, int64_t num,
                                         bool is_redefined, store_error *err);

// ---- Memberships of static and tracked segments, and their history ----

/// Why a membership changed. Stored by number.
typedef enum store_cause {
  STORE_CAUSE_DATA = 0,       ///< The contact, its events or its engagement changed.
  STORE_CAUSE_CLOCK = 1,      ///< Time passed.
  STORE_CAUSE_DEFINITION = 2, ///< The segment, or one it refers to, changed.
  STORE_CAUSE_MANUAL = 3,     ///< Added or removed by hand.
  STORE_CAUSE_DELETE = 4      ///< The contact was deleted.
} store_cause;

/// A member: the contact and since when.
typedef struct store_member {
  store_contact contact;
  int64_t since_ms;
} store_member;

/// One entry or exit.
typedef struct store_member_change {
  int64_t num;
  int64_t segment;
  seg_text_view segment_id;
  seg_text_view segment_name;
  int64_t contact;
  seg_text_view contact_id;    ///< Also of a contact that is gone.
  seg_text_view contact_email; ///< As it is now, or was last.
  bool is_entry;
  int64_t at_ms;
  store_cause cause;
} store_member_change;

typedef bool (*store_member_num_visit)(void *context, int64_t contact, int64_t since_ms);
typedef bool (*store_member_visit)(void *context, const store_member *member);
typedef bool (*store_member_change_visit)(void *context, const store_member_change *change);

/// What the entries or the exits of a segment are as events, as a number: their name, from
/// store_event_name_intern, and the data that each of them has. Given now if it has none; what was
/// recorded under another one, before a segment had a new name, keeps that. STORE_NOT_FOUND: no
/// such segment or name here.
store_status store_segment_event_intern(store_session *session, int64_t project, int64_t segment,
                                        int64_t name, seg_text_view data_json, int64_t *num,
                                        store_error *err);

/// What is the same for all that enter or leave a segment in one go.
typedef struct store_move {
  int64_t project;
  int64_t segment;
  int64_t at_ms;
  store_cause cause;
  int64_t event; ///< Optional. From store_segment_event_intern: the entry or exit is an event.
} store_move;

/// Add a member and write the entry into the history. STORE_CONFLICT: is one already (nothing is
/// written); STORE_NOT_FOUND: no such segment or contact in the project.
/// Cost: about 3 µs with history and event, by rising contact within a segment, in one transaction.
store_status store_member_add(store_session *session, const store_move *move, int64_t contact,
                              store_error *err);
/// Remove a member and write the exit into the history. STORE_NOT_FOUND: is none.
store_status store_member_remove(store_session *session, const store_move *move, int64_t contact,
                                 store_error *err);
/// Every member of a segment, by rising contact num.
store_status store_member_each(store_session *session, int64_t project, int64_t segment,
                               store_member_num_visit visit, void *context, store_error *err);
/// search  optional  As in store_contact_page.
store_status store_member_count(store_session *session, int64_t project, int64_t segment,
                                seg_text_view search, int64_t *count, store_error *err);
/// Members newest contact first, `offset` passed over, at most `limit`. Cost: grows with offset.
store_status store_member_page(store_session *session, int64_t project, int64_t segment,
                               seg_text_view search, size_t offset, size_t limit,
                               store_member_visit visit, void *context, store_error *err);
/// Changes of a segment, newest first, those with num < before, at most `limit`.
store_status store_member_history_of_segment(store_session *session, int64_t project,
                                             int64_t segment, int64_t before, size_t limit,
                                             store_member_change_visit visit, void *context,
                                             store_error *err);
/// The same of a contact; by num also of one that is deleted.
store_status store_member_history_of_contact(store_session *session, int64_t project,
                                             int64_t contact, int64_t before, size_t limit,
                                             store_member_change_visit visit, void *context,
                                             store_error *err);

/// All changes of a segment in the order of time, but for those of contacts that are gone.
store_status store_member_history_each(store_session *session, int64_t project, int64_t segment,
                                       store_member_change_visit visit, void *context,
                                       store_error *err);

/// The static and tracked segments that a contact is a member of.
typedef bool (*store_membership_visit)(void *context, int64_t segment, int64_t since_ms);
store_status store_member_since(store_session *session, int64_t project, int64_t contact,
                                store_membership_visit visit, void *context, store_error *err);

/// Milliseconds of a day of UTC.
#define STORE_DAY_MS INT64_C(86400000)

/// Adds up how a segment grew: its entries less its exits.
///
/// start_ms   Begins the first day.
/// days       written  For each of `day_count` days, a day's growth; later changes count as the
///                     last one's.
/// before     written  The growth of all time before.
///
/// Cost: a look at each change of the segment, about 0.1 µs.
store_status store_member_growth(store_session *session, int64_t project, int64_t segment,
                                 int64_t start_ms, size_t day_count, int64_t *days, int64_t *before,
                                 store_error *err);

// ---- Campaigns ----

/// Stored by number.
typedef enum store_campaign_status {
  STORE_CAMPAIGN_DRAFT = 0,
  STORE_CAMPAIGN_SCHEDULED = 1,
  STORE_CAMPAIGN_SENDING = 2,
  STORE_CAMPAIGN_SENT = 3,
  STORE_CAMPAIGN_CANCELLED = 4
} store_campaign_status;

/// Stored by number.
typedef enum store_audience {
  STORE_AUDIENCE_ALL = 0,
  STORE_AUDIENCE_SEGMENT = 1,
  STORE_AUDIENCE_FILTERED = 2
} store_audience;

typedef struct store_campaign {
  int64_t num;
  int64_t project;
  seg_text_view id;
  seg_text_view name;
  seg_text_view subject;
  seg_text_view body;
  seg_text_view from;
  store_campaign_status status;
  store_audience audience_type;
  int64_t segment;                       ///< Optional.
  seg_text_view segment_id;              ///< Read only: that segment's id, or absent.
  seg_text_view audience_condition_json; ///< Optional.
  int64_t scheduled_for_ms;              ///< Optional.
  int64_t recipient_count;               ///< Of the kept list; 0 before there is one.
  int64_t created_at_ms;
  int64_t updated_at_ms;
} store_campaign;

/// Which campaigns a list has.
typedef struct store_campaign_scope {
  bool has_status;
  store_campaign_status status; ///< With has_status: only those.
  seg_text_view
      search; ///< Optional: part of the name, the subject or the sender, ASCII case apart.
} store_campaign_scope;

typedef bool (*store_campaign_visit)(void *context, const store_campaign *campaign);

/// `num` is not read. STORE_CONFLICT: the id is taken; STORE_NOT_FOUND: no such segment here.
store_status store_campaign_insert(store_session *session, const store_campaign *campaign,
                                   int64_t *num, store_error *err);
/// Sets everything of (project, num) but id and created_at_ms.
store_status store_campaign_update(store_session *session, const store_campaign *campaign,
                                   store_error *err);
/// Deletes the campaign with its list of recipients.
store_status store_campaign_delete(store_session *session, int64_t project, int64_t num,
                                   store_error *err);
store_status store_campaign_get(store_session *session, int64_t project, seg_text_view id,
                                store_campaign_visit visit, void *context, store_error *err);
/// Newest first, `offset` passed over, at most `limit`. Cost: all of the project's are looked at.
store_status store_campaign_page(store_session *session, int64_t project,
                                 const store_campaign_scope *scope, size_t offset, size_t limit,
                                 store_campaign_visit visit, void *context, store_error *err);
store_status store_campaign_count(store_session *session, int64_t project,
                                  const store_campaign_scope *scope, int64_t *count,
                                  store_error *err);
/// Those with the status DRAFT, SCHEDULED or SENDING that have a condition of their own.
store_status store_campaign_list_filtered(store_session *session, int64_t project,
                                          store_campaign_visit visit, void *context,
                                          store_error *err);
/// Those with the status SCHEDULED, of all projects, the one that is due first first.
store_status store_campaign_list_scheduled(store_session *session, store_campaign_visit visit,
                                           void *context, store_error *err);
/// How many with the status DRAFT, SCHEDULED or SENDING use this segment.
store_status store_campaign_count_using(store_session *session, int64_t project, int64_t segment,
                                        int64_t *count, store_error *err);

/// A campaign that uses a segment, whatever its status: as its audience, or in the condition of
/// one.
typedef struct store_campaign_use {
  seg_text_view id;
  seg_text_view name;
  store_campaign_status status;
} store_campaign_use;

typedef bool (*store_campaign_use_visit)(void *context, const store_campaign_use *use);

/// Newest first, at most `limit`. Cost: a look at each campaign of the project.
store_status store_campaign_list_using(store_session *session, int64_t project,
                                       seg_text_view segment_id, size_t limit,
                                       store_campaign_use_visit visit, void *context,
                                       store_error *err);
/// A contact as it was when its campaign's list was written: later changes don't reach it, not even
/// its deletion.
typedef struct store_recipient {
  int64_t contact;
  seg_text_view id;
  seg_text_view email;
  seg_text_view data_json;
} store_recipient;

typedef bool (*store_recipient_visit)(void *context, const store_recipient *recipient);

/// STORE_NOT_FOUND: no such campaign here; STORE_CONFLICT: the contact is in the list.
/// Cost: about 3 µs and 300 bytes of file by rising contact, in one transaction.
store_status store_recipient_insert(store_session *session, int64_t project, int64_t campaign,
                                    const store_recipient *recipient, store_error *err);
/// By rising contact, those with contact > after, at most `limit`.
store_status store_recipient_page(store_session *session, int64_t project, int64_t campaign,
                                  int64_t after, size_t limit, store_recipient_visit visit,
                                  void *context, store_error *err);
/// The contact of a recipient's id. STORE_NOT_FOUND. Cost: where the contact is gone, the list up
/// to it is read.
store_status store_recipient_find(store_session *session, int64_t project, int64_t campaign,
                                  seg_text_view id, int64_t *contact, store_error *err);
/// Deletes the first of the list, at most `limit`. STORE_OK also when there are none.
/// deleted  written  How many. Cost: about 3 µs each.
store_status store_recipient_clear(store_session *session, int64_t project, int64_t campaign,
                                   size_t limit, int64_t *deleted, store_error *err);

// ---- Jobs ----

/// Stored by number.
typedef enum store_job_kind {
  STORE_JOB_IMPORT = 0,
  STORE_JOB_SUBSCRIBE = 1,
  STORE_JOB_UNSUBSCRIBE = 2,
  STORE_JOB_DELETE = 3
} store_job_kind;

/// Stored by number. RECEIVING: its input is still being uploaded. ABANDONED: the upload broke off,
/// nobody has heard of the job, and store_job_tidy takes it away.
typedef enum store_job_status {
  STORE_JOB_RECEIVING = 0,
  STORE_JOB_QUEUED = 1,
  STORE_JOB_RUNNING = 2,
  STORE_JOB_COMPLETED = 3,
  STORE_JOB_FAILED = 4,
  STORE_JOB_ABANDONED = 5
} store_job_status;

typedef struct store_job {
  int64_t num;
  int64_t project;
  seg_text_view id;
  store_job_kind kind;
  store_job_status status;
  int64_t total;
  int64_t processed;
  int64_t imported;
  int64_t updated;
  int64_t skipped;
  seg_text_view parameters_json;
  int64_t created_at_ms;
  int64_t updated_at_ms;
} store_job;

typedef struct store_job_error {
  int64_t row;
  seg_text_view email;
  seg_text_view reason;
} store_job_error;

typedef bool (*store_job_visit)(void *context, const store_job *job);
typedef bool (*store_job_input_visit)(void *context, int64_t sequence, seg_text_view bytes);
typedef bool (*store_job_error_visit)(void *context, const store_job_error *error);

/// `num` is not read. STORE_CONFLICT: the id is taken.
store_status store_job_insert(store_session *session, const store_job *job, int64_t *num,
                              store_error *err);
/// Sets status, all five counts and updated_at_ms of (project, num).
store_status store_job_set_progress(store_session *session, const store_job *job, store_error *err);
store_status store_job_get(store_session *session, int64_t project, seg_text_view id,
                           store_job_visit visit, void *context, store_error *err);
/// The jobs of all projects that are RECEIVING, QUEUED or RUNNING, oldest first.
store_status store_job_list_unfinished(store_session *session, store_job_visit visit, void *context,
                                       store_error *err);
/// Append a piece of a job's input. STORE_CONFLICT: this sequence is there; STORE_NOT_FOUND: no
/// job.
store_status store_job_input_append(store_session *session, int64_t project, int64_t job,
                                    int64_t sequence, seg_text_view bytes, store_error *err);
/// The pieces with sequence >= from, in order.
store_status store_job_input_each(store_session *session, int64_t project, int64_t job,
                                  int64_t from, store_job_input_visit visit, void *context,
                                  store_error *err);
/// Keep an error; the ones after the first STORE_JOB_ERRORS_MAX are dropped (STORE_OK).
store_status store_job_error_add(store_session *session, int64_t project, int64_t job,
                                 const store_job_error *error, store_error *err);
/// In the order they were added.
store_status store_job_error_list(store_session *session, int64_t project, int64_t job,
                                  store_job_error_visit visit, void *context, store_error *err);
/// Deletes what ended jobs of all projects leave: their input; and the jobs themselves with their
/// errors, the abandoned ones and those with updated_at_ms < before_ms.
///
/// limit    Rows of input, and jobs, to delete at most: it bounds how long the call takes.
/// is_done  written  There is no more to delete.
store_status store_job_tidy(store_session *session, int64_t before_ms, size_t limit, bool *is_done,
                            store_error *err);

// ---- Webhooks ----

/// How sending to a webhook goes.
typedef struct store_webhook_health {
  int64_t failures;           ///< In a row; 0 after a success.
  int64_t last_success_at_ms; ///< Optional.
  int64_t last_failure_at_ms; ///< Optional.
  int64_t paused_until_ms;    ///< Optional. Nothing is sent before.
  int64_t delivered;          ///< Deliveries that were taken, ever.
  int64_t failed_attempt;     ///< The num of the last attempt that failed; 0: none.
} store_webhook_health;

typedef struct store_webhook {
  int64_t num;
  int64_t project;
  seg_text_view id;
  seg_text_view name; ///< Optional.
  seg_text_view url;
  seg_text_view events_json;    ///< An array of patterns.
  seg_text_view headers_json;   ///< Optional: an object of texts.
  seg_text_view condition_json; ///< Optional.
  bool is_enabled;
  seg_text_view secret;        ///< Readable: messages are signed with it.
  seg_text_view old_secret;    ///< Optional.
  int64_t old_secret_until_ms; ///< Optional: until then the old one signs too.
  int64_t created_at_ms;
  int64_t updated_at_ms;
  store_webhook_health health; ///< Set by store_webhook_set_health alone.
} store_webhook;

typedef bool (*store_webhook_visit)(void *context, const store_webhook *webhook);

/// `num` and `health` are not read. STORE_CONFLICT: the id is taken; STORE_NOT_FOUND: no such
/// project.
store_status store_webhook_insert(store_session *session, const store_webhook *webhook,
                                  int64_t *num, store_error *err);
/// Sets everything of (project, num) but id, created_at_ms and health.
store_status store_webhook_update(store_session *session, const store_webhook *webhook,
                                  store_error *err);
store_status store_webhook_set_health(store_session *session, int64_t project, int64_t num,
                                      const store_webhook_health *health, store_error *err);
/// Deletes the webhook. Its deliveries are nobody's from here on: store_delivery_expire takes them
/// away, since there may be millions.
store_status store_webhook_delete(store_session *session, int64_t project, int64_t num,
                                  store_error *err);
/// Oldest first.
store_status store_webhook_list(store_session *session, int64_t project, store_webhook_visit visit,
                                void *context, store_error *err);

// ---- Deliveries: what webhooks are told of events ----
//
// A delivery is known by its webhook and its num. One of another project's webhook, or of one that
// is gone, is as good as absent.

/// Stored by number.
typedef enum store_delivery_status {
  STORE_DELIVERY_PENDING = 0,
  STORE_DELIVERY_DELIVERED = 1,
  STORE_DELIVERY_PARKED = 2 ///< Given up.
} store_delivery_status;

typedef struct store_delivery {
  int64_t webhook;
  int64_t num;
  int64_t contact; ///< 0: none. It may be gone by now.
  int64_t nonce;   ///< Random: two files that give the same num don't give the same id.
  store_delivery_status status;
  int64_t at_ms; ///< When its event was recorded.
  seg_text_view payload;
  // Of a pending one; else 0 and STORE_NO_INSTANT.
  int64_t attempts;
  int64_t since_ms; ///< When it became due first: what its day of attempts is counted from.
  int64_t next_at_ms;
} store_delivery;

typedef bool (*store_delivery_visit)(void *context, const store_delivery *delivery);

/// The num of the next delivery, which its payload has to name.
store_status store_delivery_next_num(store_session *session, int64_t *num, store_error *err);
/// Stores a pending delivery, due at at_ms. `status` and what a pending one has are not read.
/// STORE_NOT_FOUND: no such webhook.
/// Cost: two appends, and 40 bytes of file beside the payload.
store_status store_delivery_insert(store_session *session, int64_t project,
                                   const store_delivery *delivery, store_error *err);
/// Pending ones with num > after, in their order, at most `limit`.
store_status store_delivery_list_pending(store_session *session, int64_t project, int64_t webhook,
                                         int64_t after, size_t limit, store_delivery_visit visit,
                                         void *context, store_error *err);
/// Whether there is a pending one.
store_status store_delivery_is_pending(store_session *session, int64_t project, int64_t webhook,
                                       bool *is_pending, store_error *err);
/// How many are pending, and parked. Cost: a look at each of them, about 10 ns.
store_status store_delivery_count(store_session *session, int64_t project, int64_t webhook,
                                  int64_t *pending, int64_t *parked, store_error *err);
/// Newest first, those with num < before, at most `limit`.
/// status  optional  Of this status only. Delivered ones are found by passing over the others.
store_status store_delivery_page(store_session *session, int64_t project, int64_t webhook,
                                 const store_delivery_status *status, int64_t before, size_t limit,
                                 store_delivery_visit visit, void *context, store_error *err);
store_status store_delivery_get(store_session *session, int64_t project, int64_t webhook,
                                int64_t num, store_delivery_visit visit, void *context,
                                store_error *err);
/// Those with num > after, in their order, at most `limit`; without payloads.
store_status store_delivery_each(store_session *session, int64_t project, int64_t webhook,
                                 int64_t after, size_t limit, store_delivery_visit visit,
                                 void *context, store_error *err);
/// The first num whose delivery, and all after it, were recorded at at_ms or later, if instants
/// rise with nums. num  written  Greater than all if there is none.
/// Cost: about 40 looks.
store_status store_delivery_find_first(store_session *session, int64_t project, int64_t webhook,
                                       int64_t at_ms, int64_t *num, store_error *err);
/// A pending one is pending no more. STORE_NOT_FOUND: it is not pending.
store_status store_delivery_settle(store_session *session, int64_t project, int64_t webhook,
                                   int64_t num, store_delivery_status status, store_error *err);
/// A pending one has had another attempt, and is due again at next_at_ms. STORE_NOT_FOUND: it is
/// not pending.
store_status store_delivery_delay(store_session *session, int64_t project, int64_t webhook,
                                  int64_t num, int64_t next_at_ms, store_error *err);
/// Makes one pending, whatever it is, due at at_ms, with a new day of attempts.
store_status store_delivery_renew(store_session *session, int64_t project, int64_t webhook,
                                  int64_t num, int64_t at_ms, store_error *err);

/// One attempt to send a delivery.
typedef struct store_attempt {
  int64_t at_ms;
  int64_t duration_ms;
  int64_t http_status;   ///< 0: there was no answer.
  seg_text_view error;   ///< Optional: why it failed, beyond the status.
  seg_text_view request; ///< Optional: the headers that were sent.
  seg_text_view answer;  ///< Optional: how the answer's body begins; any bytes.
} store_attempt;

typedef bool (*store_attempt_visit)(void *context, const store_attempt *attempt);

/// attempt_num  written, optional  What store_attempt_get finds it by.
/// STORE_NOT_FOUND: no such delivery.
store_status store_attempt_insert(store_session *session, int64_t project, int64_t webhook,
                                  int64_t num, const store_attempt *attempt, int64_t *attempt_num,
                                  store_error *err);
/// An attempt of any delivery of the webhook. STORE_NOT_FOUND: there is none; it may have expired.
store_status store_attempt_get(store_session *session, int64_t project, int64_t webhook,
                               int64_t attempt_num, store_attempt_visit visit, void *context,
                               store_error *err);
/// Newest first, at most `limit`.
store_status store_attempt_list(store_session *session, int64_t project, int64_t webhook,
                                int64_t num, size_t limit, store_attempt_visit visit, void *context,
                                store_error *err);

/// Deletes, with their attempts, the deliveries of all projects that are not pending and were
/// recorded before before_ms, and all those of deleted webhooks.
///
/// cursor  read, written  Where to go on; 0 begins, and means at the end that all has been looked
///                        at.
/// limit   Deliveries to look at at most: it bounds how long the call takes, about 20 µs each.
store_status store_delivery_expire(store_session *session, int64_t before_ms, size_t limit,
                                   int64_t *cursor, store_error *err);

// ---- Idempotency keys ----

/// The answer that was given to the first request with this key.
typedef struct store_answer {
  seg_text_view key;
  uint8_t body_hash[STORE_HASH_BYTES];
  int status; ///< Of HTTP.
  seg_text_view content;
  int64_t at_ms;
} store_answer;

typedef bool (*store_answer_visit)(void *context, const store_answer *answer);

store_status store_answer_get(store_session *session, int64_t project, seg_text_view key,
                              store_answer_visit visit, void *context, store_error *err);
/// STORE_CONFLICT: the key has an answer.
store_status store_answer_put(store_session *session, int64_t project, const store_answer *answer,
                              store_error *err);
/// Deletes the answer to this key if it has at_ms < before_ms, and some of all such answers.
///
/// limit  Of the latter, those of all projects: it bounds how long the call takes.
store_status store_answer_expire(store_session *session, int64_t project, seg_text_view key,
                                 int64_t before_ms, size_t limit, store_error *err);

// ---- Tokens of the dashboard ----

/// Stored by number.
typedef enum store_token_kind {
  STORE_TOKEN_SESSION = 0, ///< The cookie.
  STORE_TOKEN_LOGIN = 1    ///< The one-time link: whoever deletes it (STORE_OK) has used it.
} store_token_kind;

typedef struct store_token {
  store_token_kind kind;
  uint8_t hash[STORE_HASH_BYTES];
  int64_t project; ///< Optional: absent is all projects.
  int64_t created_at_ms;
  int64_t expires_at_ms;
} store_token;

typedef bool (*store_token_visit)(void *context, const store_token *token);

/// STORE_CONFLICT: the hash is taken; STORE_NOT_FOUND: no such project.
store_status store_token_put(store_session *session, const store_token *token, store_error *err);
/// Also one that has expired: compare expires_at_ms.
store_status store_token_get(store_session *session, store_token_kind kind,
                             const uint8_t hash[STORE_HASH_BYTES], store_token_visit visit,
                             void *context, store_error *err);
/// STORE_NOT_FOUND: there was none.
store_status store_token_delete(store_session *session, store_token_kind kind,
                                const uint8_t hash[STORE_HASH_BYTES], store_error *err);
/// Deletes the tokens with expires_at_ms <= now_ms.
store_status store_token_expire(store_session *session, int64_t now_ms, store_error *err);

#endif
