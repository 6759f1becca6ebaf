// Each kernel compares the 64 rows of a block into 64 flags, a byte each and without a branch,
// which compilers turn into vector instructions. The flags become a mask by the machine's own
// instruction for that, or by multiplications where there is none.
#include "kernels.h"

#include <stdbool.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SEG_KERNELS_PORTABLE)
#include <emmintrin.h>
#elif defined(__wasm_simd128__) && !defined(SEG_KERNELS_PORTABLE)
#include <wasm_simd128.h>
#endif

/// Flags of 64 rows: all bits of one are set if the row matches, else none.
typedef struct flags_8 {
  uint8_t rows[SEG_BLOCK_ROWS];
} flags_8;
typedef struct flags_16 {
  uint16_t rows[SEG_BLOCK_ROWS];
} flags_16;

#if defined(__SSE2__) && !defined(SEG_KERNELS_PORTABLE)

static inline __m128i load_16_bytes(const void *from) { return _mm_loadu_si128(from); }

static inline uint64_t mask_of_bytes(const uint8_t *flags) {
  return (unsigned)_mm_movemask_epi8(load_16_bytes(flags));
}

static inline uint64_t mask_of_words(const uint16_t *flags) {
  __m128i narrow = _mm_packs_epi16(load_16_bytes(flags), load_16_bytes(flags + 8));
  return (unsigned)_mm_movemask_epi8(narrow);
}

#elif defined(__wasm_simd128__) && !defined(SEG_KERNELS_PORTABLE)

static inline uint64_t mask_of_bytes(const uint8_t *flags) {
  return wasm_i8x16_bitmask(wasm_v128_load(flags));
}

static inline uint64_t mask_of_words(const uint16_t *flags) {
  return wasm_i8x16_bitmask(
      wasm_i8x16_narrow_i16x8(wasm_v128_load(flags), wasm_v128_load(flags + 8)));
}

#else

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

/// The multiplication moves the lowest bit of each byte into the highest byte, first byte lowest.
static inline uint64_t mask_of_8(const uint8_t *flags) {
  uint64_t bits = load_8(flags) & UINT64_C(0x0101010101010101);
  return (bits * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t mask_of_bytes(const uint8_t *flags) {
  return mask_of_8(flags) | mask_of_8(flags + 8) << 8;
}

static inline uint64_t mask_of_words(const uint16_t *flags) {
  uint8_t narrow[16];
  for (unsigned i = 0; i < 16; i++) {
    narrow[i] = (uint8_t)flags[i];
  }
  return mask_of_bytes(narrow);
}

#endif

static inline uint64_t mask_of_8_bits(const flags_8 *flags) {
  uint64_t mask = 0;
  for (unsigned i = 0; i < SEG_BLOCK_ROWS; i += 16) {
    mask |= mask_of_bytes(flags->rows + i) << i;
  }
  return mask;
}

static inline uint64_t mask_of_16_bits(const flags_16 *flags) {
  uint64_t mask = 0;
  for (unsigned i = 0; i < SEG_BLOCK_ROWS; i += 16) {
    mask |= mask_of_words(flags->rows + i) << i;
  }
  return mask;
}

/// The body of a kernel over blocks: `condition` says whether the row `i` of `values` matches.
/// bits  8 or 16: how wide its flags are.
#define MATCH_BLOCKS(values, bits, condition)                                                      \
  for (size_t block = 0; block < blocks; block++, (values) += SEG_BLOCK_ROWS) {                    \
    if (alive[block] == 0) {                                                                       \
      out[block] = 0;                                                                              \
      continue;                                                                                    \
    }                                                                                              \
    flags_##bits flags;                                                                            \
    for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {                                                \
      flags.rows[i] = (condition) ? UINT##bits##_MAX : 0;                                          \
    }                                                                                              \
    out[block] = mask_of_##bits##_bits(&flags) & alive[block];                                     \
  }

void seg_kernel_equal_8(const uint8_t *codes, uint8_t code, size_t blocks, const uint64_t *alive,
                        uint64_t *out) {
  MATCH_BLOCKS(codes, 8, codes[i] == code)
}

void seg_kernel_equal_16(const uint16_t *codes, uint16_t code, size_t blocks, const uint64_t *alive,
                         uint64_t *out) {
  MATCH_BLOCKS(codes, 16, codes[i] == code)
}

void seg_kernel_equal_32(const uint32_t *codes, uint32_t code, size_t blocks, const uint64_t *alive,
                         uint64_t *out) {
  MATCH_BLOCKS(codes, 8, codes[i] == code)
}

void seg_kernel_lookup_8(const uint8_t *codes, const uint8_t *truth, size_t blocks,
                         const uint64_t *alive, uint64_t *out) {
  MATCH_BLOCKS(codes, 8, truth[codes[i]] != 0)
}

void seg_kernel_lookup_16(const uint16_t *codes, const uint8_t *truth, size_t blocks,
                          const uint64_t *alive, uint64_t *out) {
  MATCH_BLOCKS(codes, 8, truth[codes[i]] != 0)
}

void seg_kernel_lookup_32(const uint32_t *codes, const uint64_t *truth, size_t blocks,
                          const uint64_t *alive, uint64_t *out) {
  MATCH_BLOCKS(codes, 8, ((truth[codes[i] / 64] >> (codes[i] % 64)) & 1) != 0)
}

void seg_kernel_range(const int64_t *values, int64_t low, int64_t high, size_t blocks,
                      const uint64_t *alive, uint64_t *out) {
  // One comparison: counted from `low`, what is below wraps round to far above the width. Both
  // sides are moved by half of what 64 bits hold, since vectors compare numbers with a sign.
  const uint64_t half = UINT64_C(1) << 63;
  const uint64_t base = (uint64_t)low + half;
  const int64_t width = (int64_t)((uint64_t)high - (uint64_t)low + half);
  MATCH_BLOCKS(values, 8, (int64_t)((uint64_t)values[i] - base) <= width)
}

uint64_t seg_kernel_spans(const uint16_t *spans, uint16_t low, uint16_t high, uint64_t *edges) {
  flags_16 at_edge;
  flags_16 within;
  for (unsigned i = 0; i < SEG_BLOCK_ROWS; i++) {
    bool is_edge = (spans[i] == low) | (spans[i] == high);
    bool is_within = (spans[i] >= low) & (spans[i] <= high);
    at_edge.rows[i] = is_edge ? UINT16_MAX : 0;
    within.rows[i] = is_within ? UINT16_MAX : 0;
  }
  *edges = mask_of_16_bits(&at_edge);
  return mask_of_16_bits(&within);
}
