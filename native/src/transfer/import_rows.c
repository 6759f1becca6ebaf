// Rows into the store. In the pipe's thread.
#include "engine/engine.h"
#include "engine/ids.h"
#include "engine/json_text.h"
#include "engine/owned_text.h"
#include "import_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const seg_text_view NOTHING = {.bytes = NULL, .size_bytes = 0};

// What the project had before.

static bool keep_before(void *context, const store_contact *row) {
  import *own = context;
  seg_contact_view contact = {.id = row->id, .email = row->email};
  uint32_t at;
  if (seg_table_add(own->before, &contact, &at, NULL) != SEG_OK) {
    return false; // what is stored was fine once: only memory can be lacking
  }
  own->before_nums[at] = row->num;
  return true;
}

store_status import_read_contacts(import *own, size_t count, store_error *error) {
  own->before_nums = calloc(count + 1, sizeof *own->before_nums);
  if (own->before_nums == NULL || !import_make_table(&own->before)) {
    return import_no_memory(error);
  }
  store_status status = store_contact_each(own->session, own->project.num, keep_before, own, error);
  return status == STORE_OK && seg_table_contact_count(own->before) < count
             ? import_no_memory(error)
             : status;
}

bool import_find_before(const import *own, seg_text_view email, int64_t *num) {
  uint32_t row;
  if (own->before == NULL || !seg_table_find_email(own->before, email, &row)) {
    return false;
  }
  *num = own->before_nums[row];
  return true;
}

typedef struct mark_reader {
  import *own;
  bool has_memory;
} mark_reader;

static bool keep_event(void *context, const store_event_mark *mark) {
  mark_reader *state = context;
  state->has_memory = occurrences_add(&state->own->events, mark->contact, mark->name, mark->at_ms);
  return state->has_memory;
}

static bool keep_activity(void *context, const store_activity *row) {
  mark_reader *state = context;
  state->has_memory =
      occurrences_add(&state->own->activities, row->contact, row->activity, row->at_ms);
  return state->has_memory;
}

store_status import_read_occurrences(import *own, store_error *error) {
  mark_reader state = {.own = own, .has_memory = true};
  store_status status = store_event_each(own->session, own->project.num, keep_event, &state, error);
  if (status == STORE_OK && state.has_memory) {
    status = store_activity_each(own->session, own->project.num, keep_activity, &state, error);
  }
  if (status == STORE_OK && !state.has_memory) {
    return import_no_memory(error);
  }
  occurrences_sort(&own->events);
  occurrences_sort(&own->activities);
  return status;
}

// Contacts.

static bool set_num(import *own, uint32_t row, int64_t num) {
  if (row >= own->num_capacity) {
    size_t capacity = own->num_capacity * 2 > row ? own->num_capacity * 2 : (size_t)row + 4096;
    int64_t *grown = realloc(own->nums, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->nums = grown;
    own->num_capacity = capacity;
  }
  own->nums[row] = num;
  own->num_count = row < own->num_count ? own->num_count : (size_t)row + 1;
  return true;
}

/// A contact that the project has.
typedef struct old_contact {
  store_contact row; ///< Its data is owned; its other texts are gone.
  bool has_memory;
} old_contact;

static bool keep_contact(void *context, const store_contact *row) {
  old_contact *kept = context;
  kept->row = *row;
  kept->has_memory = owned_text_copy(row->data_json, &kept->row.data_json);
  return false;
}

/// The data that a contact has after a line: its own members beside those of the line, as the API
/// would merge them. out  owned  False if there is no memory.
static bool merge_data(const import_row *row, seg_text_view stored, seg_text_view *out) {
  bool says_nothing = row->data.bytes == NULL || seg_text_equal(row->data, stored);
  return says_nothing ? owned_text_copy(stored, out)
                      : json_text_merge(stored, row->data, out) == SEG_OK;
}

/// Whether a contact's data is still small enough for a line of an export.
static store_status check_data(const import_row *row, seg_text_view merged, store_error *error) {
  if (merged.size_bytes <= ENGINE_DATA_BYTES_MAX) {
    return STORE_OK;
  }
  error->status = STORE_CORRUPT;
  (void)snprintf(error->message, sizeof error->message,
                 "the contact %.*s: its data and that of the file have %zu bytes together; at most "
                 "%d are allowed",
                 (int)row->name.size_bytes, row->name.bytes, merged.size_bytes,
                 ENGINE_DATA_BYTES_MAX);
  return STORE_CORRUPT;
}

/// Gives a contact that is there what the line says. No instant is set back.
static store_status update_contact(import *own, const import_row *row, const store_contact *old,
                                   store_error *error) {
  store_contact changed = {.num = old->num,
                           .project = own->project.num,
                           .email = row->name,
                           .subscribed = row->subscribed,
                           .updated_at_ms = row->updated_at_ms > old->updated_at_ms
                                                ? row->updated_at_ms
                                                : old->updated_at_ms};
  if (!merge_data(row, old->data_json, &changed.data_json)) {
    return import_no_memory(error);
  }
  store_status status = check_data(row, changed.data_json, error);
  if (status != STORE_OK) {
    owned_text_free(changed.data_json);
    return status;
  }
  if (changed.subscribed == old->subscribed && changed.updated_at_ms == old->updated_at_ms &&
      seg_text_equal(changed.data_json, old->data_json)) {
    own->counts.contacts_same++;
  } else {
    own->counts.contacts_updated++;
    status = store_contact_update(own->session, &changed, error);
  }
  owned_text_free(changed.data_json);
  return status;
}

/// Adds a contact: with the line's id, or with another one if that is taken.
static store_status insert_contact(import *own, const import_row *row, int64_t *num,
                                   store_error *error) {
  char new_id[ID_TEXT_BYTES];
  store_contact added = {.project = own->project.num,
                         .id = row->id,
                         .email = row->name,
                         .subscribed = row->subscribed,
                         .data_json = row->data.bytes == NULL ? seg_text_of("{}") : row->data,
                         .created_at_ms = row->at_ms,
                         .updated_at_ms = row->updated_at_ms};
  store_status status = STORE_NOT_FOUND;
  if (!own->is_fresh) {
    status = store_contact_get(own->session, own->project.num, row->id, NULL, NULL, error);
  }
  if (status == STORE_OK) {
    id_make(new_id);
    added.id = seg_text_of(new_id);
  }
  if (status == STORE_OK || status == STORE_NOT_FOUND) {
    status = store_contact_insert(own->session, &added, num, error);
    own->counts.contacts_created++;
  }
  return status;
}

static store_status store_contact_row(import *own, const import_row *row, store_error *error) {
  old_contact old = {.has_memory = true};
  store_status status = STORE_NOT_FOUND;
  int64_t before;
  if (import_find_before(own, row->name, &before)) {
    status =
        store_contact_get_by_num(own->session, own->project.num, before, keep_contact, &old, error);
  }
  if (status == STORE_OK && !old.has_memory) {
    return import_no_memory(error);
  }
  int64_t num = old.row.num;
  if (status == STORE_OK) {
    status = update_contact(own, row, &old.row, error);
    owned_text_free(old.row.data_json);
  } else if (status == STORE_NOT_FOUND) {
    status = insert_contact(own, row, &num, error);
  }
  return status == STORE_OK && !set_num(own, row->row, num) ? import_no_memory(error) : status;
}

// Events and email activities.

static size_t slot_of(seg_text_view name) {
  uint32_t hash = UINT32_C(0x811C9DC5);
  for (size_t i = 0; i < name.size_bytes; i++) {
    hash = (hash ^ (unsigned char)name.bytes[i]) * UINT32_C(0x01000193);
  }
  return hash % NAME_CACHE_SLOTS;
}

/// The number of an event name.
static store_status find_name(import *own, seg_text_view name, int64_t *num, store_error *error) {
  cached_name *slot = &own->names[slot_of(name)];
  if (slot->num != 0 && seg_text_equal(slot->text, name)) {
    *num = slot->num;
    return STORE_OK;
  }
  store_status status = store_event_name_intern(own->session, own->project.num, name, num, error);
  seg_text_view text = NOTHING;
  if (status != STORE_OK || !owned_text_copy(name, &text)) {
    return status == STORE_OK ? import_no_memory(error) : status;
  }
  owned_text_free(slot->text);
  *slot = (cached_name){.text = text, .num = *num};
  return STORE_OK;
}

static store_status store_event_row(import *own, const import_row *row, store_error *error) {
  char new_id[ID_TEXT_BYTES];
  store_event added = {.project = own->project.num,
                       .contact = own->nums[row->row],
                       .id = row->id,
                       .at_ms = row->at_ms,
                       .data_json = row->data};
  store_status status = find_name(own, row->name, &added.name, error);
  if (status != STORE_OK) {
    return status;
  }
  if (occurrences_take(&own->events, added.contact, added.name, added.at_ms)) {
    own->counts.events_same++;
    return STORE_OK;
  }
  if (added.id.bytes == NULL) {
    id_make(new_id);
    added.id = seg_text_of(new_id);
  }
  own->counts.events_added++;
  return store_event_insert(own->session, &added, NULL, error);
}

static store_status store_activity_row(import *own, const import_row *row, store_error *error) {
  store_activity added = {.contact = own->nums[row->row],
                          .activity = row->activity,
                          .at_ms = row->at_ms,
                          .message_id = row->name};
  store_status status = STORE_CONFLICT;
  if (!occurrences_take(&own->activities, added.contact, added.activity, added.at_ms)) {
    status = store_activity_insert(own->session, own->project.num, &added, error);
  }
  // A conflict: this message's activity has been counted already.
  own->counts.activities_added += status == STORE_OK;
  own->counts.activities_same += status == STORE_CONFLICT;
  return status == STORE_CONFLICT ? STORE_OK : status;
}

store_status import_store_row(void *context, const import_row *row, store_error *error) {
  import *own = context;
  switch (row->kind) {
  case ROW_CONTACT:
    return store_contact_row(own, row, error);
  case ROW_EVENT:
    return store_event_row(own, row, error);
  case ROW_ACTIVITY:
    break;
  }
  return store_activity_row(own, row, error);
}
