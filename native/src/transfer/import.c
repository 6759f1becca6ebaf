// See import.h.
#include "import_internal.h"

#include "engine/ids.h"
#include "engine/owned_text.h"
#include "segmentry/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The indexes of ids and addresses are filled in no order; with all of them in memory an insert
/// needs no disk. This is what three million contacts need.
#define CACHE_BYTES (INT64_C(1) << 30)

store_status import_no_memory(store_error *error) {
  error->status = STORE_NOMEM;
  (void)snprintf(error->message, sizeof error->message, "out of memory");
  return STORE_NOMEM;
}

bool import_make_table(seg_table **out) {
  return seg_table_create(seg_allocator_default(), (uint64_t)random_number(), out) == SEG_OK &&
         seg_table_index_emails(*out) == SEG_OK;
}

/// Reads what the project is before the import.
static store_status look_at_project(import *own, const import_options *options,
                                    store_error *error) {
  int64_t contacts = 0;
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  store_status status =
      projects_find(own->session, options->db, options->project_id, &own->project, error);
  if (status == STORE_OK) {
    status = store_contact_count(own->session, own->project.num, all, &contacts, error);
  }
  own->is_fresh = contacts == 0;
  if (status == STORE_OK && !own->is_fresh) {
    status = import_read_contacts(own, (size_t)contacts, error);
  }
  if (status == STORE_OK && !own->is_fresh) {
    status = import_read_occurrences(own, error);
  }
  return status == STORE_OK ? import_read_segments(own, error) : status;
}

static store_status begin(import *own, const import_options *options, store_error *error) {
  store_options opening = {
      .path = options->db, .must_exist = true, .is_exclusive = true, .cache_bytes = CACHE_BYTES};
  store_status status = store_open(&opening, &own->file, error);
  if (status == STORE_OK) {
    status = store_session_open(own->file, STORE_ACCESS_WRITE, &own->session, error);
  }
  if (status == STORE_OK) {
    status = store_transaction_begin(own->session, error);
  }
  if (status == STORE_OK) {
    status = look_at_project(own, options, error);
  }
  if (status != STORE_OK) {
    return status;
  }
  if (!import_make_table(&own->lines)) {
    return import_no_memory(error);
  }
  own->pipe = row_pipe_start(import_store_row, own);
  return own->pipe == NULL ? import_no_memory(error) : STORE_OK;
}

store_status import_begin(const import_options *options, import **out, store_error *error) {
  import *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return import_no_memory(error);
  }
  own->now_ms = options->now_ms;
  store_status status = begin(own, options, error);
  if (status != STORE_OK) {
    import_end(own);
    return status;
  }
  *out = own;
  return STORE_OK;
}

void import_end(import *own) {
  if (own == NULL) {
    return;
  }
  row_pipe_stop(own->pipe);
  store_session_close(own->session); // rolls back, unless it was finished
  store_close(own->file);
  for (size_t i = 0; i < own->segment_count; i++) {
    segment_free(own->segments[i].of);
    owned_text_free(own->segments[i].file_name);
    owned_text_free(own->segments[i].file_id);
  }
  for (size_t i = 0; i < NAME_CACHE_SLOTS; i++) {
    owned_text_free(own->names[i].text);
  }
  free(own->segments);
  free(own->memberships);
  free(own->changes);
  free(own->nums);
  occurrences_free(&own->events);
  occurrences_free(&own->activities);
  seg_table_free(own->lines);
  seg_table_free(own->before);
  free(own->before_nums);
  free(own);
}

seg_table *import_table(import *own) { return own->lines; }

const store_error *import_failure(const import *own) {
  return own->failure.status == STORE_OK ? NULL : &own->failure;
}

// The end.

static bool keep_row(void *context, const store_project *row) {
  store_project *kept = context;
  kept->num = row->num;
  return owned_text_copy(row->id, &kept->id) && owned_text_copy(row->name, &kept->name);
}

/// Gives the lines and the segments to an empty project: the same as loading what has been stored,
/// without reading a million contacts again.
static store_status fill(import *own, project *in) {
  seg_table_free(in->table);
  in->table = own->lines;
  in->contact_nums = own->nums;
  in->contact_num_capacity = own->num_capacity;
  own->lines = NULL;
  own->nums = NULL;
  bool ok = true;
  for (size_t i = 0; ok && i < own->segment_count; i++) {
    ok = project_add_segment(in, own->segments[i].of);
    own->segments[i].of = ok ? NULL : own->segments[i].of;
  }
  ok = ok && import_replay_members(own, in);
  for (size_t i = 0; ok && i < own->membership_count; i++) {
    const membership *member = &own->memberships[i];
    const segment *of = in->segments[member->segment];
    ok = !of->is_static ||
         seg_table_set_member(in->table, of->id, member->row, true, NULL) == SEG_OK;
  }
  return ok ? STORE_OK : STORE_NOMEM;
}

/// The project as a server would load it, with everything that has been imported.
static store_status load(import *own, project **out, store_error *error) {
  store_project row = {.num = 0};
  store_status status =
      store_project_get_by_num(own->session, own->project.num, keep_row, &row, error);
  if (status == STORE_OK && own->is_fresh) {
    status = project_create(&row, (uint64_t)random_number(), out);
    status = status == STORE_OK ? fill(own, *out) : status;
  } else if (status == STORE_OK) {
    seg_table_free(own->lines); // room for the project's table
    seg_table_free(own->before);
    own->lines = own->before = NULL;
    status = project_load(own->session, NULL, &row, (uint64_t)random_number(), NULL, out, error);
  }
  owned_text_free(row.id);
  owned_text_free(row.name);
  return status == STORE_NOMEM ? import_no_memory(error) : status;
}

/// Whether a server could load the project, and its tracked segments have room for their events.
static store_status check_room(const project *in, store_error *error) {
  size_t needed = seg_table_event_count(in->table) + 2 * in->segment_count;
  if (needed <= SEG_TABLE_EVENTS_MAX) {
    return STORE_OK;
  }
  error->status = STORE_CONFLICT;
  (void)snprintf(error->message, sizeof error->message,
                 "the project would have %zu event names, two of each segment counted; at most %d "
                 "are allowed",
                 needed, SEG_TABLE_EVENTS_MAX);
  return STORE_CONFLICT;
}

store_status import_finish(import *own, import_counts *counts, store_error *error) {
  project *in = NULL;
  store_status status = row_pipe_drain(own->pipe, error);
  if (status == STORE_OK) {
    status = import_replay_changes(own, error);
  }
  if (status == STORE_OK) {
    status = import_store_members(own, error);
  }
  if (status == STORE_OK) {
    status = load(own, &in, error);
  }
  if (status == STORE_OK) {
    status = check_room(in, error);
  }
  if (status == STORE_OK) {
    status = import_settle(own, in, error);
  }
  if (status == STORE_OK) {
    status = store_transaction_commit(own->session, error);
  }
  project_free(in);
  *counts = own->counts;
  return status;
}
