// See batch.h.
#include "batch.h"

#include "ids.h"
#include "segmentry/fields.h"
#include "segmentry/plan.h"
#include "tracking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

project_batch *batch_project(batch *own, project *wanted) {
  for (size_t i = 0; i < own->project_count; i++) {
    if (own->projects[i].project == wanted) {
      return &own->projects[i];
    }
  }
  if (own->project_count == own->project_capacity) {
    size_t capacity = own->project_capacity == 0 ? 4 : own->project_capacity * 2;
    project_batch *grown = realloc(own->projects, capacity * sizeof *grown);
    if (grown == NULL) {
      return NULL;
    }
    own->projects = grown;
    own->project_capacity = capacity;
  }
  project_batch *part = &own->projects[own->project_count];
  *part = (project_batch){.project = wanted, .pending = {.seed = wanted->hash_seed}};
  if (seg_table_create(seg_allocator_default(), wanted->hash_seed, &part->scratch) != SEG_OK) {
    return NULL;
  }
  own->project_count++;
  return part;
}

static bool set_scratch_num(project_batch *part, uint32_t row, int64_t num) {
  if (row >= part->scratch_num_capacity) {
    size_t capacity = (size_t)row * 2 + 16;
    int64_t *grown = realloc(part->scratch_nums, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    part->scratch_nums = grown;
    part->scratch_num_capacity = capacity;
  }
  part->scratch_nums[row] = num;
  return true;
}

batch_status batch_touch(project_batch *part, seg_text_view contact_id) {
  uint32_t row;
  uint32_t scratch_row;
  if (seg_table_find(part->scratch, contact_id, &scratch_row) ||
      !seg_table_find(part->project->table, contact_id, &row)) {
    return BATCH_OK;
  }
  if (seg_table_copy_row(part->scratch, part->project->table, row, &scratch_row, NULL) != SEG_OK ||
      !set_scratch_num(part, scratch_row, part->project->contact_nums[row])) {
    return BATCH_NOMEM;
  }
  return BATCH_OK;
}

/// Whether the list removes the contact before change `count`: then the project's row is not its
/// state any more.
static bool was_removed(const project_batch *part, seg_text_view contact_id, size_t count) {
  const change_list *list = &part->changes;
  for (size_t at = list->last_removal; at > 0; at = list->items[at - 1].removal_before) {
    if (at <= count && seg_text_equal(list->items[at - 1].contact_id, contact_id)) {
      return true;
    }
  }
  return false;
}

batch_status batch_apply(project_batch *part) {
  for (; part->applied_count < part->changes.count; part->applied_count++) {
    const change *next = &part->changes.items[part->applied_count];
    uint32_t row;
    if (next->kind == CHANGE_MOVE_ROWS) {
      continue; // a sweep looks at whole tables, and its batch touches no contact
    }
    if (!seg_table_find(part->scratch, next->contact_id, &row) &&
        !was_removed(part, next->contact_id, part->applied_count)) {
      batch_status status = batch_touch(part, next->contact_id);
      if (status != BATCH_OK) {
        return status;
      }
    }
    if (change_apply(part->scratch, next, &row, NULL) != SEG_OK) {
      return BATCH_NOMEM; // commands check everything else before they note a change
    }
    if (next->kind == CHANGE_PUT_CONTACT && !set_scratch_num(part, row, next->contact_num)) {
      return BATCH_NOMEM;
    }
  }
  return BATCH_OK;
}

/// Takes room for fields; `added` are new to the project's table.
static batch_status take_fields(project_batch *part, const struct cJSON *data, size_t added,
                                bool *fits) {
  *fits = true;
  if (added == 0) {
    return BATCH_OK;
  }
  // What an earlier command of the batch has brought is known to the scratch table.
  batch_status status = batch_apply(part);
  size_t scratch_added = seg_table_data_room(part->scratch, data).new_field_count;
  added = added < scratch_added ? added : scratch_added;
  *fits = added == 0 ||
          seg_table_used_field_count(part->project->table) + part->added_field_count + added <=
              SEG_TABLE_COLUMNS_MAX;
  part->added_field_count += *fits ? added : 0;
  return status;
}

batch_status batch_take_data(project_batch *part, const struct cJSON *data, size_t json_bytes,
                             batch_lack *lack, seg_text_view *full_path) {
  seg_data_room room = seg_table_data_room(part->project->table, data);
  size_t bytes = SEG_DATA_ROOM_BYTES(json_bytes);
  bool fits;
  batch_status status = take_fields(part, data, room.new_field_count, &fits);
  *full_path = room.text_path;
  if (!fits) {
    *lack = BATCH_LACKS_FIELDS;
  } else if (part->added_data_bytes + bytes > room.text_bytes) {
    *lack = BATCH_LACKS_TEXTS;
  } else {
    *lack = BATCH_LACKS_NOTHING;
    part->added_data_bytes += bytes;
  }
  return status;
}

bool batch_take_contact(project_batch *part) {
  size_t taken = part->added_text_bytes + SEG_CONTACT_ROOM_BYTES;
  bool fits = taken <= seg_table_text_room(part->project->table);
  part->added_text_bytes = fits ? taken : part->added_text_bytes;
  return fits;
}

batch_status batch_take_event(project_batch *part, seg_text_view name, bool *fits) {
  const seg_table *table = part->project->table;
  *fits = true;
  if (seg_table_knows_event(table, name)) {
    return BATCH_OK;
  }
  batch_status status = batch_apply(part);
  if (!seg_table_knows_event(part->scratch, name)) {
    *fits = seg_table_event_count(table) + part->added_event_count +
                2 * part->project->segment_count + 1 <=
            SEG_TABLE_EVENTS_MAX;
    part->added_event_count += *fits;
  }
  return status;
}

bool batch_find_email(const project_batch *part, seg_text_view email, batch_contact *out) {
  const project *in = part->project;
  const pending_contact *pending = pending_find(&part->pending, email);
  uint32_t row;
  if (pending != NULL) {
    *out =
        (batch_contact){.num = pending->num, .id = pending->id, .subscribed = pending->subscribed};
    return pending->num != 0;
  }
  if (!seg_table_find_email(in->table, email, &row)) {
    return false;
  }
  *out = (batch_contact){.num = in->contact_nums[row],
                         .id = seg_table_id(in->table, row),
                         .subscribed = seg_table_subscribed(in->table, row)};
  return true;
}

bool batch_note_email(project_batch *part, seg_text_view email, const batch_contact *contact) {
  pending_contact added = {.num = contact == NULL ? 0 : contact->num,
                           .subscribed = contact != NULL && contact->subscribed};
  return change_list_keep(&part->changes, email, &added.email) &&
         (contact == NULL || change_list_keep(&part->changes, contact->id, &added.id)) &&
         pending_add(&part->pending, &added, part->changes.count);
}

size_t batch_mark(project_batch *part) {
  part->told_mark = part->told_count;
  return part->changes.count;
}

batch_status batch_cut(project_batch *part, size_t mark) {
  change_list_cut(&part->changes, mark);
  pending_cut(&part->pending, mark);
  part->told_count = part->told_mark;
  if (part->applied_count <= mark) {
    return BATCH_OK;
  }
  // The scratch table has what is cut: it is made anew when it is next needed.
  seg_table *scratch = NULL;
  if (seg_table_create(seg_allocator_default(), part->project->hash_seed, &scratch) != SEG_OK) {
    return BATCH_NOMEM;
  }
  seg_table_free(part->scratch);
  part->scratch = scratch;
  part->applied_count = 0;
  return BATCH_OK;
}

void batch_name_move(const segment *of, bool is_entry, char out[SEG_EVENT_NAME_BYTES_MAX + 1]) {
  (void)snprintf(out, SEG_EVENT_NAME_BYTES_MAX + 1, "segment.%.*s.%s", (int)of->slug.size_bytes,
                 of->slug.bytes, is_entry ? "entry" : "exit");
}

store_status batch_move_begin(batch *own, const project *in, const segment *of, bool is_entry,
                              store_cause cause, batch_move *out) {
  int64_t name = 0;
  out->row =
      (store_move){.project = in->num, .segment = of->num, .at_ms = own->now_ms, .cause = cause};
  batch_name_move(of, is_entry, out->event_name);
  seg_text_view data = {.bytes = out->event_json,
                        .size_bytes = (size_t)tracking_event_data(of, out->event_json)};
  out->event_data = in->watching_count > 0 ? data : (seg_text_view){.bytes = NULL};
  store_status status = store_event_name_intern(own->session, in->num, seg_text_of(out->event_name),
                                                &name, &own->error);
  if (status == STORE_OK) {
    status = store_segment_event_intern(own->session, in->num, of->num, name, data, &out->row.event,
                                        &own->error);
  }
  return status;
}

batch_status batch_track(batch *own) {
  for (size_t i = 0; i < own->project_count; i++) {
    project_batch *part = &own->projects[i];
    batch_status status = part->project->tracked_count == 0 ? BATCH_OK : batch_apply(part);
    if (status == BATCH_OK && seg_table_contact_count(part->scratch) > 0) {
      status = tracking_evaluate_touched(own, part);
    }
    if (status != BATCH_OK) {
      return status;
    }
  }
  return BATCH_OK;
}

static bool publish_changes(project_batch *part) {
  project *own = part->project;
  for (size_t i = 0; i < part->changes.count; i++) {
    const change *next = &part->changes.items[i];
    uint32_t row;
    if (change_apply(own->table, next, &row, NULL) != SEG_OK ||
        (next->kind == CHANGE_PUT_CONTACT &&
         !project_set_contact_num(own, row, next->contact_num))) {
      return false;
    }
  }
  return true;
}

/// Brings the counts of the segments that have moved up to date. What is stored is what matches,
/// but where a definition is pending, or nobody tracks it: there it has to be counted.
static void publish_counts(project *own, int64_t now_ms) {
  for (size_t i = 0; i < own->segment_count; i++) {
    segment *of = own->segments[i];
    int64_t count = of->member_count + of->moved_in - of->moved_out;
    size_t counted = 0;
    if (of->moved_in + of->moved_out == 0) {
      continue;
    }
    if (!of->is_static && (of->is_pending || !of->is_tracked)) {
      // The writer's own table: looking needs no lock.
      if (!tracking_count(own, of, now_ms, &counted)) {
        continue; // the next sweep counts
      }
      count = (int64_t)counted;
    }
    (void)pthread_rwlock_wrlock(&own->lock);
    of->member_count = count;
    of->member_count_at_ms = now_ms;
    (void)pthread_rwlock_unlock(&own->lock);
  }
}

bool batch_publish(batch *own) {
  bool ok = true;
  for (size_t i = 0; i < own->project_count && ok; i++) {
    project *of = own->projects[i].project;
    (void)pthread_rwlock_wrlock(&of->lock);
    ok = publish_changes(&own->projects[i]);
    (void)pthread_rwlock_unlock(&of->lock);
    publish_counts(of, own->now_ms);
  }
  return ok;
}

void batch_clear(batch *own) {
  for (size_t i = 0; i < own->project_count; i++) {
    const project *of = own->projects[i].project;
    for (size_t k = 0; k < of->segment_count; k++) {
      of->segments[k]->moved_in = 0;
      of->segments[k]->moved_out = 0;
    }
    seg_table_free(own->projects[i].scratch);
    free(own->projects[i].scratch_nums);
    change_list_free(&own->projects[i].changes);
    pending_free(&own->projects[i].pending);
  }
  free(own->projects);
  own->projects = NULL;
  own->project_count = 0;
  own->project_capacity = 0;
}
