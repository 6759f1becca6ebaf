// Reading a project out of the store: what a start waits for.
//
// Three threads share the work, which is about a third each. Two of them read the store, and the
// caller's fills the table:
//
//     reader   contacts of the store ─► texts and parsed data, some hundred at a time ─┐
//     reader   events and activities ─► marks, a million at a time, by contact ─┐      │
//     caller   contacts ─► table ◄──────────────────────────────────────────────┼──────┘
//              then marks ─► timelines ◄────────────────────────────────────────┘
//
// The store lists events by instant. Timelines lie by row, and rows go by contact: a chunk that is
// sorted walks through them once, where rows at random would miss the cache with each event.
//
// With one session alone there is one reader at a time: events are read when the contacts are
// there.
#include "contact_rows.h"
#include "marks.h"
#include "owned_text.h"
#include "project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Rows between two words of progress.
#define PROGRESS_ROWS 65536

typedef struct loader {
  project *own;
  const project_progress *progress;
  store_status status;
  store_error failure;        ///< Why a visitor stopped; the store knows nothing of that.
  seg_text_view *event_names; ///< By the store's number; owned texts.
  size_t event_name_count;
  uint32_t *rows; ///< By a contact's number less that of the first; NULL if those are too sparse.
  size_t row_capacity;
  const segment *segment;
  size_t contact_count;
  size_t event_count;
} loader;

static bool fail(loader *state, store_status status, const char *message) {
  state->status = status;
  state->failure.status = status;
  (void)snprintf(state->failure.message, sizeof state->failure.message, "%s", message);
  return false;
}

static bool check(loader *state, seg_status status, const seg_error *error) {
  if (status == SEG_OK) {
    return true;
  }
  return status == SEG_E_NOMEM ? fail(state, STORE_NOMEM, "out of memory")
                               : fail(state, STORE_CORRUPT, error->message);
}

static void show_progress(const loader *state, size_t contacts, size_t events) {
  if (state->progress != NULL && (contacts + events) % PROGRESS_ROWS == 0) {
    state->progress->show(state->progress->context, contacts, events);
  }
}

/// Two contacts of one address are damage: the store does not look at that, since whoever writes
/// has looked in the table.
static bool check_email(loader *state, const seg_contact_view *contact) {
  char message[SEG_MESSAGE_BYTES];
  uint32_t other;
  if (!seg_table_find_email(state->own->table, contact->email, &other)) {
    return true;
  }
  (void)snprintf(message, sizeof message, "two contacts have the address %.*s: %.*s and %.*s",
                 (int)contact->email.size_bytes, contact->email.bytes,
                 (int)seg_table_id(state->own->table, other).size_bytes,
                 seg_table_id(state->own->table, other).bytes, (int)contact->id.size_bytes,
                 contact->id.bytes);
  return fail(state, STORE_CORRUPT, message);
}

static bool load_contact(loader *state, const contact_row *row) {
  seg_error error;
  uint32_t at = 0;
  if (!check_email(state, &row->contact) ||
      !check(state, seg_table_add(state->own->table, &row->contact, &at, &error), &error)) {
    return false;
  }
  show_progress(state, ++state->contact_count, state->event_count);
  return project_set_contact_num(state->own, at, row->num) ||
         fail(state, STORE_NOMEM, "out of memory");
}

static bool load_contacts(void *context, const contact_chunk *chunk) {
  loader *state = context;
  for (size_t i = 0; i < chunk->count; i++) {
    if (!load_contact(state, &chunk->rows[i])) {
      return false;
    }
  }
  return true;
}

// From a contact's number to its row. Rows were given by rising number.

/// Numbers that are not there cost four bytes each: up to so many for one that is.
#define SPARSE_MAX 8

/// Lays out the rows by number; without memory for it, or where it does not pay, they are searched.
static void index_rows(loader *state) {
  const int64_t *nums = state->own->contact_nums;
  size_t count = seg_table_row_count(state->own->table);
  size_t span = count == 0 ? 0 : (size_t)(nums[count - 1] - nums[0]) + 1;
  if (span == 0 || span / SPARSE_MAX > count) {
    return;
  }
  state->rows = malloc(span * sizeof *state->rows);
  if (state->rows == NULL) {
    return;
  }
  memset(state->rows, 0xFF, span * sizeof *state->rows);
  state->row_capacity = span;
  for (size_t row = 0; row < count; row++) {
    state->rows[nums[row] - nums[0]] = (uint32_t)row;
  }
}

static bool find_row(const loader *state, int64_t num, uint32_t *row) {
  const int64_t *nums = state->own->contact_nums;
  size_t count = seg_table_row_count(state->own->table);
  size_t low = 0;
  size_t high = count;
  if (state->rows != NULL) {
    bool is_within = num >= nums[0] && (uint64_t)(num - nums[0]) < state->row_capacity;
    *row = is_within ? state->rows[num - nums[0]] : UINT32_MAX;
    return *row != UINT32_MAX;
  }
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (nums[middle] < num) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  *row = (uint32_t)low;
  return low < count && nums[low] == num;
}

// Events and email activities.

static bool load_event_name(void *context, const store_event_name *row) {
  loader *state = context;
  size_t needed = (size_t)row->num + 1;
  if (needed > state->event_name_count) {
    seg_text_view *grown = realloc(state->event_names, 2 * needed * sizeof *grown);
    if (grown == NULL) {
      return fail(state, STORE_NOMEM, "out of memory");
    }
    memset(grown + state->event_name_count, 0,
           (2 * needed - state->event_name_count) * sizeof *grown);
    state->event_names = grown;
    state->event_name_count = 2 * needed;
  }
  return owned_text_copy(row->name, &state->event_names[row->num]) ||
         fail(state, STORE_NOMEM, "out of memory");
}

static bool load_mark(loader *state, mark_kind kind, const store_event_mark *mark) {
  seg_error error;
  uint32_t row;
  bool is_event = kind == MARK_EVENT;
  int64_t name_limit = is_event ? (int64_t)state->event_name_count : SEG_ACTIVITY_COUNT;
  if (!find_row(state, mark->contact, &row) || mark->name < 0 || mark->name >= name_limit) {
    return fail(state, STORE_CORRUPT,
                is_event ? "an event belongs to no contact or has no name"
                         : "an email activity belongs to no contact");
  }
  seg_status status = is_event
                          ? seg_table_add_event(state->own->table, row,
                                                state->event_names[mark->name], mark->at_ms, &error)
                          : seg_table_add_activity(state->own->table, row, (seg_activity)mark->name,
                                                   mark->at_ms, &error);
  show_progress(state, state->contact_count, ++state->event_count);
  return check(state, status, &error);
}

static bool load_chunk(void *context, const mark_chunk *chunk) {
  loader *state = context;
  for (size_t i = 0; i < chunk->count; i++) {
    if (!load_mark(state, chunk->kind, &chunk->marks[i])) {
      return false;
    }
  }
  return true;
}

// Segments.

static bool load_segment(void *context, const store_segment *row) {
  loader *state = context;
  project *own = state->own;
  segment *added = segment_create(row);
  if (added == NULL) {
    return fail(state, STORE_CORRUPT, "a segment's condition cannot be read");
  }
  if (!project_append_segment(own, added)) {
    segment_free(added);
    return fail(state, STORE_NOMEM, "out of memory");
  }
  return true;
}

static bool load_member(void *context, int64_t contact, int64_t since_ms) {
  loader *state = context;
  (void)since_ms;
  seg_error error;
  uint32_t row;
  if (!find_row(state, contact, &row)) {
    return fail(state, STORE_CORRUPT, "a member is no contact");
  }
  return check(state,
               seg_table_set_member(state->own->table, state->segment->id, row, true, &error),
               &error);
}

static bool load_webhook(void *context, const store_webhook *row) {
  loader *state = context;
  webhook *added = webhook_create(row);
  if (added == NULL) {
    return fail(state, STORE_CORRUPT, "a webhook cannot be read");
  }
  if (!project_put_webhook(state->own, added)) {
    webhook_free(added);
    return fail(state, STORE_NOMEM, "out of memory");
  }
  return true;
}

/// Of every segment: one that was tracked once keeps its stored members, and what moves when it is
/// tracked again is found by comparing with them.
static store_status load_members(store_session *session, loader *state, store_error *error) {
  project *own = state->own;
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < own->segment_count; i++) {
    state->segment = own->segments[i];
    status = store_member_each(session, own->num, state->segment->num, load_member, state, error);
    status = status == STORE_OK ? state->status : status;
  }
  return status;
}

/// Contacts, then what lies in their timelines.
/// second  optional  For reading the latter meanwhile.
static store_status load_rows(store_session *session, store_session *second, loader *state,
                              store_error *error) {
  int64_t num = state->own->num;
  marks *events = second == NULL ? NULL : marks_begin(second, num);
  contact_rows *contacts = contact_rows_begin(session, num);
  bool ok = contacts != NULL && (events != NULL || second == NULL);
  store_status status = ok ? contact_rows_each(contacts, load_contacts, state, error) : STORE_NOMEM;
  contact_rows_end(contacts); // the session is free
  if (status == STORE_OK && state->status == STORE_OK) {
    index_rows(state);
    status = store_event_name_list(session, num, load_event_name, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK && second == NULL) {
    events = marks_begin(session, num);
    status = events == NULL ? STORE_NOMEM : STORE_OK;
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = marks_each(events, load_chunk, state, error);
  }
  marks_end(events);
  return status;
}

static store_status load_all(store_session *session, store_session *second, loader *state,
                             store_error *error) {
  int64_t num = state->own->num;
  store_status status = load_rows(session, second, state, error);
  if (status == STORE_OK && state->status == STORE_OK) {
    status = store_segment_list(session, num, load_segment, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = load_members(session, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = store_webhook_list(session, num, load_webhook, state, error);
  }
  if (status == STORE_OK && state->status != STORE_OK) {
    status = state->status;
    if (error != NULL) {
      *error = state->failure;
    }
  }
  return status;
}

static void free_loader(loader *gone) {
  for (size_t i = 0; i < gone->event_name_count; i++) {
    owned_text_free(gone->event_names[i]);
  }
  free(gone->event_names);
  free(gone->rows);
}

store_status project_load(store_session *session, store_session *second, const store_project *row,
                          uint64_t hash_seed, const project_progress *progress, project **out,
                          store_error *error) {
  project *own = NULL;
  store_status status = project_create(row, hash_seed, &own);
  if (status != STORE_OK) {
    return status;
  }
  loader state = {.own = own, .progress = progress};
  status = load_all(session, second, &state, error);
  free_loader(&state);
  if (status != STORE_OK) {
    project_free(own);
    return status;
  }
  if (!project_end_segments(own)) {
    project_free(own);
    return STORE_NOMEM;
  }
  *out = own;
  return STORE_OK;
}
