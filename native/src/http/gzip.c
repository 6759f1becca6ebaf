// See gzip.h.
#include "http/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/// Somebody waits: of a snapshot, the levels above take twice to six times as long for 3 % to 5 %.
#define LEVEL 2
/// A window of 32 KiB, and 16 for gzip's header in place of zlib's.
#define WINDOW_BITS (15 + 16)
/// More than zlib's default of 8 takes 128 KiB more, and saves time.
#define MEMORY_LEVEL 9

seg_status seg_http_gzip(seg_text_view bytes, seg_text_view *out) {
  z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)bytes.bytes};
  if (bytes.size_bytes > UINT_MAX / 2) {
    return SEG_E_LIMIT;
  }
  if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return SEG_E_NOMEM;
  }
  size_t capacity = deflateBound(&stream, (uLong)bytes.size_bytes);
  char *compressed = malloc(capacity);
  int result = Z_MEM_ERROR;
  if (compressed != NULL) {
    stream.avail_in = (uInt)bytes.size_bytes;
    stream.next_out = (Bytef *)compressed;
    stream.avail_out = (uInt)capacity;
    result = deflate(&stream, Z_FINISH);
  }
  size_t size = (size_t)stream.total_out;
  (void)deflateEnd(&stream);
  if (result != Z_STREAM_END) { // the bound is one, so that only memory can be missing
    free(compressed);
    return SEG_E_NOMEM;
  }
  *out = (seg_text_view){.bytes = compressed, .size_bytes = size};
  return SEG_OK;
}

void seg_http_gzip_free(seg_text_view compressed) { free((void *)(uintptr_t)compressed.bytes); }
