/// Changes: what a batch of commands does to a project's table, as a list that is carried out
/// twice.
///
/// A change is tried first on a small scratch table that holds only the contacts it touches; there
/// the tracked segments are evaluated. Once the store has committed, the same list is carried out
/// on the project's table. If the commit fails, scratch and list are thrown away, and nobody has
/// seen anything.
#ifndef SEGMENTRY_CHANGE_H
#define SEGMENTRY_CHANGE_H

#include "arena.h"
#include "segmentry/table.h"

struct cJSON;

typedef enum change_kind {
  CHANGE_PUT_CONTACT,    ///< Adds the contact, or replaces its fields.
  CHANGE_TOUCH_CONTACT,  ///< Sets `subscribed` and `updatedAt` of one that says nothing else new.
  CHANGE_REMOVE_CONTACT, ///< With its events and memberships.
  CHANGE_ADD_EVENT,
  CHANGE_ADD_ACTIVITY,
  CHANGE_SET_MEMBER,
  CHANGE_MOVE_ROWS ///< SET_MEMBER and ADD_EVENT for rows of the project's table; a sweep's alone.
} change_kind;

/// One change. All texts and `rows` are owned by the list; `data` lives as long as it.
typedef struct change {
  change_kind kind;
  seg_text_view contact_id;
  int64_t contact_num;      ///< PUT_CONTACT: the store's number of the contact.
  seg_text_view email;      ///< PUT_CONTACT
  const struct cJSON *data; ///< PUT_CONTACT; from change_list_arena, or whoever outlives the list.
  bool flag;                ///< PUT_CONTACT, TOUCH_CONTACT: subscribed. Members: becomes one.
  int64_t created_at_ms;    ///< PUT_CONTACT
  int64_t updated_at_ms;    ///< PUT_CONTACT, TOUCH_CONTACT
  seg_text_view name;       ///< Of the event.
  seg_text_view segment;    ///< Its id: SET_MEMBER, MOVE_ROWS.
  seg_activity activity;    ///< ADD_ACTIVITY
  int64_t at_ms;            ///< ADD_EVENT, ADD_ACTIVITY, MOVE_ROWS
  seg_text_view event_data; ///< ADD_EVENT, MOVE_ROWS: for webhooks, an object; NULL bytes: none.
  const uint32_t *rows;     ///< MOVE_ROWS
  size_t row_count;
  size_t removal_before; ///< The list's own: its `last_removal` before this one was added.
} change;

/// A list of changes; all zero is an empty one.
typedef struct change_list {
  change *items;
  size_t count;
  size_t capacity;
  size_t last_removal; ///< The last REMOVE_CONTACT among them, counted from 1; 0: none.
  arena memory;        ///< Of all changes, cut ones too.
} change_list;

/// Copies a text to where the list's are; it lives as long as the list, whatever is cut. False if
/// there is no memory.
bool change_list_keep(change_list *list, seg_text_view text, seg_text_view *out);
/// Memory that lives as long as the list, for `data`: seg_json_parse_into.
seg_allocator change_list_arena(change_list *list);
/// Appends a copy of a change. Returns false if there is no memory.
bool change_list_add(change_list *list, const change *added);
/// Forgets the changes from `count` on; the memory of their texts stays with the list.
void change_list_cut(change_list *list, size_t count);
void change_list_free(change_list *list);

/// Carries one change out on a table.
///
/// row  written, optional  The row of the contact, if it is a change of one.
///
/// Returns SEG_OK, also where there is nothing to do: a contact that is not there.
seg_status change_apply(seg_table *table, const change *applied, uint32_t *row, seg_error *error);

#endif
