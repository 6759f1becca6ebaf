/// Strict JSON in, as a tree of cJSON's; what cJSON's own parser would let through is refused.
#ifndef SEGMENTRY_JSON_H
#define SEGMENTRY_JSON_H

#include "segmentry/base.h"

struct cJSON;

/// Deepest nesting of any JSON text: cJSON needs about 131 bytes of stack a level, and every thread
/// here has 1 MiB.
#define SEG_JSON_DEPTH_MAX 1000

/// Parses a JSON text.
///
/// Refused, beyond what RFC 8259 refuses: NUL bytes and \u0000 (C strings would be cut there),
/// invalid UTF-8, lone surrogates, nesting over `depth_max`. Numbers are doubles: one that
/// overflows is infinite in the tree, and who reads it refuses it with its place.
///
/// out    owned     Free with seg_json_free.
/// error  optional  With line and column.
///
/// Returns SEG_OK, SEG_E_JSON, SEG_E_NOMEM. The tree's memory comes from cJSON's hooks.
seg_status seg_json_parse(seg_text_view text, size_t depth_max, struct cJSON **out,
                          seg_error *error);

/// The same into memory that all goes at once: for thousands of trees that are let go of together.
///
/// arena  Gives memory; what it gave is never given back one by one.
/// out    borrowed  From the arena, as long as that has it. Not for seg_json_free.
seg_status seg_json_parse_into(seg_allocator arena, seg_text_view text, size_t depth_max,
                               const struct cJSON **out, seg_error *error);

/// Frees a tree. NULL is allowed.
void seg_json_free(struct cJSON *tree);

#endif
