/// Plans: a filter bound to a table at one instant, and its evaluation to masks and counts.
///
/// This is the only place in Segmentry where a filter's meaning is computed.
#ifndef SEGMENTRY_PLAN_H
#define SEGMENTRY_PLAN_H

#include "segmentry/filter.h"
#include "segmentry/table.h"

typedef struct seg_plan seg_plan;

/// Half-open range of 64-row blocks.
typedef struct seg_block_range {
  size_t begin;
  size_t end;
} seg_block_range;

/// Binds a filter to a table.
///
/// filter    borrowed            Must outlive the plan.
/// table     borrowed            Must outlive the plan and not change while it lives.
/// now_ms    Milliseconds since 1970-01-01 UTC; all relative times count from it.
/// resolver  borrowed, optional  Knows the segments that the filter refers to.
/// range     The blocks that will be evaluated: for a few, the plan avoids work over whole columns.
/// out       owned               Free with seg_plan_free.
/// error     optional
///
/// Returns SEG_OK; SEG_E_SEGMENT for a reference that is unknown or circular; SEG_E_FIELD if the
/// table is a partial snapshot without a field that is used (segments are the resolver's to know);
/// SEG_E_INVALID for a filter that seg_filter_is_valid says no to; SEG_E_NOMEM.
/// Cost: for a wide range, a predicate is decided once for each distinct value of a column.
seg_status seg_plan_create(seg_allocator allocator, const seg_filter *filter,
                           const seg_table *table, int64_t now_ms, const seg_resolver *resolver,
                           seg_block_range range, seg_plan **out, seg_error *error);
void seg_plan_free(seg_plan *plan);

/// The range that covers a whole table.
seg_block_range seg_plan_all_blocks(const seg_table *table);

/// Evaluates blocks of the plan's range.
///
/// out  written  One word a block of `range`. Rows that are holes are 0.
///
/// Returns SEG_OK or SEG_E_NOMEM. Threads: any number may evaluate one plan.
/// Cost: O(terms x rows), about a byte to eight read for each row and term.
seg_status seg_plan_evaluate(const seg_plan *plan, seg_block_range range, uint64_t *out);

/// Counts the contacts of the plan's range that match.
seg_status seg_plan_count(const seg_plan *plan, size_t *out);

/// Counts each group and filter by itself over the plan's range, as a preview shows them.
///
/// out  written  One number for each node of the filter: see seg_filter_node_count.
seg_status seg_plan_count_nodes(const seg_plan *plan, size_t *out);

#endif
