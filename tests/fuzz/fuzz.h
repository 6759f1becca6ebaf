/// What the fuzz targets share. A target is one function; fuzz.c checks its answers with
/// fuzz_require, and libFuzzer or replay.c calls it.
#ifndef SEG_FUZZ_H
#define SEG_FUZZ_H

#include "memory.h"
#include "segmentry/explain.h"
#include "segmentry/filter.h"
#include "segmentry/ingest.h"
#include "segmentry/plan.h"
#include "segmentry/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

/// Stops the program if the answer is wrong; `what` says what must hold.
void fuzz_require(bool holds, const char *what);

/// The instant that targets evaluate at: 2024-03-01T12:00:00Z.
#define FUZZ_NOW_MS INT64_C(1709294400000)

/// Cuts the next section off an input: up to a line "--", or all of it.
seg_text_view fuzz_section(seg_text_view *input);

/// A table from three sections: contacts, events, emails. Behind `filler_count` plain contacts.
seg_table *fuzz_table(seg_allocator allocator, size_t filler_count, seg_text_view *input);

/// Evaluates a filter in one go, block by block and by count: all must agree. Returns the mask,
/// owned by `allocator` and as long as the table has blocks, or NULL if it cannot be planned.
uint64_t *fuzz_evaluate(seg_allocator allocator, const seg_table *table, const seg_filter *filter);
void fuzz_free_mask(seg_allocator allocator, const seg_table *table, uint64_t *mask);

#endif
