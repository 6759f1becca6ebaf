/// JSON as text: members cut out of an object without reprinting them, so that a number keeps all
/// the digits it was sent with.
///
/// All functions take text that seg_json_parse accepted.
#ifndef SEGMENTRY_JSON_TEXT_H
#define SEGMENTRY_JSON_TEXT_H

#include "segmentry/base.h"
#include "text_buffer.h"

/// One member of an object, as it is written.
typedef struct json_member {
  seg_text_view key;   ///< Between its quotes, escapes and all.
  seg_text_view value; ///< Without white space around it.
} json_member;

/// Walks an object's members. `at` starts at 0; false at the end, and for anything but an object.
bool json_text_next(seg_text_view object, size_t *at, json_member *out);

/// Finds a member; of two with one name the last. False if there is none.
bool json_text_find(seg_text_view object, const char *name, seg_text_view *value);

/// Adds what a `data` path names in an object, looked up as a filter's field is: the whole path as
/// one key, or else step by step. A string is added as its text, anything else as it is written,
/// and nothing for null or where there is nothing.
///
/// path  Without "data.".
///
/// Returns false if there is no memory.
bool json_text_add_path(seg_text_view object, seg_text_view path, text_buffer *out);

/// Whether a member's key is a name of ASCII, whatever escapes it is written with.
bool json_text_key_is(seg_text_view key, const char *name);

/// Whether a member of `data` of this name is never stored, because the name is one of ours.
bool json_text_is_reserved(seg_text_view name);

/// Takes what a `data` path names out of an object: the member that is spelt like the whole path,
/// and the one at the end of the walk through nested objects. What stays is not reprinted.
///
/// out      owned    Free with free((void *)out->bytes).
/// removed  written  Whether there was anything.
///
/// Returns false if there is no memory.
bool json_text_remove(seg_text_view object, seg_text_view path, seg_text_view *out, bool *removed);

/// Merges `data` as the API promises: each member of `patch` replaces the one of the same name;
/// null takes it away, "" is passed over, { "value": v, "persistent": false } is not stored and
/// { "value": v, ... } stores v; reserved names are dropped. Of two with one name the last decides.
///
/// stored, patch  borrowed  Objects; empty texts count as {}.
/// out            owned     Free with free((void *)out->bytes).
///
/// Returns SEG_OK, SEG_E_LIMIT (the patch has more than SEG_DATA_MEMBERS_MAX members), SEG_E_NOMEM.
/// Cost: O(bytes + members x log members of the patch).
seg_status json_text_merge(seg_text_view stored, seg_text_view patch, seg_text_view *out);

#endif
