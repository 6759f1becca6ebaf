/// Copies of texts that structs of the engine own.
#ifndef SEGMENTRY_OWNED_TEXT_H
#define SEGMENTRY_OWNED_TEXT_H

#include "segmentry/base.h"

#include <stdlib.h>
#include <string.h>

/// Copies a text, with a NUL behind it that the view does not count; NULL bytes stay NULL.
/// Returns false, with `out` untouched, if there is no memory.
static inline bool owned_text_copy(seg_text_view text, seg_text_view *out) {
  if (text.bytes == NULL) {
    *out = (seg_text_view){0};
    return true;
  }
  char *bytes = malloc(text.size_bytes + 1);
  if (bytes == NULL) {
    return false;
  }
  memcpy(bytes, text.bytes, text.size_bytes);
  bytes[text.size_bytes] = '\0';
  *out = (seg_text_view){.bytes = bytes, .size_bytes = text.size_bytes};
  return true;
}

static inline void owned_text_free(seg_text_view text) { free((void *)(uintptr_t)text.bytes); }

#endif
