// Each kernel says of each row what a plain comparison says, whatever the rows hold and whichever
// are still asked for. Built twice: as the machine at hand has it, and as one without vectors has
// it.
#include "support.h"

#include "kernels.h"

#include <string.h>

#define BLOCKS ((size_t)5)
#define ROWS (BLOCKS * SEG_BLOCK_ROWS)
#define ROUNDS 200

typedef struct input {
  uint64_t random;
  uint64_t alive[BLOCKS];
  uint64_t out[BLOCKS];
} input;

/// Rows that are all dead, all alive, or some of each, block by block.
static void draw_alive(input *own) {
  for (size_t block = 0; block < BLOCKS; block++) {
    uint64_t some = test_random(&own->random);
    uint64_t words[] = {0, UINT64_MAX, some, some & (some << 9)};
    own->alive[block] = words[test_random_below(&own->random, 4)];
  }
}

static void check_row(const input *own, size_t row, bool matches) {
  size_t block = row / SEG_BLOCK_ROWS;
  unsigned bit = (unsigned)(row % SEG_BLOCK_ROWS);
  bool expected = matches && ((own->alive[block] >> bit) & 1) != 0;
  assert_int_equal((own->out[block] >> bit) & 1, expected);
}

static void codes_are_compared(void **state) {
  (void)state;
  input own = {.random = test_seed()};
  uint8_t narrow[ROWS];
  uint16_t middle[ROWS];
  uint32_t wide[ROWS];
  for (size_t round = 0; round < ROUNDS; round++) {
    draw_alive(&own);
    uint32_t codes = 1 + test_random_below(&own.random, round % 2 == 0 ? 3 : 256);
    uint32_t code = test_random_below(&own.random, codes);
    for (size_t row = 0; row < ROWS; row++) {
      uint32_t drawn = test_random_below(&own.random, codes);
      narrow[row] = (uint8_t)drawn;
      middle[row] = (uint16_t)(drawn | drawn << 8); // both bytes count
      wide[row] = drawn | drawn << 24;
    }
    seg_kernel_equal_8(narrow, (uint8_t)code, BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, narrow[row] == code);
    }
    seg_kernel_equal_16(middle, (uint16_t)(code | code << 8), BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, narrow[row] == code);
    }
    seg_kernel_equal_32(wide, code | code << 24, BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, narrow[row] == code);
    }
  }
}

static void truths_are_looked_up(void **state) {
  (void)state;
  input own = {.random = test_seed()};
  static uint8_t truth[UINT16_MAX + 1];
  static uint64_t bits[(UINT16_MAX + 1) / 64];
  uint8_t narrow[ROWS];
  uint16_t middle[ROWS];
  uint32_t wide[ROWS];
  for (size_t round = 0; round < ROUNDS; round++) {
    draw_alive(&own);
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
      bits[i] = test_random(&own.random);
    }
    for (size_t code = 0; code < sizeof truth; code++) {
      truth[code] = (uint8_t)((bits[code / 64] >> (code % 64)) & 1);
    }
    for (size_t row = 0; row < ROWS; row++) {
      wide[row] = test_random_below(&own.random, UINT16_MAX + 1);
      middle[row] = (uint16_t)wide[row];
      narrow[row] = (uint8_t)wide[row];
    }
    seg_kernel_lookup_8(narrow, truth, BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, truth[narrow[row]] != 0);
    }
    seg_kernel_lookup_16(middle, truth, BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, truth[middle[row]] != 0);
    }
    seg_kernel_lookup_32(wide, bits, BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, truth[wide[row]] != 0);
    }
  }
}

/// A number out of a few that lie beside each other and at the ends of what there is.
static int64_t draw_number(uint64_t *random) {
  static const int64_t near[] = {INT64_MIN, -1, 0, 1, INT64_C(1) << 32, INT64_MAX};
  int64_t number = near[test_random_below(random, sizeof near / sizeof near[0])];
  int64_t step = (int64_t)test_random_below(random, 3) - 1;
  return (step < 0 && number == INT64_MIN) || (step > 0 && number == INT64_MAX) ? number
                                                                                : number + step;
}

static void ranges_include_both_ends(void **state) {
  (void)state;
  input own = {.random = test_seed()};
  int64_t values[ROWS];
  for (size_t round = 0; round < ROUNDS; round++) {
    draw_alive(&own);
    int64_t low = draw_number(&own.random);
    int64_t high = draw_number(&own.random);
    if (low > high) {
      int64_t swapped = low;
      low = high;
      high = swapped;
    }
    for (size_t row = 0; row < ROWS; row++) {
      values[row] = draw_number(&own.random);
    }
    seg_kernel_range(values, low, high, BLOCKS, own.alive, own.out);
    for (size_t row = 0; row < ROWS; row++) {
      check_row(&own, row, values[row] >= low && values[row] <= high);
    }
  }
}

static void spans_tell_their_edges_apart(void **state) {
  (void)state;
  uint64_t random = test_seed();
  uint16_t spans[SEG_BLOCK_ROWS];
  static const uint16_t near[] = {0, 1, 2, 255, 256, 32767, 32768, UINT16_MAX - 1, UINT16_MAX};
  const uint32_t count = sizeof near / sizeof near[0];
  for (size_t round = 0; round < ROUNDS; round++) {
    uint32_t first = test_random_below(&random, count);
    uint16_t low = near[first];
    uint16_t high = near[first + test_random_below(&random, count - first)];
    for (size_t row = 0; row < SEG_BLOCK_ROWS; row++) {
      spans[row] = near[test_random_below(&random, count)];
    }
    uint64_t edges;
    uint64_t mask = seg_kernel_spans(spans, low, high, &edges);
    for (size_t row = 0; row < SEG_BLOCK_ROWS; row++) {
      assert_int_equal((mask >> row) & 1, spans[row] >= low && spans[row] <= high);
      assert_int_equal((edges >> row) & 1, spans[row] == low || spans[row] == high);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_are_compared),
      cmocka_unit_test(truths_are_looked_up),
      cmocka_unit_test(ranges_include_both_ends),
      cmocka_unit_test(spans_tell_their_edges_apart),
  };
  return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
