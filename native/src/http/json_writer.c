// JSON text, front to back, into one growing buffer. The state is three things: how deep we are,
// whether each level is an object, and whether a comma or a value belongs next.
#include "http/json_writer.h"

#include "segmentry/instant.h"
#include "segmentry/text.h"

#include <assert.h>
#include <cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/// The first allocation: most answers are one contact or one segment.
#define WRITER_BYTES_FIRST 512
/// Instants that seg_instant_write takes: 0001-01-01 to the last millisecond of 9999.
#define INSTANT_MS_MIN INT64_C(-62135596800000)
#define INSTANT_MS_MAX INT64_C(253402300799999)
/// Whole numbers up to here are exact in a double.
#define DOUBLE_WHOLE_MAX 9007199254740992.0

void seg_json_writer_init(seg_json_writer *writer, seg_allocator allocator, size_t size_bytes_max) {
  *writer = (seg_json_writer){.allocator = allocator,
                              .size_bytes_max =
                                  size_bytes_max == 0 ? SEG_JSON_WRITER_BYTES_MAX : size_bytes_max};
}

void seg_json_writer_free(seg_json_writer *writer) {
  if (writer->bytes != NULL) {
    writer->allocator.resize(writer->allocator.context, writer->bytes, writer->capacity, 0);
  }
  seg_json_writer_init(writer, writer->allocator, writer->size_bytes_max);
}

void seg_json_writer_reset(seg_json_writer *writer) {
  writer->size_bytes = 0;
  writer->depth = 0;
  writer->status = SEG_OK;
  writer->after_value = false;
  writer->after_key = false;
}

/// Room for some more bytes; false, and the failure stuck, if there is none.
static bool reserve(seg_json_writer *writer, size_t more) {
  if (writer->status != SEG_OK) {
    return false;
  }
  if (more > writer->size_bytes_max - writer->size_bytes) {
    writer->status = SEG_E_LIMIT;
    return false;
  }
  size_t needed = writer->size_bytes + more;
  if (needed <= writer->capacity) {
    return true;
  }
  size_t wanted = writer->capacity == 0 ? WRITER_BYTES_FIRST : writer->capacity * 2;
  if (wanted < needed) {
    wanted = needed;
  }
  void *grown =
      writer->allocator.resize(writer->allocator.context, writer->bytes, writer->capacity, wanted);
  if (grown == NULL) {
    writer->status = SEG_E_NOMEM;
    return false;
  }
  writer->bytes = grown;
  writer->capacity = wanted;
  return true;
}

static void put(seg_json_writer *writer, const char *bytes, size_t size_bytes) {
  if (size_bytes > 0 && reserve(writer, size_bytes)) {
    memcpy(writer->bytes + writer->size_bytes, bytes, size_bytes);
    writer->size_bytes += size_bytes;
  }
}

static void put_byte(seg_json_writer *writer, char byte) { put(writer, &byte, 1); }

static bool in_object(const seg_json_writer *writer) {
  if (writer->depth == 0) {
    return false;
  }
  size_t level = writer->depth - 1;
  unsigned flags = writer->is_object[level / 8];
  return ((flags >> (level % 8)) & 1U) != 0;
}

/// Our own mistakes stop a debug build. Once the writer has failed, levels are no longer followed.
static void require(const seg_json_writer *writer, bool right) {
  assert(writer->status != SEG_OK || right);
  (void)writer;
  (void)right;
}

/// Before a value: its comma, unless a key has gone before.
static void before_value(seg_json_writer *writer) {
  if (writer->after_key) {
    writer->after_key = false;
    return;
  }
  require(writer, !in_object(writer));
  require(writer, writer->depth > 0 || !writer->after_value);
  if (writer->after_value) {
    put_byte(writer, ',');
  }
}

static void begin(seg_json_writer *writer, bool object) {
  before_value(writer);
  put_byte(writer, object ? '{' : '[');
  writer->after_value = false;
  if (writer->status != SEG_OK) {
    return;
  }
  if (writer->depth == SEG_JSON_WRITER_DEPTH_MAX) {
    writer->status = SEG_E_LIMIT;
    return;
  }
  size_t level = writer->depth++;
  unsigned char bit = (unsigned char)(1U << (level % 8));
  unsigned char flags = writer->is_object[level / 8];
  writer->is_object[level / 8] = (unsigned char)(object ? flags | bit : flags & ~bit);
}

static void end(seg_json_writer *writer, bool object) {
  if (writer->status != SEG_OK) {
    return;
  }
  require(writer, writer->depth > 0 && in_object(writer) == object && !writer->after_key);
  put_byte(writer, object ? '}' : ']');
  writer->depth--;
  writer->after_value = true;
}

void seg_json_begin_object(seg_json_writer *writer) { begin(writer, true); }
void seg_json_end_object(seg_json_writer *writer) { end(writer, true); }
void seg_json_begin_array(seg_json_writer *writer) { begin(writer, false); }
void seg_json_end_array(seg_json_writer *writer) { end(writer, false); }

/// One byte below 0x20, or a quote or backslash.
static void put_escaped(seg_json_writer *writer, char byte) {
  static const char named[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  const char *found = byte == '\0' ? NULL : strchr(named, byte);
  char text[7];
  if (found != NULL) {
    text[0] = '\\';
    text[1] = letters[found - named];
    put(writer, text, 2);
  } else {
    (void)snprintf(text, sizeof text, "\\u%04x", (unsigned)(unsigned char)byte);
    put(writer, text, 6);
  }
}

/// Bytes that are not all UTF-8: what is not becomes U+FFFD. Escaping is left to the caller.
static size_t put_repaired(seg_json_writer *writer, const char *at, size_t size_bytes) {
  utf8proc_int32_t codepoint;
  utf8proc_ssize_t step =
      utf8proc_iterate((const utf8proc_uint8_t *)at, (utf8proc_ssize_t)size_bytes, &codepoint);
  if (step <= 0) {
    put(writer, "\xEF\xBF\xBD", 3);
    return 1;
  }
  put(writer, at, (size_t)step);
  return (size_t)step;
}

/// A string in its quotes. Runs of plain bytes are copied at once.
static void put_string(seg_json_writer *writer, seg_text_view text) {
  bool valid = seg_text_is_utf8(text);
  put_byte(writer, '"');
  size_t run = 0;
  size_t at = 0;
  while (at < text.size_bytes) {
    unsigned char byte = (unsigned char)text.bytes[at];
    bool plain = byte >= 0x20 && byte != '"' && byte != '\\' && (valid || byte < 0x80);
    if (plain) {
      at++;
      continue;
    }
    put(writer, text.bytes + run, at - run);
    if (byte < 0x80) {
      put_escaped(writer, (char)byte);
      at++;
    } else {
      at += put_repaired(writer, text.bytes + at, text.size_bytes - at);
    }
    run = at;
  }
  if (at > run) {
    put(writer, text.bytes + run, at - run);
  }
  put_byte(writer, '"');
}

void seg_json_key_text(seg_json_writer *writer, seg_text_view name) {
  require(writer, in_object(writer) && !writer->after_key);
  if (writer->after_value) {
    put_byte(writer, ',');
  }
  put_string(writer, name);
  put_byte(writer, ':');
  writer->after_key = true;
  writer->after_value = false;
}

void seg_json_key(seg_json_writer *writer, const char *name) {
  seg_json_key_text(writer, seg_text_of(name));
}

static void put_value(seg_json_writer *writer, const char *text, size_t size_bytes) {
  before_value(writer);
  put(writer, text, size_bytes);
  writer->after_value = true;
}

void seg_json_text(seg_json_writer *writer, seg_text_view text) {
  before_value(writer);
  put_string(writer, text);
  writer->after_value = true;
}

void seg_json_string(seg_json_writer *writer, const char *string) {
  if (string == NULL) {
    seg_json_null(writer);
  } else {
    seg_json_text(writer, seg_text_of(string));
  }
}

void seg_json_int(seg_json_writer *writer, int64_t value) {
  char text[24];
  int size = snprintf(text, sizeof text, "%lld", (long long)value);
  put_value(writer, text, (size_t)size);
}

void seg_json_double(seg_json_writer *writer, double value) {
  if (!isfinite(value)) {
    seg_json_null(writer);
    return;
  }
  if (fabs(value) < DOUBLE_WHOLE_MAX && value == trunc(value)) {
    seg_json_int(writer, (int64_t)value);
    return;
  }
  char text[32];
  int size = 0;
  for (int digits = 15; digits <= 17; digits++) { // 17 always read back the same
    size = snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  put_value(writer, text, (size_t)size);
}

void seg_json_bool(seg_json_writer *writer, bool value) {
  put_value(writer, value ? "true" : "false", value ? 4 : 5);
}

void seg_json_null(seg_json_writer *writer) { put_value(writer, "null", 4); }

void seg_json_instant(seg_json_writer *writer, int64_t ms) {
  if (ms < INSTANT_MS_MIN || ms > INSTANT_MS_MAX) {
    seg_json_null(writer);
    return;
  }
  char text[SEG_INSTANT_TEXT_BYTES + 2];
  seg_instant_write(ms, text + 1);
  text[0] = '"';
  text[SEG_INSTANT_TEXT_BYTES] = '"'; // over the NUL
  put_value(writer, text, SEG_INSTANT_TEXT_BYTES + 1);
}

void seg_json_raw(seg_json_writer *writer, seg_text_view json) {
  size_t plain = 0;
  require(writer, json.size_bytes > 0);
  before_value(writer);
  for (size_t i = 0; i < json.size_bytes; i++) {
    if (json.bytes[i] == '\n' || json.bytes[i] == '\r') {
      put(writer, json.bytes + plain, i - plain);
      put_byte(writer, ' ');
      plain = i + 1;
    }
  }
  put(writer, json.bytes + plain, json.size_bytes - plain);
  writer->after_value = true;
}

/// Recursion is bounded: cJSON parses no deeper than SEG_JSON_DEPTH_MAX, and the writer stops at
/// its own depth.
void seg_json_tree(seg_json_writer *writer, const struct cJSON *tree) {
  if (writer->status != SEG_OK) {
    return;
  }
  if (cJSON_IsObject(tree) || cJSON_IsArray(tree)) {
    bool object = cJSON_IsObject(tree) != 0;
    begin(writer, object);
    for (const cJSON *child = tree->child; child != NULL; child = child->next) {
      if (object) {
        seg_json_key(writer, child->string);
      }
      seg_json_tree(writer, child);
    }
    end(writer, object);
  } else if (cJSON_IsString(tree)) {
    seg_json_string(writer, tree->valuestring);
  } else if (cJSON_IsNumber(tree)) {
    seg_json_double(writer, tree->valuedouble);
  } else if (cJSON_IsBool(tree)) {
    seg_json_bool(writer, cJSON_IsTrue(tree) != 0);
  } else {
    seg_json_null(writer);
  }
}

void seg_json_member_string(seg_json_writer *writer, const char *name, const char *string) {
  seg_json_key(writer, name);
  seg_json_string(writer, string);
}

void seg_json_member_text(seg_json_writer *writer, const char *name, seg_text_view text) {
  seg_json_key(writer, name);
  seg_json_text(writer, text);
}

void seg_json_member_int(seg_json_writer *writer, const char *name, int64_t value) {
  seg_json_key(writer, name);
  seg_json_int(writer, value);
}

void seg_json_member_double(seg_json_writer *writer, const char *name, double value) {
  seg_json_key(writer, name);
  seg_json_double(writer, value);
}

void seg_json_member_bool(seg_json_writer *writer, const char *name, bool value) {
  seg_json_key(writer, name);
  seg_json_bool(writer, value);
}

void seg_json_member_null(seg_json_writer *writer, const char *name) {
  seg_json_key(writer, name);
  seg_json_null(writer);
}

void seg_json_member_instant(seg_json_writer *writer, const char *name, int64_t ms) {
  seg_json_key(writer, name);
  seg_json_instant(writer, ms);
}

void seg_json_member_raw(seg_json_writer *writer, const char *name, seg_text_view json) {
  seg_json_key(writer, name);
  seg_json_raw(writer, json);
}

void seg_json_newline(seg_json_writer *writer) {
  require(writer, writer->depth == 0);
  put_byte(writer, '\n');
  writer->after_value = false;
}

seg_status seg_json_writer_text(const seg_json_writer *writer, seg_text_view *out) {
  if (writer->status != SEG_OK) {
    return writer->status;
  }
  require(writer, writer->depth == 0 && !writer->after_key);
  *out = (seg_text_view){.bytes = writer->bytes, .size_bytes = writer->size_bytes};
  return SEG_OK;
}
