/// A batch: the commands that share one transaction, and what they do to the projects' tables.
///
/// The writer thread alone uses it:
///
///     begin -> each command: savepoint, run, keep or undo -> track -> commit -> publish
///
/// Commands write to the store and note changes (change.h). A command that fails is undone alone,
/// in the store and in the list. Tracking carries the list out on the scratch table, evaluates the
/// touched contacts there, and adds entries and exits. Publishing carries the list out on the
/// project's table.
#ifndef SEGMENTRY_BATCH_H
#define SEGMENTRY_BATCH_H

#include "change.h"
#include "pending.h"
#include "project.h"
#include "segmentry/slug.h"

/// What a batch does to one project.
typedef struct project_batch {
  project *project;
  seg_table *scratch;    ///< The touched contacts as they will be.
  int64_t *scratch_nums; ///< By scratch row: the store's number of the contact.
  size_t scratch_num_capacity;
  change_list changes;
  pending_contacts pending; ///< The contacts of `changes` whose address or num is not the table's.
  size_t applied_count;     ///< Of `changes`, those that the scratch table has, or never will.
  size_t added_field_count; ///< Fields and event names that the batch brings, at most: what a
  size_t added_event_count; ///< command that was undone has taken stays taken.
  size_t added_data_bytes;  ///< Bytes that all texts in data, and all ids and addresses, take in
  size_t added_text_bytes;  ///< the table at most. The same.
  size_t told_count;        ///< Of `changes`, those that the webhooks have been told of (outbox.h),
  size_t told_mark;         ///< and how many they were at the last mark.
} project_batch;

typedef struct batch {
  store_session *session;
  int64_t now_ms;
  project_batch *projects;
  size_t project_count;
  size_t project_capacity;
  bool has_deliveries; ///< It writes some, or changes a webhook: who sends them is told.
  store_error error;   ///< The last failure of the store.
} batch;

/// What became of a step. BATCH_FAILED means the whole transaction; `error` of the batch says why.
typedef enum batch_status { BATCH_OK, BATCH_NOMEM, BATCH_FAILED } batch_status;

/// The part of a batch that belongs to a project, made when it is first asked for. NULL if there is
/// no memory.
project_batch *batch_project(batch *own, project *wanted);

/// Puts a contact of the project into the scratch table as it is now, if it is not there yet. A
/// contact that the project does not have is left out.
batch_status batch_touch(project_batch *part, seg_text_view contact_id);

/// Carries out on the scratch table what has been noted and is not there yet. Left until somebody
/// needs the scratch table: copying a contact there costs more than most of what is done to it.
batch_status batch_apply(project_batch *part);

// Room in the project's table, on top of all that the batch brings: nothing may fail any more once
// the store has committed.

/// What there is no room for.
typedef enum batch_lack {
  BATCH_LACKS_NOTHING,
  BATCH_LACKS_FIELDS, ///< Another field.
  BATCH_LACKS_TEXTS   ///< More texts in a field, or more addresses.
} batch_lack;

/// Takes room for a contact's data.
/// json_bytes  Its size as JSON.
/// lack        written
/// full_path   written  With BATCH_LACKS_TEXTS: the field, without `data.`. Empty if it is a new
/// one
///                      that the batch fills by itself. Valid until the table changes.
batch_status batch_take_data(project_batch *part, const struct cJSON *data, size_t json_bytes,
                             batch_lack *lack, seg_text_view *full_path);
/// Takes room for a contact's id and address. False if there is none.
bool batch_take_contact(project_batch *part);
/// Takes room for an event of a name. Each segment's own two events have their room kept.
/// fits  written  False if there is none.
batch_status batch_take_event(project_batch *part, seg_text_view name, bool *fits);

/// A contact as the batch has made it so far.
typedef struct batch_contact {
  int64_t num;      ///< In the store.
  seg_text_view id; ///< Lives as long as the batch.
  bool subscribed;
} batch_contact;

/// Finds the contact of an address (seg_email_normalise) as the batch has made it so far; false if
/// there is none. An address is one contact's: the writer thread sees to that, by asking here
/// first.
bool batch_find_email(const project_batch *part, seg_text_view email, batch_contact *out);
/// Says whose an address is now; `contact` NULL: nobody's. After the change has been noted, so that
/// undoing it undoes this. Must be called for each contact that is new, gone, or has another
/// address or `subscribed`. False if there is no memory.
bool batch_note_email(project_batch *part, seg_text_view email, const batch_contact *contact);

/// Where the list stands, and going back there: for undoing one command.
size_t batch_mark(project_batch *part);
batch_status batch_cut(project_batch *part, size_t mark);

/// Evaluates every tracked segment on the touched contacts, writes what changed to the store and
/// notes it. Cost: the touched contacts times the tracked segments.
batch_status batch_track(batch *own);

/// Carries the changes out on the projects' tables, under their write locks. Must follow a commit.
/// Returns false if memory ran out half-way: the tables are then behind the store.
bool batch_publish(batch *own);

/// Forgets everything; the batch may be used again.
void batch_clear(batch *own);

/// Bytes of an entry or exit event's `data` at most: a name whose every byte is escaped as \u00XX,
/// an id, and the braces and keys around them.
#define BATCH_MOVE_JSON_BYTES (6 * SEG_NAME_BYTES_MAX + 128)

/// What is the same for all contacts that enter, or leave, a tracked segment in one go.
typedef struct batch_move {
  store_move row;
  char event_name[SEG_EVENT_NAME_BYTES_MAX + 1];
  char event_json[BATCH_MOVE_JSON_BYTES];
  seg_text_view event_data; ///< `event_json`, if a webhook may ask for it; else NULL bytes.
} batch_move;

/// Writes the name of the event that an entry into a segment is, or an exit.
void batch_name_move(const segment *of, bool is_entry, char out[SEG_EVENT_NAME_BYTES_MAX + 1]);

/// Gets ready for entries into a segment, or for exits: names the event that they are.
store_status batch_move_begin(batch *own, const project *in, const segment *of, bool is_entry,
                              store_cause cause, batch_move *out);

#endif
