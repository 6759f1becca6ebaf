/// The flat functions that wasm/package/index.js calls: the core's public interface without
/// structs.
///
/// Numbers, addresses and sizes go in as they are; bytes go in through js_alloc. A list of texts is
/// one run of bytes in which every text ends with a NUL: the core takes no text that holds one, so
/// nothing has to be escaped on either side. Handles are addresses of the core's own objects.
///
/// What comes out beyond a status lies in one result area, whose address never changes:
///
///   offset  0  u32  address of the output: bytes, a list of texts, or u32 numbers
///           4  u32  size of the output in bytes
///           8  f64  number: a count, a handle or an instant
///          16  f64  lines: how many lines an ingest has seen
///
/// The output lives until js_release, which comes after every call that gives a status. A call that
/// fails leaves a list of three texts for each problem there: field, message and code ("" where the
/// status says it all). Out of memory leaves none.
///
/// A module instance is used by one thread, so this file may hold state; the core has none.
#include <cJSON.h>
#include <emscripten.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "segmentry/base.h"
#include "segmentry/diff.h"
#include "segmentry/explain.h"
#include "segmentry/filter.h"
#include "segmentry/ingest.h"
#include "segmentry/instant.h"
#include "segmentry/json.h"
#include "segmentry/plan.h"
#include "segmentry/slug.h"
#include "segmentry/snapshot.h"
#include "segmentry/table.h"
#include "segmentry/text.h"

#define EXPORT EMSCRIPTEN_KEEPALIVE

typedef struct js_result {
  char *output;
  size_t output_size_bytes;
  double number;
  double lines;
} js_result;
_Static_assert(sizeof(js_result) == 24, "index.js reads these offsets");

static struct {
  size_t used_bytes;
  size_t limit_bytes;
  js_result result;
  size_t output_capacity_bytes;
} state = {.limit_bytes = SIZE_MAX};

// Memory

static void *counted_resize(void *context, void *block, size_t old_size_bytes,
                            size_t new_size_bytes) {
  (void)context;
  if (new_size_bytes == 0) {
    free(block);
    state.used_bytes -= old_size_bytes;
    return NULL;
  }
  size_t others_bytes = state.used_bytes - old_size_bytes;
  if (new_size_bytes > old_size_bytes &&
      (others_bytes > state.limit_bytes || new_size_bytes > state.limit_bytes - others_bytes)) {
    return NULL;
  }
  void *moved = realloc(block, new_size_bytes);
  if (moved != NULL) {
    state.used_bytes = others_bytes + new_size_bytes;
  }
  return moved;
}

static seg_allocator counted(void) {
  return (seg_allocator){.resize = counted_resize, .context = NULL};
}

EXPORT void *js_alloc(size_t size_bytes) { return counted_resize(NULL, NULL, 0, size_bytes); }

EXPORT void js_free(void *block, size_t size_bytes) { counted_resize(NULL, block, size_bytes, 0); }

/// Bytes that went through the allocator above. JSON trees do not: cJSON takes theirs from malloc.
EXPORT size_t js_used_bytes(void) { return state.used_bytes; }

/// Bytes that malloc has given out altogether.
EXPORT size_t js_heap_bytes(void) { return (size_t)mallinfo().uordblks; }

EXPORT void js_set_limit(size_t limit_bytes) { state.limit_bytes = limit_bytes; }

EXPORT const char *js_version(void) { return SEG_VERSION; }

// Results

EXPORT const js_result *js_result_area(void) { return &state.result; }

EXPORT void js_release(void) {
  js_free(state.result.output, state.output_capacity_bytes);
  state.result = (js_result){0};
  state.output_capacity_bytes = 0;
}

/// Makes room for `size_bytes` more of output. Growth doubles, so that appending stays linear.
static char *output_extend(size_t size_bytes) {
  size_t used = state.result.output_size_bytes;
  if (size_bytes > SIZE_MAX / 2 - used) {
    return NULL;
  }
  size_t needed = used + size_bytes;
  size_t capacity = state.output_capacity_bytes;
  if (needed > capacity) {
    size_t larger = needed > 2 * capacity ? needed : 2 * capacity;
    char *moved = counted_resize(NULL, state.result.output, capacity, larger);
    if (moved == NULL) {
      return NULL;
    }
    state.result.output = moved;
    state.output_capacity_bytes = larger;
  }
  state.result.output_size_bytes = needed;
  return state.result.output + used;
}

static seg_status output_text(seg_text_view text) {
  char *place = output_extend(text.size_bytes + 1);
  if (place == NULL) {
    return SEG_E_NOMEM;
  }
  if (text.size_bytes > 0) {
    memcpy(place, text.bytes, text.size_bytes);
  }
  place[text.size_bytes] = '\0';
  return SEG_OK;
}

/// Hands the bytes of a text that the core allocated over to the output, without a copy.
static seg_status output_adopt(seg_text_view text) {
  js_release();
  state.result.output = (char *)(uintptr_t)text.bytes; // Ours to free from now on.
  state.result.output_size_bytes = text.size_bytes;
  state.output_capacity_bytes = text.size_bytes;
  return SEG_OK;
}

static seg_status give_number(seg_status status, double number) {
  state.result.number = number;
  return status;
}

static seg_status give_handle(const void *handle) {
  return give_number(SEG_OK, (double)(uintptr_t)handle);
}

static seg_status output_problem(const char *field, const char *message, const char *code) {
  seg_status status = output_text(seg_text_of(field));
  if (status == SEG_OK) {
    status = output_text(seg_text_of(message));
  }
  if (status == SEG_OK) {
    status = output_text(seg_text_of(code));
  }
  return status;
}

/// Leaves a failed call's message; out of memory while doing so becomes the failure.
static seg_status fail(seg_status status, const char *message) {
  js_release();
  if (status != SEG_E_NOMEM && output_problem("", message, "") != SEG_OK) {
    status = SEG_E_NOMEM;
  }
  if (status == SEG_E_NOMEM) {
    js_release();
  }
  return status;
}

/// The same for a list of problems, which is freed.
static seg_status fail_problems(seg_status status, seg_problems *problems) {
  js_release();
  for (size_t i = 0; i < problems->count && status != SEG_E_NOMEM; i++) {
    const seg_problem *problem = &problems->items[i];
    if (output_problem(problem->field, problem->message, problem->code) != SEG_OK) {
      status = SEG_E_NOMEM;
    }
  }
  if (status == SEG_E_NOMEM) {
    js_release();
  }
  seg_problems_free(problems);
  return status;
}

// Arguments

static seg_text_view view(const char *bytes, size_t size_bytes) {
  return (seg_text_view){.bytes = bytes, .size_bytes = size_bytes};
}

/// Takes the first text off a list. False at its end.
static bool take_text(seg_text_view *list, seg_text_view *out) {
  if (list->size_bytes == 0) {
    return false;
  }
  const char *end = memchr(list->bytes, '\0', list->size_bytes);
  size_t size_bytes = end != NULL ? (size_t)(end - list->bytes) : list->size_bytes - 1;
  *out = view(list->bytes, size_bytes);
  *list = view(list->bytes + size_bytes + 1, list->size_bytes - size_bytes - 1);
  return true;
}

static uint64_t seed_of(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

/// The segments that JavaScript named: ids, names and filters in the same order. What is not among
/// them may still have a membership stored in the table.
typedef struct known_segments {
  seg_text_view ids;
  seg_text_view names; ///< Empty where only an evaluation asks, which names nothing.
  const seg_filter *const *filters;
  const seg_table *table; ///< NULL where references are checked without one.
} known_segments;

static bool find_segment(void *context, seg_text_view id, seg_segment *out) {
  const known_segments *known = context;
  seg_text_view ids = known->ids;
  seg_text_view names = known->names;
  seg_text_view known_id;
  for (size_t i = 0; take_text(&ids, &known_id); i++) {
    seg_text_view name = known_id;
    take_text(&names, &name);
    // In an evaluation, one without a filter can only be a stored membership.
    if (!seg_text_equal(known_id, id) || (known->table != NULL && known->filters[i] == NULL)) {
      continue;
    }
    *out = (seg_segment){.name = name, .filter = known->filters[i]};
    return true;
  }
  seg_mask_view members;
  if (known->table == NULL || !seg_table_members(known->table, id, &members)) {
    return false;
  }
  *out = (seg_segment){
      .name = id, .members = members.words, .member_block_count = members.block_count};
  return true;
}

// Single values

EXPORT seg_status js_instant(const char *text, size_t size_bytes) {
  seg_instant instant;
  if (!seg_instant_parse(view(text, size_bytes), &instant)) {
    return fail(SEG_E_INVALID, "now is not an ISO 8601 date");
  }
  return give_number(SEG_OK, (double)instant.ms);
}

EXPORT seg_status js_slug(const char *name, size_t size_bytes) {
  seg_text_view slug;
  seg_error error;
  seg_status status = seg_slug(counted(), view(name, size_bytes), &slug, &error);
  return status == SEG_OK ? output_adopt(slug) : fail(status, error.message);
}

/// Gives the number of rows that entered, and their numbers followed by those that left.
EXPORT seg_status js_diff(const uint64_t *previous, size_t previous_size_bytes,
                          const uint64_t *current, size_t current_size_bytes) {
  seg_mask_view before = {.words = previous, .block_count = previous_size_bytes / 8};
  seg_mask_view after = {.words = current, .block_count = current_size_bytes / 8};
  seg_diff_counts counts = seg_diff_count(before, after);
  uint32_t *rows = (uint32_t *)(void *)output_extend((counts.entered + counts.left) * sizeof *rows);
  if (rows == NULL && counts.entered + counts.left > 0) {
    return fail(SEG_E_NOMEM, "");
  }
  if (rows != NULL) {
    seg_diff(before, after, rows, rows + counts.entered);
  }
  return give_number(SEG_OK, (double)counts.entered);
}

// Tables

EXPORT seg_status js_table_create(uint32_t seed_low, uint32_t seed_high) {
  seg_table *table;
  seg_status status = seg_table_create(counted(), seed_of(seed_low, seed_high), &table);
  return status == SEG_OK ? give_handle(table) : fail(status, "");
}

EXPORT void js_table_free(seg_table *table) { seg_table_free(table); }

EXPORT size_t js_table_size(const seg_table *table) { return seg_table_contact_count(table); }

static void output_bad_line(void *context, size_t line, const char *message) {
  seg_status *status = context;
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + line % 10);
    line /= 10;
  } while (line > 0);
  if (*status == SEG_OK) {
    *status = output_text(view(digits + at, sizeof digits - at));
  }
  if (*status == SEG_OK) {
    *status = output_text(seg_text_of(message));
  }
}

/// Gives the number of lines that went in, the number of lines seen, and two texts for each bad
/// line: its number in this piece, and what is wrong.
EXPORT seg_status js_table_ingest(seg_table *table, seg_ingest_kind kind, const char *lines,
                                  size_t size_bytes) {
  seg_status output_status = SEG_OK;
  seg_ingest_report report = {.bad_line = output_bad_line, .context = &output_status};
  seg_status status = seg_ingest_lines(table, kind, view(lines, size_bytes), &report);
  if (status == SEG_OK) {
    status = output_status;
  }
  if (status != SEG_OK) {
    return fail(status, "");
  }
  state.result.lines = (double)report.line_count;
  return give_number(SEG_OK, (double)report.good_count);
}

static seg_status fail_missing(seg_text_view id) {
  char message[SEG_MESSAGE_BYTES];
  int shown = id.size_bytes < 200 ? (int)id.size_bytes : 200;
  (void)snprintf(message, sizeof message, "there is no contact with the id \"%.*s\"", shown,
                 id.bytes);
  return fail(SEG_E_MISSING, message);
}

/// Replaces a contact by a line as it would be added.
EXPORT seg_status js_table_update(seg_table *table, const char *line, size_t line_size_bytes) {
  seg_error error;
  seg_status status = seg_ingest_update(table, view(line, line_size_bytes), &error);
  return status == SEG_OK ? SEG_OK : fail(status, error.message);
}

/// Gives the number of contacts that were there.
EXPORT seg_status js_table_remove(seg_table *table, const char *ids, size_t ids_size_bytes) {
  seg_text_view list = view(ids, ids_size_bytes);
  seg_text_view id;
  size_t removed = 0;
  while (take_text(&list, &id)) {
    uint32_t row;
    if (!seg_table_find(table, id, &row)) {
      continue;
    }
    seg_table_remove(table, row);
    removed++;
  }
  return give_number(SEG_OK, (double)removed);
}

/// Marks the rows of contacts in a mask as long as the table.
static seg_status mark_rows(const seg_table *table, seg_text_view ids, uint64_t *mask) {
  seg_text_view id;
  while (take_text(&ids, &id)) {
    uint32_t row;
    if (!seg_table_find(table, id, &row)) {
      return fail_missing(id);
    }
    mask[row / 64] |= UINT64_C(1) << (row % 64);
  }
  return SEG_OK;
}

/// Makes the listed contacts, and no others, the stored members of a segment. On any error the
/// members are as before.
EXPORT seg_status js_table_set_members(seg_table *table, const char *segment_id,
                                       size_t segment_id_size_bytes, const char *ids,
                                       size_t ids_size_bytes) {
  size_t mask_size_bytes = seg_table_block_count(table) * sizeof(uint64_t);
  uint64_t *mask = js_alloc(mask_size_bytes);
  if (mask == NULL && mask_size_bytes > 0) {
    return fail(SEG_E_NOMEM, "");
  }
  if (mask != NULL) {
    memset(mask, 0, mask_size_bytes);
  }
  seg_status status = mark_rows(table, view(ids, ids_size_bytes), mask);
  if (status == SEG_OK) {
    seg_error error;
    status = seg_table_set_members(
        table, view(segment_id, segment_id_size_bytes),
        (seg_mask_view){.words = mask, .block_count = seg_table_block_count(table)}, &error);
    if (status != SEG_OK) {
      status = fail(status, error.message);
    }
  }
  js_free(mask, mask_size_bytes);
  return status;
}

/// Gives one text, or none if no contact has this id.
EXPORT seg_status js_table_email(const seg_table *table, const char *id, size_t id_size_bytes) {
  uint32_t row;
  if (!seg_table_find(table, view(id, id_size_bytes), &row)) {
    return SEG_OK;
  }
  seg_status status = output_text(seg_table_email(table, row));
  return status == SEG_OK ? SEG_OK : fail(status, "");
}

EXPORT seg_status js_snapshot_write(const seg_table *table, bool all, const char *fields,
                                    size_t fields_size_bytes) {
  seg_text_view list = view(fields, fields_size_bytes);
  seg_text_view field;
  size_t count = 0;
  while (take_text(&list, &field)) {
    count++;
  }
  // One more than there are: no field at all is not the same as NULL, which means all of them.
  size_t size_bytes = (count + 1) * sizeof(seg_text_view);
  seg_text_view *views = js_alloc(size_bytes);
  if (views == NULL) {
    return fail(SEG_E_NOMEM, "");
  }
  list = view(fields, fields_size_bytes);
  for (size_t i = 0; i < count; i++) {
    take_text(&list, &views[i]);
  }
  seg_text_view bytes;
  seg_error error;
  seg_status status =
      seg_snapshot_write(table, counted(), all ? NULL : views, all ? 0 : count, &bytes, &error);
  js_free(views, size_bytes);
  return status == SEG_OK ? output_adopt(bytes) : fail(status, error.message);
}

EXPORT seg_status js_snapshot_read(uint32_t seed_low, uint32_t seed_high, const char *bytes,
                                   size_t size_bytes) {
  seg_table *table;
  seg_error error;
  seg_status status = seg_snapshot_read(counted(), seed_of(seed_low, seed_high),
                                        view(bytes, size_bytes), &table, &error);
  return status == SEG_OK ? give_handle(table) : fail(status, error.message);
}

// Filters

EXPORT seg_status js_filter_parse(const char *json, size_t size_bytes) {
  seg_filter *filter;
  seg_problems problems;
  seg_problems_init(&problems, counted());
  seg_status status = seg_filter_parse(counted(), view(json, size_bytes), &filter, &problems);
  if (status != SEG_OK) {
    return fail_problems(status, &problems);
  }
  seg_problems_free(&problems);
  return give_handle(filter);
}

EXPORT void js_filter_free(seg_filter *filter) { seg_filter_free(filter); }

EXPORT seg_status js_filter_write(const seg_filter *filter) {
  seg_text_view json;
  seg_status status = seg_filter_write(filter, counted(), &json);
  return status == SEG_OK ? output_adopt(json) : fail(status, "");
}

EXPORT seg_status js_filter_fields(const seg_filter *filter) {
  size_t count = seg_filter_field_count(filter);
  for (size_t i = 0; i < count; i++) {
    if (output_text(seg_filter_field(filter, i)) != SEG_OK) {
      return fail(SEG_E_NOMEM, "");
    }
  }
  return SEG_OK;
}

EXPORT seg_status js_filter_paths(const seg_filter *filter) {
  size_t count = seg_filter_node_count(filter);
  for (size_t i = 0; i < count; i++) {
    char path[SEG_FILTER_PATH_BYTES];
    seg_filter_node_path(filter, i, path);
    if (output_text(seg_text_of(path)) != SEG_OK) {
      return fail(SEG_E_NOMEM, "");
    }
  }
  return SEG_OK;
}

EXPORT seg_status js_filter_check(const seg_filter *filter, const char *self_id,
                                  size_t self_id_size_bytes, const char *self_name,
                                  size_t self_name_size_bytes, const char *ids,
                                  size_t ids_size_bytes, const seg_filter *const *filters,
                                  size_t filters_size_bytes, const char *names,
                                  size_t names_size_bytes) {
  (void)filters_size_bytes; // As many as ids.
  known_segments known = {
      .ids = view(ids, ids_size_bytes), .names = view(names, names_size_bytes), .filters = filters};
  seg_resolver resolver = {.find = find_segment, .context = &known};
  seg_problems problems;
  seg_problems_init(&problems, counted());
  seg_status status =
      seg_filter_check_references(filter, view(self_id, self_id_size_bytes),
                                  view(self_name, self_name_size_bytes), &resolver, &problems);
  if (status != SEG_OK) {
    return fail_problems(status, &problems);
  }
  seg_problems_free(&problems);
  return SEG_OK;
}

// Evaluation

/// Says where references went wrong: a plan only tells that one did. A filter that is among the
/// known segments is called by its name there.
static seg_status fail_references(const seg_filter *filter, known_segments *known,
                                  const seg_error *error) {
  seg_text_view self = view("", 0);
  seg_text_view ids = known->ids;
  seg_text_view id;
  for (size_t i = 0; take_text(&ids, &id); i++) {
    if (known->filters[i] == filter) {
      self = id;
    }
  }
  seg_resolver resolver = {.find = find_segment, .context = known};
  seg_problems problems;
  seg_problems_init(&problems, counted());
  seg_status status = seg_filter_check_references(filter, self, self, &resolver, &problems);
  if (status != SEG_OK) {
    return fail_problems(status, &problems);
  }
  seg_problems_free(&problems);
  return fail(error->status, error->message);
}

/// What the three evaluations below do with a plan over the whole table.
typedef seg_status (*plan_reader)(const seg_plan *plan, const seg_filter *filter,
                                  const seg_table *table, size_t offset, size_t limit);

static seg_status read_plan(plan_reader reader, const seg_filter *filter, const seg_table *table,
                            double now_ms, known_segments *known, size_t offset, size_t limit) {
  known->table = table;
  seg_resolver resolver = {.find = find_segment, .context = known};
  seg_plan *plan;
  seg_error error;
  seg_status status = seg_plan_create(counted(), filter, table, (int64_t)now_ms, &resolver,
                                      seg_plan_all_blocks(table), &plan, &error);
  if (status == SEG_E_SEGMENT) {
    return fail_references(filter, known, &error);
  }
  if (status != SEG_OK) {
    return fail(status, error.message);
  }
  status = reader(plan, filter, table, offset, limit);
  seg_plan_free(plan);
  return status == SEG_OK ? SEG_OK : fail(status, "");
}

static seg_status read_count(const seg_plan *plan, const seg_filter *filter, const seg_table *table,
                             size_t offset, size_t limit) {
  (void)filter, (void)table, (void)offset, (void)limit;
  size_t count = 0;
  seg_status status = seg_plan_count(plan, &count);
  return give_number(status, (double)count);
}

static seg_status read_nodes(const seg_plan *plan, const seg_filter *filter, const seg_table *table,
                             size_t offset, size_t limit) {
  (void)table, (void)offset, (void)limit;
  _Static_assert(sizeof(size_t) == 4, "index.js reads u32 numbers");
  size_t size_bytes = seg_filter_node_count(filter) * sizeof(size_t);
  size_t *counts = (size_t *)(void *)output_extend(size_bytes);
  return counts != NULL ? seg_plan_count_nodes(plan, counts) : SEG_E_NOMEM;
}

/// Lists the ids of a word's rows, without the first `offset`, `limit` at most.
static seg_status output_ids(const seg_table *table, uint64_t word, size_t first_row, size_t offset,
                             size_t limit) {
  for (; offset > 0; offset--) {
    word &= word - 1;
  }
  for (; word != 0 && limit > 0; limit--, word &= word - 1) {
    size_t row = first_row + (size_t)__builtin_ctzll(word);
    if (output_text(seg_table_id(table, (uint32_t)row)) != SEG_OK) {
      return SEG_E_NOMEM;
    }
  }
  return SEG_OK;
}

static seg_status read_members(const seg_plan *plan, const seg_filter *filter,
                               const seg_table *table, size_t offset, size_t limit) {
  (void)filter;
  seg_block_range range = seg_plan_all_blocks(table);
  size_t block_count = range.end - range.begin;
  if (block_count == 0) {
    return SEG_OK;
  }
  uint64_t *mask = js_alloc(block_count * sizeof *mask);
  if (mask == NULL) {
    return SEG_E_NOMEM;
  }
  seg_status status = seg_plan_evaluate(plan, range, mask);
  for (size_t block = 0; block < block_count && limit > 0 && status == SEG_OK; block++) {
    size_t count = (size_t)__builtin_popcountll(mask[block]);
    size_t skipped = offset < count ? offset : count;
    size_t listed = count - skipped < limit ? count - skipped : limit;
    status = output_ids(table, mask[block], (range.begin + block) * 64, skipped, listed);
    offset -= skipped;
    limit -= listed;
  }
  js_free(mask, block_count * sizeof *mask);
  return status;
}

EXPORT seg_status js_filter_count(const seg_filter *filter, const seg_table *table, double now_ms,
                                  const char *ids, size_t ids_size_bytes,
                                  const seg_filter *const *filters, size_t filters_size_bytes) {
  (void)filters_size_bytes;
  known_segments known = {.ids = view(ids, ids_size_bytes), .filters = filters};
  return read_plan(read_count, filter, table, now_ms, &known, 0, 0);
}

/// Gives a count for each path of js_filter_paths, in the same order.
EXPORT seg_status js_filter_nodes(const seg_filter *filter, const seg_table *table, double now_ms,
                                  const char *ids, size_t ids_size_bytes,
                                  const seg_filter *const *filters, size_t filters_size_bytes) {
  (void)filters_size_bytes;
  known_segments known = {.ids = view(ids, ids_size_bytes), .filters = filters};
  return read_plan(read_nodes, filter, table, now_ms, &known, 0, 0);
}

EXPORT seg_status js_filter_members(const seg_filter *filter, const seg_table *table, double now_ms,
                                    const char *ids, size_t ids_size_bytes,
                                    const seg_filter *const *filters, size_t filters_size_bytes,
                                    size_t offset, size_t limit) {
  (void)filters_size_bytes;
  known_segments known = {.ids = view(ids, ids_size_bytes), .filters = filters};
  return read_plan(read_members, filter, table, now_ms, &known, offset, limit);
}

/// Gives the explanation of one contact as JSON.
EXPORT seg_status js_filter_explain(const seg_filter *filter, const seg_table *table, double now_ms,
                                    const char *ids, size_t ids_size_bytes,
                                    const seg_filter *const *filters, size_t filters_size_bytes,
                                    const char *contact_id, size_t contact_id_size_bytes) {
  (void)filters_size_bytes;
  known_segments known = {.ids = view(ids, ids_size_bytes), .filters = filters, .table = table};
  seg_resolver resolver = {.find = find_segment, .context = &known};
  uint32_t row;
  if (!seg_table_find(table, view(contact_id, contact_id_size_bytes), &row)) {
    return fail_missing(view(contact_id, contact_id_size_bytes));
  }
  seg_explanation *told;
  seg_error error;
  seg_status status =
      seg_explain_create(counted(), filter, table, row, (int64_t)now_ms, &resolver, &told, &error);
  if (status == SEG_E_SEGMENT) {
    return fail_references(filter, &known, &error);
  }
  if (status != SEG_OK) {
    return fail(status, error.message);
  }
  seg_text_view json;
  status = seg_explain_write(told, counted(), &json);
  seg_explain_free(told);
  return status == SEG_OK ? output_adopt(json) : fail(status, "");
}
