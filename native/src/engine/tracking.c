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

/// Evaluates a segment's filter on blocks of a table. The mask begins with the table's first block,
/// and has a word more than it needs, so that an empty table has one too; free it with free.
static batch_status evaluate(const seg_filter *filter, const seg_table *table,
                             seg_block_range range, int64_t now_ms, const seg_resolver *resolver,
                             uint64_t **mask) {
  seg_plan *plan = NULL;
  *mask = calloc(range.end + 1, sizeof **mask);
  seg_status status = *mask == NULL ? SEG_E_NOMEM
                                    : seg_plan_create(seg_allocator_default(), filter, table,
                                                      now_ms, resolver, range, &plan, NULL);
  if (status == SEG_OK) {
    status = seg_plan_evaluate(plan, range, *mask + range.begin);
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
  batch_status status = evaluate(of->filter, part->scratch, seg_plan_all_blocks(part->scratch),
                                 own->now_ms, &resolver, &mask);
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

/// What one transaction evaluates at most: rows, times the groups and filters that are asked about
/// each. At about a nanosecond each a tenth of a second.
#define SWEEP_CELLS_MAX ((size_t)1 << 26)
/// Blocks that it evaluates at least.
#define SWEEP_BLOCKS_MIN 16
/// A delivery to a webhook costs as much as so many moves.
#define SWEEP_DELIVERY_MOVES 3

/// A segment in a sweep.
typedef struct swept_segment {
  segment *of;
  seg_mask_view members; ///< As stored.
  uint64_t *mask;        ///< What matches; NULL until it is evaluated.
  size_t cost;           ///< Of a move; 0 until it is asked for.
} swept_segment;

/// A sweep. The masks that it has made so far stand in for the stored members, so that a segment
/// sees its references as they are about to be.
typedef struct sweep_view {
  project_view base;
  swept_segment *segments; ///< In the order in which they are evaluated.
  size_t count;
  seg_block_range range; ///< The blocks that are swept.
} sweep_view;

static bool find_swept(void *context, seg_text_view id, seg_segment *out) {
  sweep_view *view = context;
  seg_resolver base = project_resolver(&view->base);
  if (!base.find(base.context, id, out)) {
    return false;
  }
  for (size_t i = 0; i < view->count; i++) {
    if (view->segments[i].mask != NULL && seg_text_equal(view->segments[i].of->id, id)) {
      out->members = view->segments[i].mask;
      out->member_block_count = view->range.end;
    }
  }
  return true;
}

/// The next blocks: as many as one transaction may evaluate.
static seg_block_range choose_range(const sweep_view *view, size_t begin) {
  size_t block_count = seg_table_block_count(view->base.table);
  size_t nodes = 1;
  for (size_t i = 0; i < view->count; i++) {
    nodes += seg_filter_node_count(view->segments[i].of->filter);
  }
  size_t blocks = SWEEP_CELLS_MAX / 64 / nodes;
  blocks = blocks < SWEEP_BLOCKS_MIN ? SWEEP_BLOCKS_MIN : blocks;
  begin = begin < block_count ? begin : block_count;
  return (seg_block_range){.begin = begin,
                           .end = begin + blocks < block_count ? begin + blocks : block_count};
}

/// What a move costs, in moves that no webhook is told of.
static size_t cost_of_move(const project *in, const segment *of) {
  size_t cost = 1;
  char name[SEG_EVENT_NAME_BYTES_MAX + 1];
  for (size_t i = 0; i < in->webhook_count; i++) {
    for (int is_entry = 0; in->webhooks[i]->is_enabled && is_entry < 2; is_entry++) {
      batch_name_move(of, is_entry != 0, name);
      if (webhook_watches(in->webhooks[i], seg_text_of(name))) {
        cost += SWEEP_DELIVERY_MOVES;
        break;
      }
    }
  }
  return cost;
}

static uint64_t word_of(seg_mask_view mask, size_t block) {
  return block < mask.block_count ? mask.words[block] : 0;
}

/// How far one transaction gets: behind the block with which there are as many moves as it takes.
/// All moves of a contact are in one.
static size_t fit_moves(sweep_view *view) {
  size_t sum = 0;
  for (size_t block = view->range.begin; block < view->range.end; block++) {
    for (size_t i = 0; i < view->count; i++) {
      swept_segment *next = &view->segments[i];
      uint64_t moved = next->mask[block] ^ word_of(next->members, block);
      if (moved != 0 && next->cost == 0) {
        next->cost = cost_of_move(view->base.project, next->of);
      }
      sum += (size_t)__builtin_popcountll(moved) * next->cost;
    }
    if (sum >= SWEEP_MOVES_MAX) {
      return block + 1;
    }
  }
  return view->range.end;
}

/// Records entries or exits of one segment.
static batch_status move_swept(batch *own, project_batch *part, segment *of, const uint32_t *rows,
                               size_t count, bool is_entry) {
  const project *in = part->project;
  batch_move move;
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
  return status == BATCH_OK && !change_list_add(&part->changes, &moved) ? BATCH_NOMEM : status;
}

/// Blocks of a mask, from `range.begin` on.
static seg_mask_view slice(seg_mask_view mask, seg_block_range range) {
  size_t end = range.end < mask.block_count ? range.end : mask.block_count;
  return range.begin < end
             ? (seg_mask_view){.words = mask.words + range.begin, .block_count = end - range.begin}
             : (seg_mask_view){.words = NULL, .block_count = 0};
}

static void shift_rows(uint32_t *rows, size_t count, size_t begin) {
  for (size_t i = 0; i < count; i++) {
    rows[i] += (uint32_t)(begin * 64);
  }
}

/// Moves all rows of the range that are to be moved in one segment.
static batch_status move_segment(batch *own, project_batch *part, const sweep_view *view,
                                 const swept_segment *swept, sweep_result *result) {
  segment *of = swept->of;
  seg_mask_view before = slice(swept->members, view->range);
  seg_mask_view after = {.words = swept->mask, .block_count = view->range.end};
  moved_rows moved = {0};
  batch_status status =
      find_moved(before, slice(after, view->range), &moved) ? BATCH_OK : BATCH_NOMEM;
  if (status == BATCH_OK) {
    shift_rows(moved.entered, moved.counts.entered, view->range.begin);
    shift_rows(moved.left, moved.counts.left, view->range.begin);
    status = move_swept(own, part, of, moved.entered, moved.counts.entered, true);
  }
  if (status == BATCH_OK) {
    status = move_swept(own, part, of, moved.left, moved.counts.left, false);
  }
  result->entered = moved.counts.entered;
  result->left = moved.counts.left;
  result->total = seg_mask_count(swept->members) + moved.counts.entered - moved.counts.left;
  free_moved(&moved);
  return status;
}

/// Sweeps the next blocks of the view's table.
static batch_status sweep_blocks(batch *own, project_batch *part, sweep_view *view, size_t begin,
                                 sweep_result *result) {
  const seg_table *table = view->base.table;
  seg_resolver resolver = {.find = find_swept, .context = view};
  batch_status status = BATCH_OK;
  view->range = choose_range(view, begin);
  for (size_t i = 0; status == BATCH_OK && i < view->count; i++) {
    swept_segment *next = &view->segments[i];
    status = evaluate(next->of->filter, table, view->range, own->now_ms, &resolver, &next->mask);
  }
  if (status != BATCH_OK) {
    return status;
  }
  view->range.end = fit_moves(view);
  for (size_t i = 0; status == BATCH_OK && i < view->count; i++) {
    status = move_segment(own, part, view, &view->segments[i], result);
  }
  result->next_block = view->range.end;
  result->is_cut = view->range.end < seg_table_block_count(table);
  return status;
}

static bool list_swept(sweep_view *view, segment *const *segments, size_t count) {
  view->segments = calloc(count + 1, sizeof *view->segments);
  for (size_t i = 0; view->segments != NULL && i < count; i++) {
    view->segments[view->count++] =
        (swept_segment){.of = segments[i], .members = members_of(view->base.table, segments[i])};
  }
  return view->segments != NULL;
}

batch_status tracking_sweep(batch *own, project *of, segment *only, size_t begin,
                            sweep_result *result) {
  project_batch *part = batch_project(own, of);
  sweep_view view = {.base = {.project = of, .table = of->table}};
  segment **referred = NULL;
  size_t count = of->tracked_count;
  *result = (sweep_result){.is_cut = false};
  bool ok = part != NULL &&
            (only == NULL || project_order_references(of, only, &referred, &count)) &&
            list_swept(&view, only == NULL ? of->tracked : referred, count);
  batch_status status = ok ? sweep_blocks(own, part, &view, begin, result) : BATCH_NOMEM;
  if (part != NULL) {
    part->applied_count = part->changes.count; // the scratch table is for touched contacts
  }
  for (size_t i = 0; i < view.count; i++) {
    free(view.segments[i].mask);
  }
  free(view.segments);
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
