// See change.h.
#include "change.h"

#include "segmentry/json.h"

#include <stdlib.h>
#include <string.h>

/// Texts stand side by side in blocks: a batch has thousands of short ones, and all go at once.
typedef struct change_text {
  struct change_text *next;
  size_t used;
  size_t capacity;
  char bytes[];
} change_text;

/// Of one block: some hundred events' texts.
#define TEXT_BLOCK_BYTES ((size_t)32 * 1024)

bool change_list_keep(change_list *list, seg_text_view text, seg_text_view *out) {
  *out = (seg_text_view){.bytes = NULL, .size_bytes = 0};
  if (text.bytes == NULL) {
    return true;
  }
  change_text *block = list->texts;
  if (block == NULL || block->capacity - block->used < text.size_bytes) {
    size_t capacity = text.size_bytes > TEXT_BLOCK_BYTES ? text.size_bytes : TEXT_BLOCK_BYTES;
    block = malloc(sizeof *block + capacity);
    if (block == NULL) {
      return false;
    }
    *block = (change_text){.next = list->texts, .capacity = capacity};
    list->texts = block;
  }
  char *bytes = block->bytes + block->used;
  memcpy(bytes, text.bytes, text.size_bytes);
  block->used += text.size_bytes;
  *out = (seg_text_view){.bytes = bytes, .size_bytes = text.size_bytes};
  return true;
}

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

static void free_change(const change *gone) {
  free((void *)(uintptr_t)gone->rows);
  seg_json_free(gone->data);
}

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
  while (list->texts != NULL) {
    change_text *next = list->texts->next;
    free(list->texts);
    list->texts = next;
  }
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
