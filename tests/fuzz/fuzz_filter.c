// A condition's text: parsed; if valid, written and parsed again, with the same text.
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  seg_problems problems;
  seg_problems_init(&problems, allocator);
  seg_filter *filter = NULL;
  seg_text_view json = {(const char *)bytes, size_bytes};
  seg_status status = seg_filter_parse(allocator, json, &filter, &problems);
  if (status == SEG_OK) {
    seg_text_view written;
    seg_text_view again;
    seg_filter *second = NULL;
    fuzz_require(problems.count == 0 && seg_filter_is_valid(filter), "a valid filter is valid");
    fuzz_require(seg_filter_write(filter, allocator, &written) == SEG_OK, "it can be written");
    fuzz_require(seg_filter_parse(allocator, written, &second, &problems) == SEG_OK,
                 "what is written can be read");
    fuzz_require(seg_filter_write(second, allocator, &again) == SEG_OK, "it can be written again");
    fuzz_require(seg_text_equal(written, again), "both texts are equal");
    for (size_t i = 0; i < seg_filter_node_count(filter); i++) {
      char path[SEG_FILTER_PATH_BYTES];
      seg_filter_node_path(filter, i, path);
      fuzz_require(strncmp(path, "groups[", 7) == 0, "nodes have paths");
    }
    seg_text_free(allocator, written);
    seg_text_free(allocator, again);
    seg_filter_free(second);
  } else {
    fuzz_require(status == SEG_E_INVALID && problems.count > 0 && filter == NULL,
                 "what is not valid has problems");
  }
  seg_filter_free(filter);
  seg_problems_free(&problems);
  fuzz_require(memory.block_count == 0, "everything is freed");
  return 0;
}
