// Who of a snapshot matches a condition: what a page does with it, for tests that speak HTTP.
//
//     snapshot_members CONDITION < SNAPSHOT
//
// Prints the ids, one a line; exits with the core's status if something is refused, and says why.
// Segments are looked up among the stored members.
#include "segmentry/plan.h"
#include "segmentry/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/// More than any test's snapshot.
#define SNAPSHOT_BYTES_MAX ((size_t)16 * 1024 * 1024)

static bool find_members(void *context, seg_text_view id, seg_segment *out) {
  seg_mask_view members;
  if (!seg_table_members(context, id, &members)) {
    return false;
  }
  *out = (seg_segment){
      .name = id, .members = members.words, .member_block_count = members.block_count};
  return true;
}

static seg_status print_members(const seg_plan *plan, const seg_table *table) {
  seg_block_range all = seg_plan_all_blocks(table);
  uint64_t *mask = calloc(all.end + 1, sizeof *mask);
  seg_status status = mask == NULL ? SEG_E_NOMEM : seg_plan_evaluate(plan, all, mask);
  for (uint32_t row = 0; status == SEG_OK && row < seg_table_row_count(table); row++) {
    if (((mask[row / 64] >> (row % 64)) & 1) != 0) {
      seg_text_view id = seg_table_id(table, row);
      (void)printf("%.*s\n", (int)id.size_bytes, id.bytes);
    }
  }
  free(mask);
  return status;
}

static seg_status run(seg_text_view bytes, const char *condition, seg_error *error) {
  seg_allocator allocator = seg_allocator_default();
  seg_problems problems;
  seg_table *table = NULL;
  seg_filter *filter = NULL;
  seg_plan *plan = NULL;
  seg_problems_init(&problems, allocator);
  seg_status status = seg_snapshot_read(allocator, 1, bytes, &table, error);
  if (status == SEG_OK) {
    status = seg_filter_parse(allocator, seg_text_of(condition), &filter, &problems);
  }
  if (status == SEG_OK) {
    seg_resolver resolver = {.find = find_members, .context = table};
    int64_t now_ms = ((int64_t)time(NULL) + 1) * 1000; // not before anything that has happened
    status = seg_plan_create(allocator, filter, table, now_ms, &resolver,
                             seg_plan_all_blocks(table), &plan, error);
  }
  if (status == SEG_OK) {
    status = print_members(plan, table);
  }
  seg_plan_free(plan);
  seg_filter_free(filter);
  seg_problems_free(&problems);
  seg_table_free(table);
  return status;
}

int main(int count, char **arguments) {
  char *bytes = count == 2 ? malloc(SNAPSHOT_BYTES_MAX) : NULL;
  seg_error error = {.message = ""};
  if (bytes == NULL) {
    (void)fputs("snapshot_members CONDITION < SNAPSHOT\n", stderr);
    return 64;
  }
  size_t size = fread(bytes, 1, SNAPSHOT_BYTES_MAX, stdin);
  seg_status status =
      run((seg_text_view){.bytes = bytes, .size_bytes = size}, arguments[1], &error);
  if (status != SEG_OK) {
    (void)fprintf(stderr, "%s\n", error.message);
  }
  free(bytes);
  return (int)status;
}
