// See tracking.h.
#include "tracking.h"

#include "segmentry/plan.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tracking_cause_names[] = {
    [STORE_CAUSE_DATA] = "DATA",
    [STORE_CAUSE_CLOCK] = "CLOCK",
    [STORE_CAUSE_DEFINITION] = "DEFINITION",
    [STORE_CAUSE_MANUAL] = "MANUAL",
    [STORE_CAUSE_DELETE] = "DELETE",
};

int tracking_event_data(const segment *of, char out[BATCH_MOVE_JSON_BYTES]) {
  // The name is a stranger's text: cJSON escapes it.
  cJSON *name = cJSON_CreateString(of->name.bytes);
  char *quoted = name == NULL ? NULL : cJSON_PrintUnformatted(name);
  int size = snprintf(out, BATCH_MOVE_JSON_BYTES, "{\"segmentId\":\"%s\",\"segmentName\":%s}",
                      of->id.bytes, quoted == NULL ? "null" : quoted);
  cJSON_free(quoted);
  cJSON_Delete(name);
  return size;
}

/// Evaluates a segment's filter on a table. The mask has a word more than blocks, so that an empty
/// table has one too; free it with free.
static batch_status evaluate(const seg_filter *filter, const seg_table *table, int64_t now_ms,
                             const seg_resolver *resolver, uint64_t **mask) {
  seg_block_range all = seg_plan_all_blocks(table);
  seg_plan *plan = NULL;
  *mask = calloc(all.end + 1, sizeof **mask);
  seg_status status = *mask == NULL ? SEG_E_NOMEM
                                    : seg_plan_create(seg_allocator_default(), filter, table,
                                                      now_ms, resolver, all, &plan, NULL);
  if (status == SEG_OK) {
    status = seg_plan_evaluate(plan, all, *mask);
  }
  seg_plan_free(plan);
  // References were checked when the segments were saved: only memory can be lacking.
  return status == SEG_OK ? BATCH_OK : BATCH_NOMEM;
}

static batch_status status_of(store_status status) {
  return status == STORE_OK ? BATCH_OK : status == STORE_NOMEM ? BATCH_NOMEM : BATCH_FAILED;
}

/// Writes that a contact enters or leaves.
static batch_status store_moved(batch *own, const batch_move *move, segment *of, int64_t contact,
                                bool is_entry) {
  of->moved_in += is_entry;
  of->moved_out += !is_entry;
  return status_of(is_entry ? store_member_add(own->session, &move->row, contact, &own->error)
                            : store_member_remove(own->session, &move->row, contact, &own->error));
}

/// The stored members of a segment among the rows of a table.
static seg_mask_view members_of(const seg_table *table, const segment *of) {
  seg_mask_view members = {.words = NULL, .block_count = 0};
  (void)seg_table_members(table, of->id, &members);
  return members;
}

/// Rows that entered and left, in one array each; free them with free.
typedef struct moved_rows {
  uint32_t *entered;
  uint32_t *left;
  seg_diff_counts counts;
} moved_rows;

static bool find_moved(seg_mask_view before, seg_mask_view after, moved_rows *out) {
  out->counts = seg_diff_count(before, after);
  out->entered = malloc((out->counts.entered + 1) * sizeof *out->entered);
  out->left = malloc((out->counts.left + 1) * sizeof *out->left);
  if (out->entered == NULL || out->left == NULL) {
    return false;
  }
  seg_diff(before, after, out->entered, out->left);
  return true;
}

static void free_moved(moved_rows *gone) {
  free(gone->entered);
  free(gone->left);
}

/// Lets touched contacts enter, or leave: writes it, and notes the membership and the event.
static batch_status move_touched(batch *own, project_batch *part, segment *of, const uint32_t *rows,
                                 size_t count, bool is_entry) {
  batch_move move;
  batch_status status =
      count == 0
          ? BATCH_OK
          : status_of(batch_move_begin(own, part->project, of, is_entry, STORE_CAUSE_DATA, &move));
  for (size_t i = 0; status == BATCH_OK && i < count; i++) {
    seg_text_view contact_id = seg_table_id(part->scratch, rows[i]);
    change member = {
        .kind = CHANGE_SET_MEMBER, .contact_id = contact_id, .segment = of->id, .flag = is_entry};
    change event = {.kind = CHANGE_ADD_EVENT,
                    .contact_id = contact_id,
                    .name = seg_text_of(move.event_name),
                    .at_ms = own->now_ms,
                    .event_data = move.event_data};
    status = store_moved(own, &move, of, part->scratch_nums[rows[i]], is_entry);
    if (status == BATCH_OK &&
        !(change_list_add(&part->changes, &member) && change_list_add(&part->changes, &event))) {
      status = BATCH_NOMEM;
    }
  }
  return status;
}

static batch_status evaluate_touched_segment(batch *own, project_batch *part, segment *of) {
  project_view view = {.project = part->project, .table = part->scratch};
  seg_resolver resolver = project_resolver(&view);
  uint64_t *mask = NULL;
  moved_rows moved = {0};
  batch_status status = evaluate(of->filter, part->scratch, own->now_ms, &resolver, &mask);
  if (status == BATCH_OK) {
    seg_mask_view after = {.words = mask, .block_count = seg_table_block_count(part->scratch)};
    if (!find_moved(members_of(part->scratch, of), after, &moved)) {
      status = BATCH_NOMEM;
    }
  }
  if (status == BATCH_OK) {
    status = move_touched(own, part, of, moved.entered, moved.counts.entered, true);
  }
  if (status == BATCH_OK) {
    status = move_touched(own, part, of, moved.left, moved.counts.left, false);
  }
  free_moved(&moved);
  free(mask);
  return status == BATCH_OK ? batch_apply(part) : status;
}

batch_status tracking_evaluate_touched(batch *own, project_batch *part) {
  batch_status status = BATCH_OK;
  for (size_t i = 0; status == BATCH_OK && i < part->project->tracked_count; i++) {
    status = evaluate_touched_segment(own, part, part->project->tracked[i]);
  }
  return status;
}

// Sweeps.

/// The masks that a sweep has made so far: they stand in for the stored members, so that a segment
/// sees its references as they are about to be.
typedef struct sweep_view {
  project_view base;
  segment *const *segments; ///< In the order in which they are evaluated.
  size_t count;
  uint64_t **masks; ///< Of each; NULL for one that is not evaluated yet.
  size_t block_count;
} sweep_view;

static bool find_swept(void *context, seg_text_view id, seg_segment *out) {
  sweep_view *view = context;
  seg_resolver base = project_resolver(&view->base);
  if (!base.find(base.context, id, out)) {
    return false;
  }
  for (size_t i = 0; i < view->count; i++) {
    if (view->masks[i] != NULL && seg_text_equal(view->segments[i]->id, id)) {
      out->members = view->masks[i];
      out->member_block_count = view->block_count;
    }
  }
  return true;
}

/// Records entries or exits of one segment, up to the sweep's limit.
static batch_status move_swept(batch *own, project_batch *part, segment *of, const uint32_t *rows,
                               size_t count, bool is_entry, sweep_result *result) {
  const project *in = part->project;
  size_t left = SWEEP_CHANGES_MAX - result->moves;
  batch_move move;
  *(is_entry ? &result->entered : &result->left) = 0;
  if (count > left) {
    result->is_cut = true;
    count = left;
  }
  if (count == 0) {
    return BATCH_OK;
  }
  store_cause cause = of->is_redefined ? STORE_CAUSE_DEFINITION : STORE_CAUSE_CLOCK;
  batch_status status = status_of(batch_move_begin(own, in, of, is_entry, cause, &move));
  for (size_t i = 0; status == BATCH_OK && i < count; i++) {
    status = store_moved(own, &move, of, in->contact_nums[rows[i]], is_entry);
  }
  change moved = {.kind = CHANGE_MOVE_ROWS,
                  .name = seg_text_of(move.event_name),
                  .segment = of->id,
                  .flag = is_entry,
                  .at_ms = own->now_ms,
                  .event_data = move.event_data,
                  .rows = rows,
                  .row_count = count};
  *(is_entry ? &result->entered : &result->left) = count;
  result->moves += count;
  return status == BATCH_OK && !change_list_add(&part->changes, &moved) ? BATCH_NOMEM : status;
}

static batch_status sweep_segment(batch *own, project_batch *part, sweep_view *view, size_t index,
                                  sweep_result *result) {
  segment *of = view->segments[index];
  seg_resolver resolver = {.find = find_swept, .context = view};
  batch_status status =
      evaluate(of->filter, part->project->table, own->now_ms, &resolver, &view->masks[index]);
  if (status != BATCH_OK) {
    return status;
  }
  moved_rows moved = {0};
  seg_mask_view after = {.words = view->masks[index], .block_count = view->block_count};
  result->total = seg_mask_count(after);
  status = find_moved(members_of(part->project->table, of), after, &moved) ? BATCH_OK : BATCH_NOMEM;
  if (status == BATCH_OK) {
    status = move_swept(own, part, of, moved.entered, moved.counts.entered, true, result);
  }
  if (status == BATCH_OK) {
    status = move_swept(own, part, of, moved.left, moved.counts.left, false, result);
  }
  free_moved(&moved);
  return status;
}

batch_status tracking_sweep(batch *own, project *of, segment *only, sweep_result *result) {
  project_batch *part = batch_project(own, of);
  sweep_view view = {.base = {.project = of, .table = of->table},
                     .segments = of->tracked,
                     .count = of->tracked_count,
                     .block_count = seg_table_block_count(of->table)};
  segment **referred = NULL;
  *result = (sweep_result){.is_cut = false};
  bool ok = part != NULL;
  if (ok && only != NULL) {
    ok = project_order_references(of, only, &referred, &view.count);
    view.segments = referred;
  }
  view.masks = ok ? calloc(view.count + 1, sizeof *view.masks) : NULL;
  batch_status status = view.masks != NULL ? BATCH_OK : BATCH_NOMEM;
  size_t reached = 0;
  while (status == BATCH_OK && reached < view.count && !result->is_cut) {
    status = sweep_segment(own, part, &view, reached++, result);
  }
  if (reached < view.count) {
    result->entered = result->left = 0; // they are another one's
  }
  if (part != NULL) {
    part->applied_count = part->changes.count; // the scratch table is for touched contacts
  }
  for (size_t i = 0; view.masks != NULL && i < view.count; i++) {
    free(view.masks[i]);
  }
  free(view.masks);
  free(referred);
  return status;
}

batch_status tracking_settle(batch *own, const segment *of, const project *in) {
  return of->is_redefined ? status_of(store_segment_set_redefined(own->session, in->num, of->num,
                                                                  false, &own->error))
                          : BATCH_OK;
}

bool tracking_count(const project *own, const segment *of, int64_t now_ms, size_t *count) {
  project_view view = {.project = own, .table = own->table};
  if (of->is_static) {
    *count = seg_mask_count(members_of(own->table, of));
    return true;
  }
  seg_resolver resolver = project_resolver(&view);
  seg_plan *plan = NULL;
  seg_status status = seg_plan_create(seg_allocator_default(), of->filter, own->table, now_ms,
                                      &resolver, seg_plan_all_blocks(own->table), &plan, NULL);
  if (status == SEG_OK) {
    status = seg_plan_count(plan, count);
  }
  seg_plan_free(plan);
  return status == SEG_OK;
}
