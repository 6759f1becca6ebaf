/// UTF-8: validity and the folded text that `contains` and `email` compare (section 5 of
/// docs/FILTERS.md).
#ifndef SEGMENTRY_TEXT_H
#define SEGMENTRY_TEXT_H

#include "segmentry/base.h"

/// Whether the bytes are well-formed UTF-8 (no surrogates, nothing over U+10FFFF, shortest forms).
bool seg_text_is_utf8(seg_text_view text);

/// A file's text without the byte order mark that some editors put before it.
seg_text_view seg_text_after_mark(seg_text_view text);

/// Hashes a text, as the tables do. Who does not know the seed cannot choose texts that collide.
uint32_t seg_text_hash(uint64_t seed, seg_text_view text);

/// Folds a text: Unicode's canonical caseless form, composed (utf8proc's STABLE|COMPOSE|CASEFOLD).
///
/// text  borrowed  Valid UTF-8 without NUL.
/// out   written   Bytes from `allocator`, NULL when empty; free with seg_text_free.
///
/// Returns SEG_OK or SEG_E_NOMEM. Cost: a byte loop for ASCII; about 50 ns a character beyond it.
seg_status seg_text_fold(seg_allocator allocator, seg_text_view text, seg_text_view *out);

/// Frees what seg_text_fold or a `_write` that gives a text gave. A NULL text is allowed.
void seg_text_free(seg_allocator allocator, seg_text_view text);

#endif
