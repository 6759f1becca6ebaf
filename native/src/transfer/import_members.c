// Memberships: of static segments as the files say, of tracked ones as their conditions say.
// Without entries and exits as events; the history has them.
#include "engine/tracking.h"
#include "import_internal.h"
#include "segmentry/plan.h"

#include <stdlib.h>

bool import_add_membership(import *own, const membership *added) {
  if (own->membership_count == own->membership_capacity) {
    size_t capacity = own->membership_capacity == 0 ? 1024 : own->membership_capacity * 2;
    membership *grown = realloc(own->memberships, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->memberships = grown;
    own->membership_capacity = capacity;
  }
  own->memberships[own->membership_count++] = *added;
  return true;
}

static int compare_memberships(const void *a, const void *b) {
  const membership *left = a;
  const membership *right = b;
  int order = (left->segment > right->segment) - (left->segment < right->segment);
  return order != 0 ? order : (left->contact > right->contact) - (left->contact < right->contact);
}

store_status import_move_member(const import *own, const store_move *move, int64_t contact,
                                bool is_entry, bool *has_changed, store_error *error) {
  store_status status = is_entry ? store_member_add(own->session, move, contact, error)
                                 : store_member_remove(own->session, move, contact, error);
  *has_changed = status == STORE_OK;
  return status == STORE_CONFLICT || (!is_entry && status == STORE_NOT_FOUND) ? STORE_OK : status;
}

store_status import_store_members(import *own, store_error *error) {
  store_status status = STORE_OK;
  if (own->membership_count > 0) { // by contact, as the store likes them
    qsort(own->memberships, own->membership_count, sizeof *own->memberships, compare_memberships);
  }
  for (size_t i = 0; status == STORE_OK && i < own->membership_count; i++) {
    const membership *member = &own->memberships[i];
    const segment *of = own->segments[member->segment].of;
    bool is_new = false;
    if (of->is_static) {
      store_move move = {.project = own->project.num,
                         .segment = of->num,
                         .at_ms = member->since_ms,
                         .cause = STORE_CAUSE_MANUAL};
      status = import_move_member(own, &move, member->contact, true, &is_new, error);
      own->counts.members_added += is_new;
    }
  }
  return status;
}

// Tracked segments.

/// What settling a segment needs to know of its contacts.
typedef struct settling {
  const import *own;
  project *in;
  const segment *of;
  bool takes_all; ///< The import defines the segment: all contacts move silently, not only its own.
  int64_t *imported; ///< The contacts of the lines, by rising number.
  size_t imported_count;
} settling;

static int compare_nums(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static bool is_imported(const settling *state, int64_t contact) {
  return state->takes_all || state->own->is_fresh ||
         (state->imported_count > 0 && bsearch(&contact, state->imported, state->imported_count,
                                               sizeof contact, compare_nums) != NULL);
}

/// Since when a contact is a member: as the files say, or from now on.
static int64_t since_of(const settling *state, size_t segment_index, int64_t contact) {
  membership wanted = {.segment = segment_index, .contact = contact};
  const import *own = state->own;
  const membership *found = own->membership_count == 0
                                ? NULL
                                : bsearch(&wanted, own->memberships, own->membership_count,
                                          sizeof wanted, compare_memberships);
  return found == NULL ? own->now_ms : found->since_ms;
}

/// The place of a segment on the import's list.
static size_t place_of(const import *own, const segment *of) {
  size_t i = 0;
  while (i < own->segment_count && own->segments[i].num != of->num) {
    i++;
  }
  return i;
}

static store_status move_rows(const settling *state, const uint32_t *rows, size_t count,
                              bool is_entry, store_error *error) {
  const import *own = state->own;
  size_t place = place_of(own, state->of);
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < count; i++) {
    int64_t contact = state->in->contact_nums[rows[i]];
    bool has_changed;
    if (is_imported(state, contact)) {
      store_move move = {.project = own->project.num,
                         .segment = state->of->num,
                         .at_ms = is_entry ? since_of(state, place, contact) : own->now_ms,
                         .cause = STORE_CAUSE_DEFINITION};
      status = import_move_member(own, &move, contact, is_entry, &has_changed, error);
    }
  }
  return status;
}

/// Stores who enters and who leaves a segment, whose members are then those of `mask`.
static store_status move_members(const settling *state, seg_mask_view mask, store_error *error) {
  seg_mask_view before = {.words = NULL, .block_count = 0};
  (void)seg_table_members(state->in->table, state->of->id, &before);
  seg_diff_counts counts = seg_diff_count(before, mask);
  uint32_t *entered = malloc((counts.entered + 1) * sizeof *entered);
  uint32_t *left = malloc((counts.left + 1) * sizeof *left);
  store_status status = STORE_NOMEM;
  if (entered != NULL && left != NULL) {
    seg_diff(before, mask, entered, left);
    status = move_rows(state, entered, counts.entered, true, error);
    if (status == STORE_OK) {
      status = move_rows(state, left, counts.left, false, error);
    }
  }
  free(entered);
  free(left);
  return status == STORE_NOMEM ? import_no_memory(error) : status;
}

static store_status settle_segment(const settling *state, store_error *error) {
  seg_table *table = state->in->table;
  seg_block_range all = seg_plan_all_blocks(table);
  project_view view = {.project = state->in, .table = table};
  seg_resolver resolver = project_resolver(&view);
  seg_plan *plan = NULL;
  uint64_t *words = calloc(all.end + 1, sizeof *words);
  seg_status made = words == NULL
                        ? SEG_E_NOMEM
                        : seg_plan_create(seg_allocator_default(), state->of->filter, table,
                                          state->own->now_ms, &resolver, all, &plan, NULL);
  if (made == SEG_OK) {
    made = seg_plan_evaluate(plan, all, words);
  }
  seg_plan_free(plan);
  store_status status = STORE_NOMEM;
  if (made == SEG_OK) {
    seg_mask_view mask = {.words = words, .block_count = all.end};
    status = move_members(state, mask, error);
    // Those that refer to this one see its members as they are to be.
    if (status == STORE_OK && seg_table_set_members(table, state->of->id, mask, NULL) != SEG_OK) {
      status = STORE_NOMEM;
    }
  }
  free(words);
  return status == STORE_NOMEM ? import_no_memory(error) : status;
}

static store_status store_counts(const import *own, const project *in, store_error *error) {
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < in->segment_count; i++) {
    size_t count;
    if (!tracking_count(in, in->segments[i], own->now_ms, &count)) {
      return import_no_memory(error);
    }
    status = store_segment_set_count(own->session, in->num, in->segments[i]->num, (int64_t)count,
                                     own->now_ms, error);
  }
  return status;
}

/// The contacts of the lines, by rising number; a copy, since rows keep the order of the lines.
static bool sort_imported(settling *state) {
  const import *own = state->own;
  state->imported_count = own->is_fresh ? 0 : own->num_count;
  state->imported = malloc((state->imported_count + 1) * sizeof *state->imported);
  if (state->imported == NULL) {
    return false;
  }
  for (size_t i = 0; i < state->imported_count; i++) {
    state->imported[i] = own->nums[i];
  }
  qsort(state->imported, state->imported_count, sizeof *state->imported, compare_nums);
  return true;
}

store_status import_settle(import *own, project *in, store_error *error) {
  settling state = {.own = own, .in = in};
  if (!sort_imported(&state)) {
    return import_no_memory(error);
  }
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < in->tracked_count; i++) {
    size_t place = place_of(own, in->tracked[i]);
    state.of = in->tracked[i];
    state.takes_all = own->segments[place].file_name.bytes != NULL;
    status = settle_segment(&state, error);
  }
  free(state.imported);
  return status == STORE_OK ? store_counts(own, in, error) : status;
}
