/// The inside of an import, for its own files.
#ifndef SEGMENTRY_TRANSFER_IMPORT_INTERNAL_H
#define SEGMENTRY_TRANSFER_IMPORT_INTERNAL_H

#include "api/projects.h"
#include "engine/project.h"
#include "import.h"
#include "occurrences.h"
#include "row_pipe.h"

/// Event names whose numbers are at hand; one that falls on another's place is asked for again.
#define NAME_CACHE_SLOTS 512

typedef struct cached_name {
  seg_text_view text; ///< Owned.
  int64_t num;
} cached_name;

/// A segment of the project, and what the file calls it.
typedef struct import_segment {
  segment *of;             ///< Owned, until the loaded project takes it: NULL then.
  int64_t num;             ///< In the store; 0 until it is there.
  bool is_new;             ///< The import makes it.
  seg_text_view file_name; ///< Owned; NULL bytes: the file does not define it.
  seg_text_view file_id;   ///< Owned; NULL bytes: the file gives it none.
} import_segment;

/// No row: the contact is not in the files.
#define NO_ROW UINT32_MAX

/// A stored membership that the files tell of.
typedef struct membership {
  size_t segment; ///< In `segments`.
  int64_t contact;
  int64_t since_ms;
  uint32_t row; ///< In `lines`, or NO_ROW.
} membership;

/// An entry or exit of the past that the files tell of.
typedef struct past_change {
  size_t segment; ///< In `segments`; one that the import makes.
  int64_t contact;
  uint32_t row; ///< In `lines`.
  int64_t at_ms;
  size_t line; ///< Those of one instant stay in the order of the lines.
  bool is_entry;
  store_cause cause;
} past_change;

struct import {
  int64_t now_ms;
  store *file;
  store_session *session; ///< The pipe's thread has it until a drain.
  project_found project;
  bool is_fresh; ///< The project had no contacts: what the lines say is all there is.
  store_error failure;

  seg_table *lines;     ///< What the files say, with its index of addresses.
  seg_table *before;    ///< The contacts that the project had, without data; indexed likewise.
  int64_t *before_nums; ///< By row of `before`: the store's number of the contact.
  row_pipe *pipe;

  // The pipe's thread has these until a drain.
  int64_t *nums; ///< By row of `lines`: the store's number of the contact.
  size_t num_count;
  size_t num_capacity;
  occurrences events; ///< That the project had before.
  occurrences activities;
  cached_name names[NAME_CACHE_SLOTS];
  import_counts counts;

  import_segment *segments; ///< All of the project, oldest first.
  size_t segment_count;
  size_t segment_capacity;
  membership *memberships;
  size_t membership_count;
  size_t membership_capacity;
  past_change *changes; ///< By segment, in the order of time, once they have been replayed.
  size_t change_count;
  size_t change_capacity;
};

/// Makes a table with an index of addresses. out  written  Also when it fails; free it either way.
bool import_make_table(seg_table **out);
/// Stores a row: the pipe's row_taker.
store_status import_store_row(void *context, const import_row *row, store_error *error);
/// Reads the addresses of a project's contacts, of which there are `count`.
store_status import_read_contacts(import *own, size_t count, store_error *error);
/// Finds a contact that the project had before, by its stored address.
bool import_find_before(const import *own, seg_text_view email, int64_t *num);
/// Reads what a project with contacts already has.
store_status import_read_occurrences(import *own, store_error *error);

/// Reads the project's segments.
store_status import_read_segments(import *own, store_error *error);
/// Finds a segment by the file's name or id, or by the project's id. Returns `segment_count` if
/// there is none.
size_t import_find_segment(const import *own, seg_text_view reference);
/// Notes a membership. False if there is no memory.
bool import_add_membership(import *own, const membership *added);

/// Notes an entry or exit. False if there is no memory.
bool import_add_change(import *own, const past_change *added);
/// Stores the history that the files tell of: each entry makes a member, each exit unmakes one.
store_status import_replay_changes(import *own, store_error *error);
/// Does the same to the table of a project that was empty. False if there is no memory.
bool import_replay_members(const import *own, project *in);
/// Adds or removes a member, in the store. One that is a member already, or is none, stays so.
///
/// event of `move`  must be 0
/// has_changed      written
store_status import_move_member(const import *own, const store_move *move, int64_t contact,
                                bool is_entry, bool *has_changed, store_error *error);

/// Stores the members of static segments that the files tell of.
store_status import_store_members(import *own, store_error *error);
/// Settles the members of tracked segments, silently, and counts all segments.
store_status import_settle(import *own, project *in, store_error *error);

/// STORE_NOMEM with its message.
store_status import_no_memory(store_error *error);

#endif
