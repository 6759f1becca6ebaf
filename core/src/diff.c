// Entered and left, word by word: entered = current & ~previous, left = previous & ~current.
#include "segmentry/diff.h"

#include "base_internal.h"
#include "bits_internal.h"

static uint64_t word_at(seg_mask_view mask, size_t block) {
  return block < mask.block_count ? mask.words[block] : 0;
}

static size_t longer(seg_mask_view a, seg_mask_view b) {
  return a.block_count > b.block_count ? a.block_count : b.block_count;
}

size_t seg_mask_count(seg_mask_view mask) {
  size_t count = 0;
  for (size_t block = 0; block < mask.block_count; block++) {
    count += seg_bits_count(mask.words[block]);
  }
  return count;
}

seg_diff_counts seg_diff_count(seg_mask_view previous, seg_mask_view current) {
  seg_diff_counts counts = {0, 0};
  size_t blocks = longer(previous, current);
  for (size_t block = 0; block < blocks; block++) {
    uint64_t before = word_at(previous, block);
    uint64_t after = word_at(current, block);
    counts.entered += seg_bits_count(after & ~before);
    counts.left += seg_bits_count(before & ~after);
  }
  return counts;
}

static uint32_t *write_rows(uint32_t *out, size_t block, uint64_t bits) {
  for (; bits != 0; bits &= bits - 1) {
    *out++ = (uint32_t)(block * SEG_BLOCK_ROWS + seg_bits_lowest(bits));
  }
  return out;
}

void seg_diff(seg_mask_view previous, seg_mask_view current, uint32_t *entered, uint32_t *left) {
  size_t blocks = longer(previous, current);
  for (size_t block = 0; block < blocks; block++) {
    uint64_t before = word_at(previous, block);
    uint64_t after = word_at(current, block);
    if (entered != NULL) {
      entered = write_rows(entered, block, after & ~before);
    }
    if (left != NULL) {
      left = write_rows(left, block, before & ~after);
    }
  }
}
