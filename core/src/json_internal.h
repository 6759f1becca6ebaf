/// JSON out, for the modules of the core that build trees.
#ifndef SEG_JSON_INTERNAL_H
#define SEG_JSON_INTERNAL_H

#include "segmentry/json.h"

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
