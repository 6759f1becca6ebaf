/// Builds JSON text, front to back.
///
/// A writer fails stickily: after the first failure every call does nothing, and only the end is
/// checked. Commas and colons are the writer's work; calls in an order that is not JSON (a value
/// where a key belongs, an end without its beginning) are our mistakes and trip an assertion.
///
///     seg_json_begin_object(json);
///     seg_json_key(json, "id");
///     seg_json_string(json, "s1");
///     seg_json_key(json, "filters");
///     seg_json_begin_array(json); … seg_json_end_array(json);
///     seg_json_end_object(json);
///
/// Cost: one copy of each byte, growing memory by doubling. Threads: one at a time.
#ifndef SEGMENTRY_HTTP_JSON_WRITER_H
#define SEGMENTRY_HTTP_JSON_WRITER_H

#include "segmentry/base.h"

struct cJSON;

/// Levels of arrays and objects: SEG_HTTP_JSON_DEPTH_MAX of a body given back, inside an answer.
#define SEG_JSON_WRITER_DEPTH_MAX 256
/// Bytes of a text unless said otherwise: ten times the largest page (100 contacts with 64 KiB of
/// data each); what is larger belongs in a stream.
#define SEG_JSON_WRITER_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef struct seg_json_writer {
  seg_allocator allocator;
  char *bytes;
  size_t size_bytes;
  size_t capacity;
  size_t size_bytes_max;
  size_t depth;
  seg_status status; ///< SEG_OK, SEG_E_NOMEM or SEG_E_LIMIT; sticks.
  bool after_value;  ///< A comma belongs before what comes next.
  bool after_key;    ///< A value belongs next.
  unsigned char is_object[SEG_JSON_WRITER_DEPTH_MAX / 8];
} seg_json_writer;

/// Makes an empty writer. size_bytes_max 0 takes SEG_JSON_WRITER_BYTES_MAX.
void seg_json_writer_init(seg_json_writer *writer, seg_allocator allocator, size_t size_bytes_max);
/// Frees the text; the writer may be used again, empty.
void seg_json_writer_free(seg_json_writer *writer);
/// Empties it and keeps its memory: for the next line of NDJSON, or for an answer begun anew.
void seg_json_writer_reset(seg_json_writer *writer);

void seg_json_begin_object(seg_json_writer *writer);
void seg_json_end_object(seg_json_writer *writer);
void seg_json_begin_array(seg_json_writer *writer);
void seg_json_end_array(seg_json_writer *writer);

/// A member's name. Any UTF-8, escaped as needed.
void seg_json_key(seg_json_writer *writer, const char *name);
void seg_json_key_text(seg_json_writer *writer, seg_text_view name);

/// A string; NULL writes null. Quotes, backslashes and control characters are escaped; a byte that
/// is not UTF-8 becomes U+FFFD.
void seg_json_string(seg_json_writer *writer, const char *string);
/// The same for a view. One whose bytes are NULL and size 0 writes "".
void seg_json_text(seg_json_writer *writer, seg_text_view text);
void seg_json_int(seg_json_writer *writer, int64_t value);
/// The shortest decimal text that reads back as the same double; a whole number below 2^53 has no
/// fraction. Not finite: null, since JSON has no word for it.
void seg_json_double(seg_json_writer *writer, double value);
void seg_json_bool(seg_json_writer *writer, bool value);
void seg_json_null(seg_json_writer *writer);
/// An instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`; SEG_INSTANT_NONE, or one outside the years 0001 to
/// 9999, writes null.
void seg_json_instant(seg_json_writer *writer, int64_t ms);
/// One whole JSON value that is already text, such as the stored `data`; trusted to be JSON. Its
/// line breaks, which are white space since strings have none, become spaces: what is written may
/// be a line of NDJSON.
void seg_json_raw(seg_json_writer *writer, seg_text_view json);
/// A value as cJSON holds it. Numbers as seg_json_double writes them.
void seg_json_tree(seg_json_writer *writer, const struct cJSON *tree);

/// Members in one line each: a key and its value.
void seg_json_member_string(seg_json_writer *writer, const char *name, const char *string);
void seg_json_member_text(seg_json_writer *writer, const char *name, seg_text_view text);
void seg_json_member_int(seg_json_writer *writer, const char *name, int64_t value);
void seg_json_member_double(seg_json_writer *writer, const char *name, double value);
void seg_json_member_bool(seg_json_writer *writer, const char *name, bool value);
void seg_json_member_null(seg_json_writer *writer, const char *name);
void seg_json_member_instant(seg_json_writer *writer, const char *name, int64_t ms);
void seg_json_member_raw(seg_json_writer *writer, const char *name, seg_text_view json);

/// A line feed between two top-level values, for NDJSON.
void seg_json_newline(seg_json_writer *writer);

/// The text so far, borrowed until the writer changes. Returns SEG_OK, SEG_E_NOMEM, SEG_E_LIMIT.
/// Every array and object must have been ended.
seg_status seg_json_writer_text(const seg_json_writer *writer, seg_text_view *out);

#endif
