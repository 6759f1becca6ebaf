// See fuzz.h.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_require(bool holds, const char *what) {
  if (!holds) {
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
  }
}

seg_text_view fuzz_section(seg_text_view *input) {
  static const char mark[] = "\n--\n";
  const size_t mark_bytes = sizeof mark - 1;
  for (size_t i = 0; i + mark_bytes <= input->size_bytes; i++) {
    if (memcmp(input->bytes + i, mark, mark_bytes) == 0) {
      seg_text_view section = {input->bytes, i + 1};
      input->bytes += i + mark_bytes;
      input->size_bytes -= i + mark_bytes;
      return section;
    }
  }
  seg_text_view section = *input;
  *input = (seg_text_view){.bytes = "", .size_bytes = 0};
  return section;
}

static void count_bad_line(void *context, size_t line, const char *message) {
  fuzz_require(line > 0, "bad lines have numbers");
  fuzz_require(strlen(message) > 0, "bad lines have reasons");
  ++*(size_t *)context;
}

static void ingest(seg_table *table, seg_ingest_kind kind, seg_text_view lines) {
  size_t bad_count = 0;
  seg_ingest_report report = {.bad_line = count_bad_line, .context = &bad_count};
  size_t before = seg_table_contact_count(table);
  fuzz_require(seg_ingest_lines(table, kind, lines, &report) == SEG_OK, "there is memory");
  fuzz_require(bad_count == report.bad_count, "each bad line is told");
  fuzz_require(report.good_count + report.bad_count <= report.line_count, "lines are counted once");
  fuzz_require(seg_table_contact_count(table) ==
                   before + (kind == SEG_INGEST_CONTACTS ? report.good_count : 0),
               "good contacts are there");
}

seg_table *fuzz_table(seg_allocator allocator, size_t filler_count, seg_text_view *input) {
  seg_table *table = NULL;
  fuzz_require(seg_table_create(allocator, 1, &table) == SEG_OK, "there is memory");
  for (size_t i = 0; i < filler_count; i++) {
    char id[32];
    (void)snprintf(id, sizeof id, "filler-%zu", i);
    seg_contact_view contact = {.id = seg_text_of(id), .email = seg_text_of(id)};
    fuzz_require(seg_table_add(table, &contact, NULL, NULL) == SEG_OK, "a filler goes in");
    if (i % 5 == 0) {
      seg_table_remove(table, (uint32_t)i);
    }
  }
  ingest(table, SEG_INGEST_CONTACTS, fuzz_section(input));
  ingest(table, SEG_INGEST_EVENTS, fuzz_section(input));
  ingest(table, SEG_INGEST_EMAILS, fuzz_section(input));
  return table;
}

/// A segment is static with every other row, or the filter itself if its id has an even length.
static bool find_segment(void *context, seg_text_view id, seg_segment *out) {
  static const uint64_t odd[2] = {UINT64_C(0xAAAAAAAAAAAAAAAA), UINT64_C(0xAAAAAAAAAAAAAAAA)};
  *out = (seg_segment){.name = id};
  if (id.size_bytes % 2 == 0) {
    out->filter = context;
  } else {
    out->members = odd;
    out->member_block_count = 2;
  }
  return id.size_bytes != 3;
}

static seg_plan *make_plan(seg_allocator allocator, const seg_table *table,
                           const seg_filter *filter, seg_block_range range) {
  seg_resolver resolver = {.find = find_segment, .context = (void *)(uintptr_t)filter};
  seg_plan *plan = NULL;
  seg_status status =
      seg_plan_create(allocator, filter, table, FUZZ_NOW_MS, &resolver, range, &plan, NULL);
  fuzz_require(status == SEG_OK || status == SEG_E_SEGMENT || status == SEG_E_FIELD,
               "a valid filter can be planned, or lacks a segment or a field");
  return plan;
}

static void check_blocks(seg_allocator allocator, const seg_table *table, const seg_filter *filter,
                         const uint64_t *mask) {
  for (size_t block = 0; block < seg_table_block_count(table); block++) {
    seg_block_range range = {block, block + 1};
    seg_plan *plan = make_plan(allocator, table, filter, range);
    fuzz_require(plan != NULL, "what can be planned can be planned for a block");
    uint64_t word = 0;
    fuzz_require(seg_plan_evaluate(plan, range, &word) == SEG_OK, "there is memory");
    fuzz_require(word == mask[block], "a block alone gives the slice of the whole");
    for (unsigned bit = 0; bit < 64; bit++) {
      fuzz_require(((word >> bit) & 1) == 0 ||
                       seg_table_is_live(table, (uint32_t)(block * 64 + bit)),
                   "holes never match");
    }
    seg_plan_free(plan);
  }
}

static void check_counts(const seg_plan *plan, const seg_filter *filter, const seg_table *table,
                         size_t matches) {
  size_t count = 0;
  fuzz_require(seg_plan_count(plan, &count) == SEG_OK, "there is memory");
  fuzz_require(count == matches, "the count is that of the mask");
  size_t nodes = seg_filter_node_count(filter);
  size_t *counts = calloc(nodes, sizeof *counts);
  fuzz_require(counts != NULL && seg_plan_count_nodes(plan, counts) == SEG_OK, "there is memory");
  for (size_t i = 0; i < nodes; i++) {
    fuzz_require(counts[i] <= seg_table_contact_count(table), "no node matches more than all");
  }
  fuzz_require(nodes != 2 || (counts[0] == matches && counts[1] == matches),
               "a single filter's nodes match what it matches");
  free(counts);
}

/// The first contact's explanation must tell the mask's verdict, and give way to the other one when
/// it says so.
static void check_explanation(seg_allocator allocator, const seg_table *table,
                              const seg_filter *filter, const uint64_t *mask) {
  uint32_t row = 0;
  while (row < seg_table_row_count(table) && !seg_table_is_live(table, row)) {
    row++;
  }
  if (row == seg_table_row_count(table)) {
    return;
  }
  seg_resolver resolver = {.find = find_segment, .context = (void *)(uintptr_t)filter};
  bool matches = ((mask[row / 64] >> (row % 64)) & 1) != 0;
  int64_t now_ms = FUZZ_NOW_MS;
  for (int i = 0; i < 2 && now_ms != SEG_EXPLAIN_NEVER; i++) {
    seg_explanation *told = NULL;
    seg_text_view json;
    fuzz_require(
        seg_explain_create(allocator, filter, table, row, now_ms, &resolver, &told, NULL) == SEG_OK,
        "what can be planned can be explained");
    fuzz_require(told->matches == (matches != (i == 1)), "an explanation tells the verdict");
    fuzz_require(told->flips_at_ms > now_ms, "a flip lies ahead");
    fuzz_require(seg_explain_write(told, allocator, &json) == SEG_OK, "it can be written");
    now_ms = told->flips_at_ms;
    seg_text_free(allocator, json);
    seg_explain_free(told);
  }
}

uint64_t *fuzz_evaluate(seg_allocator allocator, const seg_table *table, const seg_filter *filter) {
  seg_block_range all = seg_plan_all_blocks(table);
  seg_plan *plan = make_plan(allocator, table, filter, all);
  if (plan == NULL) {
    return NULL;
  }
  uint64_t *mask = allocator.resize(allocator.context, NULL, 0, (all.end + 1) * sizeof *mask);
  fuzz_require(seg_plan_evaluate(plan, all, mask) == SEG_OK, "there is memory");
  check_counts(plan, filter, table, seg_mask_count((seg_mask_view){mask, all.end}));
  check_blocks(allocator, table, filter, mask);
  check_explanation(allocator, table, filter, mask);
  seg_plan_free(plan);
  return mask;
}

void fuzz_free_mask(seg_allocator allocator, const seg_table *table, uint64_t *mask) {
  if (mask != NULL) {
    (void)allocator.resize(allocator.context, mask,
                           (seg_table_block_count(table) + 1) * sizeof *mask, 0);
  }
}
