/// The ground every module of the core stands on: statuses, errors, text views, memory.
///
/// Ownership, for every header of this folder: a `_view` is borrowed and lives as long as the
/// caller says; what a `_create`, `_parse`, `_read` or `_write` gives is owned by the caller and
/// ends with the matching `_free`. Outputs are written only on SEG_OK unless a declaration says
/// otherwise. Nothing here does I/O, reads a clock, starts a thread or keeps a mutable global.
#ifndef SEGMENTRY_BASE_H
#define SEGMENTRY_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SEG_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define SEG_PRINTF(format_index, first)
#endif

/// The version of the core, as semantic versioning writes it.
#define SEG_VERSION "0.1.0"

/// What a fallible function returns. The numbers are pinned: the WASM module passes them on.
typedef enum seg_status {
  SEG_OK = 0,
  SEG_E_NOMEM = 1,     ///< The allocator gave no memory; nothing has changed.
  SEG_E_JSON = 2,      ///< The text is not strict JSON; line and column say where.
  SEG_E_INVALID = 3,   ///< The user's input breaks a rule; the message says which.
  SEG_E_LIMIT = 4,     ///< The user's input is over a named limit.
  SEG_E_DUPLICATE = 5, ///< The id is already there.
  SEG_E_MISSING = 6,   ///< No contact has this id.
  SEG_E_SEGMENT = 7,   ///< A referenced segment is unknown, or refers to itself in the end.
  SEG_E_FIELD = 8,     ///< The table is a partial snapshot and this field is not in it.
  SEG_E_CORRUPT = 9,   ///< The bytes are not a whole snapshot.
  SEG_E_VERSION = 10   ///< The snapshot was written by a newer version.
} seg_status;

/// A message is cut at this many bytes: enough for a place, what was found and what is allowed.
#define SEG_MESSAGE_BYTES 512

/// What went wrong. Belongs to the caller, is optional everywhere, and is fully written when given:
/// on SEG_OK too, with an empty message.
typedef struct seg_error {
  seg_status status;
  size_t line;   ///< 1-based line in a JSON text; 0 where there is none.
  size_t column; ///< 1-based byte column in that line; 0 where there is none.
  char message[SEG_MESSAGE_BYTES];
} seg_error;

/// UTF-8 bytes that somebody else owns; not terminated by a NUL.
typedef struct seg_text_view {
  const char *bytes;
  size_t size_bytes;
} seg_text_view;

/// Views a NUL-terminated string. NULL gives an empty view.
seg_text_view seg_text_of(const char *string);

/// Whether two texts hold the same bytes.
bool seg_text_equal(seg_text_view a, seg_text_view b);

/// Where memory comes from: one function, as realloc with the old size given back.
///
/// resize(context, NULL, 0, n) allocates, resize(context, block, n, 0) frees and returns NULL, the
/// rest grows or shrinks. NULL for a size over 0 means there is none and `block` is still valid.
/// Blocks are aligned as malloc aligns them. Must be callable from every thread that uses it.
typedef struct seg_allocator {
  void *(*resize)(void *context, void *block, size_t old_size_bytes, size_t new_size_bytes);
  void *context;
} seg_allocator;

/// The C library's realloc and free behind the interface above.
seg_allocator seg_allocator_default(void);

/// One thing that is wrong with a condition. All three texts live as long as their list.
typedef struct seg_problem {
  const char *field;   ///< The place, such as `groups[1].filters[0].operator`; "" is the whole.
  const char *message; ///< What was found and what is allowed, for people.
  const char *code;    ///< One of the codes in docs/FILTERS.md, for programs.
} seg_problem;

/// A growing list of problems; starts as `seg_problems_init` leaves it, ends with `_free`.
typedef struct seg_problems {
  seg_allocator allocator;
  seg_problem *items;
  size_t count;
  size_t capacity;
} seg_problems;

void seg_problems_init(seg_problems *problems, seg_allocator allocator);

/// Adds a problem with a message made as printf makes it, cut at SEG_MESSAGE_BYTES.
///
/// field  borrowed  Copied.
/// code   borrowed  A string literal: it is not copied.
///
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_problems_add(seg_problems *problems, const char *field, const char *code,
                            const char *format, ...) SEG_PRINTF(4, 5);

/// Frees all items; the list may be used again.
void seg_problems_free(seg_problems *problems);

#endif
