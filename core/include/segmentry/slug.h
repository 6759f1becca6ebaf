/// Slugs: the part of `segment.<slug>.entry` that comes from a segment's name (section 7 of
/// docs/FILTERS.md).
#ifndef SEGMENTRY_SLUG_H
#define SEGMENTRY_SLUG_H

#include "segmentry/base.h"

/// A segment's name has at most this many bytes: it is a title, and its slug becomes an event name
/// that has to fit a filter's field together with `event.segment.` and `.entry`.
#define SEG_NAME_BYTES_MAX 200

/// Derives the slug of a name.
///
/// name  borrowed  UTF-8.
/// out   written   Bytes from `allocator`; free with seg_text_free.
///
/// Returns SEG_OK; SEG_E_INVALID if nothing is left or the name is not UTF-8; SEG_E_LIMIT if the
/// name or the slug is over SEG_NAME_BYTES_MAX; SEG_E_NOMEM.
seg_status seg_slug(seg_allocator allocator, seg_text_view name, seg_text_view *out,
                    seg_error *error);

#endif
