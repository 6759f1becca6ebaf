// Memory, messages and texts: the few lines that every other module would write again.
#include "base_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *default_resize(void *context, void *block, size_t old_size_bytes,
                            size_t new_size_bytes) {
  (void)context;
  (void)old_size_bytes;
  if (new_size_bytes == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, new_size_bytes);
}

seg_allocator seg_allocator_default(void) {
  return (seg_allocator){.resize = default_resize, .context = NULL};
}

void *seg_allocate(seg_allocator allocator, size_t size_bytes) {
  return size_bytes == 0 ? NULL : allocator.resize(allocator.context, NULL, 0, size_bytes);
}

void *seg_allocate_zeroed(seg_allocator allocator, size_t count, size_t item_bytes) {
  if (item_bytes != 0 && count > SIZE_MAX / item_bytes) {
    return NULL;
  }
  void *block = seg_allocate(allocator, count * item_bytes);
  if (block != NULL) {
    memset(block, 0, count * item_bytes);
  }
  return block;
}

void seg_release(seg_allocator allocator, void *block, size_t size_bytes) {
  if (block != NULL) {
    allocator.resize(allocator.context, block, size_bytes, 0);
  }
}

bool seg_grow(seg_allocator allocator, void **block, size_t *capacity, size_t needed,
              size_t item_bytes) {
  if (needed <= *capacity) {
    return true;
  }
  size_t wanted = *capacity * 2 > needed ? *capacity * 2 : needed;
  if (wanted < 8) {
    wanted = 8;
  }
  if (wanted > SIZE_MAX / item_bytes) {
    return false;
  }
  void *grown =
      allocator.resize(allocator.context, *block, *capacity * item_bytes, wanted * item_bytes);
  if (grown == NULL) {
    return false;
  }
  *block = grown;
  *capacity = wanted;
  return true;
}

void seg_cut_text(char *text) {
  size_t size = strlen(text);
  size_t begin = size;
  // Back to the beginning of the last character: at most three continuation bytes.
  while (begin > 0 && size - begin < 3 && ((unsigned char)text[begin - 1] & 0xC0) == 0x80) {
    begin--;
  }
  unsigned char lead = begin > 0 ? (unsigned char)text[begin - 1] : 0;
  size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (size - begin < wanted) {
    text[begin - 1] = '\0';
  }
}

static void write_message(seg_error *error, seg_status status, size_t line, size_t column,
                          const char *format, va_list arguments) {
  if (error == NULL) {
    return;
  }
  error->status = status;
  error->line = line;
  error->column = column;
  (void)vsnprintf(error->message, sizeof error->message, format, arguments);
  seg_cut_text(error->message);
}

seg_status seg_fail(seg_error *error, seg_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_message(error, status, 0, 0, format, arguments);
  va_end(arguments);
  return status;
}

seg_status seg_fail_at(seg_error *error, seg_status status, size_t line, size_t column,
                       const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_message(error, status, line, column, format, arguments);
  va_end(arguments);
  return status;
}

seg_status seg_succeed(seg_error *error) {
  if (error != NULL) {
    error->status = SEG_OK;
    error->line = 0;
    error->column = 0;
    error->message[0] = '\0';
  }
  return SEG_OK;
}

/// Writes one byte of a JSON string, escaped if it must be; returns the bytes written.
static size_t escape(char byte, char out[6]) {
  static const char named[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  static const char digits[] = "0123456789abcdef";
  const char *found = byte == '\0' ? NULL : strchr(named, byte);
  if (found != NULL) {
    out[0] = '\\';
    out[1] = letters[found - named];
    return 2;
  }
  if ((unsigned char)byte >= 0x20 && byte != 0x7F) {
    out[0] = byte;
    return 1;
  }
  memcpy(out, "\\u00", 4);
  out[4] = digits[(unsigned char)byte >> 4];
  out[5] = digits[(unsigned char)byte & 0xF];
  return 6;
}

seg_quoted seg_quote(seg_text_view text) {
  seg_quoted quoted;
  size_t shown = text.size_bytes < SEG_QUOTE_BYTES ? text.size_bytes : SEG_QUOTE_BYTES;
  // Cut between characters: step back over continuation bytes.
  while (shown < text.size_bytes && shown > 0 &&
         ((unsigned char)text.bytes[shown] & 0xC0) == 0x80) {
    shown--;
  }
  size_t at = 0;
  quoted.text[at++] = '"';
  for (size_t i = 0; i < shown; i++) {
    at += escape(text.bytes[i], quoted.text + at);
  }
  quoted.text[at++] = '"';
  if (shown < text.size_bytes) {
    memcpy(quoted.text + at, "...", 3);
    at += 3;
  }
  quoted.text[at] = '\0';
  return quoted;
}

void seg_buffer_init(seg_buffer *buffer, seg_allocator allocator) {
  *buffer = (seg_buffer){.allocator = allocator};
}

void seg_buffer_free(seg_buffer *buffer) {
  seg_release(buffer->allocator, buffer->bytes, buffer->capacity);
  seg_buffer_init(buffer, buffer->allocator);
}

void seg_buffer_put(seg_buffer *buffer, const void *bytes, size_t size_bytes) {
  if (buffer->failed || size_bytes == 0) {
    return;
  }
  void *block = buffer->bytes;
  if (size_bytes > SIZE_MAX / 4 - buffer->size_bytes ||
      !seg_grow(buffer->allocator, &block, &buffer->capacity, buffer->size_bytes + size_bytes, 1)) {
    buffer->failed = true;
    return;
  }
  buffer->bytes = block;
  memcpy(buffer->bytes + buffer->size_bytes, bytes, size_bytes);
  buffer->size_bytes += size_bytes;
}

seg_status seg_buffer_take(seg_buffer *buffer, seg_text_view *out) {
  if (!buffer->failed && buffer->size_bytes < buffer->capacity) {
    void *cut = buffer->allocator.resize(buffer->allocator.context, buffer->bytes, buffer->capacity,
                                         buffer->size_bytes);
    if (cut == NULL && buffer->size_bytes > 0) {
      buffer->failed = true;
    } else {
      buffer->bytes = cut;
      buffer->capacity = buffer->size_bytes;
    }
  }
  if (buffer->failed) {
    seg_buffer_free(buffer);
    return SEG_E_NOMEM;
  }
  *out = (seg_text_view){.bytes = buffer->bytes, .size_bytes = buffer->size_bytes};
  seg_buffer_init(buffer, buffer->allocator);
  return SEG_OK;
}

seg_text_view seg_text_of(const char *string) {
  return (seg_text_view){.bytes = string, .size_bytes = string == NULL ? 0 : strlen(string)};
}

bool seg_text_equal(seg_text_view a, seg_text_view b) {
  return a.size_bytes == b.size_bytes &&
         (a.size_bytes == 0 || memcmp(a.bytes, b.bytes, a.size_bytes) == 0);
}

int seg_text_compare(seg_text_view a, seg_text_view b) {
  size_t shorter = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  int order = shorter == 0 ? 0 : memcmp(a.bytes, b.bytes, shorter);
  if (order != 0 || a.size_bytes == b.size_bytes) {
    return order;
  }
  return a.size_bytes < b.size_bytes ? -1 : 1;
}

bool seg_text_copy(seg_allocator allocator, seg_text_view text, seg_text_view *out) {
  char *bytes = seg_allocate(allocator, text.size_bytes + 1);
  if (bytes == NULL) {
    return false;
  }
  if (text.size_bytes > 0) {
    memcpy(bytes, text.bytes, text.size_bytes);
  }
  bytes[text.size_bytes] = '\0';
  *out = (seg_text_view){.bytes = bytes, .size_bytes = text.size_bytes};
  return true;
}

void seg_text_drop(seg_allocator allocator, seg_text_view text) {
  // The one cast away from const: a copy's owner may free what it only shows.
  seg_release(allocator, (void *)(uintptr_t)text.bytes, text.size_bytes + 1);
}

void seg_problems_init(seg_problems *problems, seg_allocator allocator) {
  *problems = (seg_problems){.allocator = allocator};
}

void seg_problems_free(seg_problems *problems) {
  for (size_t i = 0; i < problems->count; i++) {
    seg_text_drop(problems->allocator, seg_text_of(problems->items[i].field));
    seg_text_drop(problems->allocator, seg_text_of(problems->items[i].message));
  }
  seg_release(problems->allocator, problems->items, problems->capacity * sizeof *problems->items);
  seg_problems_init(problems, problems->allocator);
}

seg_status seg_problems_add(seg_problems *problems, const char *field, const char *code,
                            const char *format, ...) {
  char message[SEG_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  seg_cut_text(message);

  void *block = problems->items;
  if (!seg_grow(problems->allocator, &block, &problems->capacity, problems->count + 1,
                sizeof *problems->items)) {
    return SEG_E_NOMEM;
  }
  problems->items = block;
  seg_text_view field_copy;
  seg_text_view message_copy;
  if (!seg_text_copy(problems->allocator, seg_text_of(field), &field_copy)) {
    return SEG_E_NOMEM;
  }
  if (!seg_text_copy(problems->allocator, seg_text_of(message), &message_copy)) {
    seg_text_drop(problems->allocator, field_copy);
    return SEG_E_NOMEM;
  }
  // Codes are string literals, which outlive every list.
  problems->items[problems->count++] =
      (seg_problem){.field = field_copy.bytes, .message = message_copy.bytes, .code = code};
  return SEG_OK;
}
