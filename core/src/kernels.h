/// Kernels: the loops that touch every row. Leaf functions with plain arguments and nothing else;
/// faster twins for one machine or another belong beside them and must give the same bits.
///
/// All of them: `blocks` 64-row blocks; `alive` says which rows are still asked for, and where a
/// word of it is 0 nothing is read; `out` gets the rows of `alive` that match. `out` may be
/// `alive`.
#ifndef SEG_KERNELS_H
#define SEG_KERNELS_H

#include "bits_internal.h"

/// Rows whose code is `code`.
void seg_kernel_equal_8(const uint8_t *codes, uint8_t code, size_t blocks, const uint64_t *alive,
                        uint64_t *out);
void seg_kernel_equal_16(const uint16_t *codes, uint16_t code, size_t blocks, const uint64_t *alive,
                         uint64_t *out);
void seg_kernel_equal_32(const uint32_t *codes, uint32_t code, size_t blocks, const uint64_t *alive,
                         uint64_t *out);

/// Rows whose code's truth is 1: a byte a code, 0 or 1.
void seg_kernel_lookup_8(const uint8_t *codes, const uint8_t *truth, size_t blocks,
                         const uint64_t *alive, uint64_t *out);
void seg_kernel_lookup_16(const uint16_t *codes, const uint8_t *truth, size_t blocks,
                          const uint64_t *alive, uint64_t *out);
/// The same with a bit a code: large dictionaries would fall out of the cache otherwise.
void seg_kernel_lookup_32(const uint32_t *codes, const uint64_t *truth, size_t blocks,
                          const uint64_t *alive, uint64_t *out);

/// Rows with low <= value <= high; low <= high.
void seg_kernel_range(const int64_t *values, int64_t low, int64_t high, size_t blocks,
                      const uint64_t *alive, uint64_t *out);

/// One block of 64 spans of time: rows with low <= span <= high; low <= high.
/// edges  written  Those of them whose span is `low` or `high`.
uint64_t seg_kernel_spans(const uint16_t *spans, uint16_t low, uint16_t high, uint64_t *edges);

#endif
