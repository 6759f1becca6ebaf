/// 64-row blocks and the bits in them.
#ifndef SEG_BITS_INTERNAL_H
#define SEG_BITS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/// Rows in a block: one bit each in a 64-bit word.
#define SEG_BLOCK_ROWS 64U
/// Blocks in a page, and rows: columns are allocated a page at a time, so that they grow without
/// copying, and evaluation goes a page at a time, so that a call costs little beside its rows.
#define SEG_PAGE_BLOCKS 64U
#define SEG_PAGE_ROWS 4096U

static inline unsigned seg_bits_count(uint64_t bits) {
#if defined(__GNUC__)
  return (unsigned)__builtin_popcountll(bits);
#else
  unsigned count = 0;
  for (; bits != 0; bits &= bits - 1) {
    count++;
  }
  return count;
#endif
}

/// Index of the lowest set bit; `bits` must not be 0.
static inline unsigned seg_bits_lowest(uint64_t bits) {
#if defined(__GNUC__)
  return (unsigned)__builtin_ctzll(bits);
#else
  unsigned index = 0;
  for (; (bits & 1) == 0; bits >>= 1) {
    index++;
  }
  return index;
#endif
}

/// Asks for memory that will be read soon: two lines of the cache, of which the second may lie
/// beyond the allocation, so its address is made as a number. NULL asks for nothing.
static inline void seg_prefetch(const void *address) {
#if defined(__GNUC__)
  if (address == NULL) {
    return;
  }
  __builtin_prefetch(address);
  __builtin_prefetch((const void *)((uintptr_t)address + 64));
#else
  (void)address;
#endif
}

/// Set bits below bit `index`: where a row's cell stands in a packed block.
static inline unsigned seg_bits_rank(uint64_t bits, unsigned index) {
  return seg_bits_count(bits & ((UINT64_C(1) << index) - 1));
}

#endif
