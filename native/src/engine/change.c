// See change.h.
#include "change.h"

#include <stdlib.h>
#include <string.h>

bool change_list_keep(change_list *list, seg_text_view text, seg_text_view *out) {
  return arena_keep(&list->memory, text, out);
}

seg_allocator change_list_arena(change_list *list) { return arena_allocator(&list->memory); }

static bool keep_rows(const change *added, change *own) {
  if (added->rows == NULL) {
    return true;
  }
  uint32_t *rows = malloc((added->row_count + 1) * sizeof *rows);
  own->rows = rows;
  if (rows != NULL) {
    memcpy(rows, added->rows, added->row_count * sizeof *rows);
  }
  return rows != NULL;
}

static void free_change(const change *gone) { free((void *)(uintptr_t)gone->rows); }

bool change_list_add(change_list *list, const change *added) {
  change own = *added;
  own.rows = NULL;
  bool ok = true;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
    change *items = realloc(list->items, capacity * sizeof *items);
    ok = items != NULL;
    if (ok) {
      list->items = items;
      list->capacity = capacity;
    }
  }
  ok = ok && change_list_keep(list, added->contact_id, &own.contact_id) &&
       change_list_keep(list, added->email, &own.email) &&
       change_list_keep(list, added->name, &own.name) &&
       change_list_keep(list, added->segment, &own.segment) &&
       change_list_keep(list, added->event_data, &own.event_data) && keep_rows(added, &own);
  if (!ok) {
    free_change(&own);
    return false;
  }
  own.removal_before = list->last_removal;
  list->items[list->count++] = own;
  list->last_removal = own.kind == CHANGE_REMOVE_CONTACT ? list->count : list->last_removal;
  return true;
}

void change_list_cut(change_list *list, size_t count) {
  while (list->count > count) {
    const change *gone = &list->items[--list->count];
    list->last_removal = gone->removal_before;
    free_change(gone);
  }
}

void change_list_free(change_list *list) {
  change_list_cut(list, 0);
  free(list->items);
  arena_free(&list->memory);
  *list = (change_list){0};
}

static seg_status put_contact(seg_table *table, const change *put, bool exists, uint32_t *row,
                              seg_error *error) {
  seg_contact_view contact = {.id = put->contact_id,
                              .email = put->email,
                              .subscribed = put->flag,
                              .created_at_ms = put->created_at_ms,
                              .updated_at_ms = put->updated_at_ms,
                              .data = put->data};
  return exists ? seg_table_update(table, *row, &contact, error)
                : seg_table_add(table, &contact, row, error);
}

static seg_status move_rows(seg_table *table, const change *move, seg_error *error) {
  seg_status status = SEG_OK;
  for (size_t i = 0; status == SEG_OK && i < move->row_count; i++) {
    status = seg_table_set_member(table, move->segment, move->rows[i], move->flag, error);
    if (status == SEG_OK) {
      status = seg_table_add_event(table, move->rows[i], move->name, move->at_ms, error);
    }
  }
  return status;
}

/// Carries out a change of a contact that the table has.
static seg_status change_contact(seg_table *table, const change *applied, uint32_t row,
                                 seg_error *error) {
  switch (applied->kind) {
  case CHANGE_TOUCH_CONTACT:
    seg_table_touch(table, row, applied->flag, applied->updated_at_ms);
    return SEG_OK;
  case CHANGE_REMOVE_CONTACT:
    seg_table_remove(table, row);
    return SEG_OK;
  case CHANGE_ADD_EVENT:
    return seg_table_add_event(table, row, applied->name, applied->at_ms, error);
  case CHANGE_ADD_ACTIVITY:
    return seg_table_add_activity(table, row, applied->activity, applied->at_ms, error);
  default:
    return seg_table_set_member(table, applied->segment, row, applied->flag, error);
  }
}

seg_status change_apply(seg_table *table, const change *applied, uint32_t *row_out,
                        seg_error *error) {
  if (applied->kind == CHANGE_MOVE_ROWS) {
    return move_rows(table, applied, error);
  }
  uint32_t row = 0;
  bool exists = seg_table_find(table, applied->contact_id, &row);
  seg_status status = SEG_OK;
  if (applied->kind == CHANGE_PUT_CONTACT) {
    status = put_contact(table, applied, exists, &row, error);
  } else if (exists) {
    status = change_contact(table, applied, row, error);
  }
  if (row_out != NULL) {
    *row_out = row;
  }
  return status;
}
