// Scalar kernels. A mask is built without a branch a row: eight rows make a byte, eight bytes a
// word.
//
// The 8-bit equality works on eight codes at once in a 64-bit word: XOR turns equal codes into zero
// bytes, `high` marks them exactly (no carry crosses a byte), and one multiplication gathers the
// eight marks into one byte.
#include "kernels.h"

#include <string.h>

/// Gathers the lowest bit of each byte into one byte, first byte lowest.
static inline uint64_t gather_bits(uint64_t bytes) {
  return (bytes * UINT64_C(0x0102040810204080)) >> 56;
}

/// Loads eight bytes, the first lowest, on any machine.
static inline uint64_t load_8(const uint8_t *bytes) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
#else
  uint64_t word = 0;
  for (int i = 0; i < 8; i++) {
    word |= (uint64_t)bytes[i] << (8 * i);
  }
  return word;
#endif
}

void seg_kernel_equal_8(const uint8_t *codes, uint8_t code, size_t blocks, const uint64_t *alive,
                        uint64_t *out) {
  const uint64_t low7 = UINT64_C(0x7F7F7F7F7F7F7F7F);
  const uint64_t pattern = code * UINT64_C(0x0101010101010101);
  for (size_t block = 0; block < blocks; block++, codes += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < 8; i++) {
      uint64_t different = load_8(codes + 8 * (size_t)i) ^ pattern;
      uint64_t high = ~(((different & low7) + low7) | different | low7);
      mask |= gather_bits(high >> 7) << (8 * i);
    }
    out[block] = mask & alive[block];
  }
}

void seg_kernel_equal_16(const uint16_t *codes, uint16_t code, size_t blocks, const uint64_t *alive,
                         uint64_t *out) {
  for (size_t block = 0; block < blocks; block++, codes += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
      mask |= (uint64_t)(codes[i] == code) << i;
    }
    out[block] = mask & alive[block];
  }
}

void seg_kernel_equal_32(const uint32_t *codes, uint32_t code, size_t blocks, const uint64_t *alive,
                         uint64_t *out) {
  for (size_t block = 0; block < blocks; block++, codes += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
      mask |= (uint64_t)(codes[i] == code) << i;
    }
    out[block] = mask & alive[block];
  }
}

void seg_kernel_lookup_8(const uint8_t *codes, const uint8_t *truth, size_t blocks,
                         const uint64_t *alive, uint64_t *out) {
  for (size_t block = 0; block < blocks; block++, codes += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
      mask |= (uint64_t)truth[codes[i]] << i;
    }
    out[block] = mask & alive[block];
  }
}

void seg_kernel_lookup_16(const uint16_t *codes, const uint8_t *truth, size_t blocks,
                          const uint64_t *alive, uint64_t *out) {
  for (size_t block = 0; block < blocks; block++, codes += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
      mask |= (uint64_t)truth[codes[i]] << i;
    }
    out[block] = mask & alive[block];
  }
}

void seg_kernel_lookup_32(const uint32_t *codes, const uint64_t *truth, size_t blocks,
                          const uint64_t *alive, uint64_t *out) {
  for (size_t block = 0; block < blocks; block++, codes += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
      mask |= ((truth[codes[i] / 64] >> (codes[i] % 64)) & 1) << i;
    }
    out[block] = mask & alive[block];
  }
}

void seg_kernel_range(const int64_t *values, int64_t low, int64_t high, size_t blocks,
                      const uint64_t *alive, uint64_t *out) {
  // One unsigned comparison: below `low` wraps round to far above the span.
  const uint64_t span = (uint64_t)high - (uint64_t)low;
  for (size_t block = 0; block < blocks; block++, values += SEG_BLOCK_ROWS) {
    if (alive[block] == 0) {
      out[block] = 0;
      continue;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
      mask |= (uint64_t)((uint64_t)values[i] - (uint64_t)low <= span) << i;
    }
    out[block] = mask & alive[block];
  }
}

uint64_t seg_kernel_packed_range(uint64_t present, const int64_t *cells, int64_t low,
                                 int64_t high) {
  const uint64_t span = (uint64_t)high - (uint64_t)low;
  uint64_t mask = 0;
  for (uint64_t rest = present; rest != 0; rest &= rest - 1, cells++) {
    mask |= (uint64_t)((uint64_t)*cells - (uint64_t)low <= span) << seg_bits_lowest(rest);
  }
  return mask;
}
