// Any bytes as a segment's name: a slug is within the limit, and its own slug.
#include "fuzz.h"

#include "segmentry/slug.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  seg_text_view slug;
  seg_error error;
  seg_text_view name = {(const char *)bytes, size_bytes};
  seg_status status = seg_slug(allocator, name, &slug, &error);
  fuzz_require(error.status == status, "the error has the status");
  if (status == SEG_OK) {
    seg_text_view again;
    fuzz_require(slug.size_bytes > 0 && slug.size_bytes <= SEG_NAME_BYTES_MAX, "it has a size");
    fuzz_require(seg_text_is_utf8(slug), "it is UTF-8");
    fuzz_require(slug.bytes[0] != '-' && slug.bytes[slug.size_bytes - 1] != '-',
                 "no hyphen at either end");
    fuzz_require(seg_slug(allocator, slug, &again, NULL) == SEG_OK, "a slug has a slug");
    fuzz_require(seg_text_equal(slug, again), "a slug is its own slug");
    seg_text_free(allocator, again);
    seg_text_free(allocator, slug);
  } else {
    fuzz_require(status == SEG_E_INVALID || status == SEG_E_LIMIT, "there is memory");
  }
  // Folding a valid text twice is folding it once.
  seg_text_view folded;
  if (seg_text_is_utf8(name) && size_bytes < 512) {
    seg_text_view twice;
    fuzz_require(seg_text_fold(allocator, name, &folded) == SEG_OK, "there is memory");
    fuzz_require(seg_text_fold(allocator, folded, &twice) == SEG_OK, "there is memory");
    fuzz_require(seg_text_equal(folded, twice), "folded text stays as it is");
    seg_text_free(allocator, folded);
    seg_text_free(allocator, twice);
  }
  fuzz_require(memory.block_count == 0, "everything is freed");
  return 0;
}
