/// The engine: projects in memory, and everything that can be asked of them or done to them.
///
/// Reads run on the tables, under a project's read lock, and never wait for the store. Changes go
/// through the writer (writer.h) and return when they are durable.
///
/// Outputs are shown to a callback (`show`) instead of being returned: what it is given lives only
/// during the call. For changes it is called in the writer's thread before the commit, so what it
/// makes of it must be thrown away unless the call returns ENGINE_OK. Results are complete before
/// the commit too, which is when the answer of a request with an Idempotency-Key is kept (once.h).
/// All calls may come from any thread. `error` must have been through engine_error_init.
#ifndef SEGMENTRY_ENGINE_H
#define SEGMENTRY_ENGINE_H

#include "ids.h"
#include "project.h"
#include "segmentry/ingest.h"
#include "writer.h"

typedef struct engine engine;

/// Between two words of progress while a project is loaded: who waits wants to see that it goes on.
#define ENGINE_PROGRESS_MS 1000

typedef struct engine_options {
  const char *path;          ///< The database.
  bool is_relaxed;           ///< synchronous=NORMAL.
  int64_t sweep_ms;          ///< 0: no sweep by itself.
  size_t text_bytes_max;     ///< See seg_table_limit_texts; 0: as much as there can be.
  int64_t campaign_clock_ms; ///< How often scheduled campaigns are looked for at least; 0: never.
  int64_t (*now_ms)(void *context);
  void *context;
  void (*log)(void *context, const char *event, const char *message);
  /// optional  Waits, but not for long, until what was logged has been written: the process ends.
  void (*flush_log)(void *context);
  /// optional  Told about every ENGINE_PROGRESS_MS how much of a project is loaded.
  void (*progress)(void *context, size_t contacts, size_t events);
} engine_options;

/// Opens the database and builds all projects' tables. On failure says why in `error`.
bool engine_open(const engine_options *options, engine **out, store_error *error);
/// Finishes what has been accepted, and closes.
void engine_close(engine *own);

/// A read-only session of the store for the calling thread; give it back with
/// engine_session_return. NULL if there is none to be had.
store_session *engine_session_borrow(engine *own);
void engine_session_return(engine *own, store_session *session);

int64_t engine_now_ms(const engine *own);

// Projects.

/// Creates a project with new keys. show  The keys are shown this once.
typedef void (*engine_project_show)(void *context, const char *id, const char *name,
                                    const char *secret_key, const char *public_key);
engine_status engine_project_create(engine *own, seg_text_view name, engine_project_show show,
                                    void *context, engine_error *error);
/// Gives a project two new keys. The old ones are worth nothing from the moment at which this
/// returns; requests under way are finished. ENGINE_NOT_FOUND: there is no project with this id.
engine_status engine_project_rotate_keys(engine *own, seg_text_view id, engine_project_show show,
                                         void *context, engine_error *error);

typedef enum engine_key { ENGINE_KEY_NONE, ENGINE_KEY_PUBLIC, ENGINE_KEY_SECRET } engine_key;
/// Finds the project of a key. Compared in constant time.
project *engine_project_of_key(engine *own, seg_text_view key, engine_key *kind);

/// The key in the address that email providers report to: it says for which project, and does
/// nothing else. It is derived from the secret key's hash, so that nothing more is to be stored,
/// and it changes when the project's keys are rotated. False if the project is gone.
bool engine_project_inbound_key(engine *own, const project *in, char out[SECRET_TEXT_BYTES]);
/// Whether a text is that key. Compared in constant time.
bool engine_project_is_inbound_key(engine *own, const project *in, seg_text_view key);

// Answers.

/// Keeps the answer of a request that changed nothing, or shows the first one: see once.h.
/// `error->once` must be set.
engine_status engine_answer_keep(engine *own, project *in, engine_error *error);

/// Finds a project by its id; the oldest one. NULL if there is none.
project *engine_project_find(engine *own, seg_text_view id);
project *engine_project_oldest(engine *own);

// The dashboard's sessions (login.h).

/// Makes a one-time link's token.
engine_status engine_login_link(engine *own, char out[SECRET_TEXT_BYTES], engine_error *error);
/// Exchanges a link's token for a session's. ENGINE_NOT_FOUND: it is not known, was used, or is too
/// old.
engine_status engine_login_begin(engine *own, seg_text_view link, char out[SECRET_TEXT_BYTES],
                                 engine_error *error);
/// Ends a session; one that is not known has ended already.
engine_status engine_login_end(engine *own, seg_text_view session, engine_error *error);
/// ENGINE_OK: the session is good; ENGINE_NOT_FOUND: it is not; ENGINE_UNAVAILABLE.
engine_status engine_login_check(engine *own, seg_text_view session);

// Contacts.

/// Bytes of a contact's data, and of an event's, as JSON: each is in one line of an export, which
/// an import must be able to read again. The 4 KiB are for what else is in the line.
#define ENGINE_DATA_BYTES_MAX (SEG_INGEST_LINE_BYTES_MAX - 4096)

/// What a request says of a contact.
typedef struct contact_input {
  seg_text_view email;
  bool has_subscribed;
  bool subscribed;
  bool subscribed_if_new; ///< What a new contact is when `has_subscribed` is not.
  seg_text_view data;     ///< An object, merged as json_text_merge says; NULL bytes: none.
  /// The tree of `data`, checked by seg_data_check, where a merge would leave it as it is; or NULL.
  /// It outlives the command, and spares the writer's thread the parsing for a new contact.
  const struct cJSON *tree;
} contact_input;

typedef void (*engine_contact_show)(void *context, const store_contact *contact, bool is_new);

/// Creates the contact of this email, or updates it.
engine_status engine_contact_put(engine *own, project *in, const contact_input *input,
                                 engine_contact_show show, void *context, engine_error *error);
/// Updates a contact by id; `input->email` with NULL bytes keeps the email.
engine_status engine_contact_update(engine *own, project *in, seg_text_view id,
                                    const contact_input *input, engine_contact_show show,
                                    void *context, engine_error *error);
/// Says of each address, as it is written, whether a contact has it. found  written  One for each.
void engine_contacts_look_up(engine *own, project *in, const seg_text_view *emails, size_t count,
                             bool *found);
engine_status engine_contact_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error);

// Events.

typedef struct event_input {
  seg_text_view name;
  contact_input contact;
  seg_text_view data; ///< The event's own, kept as it is; NULL bytes: none.
  int64_t at_ms;      ///< STORE_NO_INSTANT: now.
} event_input;

/// What became of one item of many.
typedef struct event_result {
  engine_status status; ///< ENGINE_OK, or ENGINE_INVALID with a message and nothing else.
  char contact_id[SEG_CONTACT_ID_BYTES_MAX + 1];
  char event_id[ID_TEXT_BYTES];
  int64_t at_ms;
  char message[SEG_MESSAGE_BYTES];
} event_result;

/// Records events of contacts, each of which is created if it is not there: all in one transaction,
/// in their order. An item that is refused changes nothing, and no other item.
///
/// results  written  One for each item; of no meaning unless ENGINE_OK is returned.
///
/// Returns ENGINE_OK, whatever became of the items; or ENGINE_UNAVAILABLE: none is recorded.
engine_status engine_events_track(engine *own, project *in, const event_input *items, size_t count,
                                  event_result *results, engine_error *error);
/// The same of one; a refused item is the call's failure.
engine_status engine_event_track(engine *own, project *in, const event_input *input,
                                 event_result *result, engine_error *error);

typedef struct activity_input {
  seg_text_view email;
  seg_activity activity;
  int64_t at_ms;
  seg_text_view message_id; ///< Optional.
} activity_input;

/// What became of one: ENGINE_OK; ENGINE_CONFLICT: counted already; ENGINE_NOT_FOUND: there is no
/// such contact; ENGINE_INVALID. The last two have a message.
typedef struct activity_result {
  engine_status status;
  char message[SEG_MESSAGE_BYTES];
} activity_result;

/// Records email activities of contacts that exist, as engine_events_track does events.
engine_status engine_activities_record(engine *own, project *in, const activity_input *items,
                                       size_t count, activity_result *results, engine_error *error);

/// When a contact's events happened, for a page of `limit` of them: newest first, none after
/// `latest_ms`.
///
/// out  written  `limit` instants at most, which the result shows.
///
/// Without memory for it the result is all zero: the store then looks for itself.
store_instants engine_contact_instants(engine *own, project *in, seg_text_view id,
                                       int64_t latest_ms, int64_t *out, size_t limit);

// Segments.

/// What a request says of a segment. Texts with NULL bytes are left as they are.
typedef struct segment_input {
  seg_text_view name;
  bool has_description;
  seg_text_view description;     ///< NULL bytes with has_description: none.
  bool is_static;                ///< At creation.
  const struct cJSON *condition; ///< NULL: as it is, or none.
  bool has_track;
  bool track;
} segment_input;

typedef void (*engine_segment_show)(void *context, const project *in, const segment *of);

engine_status engine_segment_create(engine *own, project *in, const segment_input *input,
                                    engine_segment_show show, void *context, engine_error *error);
engine_status engine_segment_update(engine *own, project *in, seg_text_view id,
                                    const segment_input *input, engine_segment_show show,
                                    void *context, engine_error *error);
engine_status engine_segment_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error);
/// Shows one segment, or all, newest first.
engine_status engine_segment_get(engine *own, project *in, seg_text_view id,
                                 engine_segment_show show, void *context, engine_error *error);
void engine_segment_list(engine *own, project *in, engine_segment_show show, void *context);
/// Shows the segments whose conditions refer to one, newest first.
engine_status engine_segment_users(engine *own, project *in, seg_text_view id,
                                   engine_segment_show show, void *context, engine_error *error);
typedef struct compute_result {
  size_t added;
  size_t removed;
  size_t total;
} compute_result;
/// Counts the members anew, without entries and exits: `total` alone is filled in.
engine_status engine_segment_refresh(engine *own, project *in, seg_text_view id,
                                     compute_result *result, engine_error *error);
/// Brings the stored members up to date and fires the entries and exits.
engine_status engine_segment_compute(engine *own, project *in, seg_text_view id,
                                     compute_result *result, engine_error *error);

typedef struct members_result {
  size_t added;
  size_t created;
  size_t removed;
} members_result;
typedef void (*engine_email_show)(void *context, seg_text_view email, bool is_invalid);

/// Adds contacts to a static segment by email.
/// missed  Called for each address that was not found, or is none.
engine_status engine_members_add(engine *own, project *in, seg_text_view id,
                                 const seg_text_view *emails, size_t count, bool create_missing,
                                 bool subscribed, engine_email_show missed, void *context,
                                 members_result *result, engine_error *error);
engine_status engine_members_remove(engine *own, project *in, seg_text_view id,
                                    const seg_text_view *emails, size_t count,
                                    members_result *result, engine_error *error);

/// Rows of the members of a segment as they are now, newest contact first, some of them.
/// ids  written, owned  `limit` texts at most, each to be freed with free.
engine_status engine_segment_members(engine *own, project *in, seg_text_view id, size_t offset,
                                     size_t limit, seg_text_view *ids, size_t *id_count,
                                     size_t *total, engine_error *error);

/// Everything a preview shows but the contacts themselves.
typedef struct preview {
  size_t count;
  size_t subscribed;
  size_t total;
  size_t *node_counts;       ///< Owned: free. One for each node of the filter.
  seg_filter *filter;        ///< Owned: seg_filter_free.
  seg_text_view *sample_ids; ///< Owned, each too.
  size_t sample_count;
  bool has_changes; ///< With a segment: what saving would do.
  size_t entering;
  size_t leaving;
} preview;

engine_status engine_preview(engine *own, project *in, const struct cJSON *condition,
                             seg_text_view segment_id, size_t sample, preview *out,
                             engine_error *error);
void preview_free(preview *gone);

#endif
