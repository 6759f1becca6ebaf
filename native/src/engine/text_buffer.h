/// A growing buffer of bytes. All zero is an empty one.
#ifndef SEGMENTRY_TEXT_BUFFER_H
#define SEGMENTRY_TEXT_BUFFER_H

#include "segmentry/base.h"

typedef struct text_buffer {
  char *bytes; ///< Moves when it grows: keep offsets into it, not pointers.
  size_t size_bytes;
  size_t capacity;
} text_buffer;

/// Appends bytes. Returns false, with the buffer as before, if there is no memory.
bool text_buffer_add(text_buffer *own, const char *bytes, size_t size_bytes);
/// Appends a text as a JSON string, quotes and all. The text is UTF-8 without NUL.
bool text_buffer_add_json_string(text_buffer *own, seg_text_view text);
void text_buffer_free(text_buffer *own);

#endif
