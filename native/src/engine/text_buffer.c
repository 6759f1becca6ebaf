// See text_buffer.h.
#include "text_buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The first allocation: some rows of a file.
#define CAPACITY_FIRST 4096

bool text_buffer_add(text_buffer *own, const char *bytes, size_t size_bytes) {
  size_t needed = own->size_bytes + size_bytes;
  if (needed > own->capacity) {
    size_t capacity = own->capacity == 0 ? CAPACITY_FIRST : own->capacity * 2;
    capacity = capacity < needed ? needed : capacity;
    char *grown = realloc(own->bytes, capacity);
    if (grown == NULL) {
      return false;
    }
    own->bytes = grown;
    own->capacity = capacity;
  }
  if (size_bytes > 0) {
    memcpy(own->bytes + own->size_bytes, bytes, size_bytes);
  }
  own->size_bytes = needed;
  return true;
}

/// How many bytes from `at` need no escape.
static size_t plain_run(seg_text_view text, size_t at) {
  size_t start = at;
  while (at < text.size_bytes && (unsigned char)text.bytes[at] >= 0x20 && text.bytes[at] != '"' &&
         text.bytes[at] != '\\') {
    at++;
  }
  return at - start;
}

bool text_buffer_add_json_string(text_buffer *own, seg_text_view text) {
  bool ok = text_buffer_add(own, "\"", 1);
  for (size_t at = 0; ok && at < text.size_bytes;) {
    size_t run = plain_run(text, at);
    ok = text_buffer_add(own, text.bytes + at, run);
    at += run;
    if (ok && at < text.size_bytes) {
      char escape[8];
      unsigned char byte = (unsigned char)text.bytes[at++];
      int size = byte < 0x20 ? snprintf(escape, sizeof escape, "\\u%04x", byte)
                             : snprintf(escape, sizeof escape, "\\%c", byte);
      ok = text_buffer_add(own, escape, (size_t)size);
    }
  }
  return ok && text_buffer_add(own, "\"", 1);
}

void text_buffer_free(text_buffer *own) {
  free(own->bytes);
  *own = (text_buffer){0};
}
