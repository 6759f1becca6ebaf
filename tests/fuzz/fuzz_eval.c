// Sections of contacts, events and emails, then a condition: the whole table's answer must be that
// of its blocks, and of the condition written and read again.
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  seg_text_view input = {(const char *)bytes, size_bytes};
  seg_table *table = fuzz_table(allocator, 70, &input);
  seg_problems problems;
  seg_problems_init(&problems, allocator);
  seg_filter *filter = NULL;
  if (seg_filter_parse(allocator, input, &filter, &problems) == SEG_OK) {
    uint64_t *mask = fuzz_evaluate(allocator, table, filter);
    seg_text_view written;
    seg_filter *second = NULL;
    fuzz_require(seg_filter_write(filter, allocator, &written) == SEG_OK, "it can be written");
    fuzz_require(seg_filter_parse(allocator, written, &second, &problems) == SEG_OK,
                 "what is written can be read");
    uint64_t *again = fuzz_evaluate(allocator, table, second);
    fuzz_require((mask == NULL) == (again == NULL), "both can be planned or neither");
    fuzz_require(mask == NULL ||
                     memcmp(mask, again, seg_table_block_count(table) * sizeof *mask) == 0,
                 "what is written means the same");
    fuzz_free_mask(allocator, table, mask);
    fuzz_free_mask(allocator, table, again);
    seg_text_free(allocator, written);
    seg_filter_free(second);
  }
  seg_filter_free(filter);
  seg_problems_free(&problems);
  seg_table_free(table);
  fuzz_require(memory.block_count == 0, "everything is freed");
  return 0;
}
