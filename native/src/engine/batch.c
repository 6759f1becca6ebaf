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
  *part = (project_batch){.project = wanted};
  if (seg_table_create(seg_allocator_default(), 0, &part->scratch) != SEG_OK) {
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
  for (size_t i = 0; i < count; i++) {
    if (part->changes.items[i].kind == CHANGE_REMOVE_CONTACT &&
        seg_text_equal(part->changes.items[i].contact_id, contact_id)) {
      return true;
    }
  }
  return false;
}

batch_status batch_apply(project_batch *part) {
  for (; part->applied_count < part->changes.count; part->applied_count++) {
    const change *next = &part->changes.items[part->applied_count];
    uint32_t row;
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

bool batch_take_field_room(project_batch *part, const struct cJSON *data) {
  const seg_table *table = part->project->table;
  size_t added = seg_table_new_field_count(table, data);
  // What an earlier command of the batch has brought is known to the scratch table.
  size_t scratch_added = added == 0 ? 0 : seg_table_new_field_count(part->scratch, data);
  added = added < scratch_added ? added : scratch_added;
  bool fits =
      seg_table_used_field_count(table) + part->added_field_count + added <= SEG_TABLE_COLUMNS_MAX;
  part->added_field_count += fits ? added : 0;
  return added == 0 || fits;
}

bool batch_take_event_room(project_batch *part, seg_text_view name) {
  const seg_table *table = part->project->table;
  if (seg_table_knows_event(table, name) || seg_table_knows_event(part->scratch, name)) {
    return true;
  }
  bool fits = seg_table_event_count(table) + part->added_event_count +
                  2 * part->project->segment_count + 1 <=
              SEG_TABLE_EVENTS_MAX;
  part->added_event_count += fits;
  return fits;
}

size_t batch_mark(const project_batch *part) { return part->changes.count; }

void batch_cut(project_batch *part, size_t mark) {
  change_list_cut(&part->changes, mark);
  if (part->applied_count > mark) {
    part->applied_count = mark;
  }
}

store_status batch_record_change(batch *own, const project *in, const segment *of, int64_t contact,
                                 bool is_entry, store_cause cause, char *event_name) {
  (void)snprintf(event_name, SEG_EVENT_NAME_BYTES_MAX + 1, "segment.%.*s.%s",
                 (int)of->slug.size_bytes, of->slug.bytes, is_entry ? "entry" : "exit");
  store_status status = is_entry ? store_member_add(own->session, in->num, of->num, contact,
                                                    own->now_ms, cause, &own->error)
                                 : store_member_remove(own->session, in->num, of->num, contact,
                                                       own->now_ms, cause, &own->error);
  int64_t name = 0;
  if (status == STORE_OK) {
    status =
        store_event_name_intern(own->session, in->num, seg_text_of(event_name), &name, &own->error);
  }
  if (status != STORE_OK) {
    return status;
  }
  char id[ID_TEXT_BYTES];
  char data[TRACKING_EVENT_DATA_BYTES];
  id_make(id);
  int size = tracking_event_data(of, data);
  store_event event = {.project = in->num,
                       .contact = contact,
                       .id = seg_text_of(id),
                       .name = name,
                       .at_ms = own->now_ms,
                       .data_json = {.bytes = data, .size_bytes = (size_t)size}};
  return store_event_insert(own->session, &event, NULL, &own->error);
}

batch_status batch_track(batch *own) {
  for (size_t i = 0; i < own->project_count; i++) {
    batch_status status = batch_apply(&own->projects[i]);
    if (status == BATCH_OK) {
      status = tracking_evaluate_touched(own, &own->projects[i]);
    }
    if (status != BATCH_OK) {
      return status;
    }
  }
  return BATCH_OK;
}

static bool publish_project(project_batch *part, int64_t now_ms) {
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
  for (size_t i = 0; i < own->segment_count; i++) {
    segment *of = own->segments[i];
    size_t count;
    if (of->has_moved && tracking_count(own, of, now_ms, &count)) {
      of->member_count = (int64_t)count;
      of->member_count_at_ms = now_ms;
    }
  }
  return true;
}

bool batch_publish(batch *own) {
  bool ok = true;
  for (size_t i = 0; i < own->project_count && ok; i++) {
    (void)pthread_rwlock_wrlock(&own->projects[i].project->lock);
    ok = publish_project(&own->projects[i], own->now_ms);
    (void)pthread_rwlock_unlock(&own->projects[i].project->lock);
  }
  return ok;
}

void batch_clear(batch *own) {
  for (size_t i = 0; i < own->project_count; i++) {
    const project *of = own->projects[i].project;
    for (size_t k = 0; k < of->segment_count; k++) {
      of->segments[k]->has_moved = false;
    }
    seg_table_free(own->projects[i].scratch);
    free(own->projects[i].scratch_nums);
    change_list_free(&own->projects[i].changes);
  }
  free(own->projects);
  own->projects = NULL;
  own->project_count = 0;
  own->project_capacity = 0;
}
