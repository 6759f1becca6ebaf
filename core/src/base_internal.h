/// Memory and messages for the modules of the core.
#ifndef SEG_BASE_INTERNAL_H
#define SEG_BASE_INTERNAL_H

#include "segmentry/base.h"

/// Uninitialised memory; NULL if there is none, or for 0 bytes.
void *seg_allocate(seg_allocator allocator, size_t size_bytes);
/// Zeroed memory for `count` items; NULL if there is none, or on overflow.
void *seg_allocate_zeroed(seg_allocator allocator, size_t count, size_t item_bytes);
/// Frees a block of the size it was allocated with. NULL is allowed.
void seg_release(seg_allocator allocator, void *block, size_t size_bytes);

/// Makes room for at least `needed` items in a growing array, at least doubling it.
/// block, capacity  updated  Only when it works.
bool seg_grow(seg_allocator allocator, void **block, size_t *capacity, size_t needed,
              size_t item_bytes);

/// Fills the caller's error, if there is one, and returns `status`.
seg_status seg_fail(seg_error *error, seg_status status, const char *format, ...) SEG_PRINTF(3, 4);
/// The same with a place in a JSON text.
seg_status seg_fail_at(seg_error *error, seg_status status, size_t line, size_t column,
                       const char *format, ...) SEG_PRINTF(5, 6);
/// Says that memory ran out; returns SEG_E_NOMEM.
static inline seg_status seg_fail_memory(seg_error *error) {
  (void)seg_fail(error, SEG_E_NOMEM, "out of memory");
  return SEG_E_NOMEM;
}
/// Clears the caller's error, if there is one, and returns SEG_OK.
seg_status seg_succeed(seg_error *error);

/// Takes away the last character of a text that was cut within it.
void seg_cut_text(char *text);

/// Bytes of a stranger's text that a message shows.
#define SEG_QUOTE_BYTES 64

/// A text as a message shows it: quoted and escaped as in JSON, cut at SEG_QUOTE_BYTES.
typedef struct seg_quoted {
  char text[6 * SEG_QUOTE_BYTES + 8];
} seg_quoted;
seg_quoted seg_quote(seg_text_view text);

/// A growing byte buffer for output. `failed` sticks, so that writers need not check each step.
typedef struct seg_buffer {
  seg_allocator allocator;
  char *bytes;
  size_t size_bytes;
  size_t capacity;
  bool failed;
} seg_buffer;

void seg_buffer_init(seg_buffer *buffer, seg_allocator allocator);
void seg_buffer_free(seg_buffer *buffer);
void seg_buffer_put(seg_buffer *buffer, const void *bytes, size_t size_bytes);
/// Hands the bytes over, cut to their size, or frees them and returns SEG_E_NOMEM.
seg_status seg_buffer_take(seg_buffer *buffer, seg_text_view *out);

/// Copies a text, with a NUL behind it that the view does not count.
/// Returns false, with `out` untouched, if there is no memory. Free with seg_text_drop.
bool seg_text_copy(seg_allocator allocator, seg_text_view text, seg_text_view *out);
void seg_text_drop(seg_allocator allocator, seg_text_view text);

/// Byte order, the shorter first when one is the beginning of the other: <0, 0, >0.
int seg_text_compare(seg_text_view a, seg_text_view b);

#endif
