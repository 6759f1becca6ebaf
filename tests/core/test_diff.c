// Set difference, against the same thing done row by row.
#include "support.h"

#include "segmentry/diff.h"

#include <stdlib.h>

#define BLOCKS_MAX 70

static bool has(seg_mask_view mask, size_t row) {
  return row / 64 < mask.block_count && ((mask.words[row / 64] >> (row % 64)) & 1) != 0;
}

static void check_diff(seg_mask_view previous, seg_mask_view current) {
  static uint32_t entered[BLOCKS_MAX * 64 + 1];
  static uint32_t left[BLOCKS_MAX * 64 + 1];
  seg_diff_counts counts = seg_diff_count(previous, current);
  entered[counts.entered] = left[counts.left] = 0xDEAD;
  seg_diff(previous, current, entered, left);
  assert_int_equal(entered[counts.entered], 0xDEAD);
  assert_int_equal(left[counts.left], 0xDEAD);
  seg_diff(previous, current, NULL, NULL);
  size_t entered_at = 0;
  size_t left_at = 0;
  for (size_t row = 0; row < (size_t)BLOCKS_MAX * 64; row++) {
    if (has(current, row) && !has(previous, row)) {
      assert_int_equal(entered[entered_at++], row);
    } else if (has(previous, row) && !has(current, row)) {
      assert_int_equal(left[left_at++], row);
    }
  }
  assert_int_equal(entered_at, counts.entered);
  assert_int_equal(left_at, counts.left);
  assert_int_equal(seg_mask_count(current) + counts.left,
                   seg_mask_count(previous) + counts.entered);
}

static void masks_of_all_lengths(void **state) {
  (void)state;
  uint64_t random = 1;
  uint64_t previous[BLOCKS_MAX];
  uint64_t current[BLOCKS_MAX];
  const size_t lengths[] = {0, 1, 2, 63, 64, 65, BLOCKS_MAX};
  for (size_t i = 0; i < 7 * 7 * 4; i++) {
    for (size_t block = 0; block < BLOCKS_MAX; block++) {
      previous[block] = i % 4 == 0 ? UINT64_MAX : test_random(&random) & test_random(&random);
      current[block] = i % 4 == 1 ? previous[block] : test_random(&random);
    }
    check_diff((seg_mask_view){previous, lengths[i / 4 % 7]},
               (seg_mask_view){current, lengths[i / 28]});
  }
  check_diff((seg_mask_view){NULL, 0}, (seg_mask_view){NULL, 0});
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(masks_of_all_lengths)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
