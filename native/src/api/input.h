/// Reading a body's members: each with its type, all problems gathered with their places.
#ifndef SEGMENTRY_API_INPUT_H
#define SEGMENTRY_API_INPUT_H

#include "segmentry/base.h"

struct cJSON;

/// A JSON object that is being read. Members that nobody asks for are passed over. One that is
/// asked for and stands there twice is a problem: what its sender means cannot be known.
typedef struct input {
  const struct cJSON *tree; ///< NULL if it is no object.
  seg_text_view text;       ///< The same object as it was sent.
  seg_problems problems;
} input;

/// Begins with a whole body, and with one item of a body that is an array.
/// text  borrowed  What `tree` was parsed from.
void input_begin(input *own, const struct cJSON *tree, seg_text_view text);
void input_begin_item(input *own, const struct cJSON *tree, seg_text_view text);
void input_end(input *own);
/// Whether there was no problem so far.
bool input_is_good(const input *own);

/// The member, NULL if there is none or it is null.
const struct cJSON *input_member(input *own, const char *name);
/// Whether the member is there, be it null.
bool input_has(input *own, const char *name);

/// A string; a NULL view if it is absent or null, which is a problem if it is required.
seg_text_view input_text(input *own, const char *name, bool required);
/// A boolean; `*given` says whether it is there.
bool input_bool(input *own, const char *name, bool *given);
/// A whole number.
int64_t input_integer(input *own, const char *name, int64_t min, int64_t max, int64_t missing);
/// An ISO 8601 instant; `missing` if it is absent.
int64_t input_instant(input *own, const char *name, bool required, int64_t missing);
/// An object, as text; a NULL view if it is absent or null. A member of it that stands there twice
/// is a problem too.
seg_text_view input_object_text(input *own, const char *name);
/// Strings; owned: free `*out` alone.
bool input_texts(input *own, const char *name, size_t count_max, seg_text_view **out,
                 size_t *count);

/// Adds a problem of one member.
void input_refuse(input *own, const char *name, const char *code, const char *message);

/// Walks the elements of an array's text, which seg_json_parse accepted. `at` starts at 0.
bool input_next_item(seg_text_view array, size_t *at, seg_text_view *item);

#endif
