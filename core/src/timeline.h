/// A timeline: the occurrences of one event or email activity, for every row.
///
/// Rows are packed block by block: a bit a row says who has any, and the cells of those rows stand
/// side by side in row order. The last occurrence stands apart, since it alone decides all five
/// operators unless it lies in the future.
///
///     block -> present  ..0100110   rows 1, 2 and 5 have it
///              last     | t1 | t2 | t5 |
///              end      | e1 | e2 | e5 |   earlier[end of the row before, own end)
///              earlier  | t1's older ones, ascending | t2's | t5's |
///
/// So a rare event costs what it has, a common one is a plain scan, and one block is as cheap to
/// evaluate as its rows.
#ifndef SEG_TIMELINE_H
#define SEG_TIMELINE_H

#include "bits_internal.h"
#include "segmentry/base.h"

typedef struct seg_timeline_block {
  uint64_t present;
  int64_t *last; ///< `cell_capacity` of them, and as many `end` behind, in one allocation.
  int64_t *earlier;
  uint32_t cell_capacity;
  uint32_t earlier_capacity;
} seg_timeline_block;

typedef struct seg_timeline {
  seg_text_view name; ///< Owned; NULL for an activity.
  seg_timeline_block **pages;
  size_t page_capacity;
  size_t occurrence_count;
  int64_t latest_ms; ///< No occurrence is later; meaningless while there is none.
} seg_timeline;

/// The block of a row, or NULL if none of its page has an occurrence.
const seg_timeline_block *seg_timeline_block_at(const seg_timeline *timeline, size_t block);

/// Cumulative ends of the earlier occurrences, one for each present row.
static inline uint32_t *seg_timeline_ends(const seg_timeline_block *block) {
  return (uint32_t *)(void *)(block->last + block->cell_capacity);
}

/// The earlier occurrences of the row whose cell is `cell`.
typedef struct seg_occurrences {
  const int64_t *items; ///< Ascending.
  size_t count;
} seg_occurrences;
seg_occurrences seg_timeline_earlier(const seg_timeline_block *block, unsigned cell);

/// Adds an occurrence. Returns false, with the timeline as before, if there is no memory.
bool seg_timeline_add(seg_timeline *timeline, seg_allocator allocator, uint32_t row, int64_t at_ms);
/// Removes all occurrences of a row.
void seg_timeline_remove(seg_timeline *timeline, uint32_t row);
/// Frees everything but the struct.
void seg_timeline_clear(seg_timeline *timeline, seg_allocator allocator);

#endif
