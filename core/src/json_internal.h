/// JSON for the modules of the core: a tree of a text that has been checked, and trees out again.
#ifndef SEG_JSON_INTERNAL_H
#define SEG_JSON_INTERNAL_H

#include "segmentry/json.h"

/// Builds the tree of a text that is JSON by the rules of seg_json_parse.
///
/// out  written  The tree, as far as there was memory; NULL if there was none at all.
///
/// Returns false if memory ran out.
bool seg_json_build(seg_text_view text, seg_allocator allocator, struct cJSON **out);

/// Adds a number so that reading it gives the same double: cJSON's own printing rounds to 15
/// digits. False if there is no memory.
bool seg_json_add_number(struct cJSON *object, const char *name, double number);

/// Prints a tree without white space, and frees it.
///
/// tree  owned, taken  NULL where there was no memory for it.
/// out   owned         Free with seg_text_free.
///
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_json_print(struct cJSON *tree, seg_allocator allocator, seg_text_view *out);

#endif
