// See change.h.
#include "change.h"

#include "owned_text.h"
#include "segmentry/json.h"

static void free_change(change *gone) {
  owned_text_free(gone->contact_id);
  owned_text_free(gone->email);
  owned_text_free(gone->name);
  seg_json_free(gone->data);
}

bool change_list_add(change_list *list, const change *added) {
  change own = *added;
  own.contact_id = own.email = own.name = (seg_text_view){0};
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
  ok = ok && owned_text_copy(added->contact_id, &own.contact_id) &&
       owned_text_copy(added->email, &own.email) && owned_text_copy(added->name, &own.name);
  if (!ok) {
    free_change(&own);
    return false;
  }
  list->items[list->count++] = own;
  return true;
}

void change_list_cut(change_list *list, size_t count) {
  while (list->count > count) {
    free_change(&list->items[--list->count]);
  }
}

void change_list_free(change_list *list) {
  change_list_cut(list, 0);
  free(list->items);
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

seg_status change_apply(seg_table *table, const change *applied, uint32_t *row_out,
                        seg_error *error) {
  uint32_t row = 0;
  bool exists = seg_table_find(table, applied->contact_id, &row);
  seg_status status = SEG_OK;
  if (applied->kind == CHANGE_PUT_CONTACT) {
    status = put_contact(table, applied, exists, &row, error);
  } else if (exists) {
    switch (applied->kind) {
    case CHANGE_REMOVE_CONTACT:
      seg_table_remove(table, row);
      break;
    case CHANGE_ADD_EVENT:
      status = seg_table_add_event(table, row, applied->name, applied->at_ms, error);
      break;
    case CHANGE_ADD_ACTIVITY:
      status = seg_table_add_activity(table, row, applied->activity, applied->at_ms, error);
      break;
    default:
      status = seg_table_set_member(table, applied->name, row, applied->flag, error);
      break;
    }
  }
  if (row_out != NULL) {
    *row_out = row;
  }
  return status;
}
