// See masks.h.
#include "masks.h"

#include "segmentry/plan.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static seg_allocator memory(void) { return seg_allocator_default(); }

uint64_t *mask_new(const seg_table *table) {
  return calloc(seg_table_block_count(table) + 1, sizeof(uint64_t));
}

bool mask_of_filter(const project *in, const seg_filter *filter, int64_t now_ms, uint64_t **mask) {
  project_view view = {.project = in, .table = in->table};
  seg_resolver resolver = project_resolver(&view);
  seg_block_range all = seg_plan_all_blocks(in->table);
  seg_plan *plan = NULL;
  *mask = mask_new(in->table);
  bool ok =
      *mask != NULL &&
      seg_plan_create(memory(), filter, in->table, now_ms, &resolver, all, &plan, NULL) == SEG_OK &&
      seg_plan_evaluate(plan, all, *mask) == SEG_OK;
  seg_plan_free(plan);
  return ok;
}

bool mask_of_members(const project *in, const segment *of, int64_t now_ms, uint64_t **mask) {
  if (!of->is_static) {
    return mask_of_filter(in, of->filter, now_ms, mask);
  }
  seg_mask_view members;
  *mask = mask_new(in->table);
  if (*mask != NULL && seg_table_members(in->table, of->id, &members)) {
    size_t blocks = seg_table_block_count(in->table);
    blocks = members.block_count < blocks ? members.block_count : blocks;
    memcpy(*mask, members.words, blocks * sizeof(uint64_t));
  }
  return *mask != NULL;
}

/// What a condition matches, given as text.
static bool mask_of_text(const project *in, const char *condition, int64_t now_ms,
                         uint64_t **mask) {
  seg_filter *filter = NULL;
  seg_problems problems;
  seg_problems_init(&problems, memory());
  bool ok = seg_filter_parse(memory(), seg_text_of(condition), &filter, &problems) == SEG_OK &&
            mask_of_filter(in, filter, now_ms, mask);
  seg_filter_free(filter);
  seg_problems_free(&problems);
  return ok;
}

// These two are asked as filters, since only filters look at fields.

bool mask_of_subscribed(const project *in, int64_t now_ms, uint64_t **mask) {
  return mask_of_text(in,
                      "{\"logic\":\"AND\",\"groups\":[{\"filters\":[{\"field\":\"subscribed\","
                      "\"operator\":\"equals\",\"value\":true}]}]}",
                      now_ms, mask);
}

bool mask_of_field(const project *in, const char *field, int64_t now_ms, uint64_t **mask) {
  char condition[6 * SEG_FILTER_FIELD_BYTES_MAX + 128]; // each byte escaped as \u00XX
  cJSON *name = cJSON_CreateStringReference(field);
  char *quoted = name == NULL ? NULL : cJSON_PrintUnformatted(name);
  bool ok = quoted != NULL;
  if (ok) {
    (void)snprintf(condition, sizeof condition,
                   "{\"logic\":\"AND\",\"groups\":[{\"filters\":[{\"field\":%s,"
                   "\"operator\":\"exists\"}]}]}",
                   quoted);
    ok = mask_of_text(in, condition, now_ms, mask);
  }
  cJSON_free(quoted);
  cJSON_Delete(name);
  return ok;
}

size_t mask_count(const project *in, const uint64_t *mask) {
  return seg_mask_count(
      (seg_mask_view){.words = mask, .block_count = seg_table_block_count(in->table)});
}
