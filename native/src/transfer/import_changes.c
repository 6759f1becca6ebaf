// The history of memberships, as the files tell it.
//
// It is replayed in the order of time: an entry makes a member and an exit unmakes one, in the
// store as it happened there once. So members and history agree whatever the lines say, and each
// contact enters and leaves by turns. It goes to new segments alone: a history that is there is
// what this project has seen, and the lines of another one could not be put between.
#include "import_internal.h"

#include <stdlib.h>

bool import_add_change(import *own, const past_change *added) {
  if (own->change_count == own->change_capacity) {
    size_t capacity = own->change_capacity == 0 ? 1024 : own->change_capacity * 2;
    past_change *grown = realloc(own->changes, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->changes = grown;
    own->change_capacity = capacity;
  }
  own->changes[own->change_count++] = *added;
  return true;
}

static int compare_changes(const void *a, const void *b) {
  const past_change *left = a;
  const past_change *right = b;
  int order = (left->segment > right->segment) - (left->segment < right->segment);
  if (order == 0) {
    order = (left->at_ms > right->at_ms) - (left->at_ms < right->at_ms);
  }
  return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

store_status import_replay_changes(import *own, store_error *error) {
  store_status status = STORE_OK;
  if (own->change_count > 0) {
    qsort(own->changes, own->change_count, sizeof *own->changes, compare_changes);
  }
  for (size_t i = 0; status == STORE_OK && i < own->change_count; i++) {
    const past_change *change = &own->changes[i];
    const segment *of = own->segments[change->segment].of;
    store_move move = {.project = own->project.num,
                       .segment = of->num,
                       .at_ms = change->at_ms,
                       .cause = change->cause};
    bool has_changed = false;
    status = import_move_member(own, &move, change->contact, change->is_entry, &has_changed, error);
    own->counts.changes_added += has_changed;
    if (has_changed && of->is_static && change->is_entry) {
      own->counts.members_added++;
    } else if (has_changed && of->is_static) {
      own->counts.members_added--;
    }
  }
  return status;
}

bool import_replay_members(const import *own, project *in) {
  bool ok = true;
  for (size_t i = 0; ok && i < own->change_count; i++) {
    const past_change *change = &own->changes[i];
    const segment *of = in->segments[change->segment];
    ok = seg_table_set_member(in->table, of->id, change->row, change->is_entry, NULL) == SEG_OK;
  }
  return ok;
}
