// UTF-8 checks and folding, through utf8proc; ASCII takes a short cut that gives the same bytes.
#include "segmentry/text.h"

#include "base_internal.h"
#include "hash.h"

#include <string.h>
#include <utf8proc.h>

bool seg_text_is_utf8(seg_text_view text) {
  const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text.bytes;
  size_t left = text.size_bytes;
  while (left > 0) {
    if (*at < 0x80) {
      at++;
      left--;
      continue;
    }
    utf8proc_int32_t codepoint;
    utf8proc_ssize_t step = utf8proc_iterate(at, (utf8proc_ssize_t)left, &codepoint);
    if (step <= 0) {
      return false;
    }
    at += step;
    left -= (size_t)step;
  }
  return true;
}

uint32_t seg_text_hash(uint64_t seed, seg_text_view text) {
  return seg_hash(seed, text.bytes, text.size_bytes);
}

seg_text_view seg_text_after_mark(seg_text_view text) {
  if (text.size_bytes >= 3 && memcmp(text.bytes, "\xEF\xBB\xBF", 3) == 0) {
    text.bytes += 3;
    text.size_bytes -= 3;
  }
  return text;
}

static bool is_ascii(seg_text_view text) {
  for (size_t i = 0; i < text.size_bytes; i++) {
    if ((unsigned char)text.bytes[i] >= 0x80) {
      return false;
    }
  }
  return true;
}

static seg_status fold_ascii(seg_allocator allocator, seg_text_view text, seg_text_view *out) {
  char *folded = seg_allocate(allocator, text.size_bytes);
  if (folded == NULL) {
    return SEG_E_NOMEM;
  }
  for (size_t i = 0; i < text.size_bytes; i++) {
    char byte = text.bytes[i];
    folded[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
  }
  *out = (seg_text_view){.bytes = folded, .size_bytes = text.size_bytes};
  return SEG_OK;
}

/// One pass of utf8proc over a text.
static seg_status map(seg_allocator allocator, seg_text_view text, utf8proc_option_t options,
                      seg_text_view *out) {
  utf8proc_int32_t nowhere; // sizing: utf8proc adds to the address, which NULL may not be
  const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.bytes;
  utf8proc_ssize_t count =
      utf8proc_decompose(bytes, (utf8proc_ssize_t)text.size_bytes, &nowhere, 0, options);
  if (count <= 0) {
    *out = (seg_text_view){.bytes = NULL, .size_bytes = 0};
    return SEG_OK;
  }
  size_t codepoints_bytes = (size_t)count * sizeof(utf8proc_int32_t);
  utf8proc_int32_t *codepoints = seg_allocate(allocator, codepoints_bytes);
  if (codepoints == NULL) {
    return SEG_E_NOMEM;
  }
  (void)utf8proc_decompose(bytes, (utf8proc_ssize_t)text.size_bytes, codepoints, count, options);
  if ((options & UTF8PROC_COMPOSE) != 0) {
    count = utf8proc_normalize_utf32(codepoints, count, options);
  }
  seg_buffer mapped;
  seg_buffer_init(&mapped, allocator);
  for (utf8proc_ssize_t i = 0; i < count; i++) {
    utf8proc_uint8_t encoded[4];
    utf8proc_ssize_t size = utf8proc_encode_char(codepoints[i], encoded);
    seg_buffer_put(&mapped, encoded, (size_t)size);
  }
  seg_release(allocator, codepoints, codepoints_bytes);
  return seg_buffer_take(&mapped, out);
}

/// Folding before decomposing would leave U+0345, which folds to a letter, out of its order among
/// the marks: so first the canonical decomposition, then the rest.
static seg_status fold_unicode(seg_allocator allocator, seg_text_view text, seg_text_view *out) {
  seg_text_view decomposed;
  seg_status status = map(allocator, text, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &decomposed);
  if (status != SEG_OK) {
    return status;
  }
  status = map(allocator, decomposed, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD, out);
  seg_text_free(allocator, decomposed);
  return status;
}

seg_status seg_text_fold(seg_allocator allocator, seg_text_view text, seg_text_view *out) {
  if (text.size_bytes == 0) {
    *out = (seg_text_view){.bytes = NULL, .size_bytes = 0};
    return SEG_OK;
  }
  return is_ascii(text) ? fold_ascii(allocator, text, out) : fold_unicode(allocator, text, out);
}

void seg_text_free(seg_allocator allocator, seg_text_view text) {
  seg_release(allocator, (void *)(uintptr_t)text.bytes, text.size_bytes);
}
