// Members and previews. Everything runs on a project's table under its read lock, so that what one
// call tells is of one moment.
#include "engine_preview.h"
#include "conditions.h"
#include "engine_internal.h"
#include "masks.h"
#include "segmentry/json.h"
#include "segmentry/plan.h"

#include <stdlib.h>
#include <string.h>

static seg_allocator memory(void) { return seg_allocator_default(); }

static engine_status no_memory(engine_error *error) {
  return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

static engine_status unknown_segment(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "there is no segment with this id");
}

void id_list_free(id_list *gone) {
  for (size_t i = 0; i < gone->count; i++) {
    free((void *)(uintptr_t)gone->ids[i].bytes);
  }
  free(gone->ids);
  *gone = (id_list){0};
}

void preview_moves_free(preview_moves *gone) {
  id_list_free(&gone->entering);
  id_list_free(&gone->leaving);
}

// Pages: the newest rows of a mask, found with a heap of as many as the page and those before it.

typedef struct ranked_row {
  int64_t num; ///< The store's number of the contact: the newer, the larger.
  uint32_t row;
} ranked_row;

/// The smallest is at the root, so that a newer row can take its place.
typedef struct row_heap {
  ranked_row *rows;
  size_t count;
  size_t capacity;
} row_heap;

static void sink(row_heap *heap, size_t at) {
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap->count) {
      return;
    }
    if (child + 1 < heap->count && heap->rows[child + 1].num < heap->rows[child].num) {
      child++;
    }
    if (heap->rows[at].num <= heap->rows[child].num) {
      return;
    }
    ranked_row swapped = heap->rows[at];
    heap->rows[at] = heap->rows[child];
    heap->rows[child] = swapped;
    at = child;
  }
}

static void offer(row_heap *heap, ranked_row offered) {
  if (heap->count == heap->capacity) {
    if (heap->capacity > 0 && offered.num > heap->rows[0].num) {
      heap->rows[0] = offered;
      sink(heap, 0);
    }
    return;
  }
  size_t at = heap->count++;
  while (at > 0 && heap->rows[(at - 1) / 2].num > offered.num) {
    heap->rows[at] = heap->rows[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap->rows[at] = offered;
}

static int newest_first(const void *a, const void *b) {
  int64_t left = ((const ranked_row *)a)->num;
  int64_t right = ((const ranked_row *)b)->num;
  return (left < right) - (left > right);
}

static char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

/// Whether a stored email, whose ASCII letters are small ones, has a text in it.
static bool has_text(seg_text_view email, seg_text_view search) {
  for (size_t at = 0; at + search.size_bytes <= email.size_bytes; at++) {
    size_t i = 0;
    while (i < search.size_bytes && email.bytes[at + i] == lower(search.bytes[i])) {
      i++;
    }
    if (i == search.size_bytes) {
      return true;
    }
  }
  return false;
}

static bool copy_ids(const project *in, const row_heap *sorted, size_t offset, id_list *out) {
  size_t count = sorted->count > offset ? sorted->count - offset : 0;
  out->ids = calloc(count + 1, sizeof *out->ids);
  for (size_t i = 0; out->ids != NULL && i < count; i++) {
    seg_text_view id = seg_table_id(in->table, sorted->rows[offset + i].row);
    char *copy = malloc(id.size_bytes + 1);
    if (copy == NULL) {
      return false;
    }
    memcpy(copy, id.bytes, id.size_bytes);
    copy[id.size_bytes] = '\0';
    out->ids[out->count++] = (seg_text_view){.bytes = copy, .size_bytes = id.size_bytes};
  }
  return out->ids != NULL;
}

/// A page of a mask's rows, newest contact first.
/// total  written  Rows that have the text, on all pages.
static bool list_page(const project *in, const uint64_t *mask, seg_text_view search, size_t offset,
                      size_t limit, id_list *out, size_t *total) {
  size_t blocks = seg_table_block_count(in->table);
  size_t wanted = offset + limit;
  row_heap heap = {.capacity = wanted < blocks * 64 ? wanted : blocks * 64};
  heap.rows = calloc(heap.capacity + 1, sizeof *heap.rows);
  *out = (id_list){0};
  *total = 0;
  if (heap.rows == NULL) {
    return false;
  }
  for (size_t block = 0; block < blocks; block++) {
    for (uint64_t word = mask[block]; word != 0; word &= word - 1) {
      uint32_t row = (uint32_t)(block * 64 + (size_t)__builtin_ctzll(word));
      if (search.size_bytes == 0 || has_text(seg_table_email(in->table, row), search)) {
        ++*total;
        offer(&heap, (ranked_row){.num = in->contact_nums[row], .row = row});
      }
    }
  }
  qsort(heap.rows, heap.count, sizeof *heap.rows, newest_first);
  bool ok = copy_ids(in, &heap, offset, out);
  free(heap.rows);
  if (!ok) {
    id_list_free(out);
  }
  return ok;
}

engine_status engine_segment_search(engine *own, project *in, seg_text_view id,
                                    seg_text_view search, size_t offset, size_t limit, id_list *out,
                                    size_t *total, engine_error *error) {
  uint64_t *mask = NULL;
  int64_t now_ms = engine_now_ms(own);
  (void)pthread_rwlock_rdlock(&in->lock);
  const segment *of = project_find_segment(in, id);
  engine_status status = ENGINE_OK;
  if (of == NULL) {
    status = unknown_segment(error);
  } else if (!mask_of_members(in, of, now_ms, &mask) ||
             !list_page(in, mask, search, offset, limit, out, total)) {
    status = no_memory(error);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  free(mask);
  return status;
}

engine_status engine_segment_members(engine *own, project *in, seg_text_view id, size_t offset,
                                     size_t limit, seg_text_view *ids, size_t *id_count,
                                     size_t *total, engine_error *error) {
  id_list page = {0};
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  engine_status status =
      engine_segment_search(own, in, id, all, offset, limit, &page, total, error);
  for (size_t i = 0; i < page.count; i++) {
    ids[i] = page.ids[i];
  }
  *id_count = page.count;
  free(page.ids);
  return status;
}

// Previews.

bool engine_count_subscribed(engine *own, project *in, size_t *subscribed, size_t *total) {
  uint64_t *mask = NULL;
  int64_t now_ms = engine_now_ms(own);
  (void)pthread_rwlock_rdlock(&in->lock);
  bool ok = mask_of_subscribed(in, now_ms, &mask);
  if (ok) {
    *subscribed = mask_count(in, mask);
    *total = seg_table_contact_count(in->table);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  free(mask);
  return ok;
}

/// What is worked out for one preview.
typedef struct preview_work {
  const project *project;
  int64_t now_ms;
  size_t sample;
  uint64_t *matches;
  uint64_t *subscribed;
  uint64_t *members; ///< Of the segment that is about to change.
} preview_work;

/// Evaluates the condition, and each node of it. One plan for both: its truth tables cost more than
/// either where there are many filters on texts.
static bool evaluate(preview_work *own, preview *out) {
  project_view view = {.project = own->project, .table = own->project->table};
  seg_resolver resolver = project_resolver(&view);
  seg_block_range all = seg_plan_all_blocks(view.table);
  seg_plan *plan = NULL;
  own->matches = mask_new(view.table);
  out->node_counts = calloc(seg_filter_node_count(out->filter) + 1, sizeof *out->node_counts);
  bool ok = own->matches != NULL && out->node_counts != NULL &&
            seg_plan_create(memory(), out->filter, view.table, own->now_ms, &resolver, all, &plan,
                            NULL) == SEG_OK &&
            seg_plan_evaluate(plan, all, own->matches) == SEG_OK &&
            seg_plan_count_nodes(plan, out->node_counts) == SEG_OK;
  seg_plan_free(plan);
  return ok;
}

static bool count_matches(preview_work *own, preview *out) {
  const seg_table *table = own->project->table;
  size_t blocks = seg_table_block_count(table);
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  id_list sample;
  if (!mask_of_subscribed(own->project, own->now_ms, &own->subscribed) ||
      !list_page(own->project, own->matches, all, 0, own->sample, &sample, &out->count)) {
    return false;
  }
  out->sample_ids = sample.ids;
  out->sample_count = sample.count;
  out->total = seg_table_contact_count(table);
  for (size_t i = 0; i < blocks; i++) {
    out->subscribed += (size_t)__builtin_popcountll(own->matches[i] & own->subscribed[i]);
  }
  return true;
}

static bool count_moves(preview_work *own, const segment *of, preview *out, preview_moves *moves) {
  size_t blocks = seg_table_block_count(own->project->table);
  uint64_t *moved = mask_new(own->project->table);
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  id_list entering = {0};
  id_list leaving = {0};
  bool ok = moved != NULL && mask_of_members(own->project, of, own->now_ms, &own->members);
  for (size_t i = 0; ok && i < blocks; i++) {
    moved[i] = own->matches[i] & ~own->members[i];
  }
  ok = ok && list_page(own->project, moved, all, 0, own->sample, &entering, &out->entering);
  for (size_t i = 0; ok && i < blocks; i++) {
    moved[i] = own->members[i] & ~own->matches[i];
  }
  ok = ok && list_page(own->project, moved, all, 0, own->sample, &leaving, &out->leaving);
  free(moved);
  out->has_changes = ok;
  if (ok && moves != NULL) {
    *moves = (preview_moves){.entering = entering, .leaving = leaving};
  } else {
    id_list_free(&entering);
    id_list_free(&leaving);
  }
  return ok;
}

/// Everything that needs the project; the read lock is held.
static engine_status look(preview_work *own, seg_text_view segment_id, preview *out,
                          preview_moves *moves, engine_error *error) {
  const segment *of = NULL;
  if (segment_id.bytes != NULL) {
    of = project_find_segment(own->project, segment_id);
    if (of == NULL) {
      return unknown_segment(error);
    }
    if (of->is_static) {
      return engine_fail(error, ENGINE_INVALID, "segmentId: a static segment has no condition");
    }
  }
  condition_owner owner = {.id = of == NULL ? seg_text_of("") : of->id,
                           .name = of == NULL ? seg_text_of("") : of->name};
  engine_status status = condition_check(own->project, out->filter, &owner, error);
  if (status != ENGINE_OK) {
    return status;
  }
  bool ok = evaluate(own, out) && count_matches(own, out) &&
            (of == NULL || count_moves(own, of, out, moves));
  return ok ? ENGINE_OK : no_memory(error);
}

engine_status engine_preview_moves(engine *own, project *in, const struct cJSON *condition,
                                   seg_text_view segment_id, size_t sample, preview *out,
                                   preview_moves *moves, engine_error *error) {
  *out = (preview){0};
  if (moves != NULL) {
    *moves = (preview_moves){0};
  }
  seg_status parsed = seg_filter_parse_tree(memory(), condition, &out->filter, &error->problems);
  if (parsed != SEG_OK) {
    return parsed == SEG_E_INVALID
               ? engine_fail(error, ENGINE_CONDITION, "the condition is not valid")
               : no_memory(error);
  }
  preview_work work = {.project = in, .now_ms = engine_now_ms(own), .sample = sample};
  (void)pthread_rwlock_rdlock(&in->lock);
  engine_status status = look(&work, segment_id, out, moves, error);
  (void)pthread_rwlock_unlock(&in->lock);
  free(work.matches);
  free(work.subscribed);
  free(work.members);
  if (status != ENGINE_OK) {
    preview_free(out);
  }
  return status;
}

engine_status engine_preview(engine *own, project *in, const struct cJSON *condition,
                             seg_text_view segment_id, size_t sample, preview *out,
                             engine_error *error) {
  return engine_preview_moves(own, in, condition, segment_id, sample, out, NULL, error);
}

void preview_free(preview *gone) {
  id_list sample = {.ids = gone->sample_ids, .count = gone->sample_count};
  id_list_free(&sample);
  free(gone->node_counts);
  seg_filter_free(gone->filter);
  *gone = (preview){0};
}

engine_totals engine_count_all(engine *own) {
  engine_totals totals = {0};
  (void)pthread_rwlock_rdlock(&own->lock);
  totals.projects = own->project_count;
  for (size_t i = 0; i < own->project_count; i++) {
    project *in = own->projects[i];
    (void)pthread_rwlock_rdlock(&in->lock);
    totals.contacts += seg_table_contact_count(in->table);
    totals.segments += in->segment_count;
    totals.tracked_segments += in->tracked_count;
    totals.memory_bytes += seg_table_memory_bytes(in->table);
    (void)pthread_rwlock_unlock(&in->lock);
  }
  (void)pthread_rwlock_unlock(&own->lock);
  return totals;
}
