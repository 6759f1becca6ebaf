/// A plan's inside, for the four files that make and run it: plan.c finds the units, plan_bind.c
/// binds their terms and orders their children, plan_truth.c decides predicates for each distinct
/// value, plan_evaluate.c evaluates.
#ifndef SEG_PLAN_INTERNAL_H
#define SEG_PLAN_INTERNAL_H

#include "automaton.h"
#include "filter_internal.h"
#include "hash.h"
#include "matcher.h"
#include "segmentry/plan.h"
#include "table_internal.h"

/// What answers a term.
typedef enum seg_bound_kind {
  SEG_BOUND_NONE,         ///< No row (with `inverted`: every row).
  SEG_BOUND_SUBSCRIBED,   ///< The bit vector.
  SEG_BOUND_CREATED_AT,   ///< A range.
  SEG_BOUND_UPDATED_AT,   ///< A range.
  SEG_BOUND_CODE,         ///< One code.
  SEG_BOUND_KEYS,         ///< A range over a plane of a wide column.
  SEG_BOUND_TRUTH,        ///< A truth table over codes.
  SEG_BOUND_VALUES,       ///< Each row's value is tested.
  SEG_BOUND_EMAIL,        ///< Each row's folded address is compared.
  SEG_BOUND_EMAIL_SEARCH, ///< A search finds what each row's folded address contains.
  SEG_BOUND_OCCURRED,     ///< Has any occurrence.
  SEG_BOUND_LAST,         ///< The last occurrence lies in a range.
  SEG_BOUND_OCCURRENCES,  ///< Any occurrence lies in a range.
  SEG_BOUND_MEMBERS,      ///< A stored membership.
  SEG_BOUND_UNIT          ///< Another unit's mask.
} seg_bound_kind;

/// A term bound to the table.
typedef struct seg_bound {
  seg_bound_kind kind;
  bool inverted; ///< The complement among the live rows.
  seg_instant_range range;
  const seg_column *column;
  seg_matcher matcher;
  uint32_t code;
  seg_plane plane;
  void *truth; ///< Owned. A byte a code for narrow codes, a bit a code for wide ones.
  size_t truth_bytes;
  const seg_timeline *timeline;
  seg_text_view text;
  bool is_equality;
  uint32_t search; ///< Of the plan's, and the pattern within it.
  uint32_t pattern;
  seg_mask_view members;
  uint32_t unit;
} seg_bound;

/// A filter with its terms bound and its children ordered.
typedef struct seg_plan_unit {
  seg_text_view id; ///< Of the segment; empty for the plan's own filter.
  const seg_filter *filter;
  seg_bound *terms;       ///< One for each term of the filter.
  uint32_t *first_child;  ///< One for each node; UINT32_MAX where there is none.
  uint32_t *next_sibling; ///< One for each node, in evaluation order.
  bool is_open;           ///< Its references are being followed.
  size_t next_term;       ///< The next term to follow.
} seg_plan_unit;

struct seg_plan {
  seg_allocator allocator;
  const seg_table *table;
  int64_t now_ms;
  seg_block_range range;
  seg_plan_unit *units;
  size_t unit_count;
  size_t unit_capacity;
  uint32_t *sequence; ///< Units in evaluation order; the filter's own is the last.
  size_t sequence_count;
  size_t sequence_capacity;
  seg_index unit_ids;
  seg_automaton **searches; ///< What many terms of one unit look for in addresses.
  size_t search_count;
  size_t search_capacity;
};

/// Finds a segment through the resolver; false without one.
bool seg_plan_find_segment(const seg_resolver *resolver, seg_text_view id, seg_segment *out);

/// The unit of a segment's id, or SEG_INDEX_NONE.
uint32_t seg_plan_find_unit(const seg_plan *plan, seg_text_view id);

/// Binds the terms of a unit and orders its children. All units must have been found.
/// Returns SEG_OK, SEG_E_FIELD, SEG_E_NOMEM; what was made is freed with the plan.
seg_status seg_plan_bind(seg_plan *plan, seg_plan_unit *own, const seg_resolver *resolver,
                         seg_error *error);

/// Makes the truth tables of a unit's terms that are bound to one and have none yet, and the
/// searches that many terms share. Returns SEG_OK or SEG_E_NOMEM; what was made is freed with the
/// plan.
seg_status seg_plan_decide(seg_plan *plan, seg_plan_unit *own, seg_error *error);

/// Moves a plan to another moment: the terms that look back in time are bound anew, with all that
/// they lead to. Children keep their order, on which no answer depends.
/// Returns SEG_OK or SEG_E_NOMEM; then the plan may only be freed.
seg_status seg_plan_move(seg_plan *plan, int64_t now_ms, seg_error *error);

/// Evaluates each node of the filter by itself over one block of the plan's range.
/// out  written  A mask for each node of the tree, conditions included.
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_plan_evaluate_nodes(const seg_plan *plan, size_t block, uint64_t *out);

#endif
