/// Set difference between two membership masks: who entered and who left (section 8 of
/// docs/FILTERS.md).
#ifndef SEGMENTRY_DIFF_H
#define SEGMENTRY_DIFF_H

#include "segmentry/base.h"

/// One bit a row, 64 rows a word, the lowest bit first. The sets may differ in length: rows beyond
/// the end are not members (contacts were added since).
typedef struct seg_mask_view {
  const uint64_t *words;
  size_t block_count;
} seg_mask_view;

typedef struct seg_diff_counts {
  size_t entered;
  size_t left;
} seg_diff_counts;

/// Number of rows in a mask.
size_t seg_mask_count(seg_mask_view mask);

/// Counts the rows that entered and left.
seg_diff_counts seg_diff_count(seg_mask_view previous, seg_mask_view current);

/// Writes the rows that entered and left, each once, in ascending order.
///
/// entered, left  written  As long as seg_diff_count says; NULL skips that side.
void seg_diff(seg_mask_view previous, seg_mask_view current, uint32_t *entered, uint32_t *left);

#endif
