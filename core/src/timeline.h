/// A timeline: the occurrences of one event or email activity, for every row.
///
/// Rows are packed block by block: a bit a row says who has any, and the cells of those rows stand
/// side by side in row order. The last occurrence stands apart, since it alone decides all five
/// operators unless it lies in the future. The earlier ones are in no order: nothing but a snapshot
/// asks for one.
///
///     block -> present  ..0100110    rows 1, 2 and 5 have it
///              last     | t1 | t2 | t5 |
///              end      | e1 | e2 | e5 |
///              span     |   | s1 | s2 |   |   | s5 |   |   …    by row; not in a sparse block
///              past -> items  | t1's earlier ones | t5's |    [end of the cell before, own end)
///                      apart  010    cell 1 (row 2) has many: they stand in a list of their own
///                      lists  | t2's |
///
/// So a rare event costs what it has, a common one is a plain scan, one block is as cheap to
/// evaluate as its rows, and a row with a million occurrences is no burden to the 63 beside it.
///
/// Of a block with many rows a range compares the spans of time first, all 64 at once and a quarter
/// of the bytes. Only the rows whose last occurrence lies in the span where the range begins or
/// ends are looked at one by one.
#ifndef SEG_TIMELINE_H
#define SEG_TIMELINE_H

#include "bits_internal.h"
#include "segmentry/base.h"

/// A row's earlier occurrences, where they are many.
typedef struct seg_timeline_list {
  int64_t *items;
  uint32_t count;
  uint32_t capacity;
} seg_timeline_list;

/// The earlier occurrences of a block's rows.
typedef struct seg_timeline_past {
  uint64_t apart;           ///< Bit c: those of cell c are in a list.
  seg_timeline_list *lists; ///< One for each bit of `apart`, in order.
  uint32_t list_capacity;
  uint32_t capacity;
  int64_t items[]; ///< Those of the other cells.
} seg_timeline_past;

typedef struct seg_timeline_block {
  uint64_t present;
  int64_t *last; ///< `cell_capacity` of them, as many ends and 64 spans behind, in one allocation.
  seg_timeline_past *past; ///< NULL while no row has a second occurrence.
  uint32_t cell_capacity;
} seg_timeline_block;

typedef struct seg_timeline {
  seg_text_view name; ///< Owned; NULL for an activity.
  seg_timeline_block **pages;
  size_t page_capacity;
  size_t occurrence_count;
  int64_t latest_ms;       ///< No occurrence is later; meaningless while there is none.
  seg_allocator allocator; ///< That of the additions; unset before the first.
} seg_timeline;

/// The span of time that an instant lies in. A span is 2^26 milliseconds, 18.6 hours, so that
/// 65,536 of them reach from 1970 into 2109; what is earlier or later counts to the first or the
/// last one. It never falls while the instant grows.
static inline uint16_t seg_timeline_span(int64_t at_ms) {
  int64_t span = at_ms < 0 ? 0 : at_ms >> 26;
  return span > UINT16_MAX ? UINT16_MAX : (uint16_t)span;
}

/// A block with room for fewer rows has no spans: they are soon looked at one by one, and rare
/// events need little memory.
#define SEG_TIMELINE_SPANS_MIN 16U

/// The spans of the last occurrences, one for each of the block's 64 rows; of a row without any it
/// says nothing. NULL for a sparse block.
static inline uint16_t *seg_timeline_spans(const seg_timeline_block *block) {
  return block->cell_capacity < SEG_TIMELINE_SPANS_MIN
             ? NULL
             : (uint16_t *)(void *)(block->last + block->cell_capacity) + block->cell_capacity;
}

/// The block of a row, or NULL if none of its page has an occurrence.
const seg_timeline_block *seg_timeline_block_at(const seg_timeline *timeline, size_t block);

/// The earlier occurrences of the row whose cell is `cell`: all but one of the latest.
typedef struct seg_occurrences {
  const int64_t *items; ///< In no order.
  size_t count;
} seg_occurrences;
seg_occurrences seg_timeline_earlier(const seg_timeline_block *block, unsigned cell);

/// Adds an occurrence; the allocator must be the same each time. Returns false, with the timeline
/// as before, if there is no memory.
bool seg_timeline_add(seg_timeline *timeline, seg_allocator allocator, uint32_t row, int64_t at_ms);
/// Makes room for one more occurrence of a row: the next addition there cannot fail.
bool seg_timeline_reserve(seg_timeline *timeline, seg_allocator allocator, uint32_t row);
/// Removes all occurrences of a row.
void seg_timeline_remove(seg_timeline *timeline, uint32_t row);
/// Frees everything but the struct.
void seg_timeline_clear(seg_timeline *timeline, seg_allocator allocator);

#endif
