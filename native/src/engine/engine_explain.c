// See engine_explain.h. Everything runs on the project's table under its read lock.
#include "engine_explain.h"

#include "conditions.h"
#include "engine_internal.h"
#include "segmentry/explain.h"
#include "segmentry/text.h"

#include <stdio.h>

static seg_allocator memory(void) { return seg_allocator_default(); }

static engine_status no_memory(engine_error *error) {
  return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

static engine_status unknown_contact(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "there is no contact with this id");
}

void explained_free(explained *gone) {
  seg_text_free(memory(), gone->json);
  gone->json = (seg_text_view){.bytes = NULL};
}

/// Explains a filter whose references have been checked. The read lock is held.
static engine_status explain_filter(const project *in, const seg_filter *filter, int64_t now_ms,
                                    seg_text_view contact_id, explained *out, engine_error *error) {
  uint32_t row;
  if (!seg_table_find(in->table, contact_id, &row)) {
    out->missing = EXPLAIN_CONTACT_MISSING;
    return unknown_contact(error);
  }
  project_view view = {.project = in, .table = in->table};
  seg_resolver resolver = project_resolver(&view);
  seg_explanation *told = NULL;
  seg_status status =
      seg_explain_create(memory(), filter, in->table, row, now_ms, &resolver, &told, NULL);
  if (status == SEG_OK) {
    status = seg_explain_write(told, memory(), &out->json);
  }
  seg_explain_free(told);
  return status == SEG_OK ? ENGINE_OK : no_memory(error);
}

/// The condition that a contact is a member of a segment. NULL if there is no memory.
static seg_filter *membership_filter(const segment *of) {
  char json[SEG_SEGMENT_ID_BYTES_MAX + 128];
  (void)snprintf(json, sizeof json,
                 "{\"logic\":\"AND\",\"groups\":[{\"filters\":[{\"field\":\"segment.%.*s\","
                 "\"operator\":\"memberOfSegment\"}]}]}",
                 (int)of->id.size_bytes, of->id.bytes);
  seg_filter *filter = NULL;
  seg_problems problems;
  seg_problems_init(&problems, memory());
  (void)seg_filter_parse(memory(), seg_text_of(json), &filter, &problems);
  seg_problems_free(&problems);
  return filter;
}

engine_status engine_explain_segment(engine *own, project *in, seg_text_view segment_id,
                                     seg_text_view contact_id, explained *out,
                                     engine_error *error) {
  int64_t now_ms = engine_now_ms(own);
  seg_filter *made = NULL;
  engine_status status;
  *out = (explained){.json = {.bytes = NULL}};
  (void)pthread_rwlock_rdlock(&in->lock);
  const segment *of = project_find_segment(in, segment_id);
  const seg_filter *filter = of == NULL ? NULL : of->filter;
  if (of != NULL && filter == NULL) {
    filter = made = membership_filter(of);
  }
  if (of == NULL) {
    out->missing = EXPLAIN_SEGMENT_MISSING;
    status = engine_fail(error, ENGINE_NOT_FOUND, "there is no segment with this id");
  } else if (filter == NULL) {
    status = no_memory(error);
  } else {
    status = explain_filter(in, filter, now_ms, contact_id, out, error);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  seg_filter_free(made);
  return status;
}

/// The read lock is held.
static engine_status explain_unsaved(const project *in, const seg_filter *filter, int64_t now_ms,
                                     seg_text_view contact_id, explained *out,
                                     engine_error *error) {
  engine_status status = condition_check(in, filter, NULL, error);
  return status == ENGINE_OK ? explain_filter(in, filter, now_ms, contact_id, out, error) : status;
}

engine_status engine_explain_condition(engine *own, project *in, const struct cJSON *condition,
                                       seg_text_view contact_id, explained *out,
                                       engine_error *error) {
  seg_filter *filter = NULL;
  int64_t now_ms = engine_now_ms(own);
  *out = (explained){.json = {.bytes = NULL}};
  seg_status parsed = seg_filter_parse_tree(memory(), condition, &filter, &error->problems);
  if (parsed != SEG_OK) {
    return parsed == SEG_E_INVALID
               ? engine_fail(error, ENGINE_CONDITION, "the condition is not valid")
               : no_memory(error);
  }
  (void)pthread_rwlock_rdlock(&in->lock);
  engine_status status = explain_unsaved(in, filter, now_ms, contact_id, out, error);
  (void)pthread_rwlock_unlock(&in->lock);
  seg_filter_free(filter);
  return status;
}

// The segments of a contact.

static bool bit_of(seg_mask_view mask, uint32_t row) {
  size_t block = row / 64;
  return block < mask.block_count && ((mask.words[block] >> (row % 64)) & 1) != 0;
}

/// Whether a segment has a row; false if there is no memory to say so.
static bool is_in_segment(const project *in, const segment *of, uint32_t row, int64_t now_ms,
                          bool *is_in) {
  seg_mask_view members;
  if (of->is_static || of->is_tracked) {
    *is_in = seg_table_members(in->table, of->id, &members) && bit_of(members, row);
    return true;
  }
  project_view view = {.project = in, .table = in->table};
  seg_resolver resolver = project_resolver(&view);
  seg_block_range block = {.begin = row / 64, .end = row / 64 + 1};
  seg_plan *plan = NULL;
  uint64_t word = 0;
  bool ok = seg_plan_create(memory(), of->filter, in->table, now_ms, &resolver, block, &plan,
                            NULL) == SEG_OK &&
            seg_plan_evaluate(plan, block, &word) == SEG_OK;
  seg_plan_free(plan);
  *is_in = ((word >> (row % 64)) & 1) != 0;
  return ok;
}

/// The read lock is held.
static engine_status show_segments(const project *in, seg_text_view contact_id, int64_t now_ms,
                                   engine_segment_show show, void *context, engine_error *error) {
  uint32_t row;
  if (!seg_table_find(in->table, contact_id, &row)) {
    return unknown_contact(error);
  }
  for (size_t i = in->segment_count; i-- > 0;) {
    bool is_in;
    if (!is_in_segment(in, in->segments[i], row, now_ms, &is_in)) {
      return no_memory(error);
    }
    if (is_in) {
      show(context, in, in->segments[i]);
    }
  }
  return ENGINE_OK;
}

engine_status engine_contact_segments(engine *own, project *in, seg_text_view contact_id,
                                      engine_segment_show show, void *context,
                                      engine_error *error) {
  int64_t now_ms = engine_now_ms(own);
  (void)pthread_rwlock_rdlock(&in->lock);
  engine_status status = show_segments(in, contact_id, now_ms, show, context, error);
  (void)pthread_rwlock_unlock(&in->lock);
  return status;
}
