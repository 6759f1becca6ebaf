// Any text as a date: what is one comes back from its own text.
#include "fuzz.h"

#include "segmentry/instant.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  // 14 hours east of the year 1, or as far west of the year 9999, lies beyond what can be written.
  const int64_t first_ms = INT64_C(-62135596800000);
  const int64_t last_ms = INT64_C(253402300799999);
  seg_instant instant;
  if (seg_instant_parse((seg_text_view){(const char *)bytes, size_bytes}, &instant)) {
    fuzz_require(instant.ms >= first_ms - SEG_DAY_MS && instant.ms <= last_ms + SEG_DAY_MS,
                 "dates lie in their years");
    fuzz_require(!instant.date_only || instant.ms % SEG_DAY_MS == 0, "a day begins at midnight");
    if (instant.ms >= first_ms && instant.ms <= last_ms) {
      char text[SEG_INSTANT_TEXT_BYTES];
      seg_instant again;
      seg_instant_write(instant.ms, text);
      fuzz_require(seg_instant_parse(seg_text_of(text), &again) && again.ms == instant.ms,
                   "what is written is the same instant");
    }
  }
  return 0;
}
