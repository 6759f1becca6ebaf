// Lines of contacts, events and emails, each section ended by a line "--"; then rows go again.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_text_view input = {(const char *)bytes, size_bytes};
  seg_table *table = fuzz_table(test_memory_allocator(&memory), 3, &input);
  for (uint32_t row = 0; row < seg_table_row_count(table); row++) {
    if (seg_table_is_live(table, row)) {
      uint32_t found = UINT32_MAX;
      fuzz_require(seg_table_find(table, seg_table_id(table, row), &found) && found == row,
                   "each contact is found by its id");
      fuzz_require(seg_table_email(table, row).size_bytes > 0, "each contact has an address");
    }
  }
  fuzz_require(memory.held_bytes == seg_table_memory_bytes(table), "the table counts its memory");
  for (uint32_t row = 0; row < seg_table_row_count(table); row += 2) {
    seg_table_remove(table, row);
  }
  seg_table_free(table);
  fuzz_require(memory.block_count == 0, "everything is freed");
  return 0;
}
