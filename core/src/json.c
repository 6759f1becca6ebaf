// Strict JSON into cJSON's trees.
//
// cJSON's own parser lets through what must not pass silently here: control characters as white
// space, numbers such as `01` and `1.`, invalid UTF-8, and \u0000, which cuts a C string short. It
// also cannot tell a syntax error from a lack of memory. So one pass over the text checks the whole
// grammar first, without allocating; after it the tree is built by json_build.c, which fails for
// lack of memory only.
//
// The pass keeps one bit a level (object or array) and goes round a loop, so depth costs no stack.
#include "json_internal.h"

#include "base_internal.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

typedef struct checker {
  const char *start;
  const char *at;
  const char *end;
  const char *trouble; ///< What is wrong at `at`; NULL while all is well.
  size_t depth;
  unsigned char is_object[SEG_JSON_DEPTH_MAX / 8 + 1]; ///< One bit a level.
} checker;

static bool refuse(checker *text, const char *trouble) {
  text->trouble = trouble;
  return false;
}

static char peek(const checker *text) { return text->at < text->end ? *text->at : '\0'; }

static void skip_space(checker *text) {
  while (text->at < text->end &&
         (*text->at == ' ' || *text->at == '\n' || *text->at == '\r' || *text->at == '\t')) {
    text->at++;
  }
}

static bool check_hex4(checker *text, unsigned *out) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++, text->at++) {
    char digit = peek(text);
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + (unsigned)(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
      value = value * 16 + (unsigned)(digit - 'a' + 10);
    } else if (digit >= 'A' && digit <= 'F') {
      value = value * 16 + (unsigned)(digit - 'A' + 10);
    } else {
      return refuse(text, "\\u needs four hexadecimal digits");
    }
  }
  *out = value;
  return true;
}

/// At the character behind a backslash.
static bool check_escape(checker *text) {
  char kind = peek(text);
  if (kind == '\0' || strchr("\"\\/bfnrtu", kind) == NULL) {
    return refuse(text, "an unknown escape");
  }
  text->at++;
  if (kind != 'u') {
    return true;
  }
  unsigned unit;
  if (!check_hex4(text, &unit)) {
    return false;
  }
  if (unit == 0) {
    return refuse(text, "the character \\u0000, which no field may hold");
  }
  if (unit >= 0xDC00 && unit <= 0xDFFF) {
    return refuse(text, "half of a surrogate pair");
  }
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    unsigned low = 0;
    if (text->end - text->at < 6 || text->at[0] != '\\' || text->at[1] != 'u') {
      return refuse(text, "half of a surrogate pair");
    }
    text->at += 2;
    if (!check_hex4(text, &low)) {
      return false;
    }
    if (low < 0xDC00 || low > 0xDFFF) {
      return refuse(text, "half of a surrogate pair");
    }
  }
  return true;
}

static bool check_string(checker *text) {
  text->at++; // the opening quote
  for (;;) {
    if (text->at == text->end) {
      return refuse(text, "a string without its closing quote");
    }
    unsigned char byte = (unsigned char)*text->at;
    if (byte == '"') {
      text->at++;
      return true;
    }
    if (byte < 0x20) {
      return refuse(text, "a control character in a string");
    }
    if (byte == '\\') {
      text->at++;
      if (!check_escape(text)) {
        return false;
      }
    } else if (byte < 0x80) {
      text->at++;
    } else {
      utf8proc_int32_t codepoint;
      utf8proc_ssize_t step =
          utf8proc_iterate((const utf8proc_uint8_t *)text->at, text->end - text->at, &codepoint);
      if (step <= 0) {
        return refuse(text, "bytes that are not UTF-8");
      }
      text->at += step;
    }
  }
}

static bool check_digits(checker *text) {
  const char *first = text->at;
  while (peek(text) >= '0' && peek(text) <= '9') {
    text->at++;
  }
  return text->at > first || refuse(text, "a number without digits where they belong");
}

static bool check_number(checker *text) {
  if (peek(text) == '-') {
    text->at++;
  }
  if (peek(text) == '0') {
    text->at++;
    if (peek(text) >= '0' && peek(text) <= '9') {
      return refuse(text, "a number with a leading zero");
    }
  } else if (!check_digits(text)) {
    return false;
  }
  if (peek(text) == '.') {
    text->at++;
    if (!check_digits(text)) {
      return false;
    }
  }
  if (peek(text) == 'e' || peek(text) == 'E') {
    text->at++;
    if (peek(text) == '+' || peek(text) == '-') {
      text->at++;
    }
    return check_digits(text);
  }
  return true;
}

static bool check_word(checker *text, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(text->end - text->at) < size || memcmp(text->at, word, size) != 0) {
    return refuse(text, "something that is not JSON");
  }
  text->at += size;
  return true;
}

static bool check_scalar(checker *text) {
  switch (peek(text)) {
  case '"':
    return check_string(text);
  case 't':
    return check_word(text, "true");
  case 'f':
    return check_word(text, "false");
  case 'n':
    return check_word(text, "null");
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9':
    return check_number(text);
  default:
    return refuse(text, text->at == text->end ? "the end, where a value belongs"
                                              : "something that is not JSON");
  }
}

static bool in_object(const checker *text) {
  size_t level = text->depth - 1;
  return (((unsigned)text->is_object[level / 8] >> (level % 8)) & 1U) != 0;
}

static bool check_key(checker *text) {
  skip_space(text);
  if (peek(text) != '"') {
    return refuse(text, "something else where a member's name in quotes belongs");
  }
  if (!check_string(text)) {
    return false;
  }
  skip_space(text);
  if (peek(text) != ':') {
    return refuse(text, "no colon after a member's name");
  }
  text->at++;
  return true;
}

/// At an opening bracket or brace. Goes in; `*empty` says that it was closed at once.
static bool check_open(checker *text, size_t depth_max, bool *empty) {
  bool object = *text->at == '{';
  if (text->depth == depth_max) {
    return refuse(text, "too many levels of nesting");
  }
  size_t level = text->depth++;
  unsigned bit = 1U << (level % 8);
  unsigned others = text->is_object[level / 8] & ~bit;
  text->is_object[level / 8] = (unsigned char)(object ? others | bit : others);
  text->at++;
  skip_space(text);
  *empty = peek(text) == (object ? '}' : ']');
  return *empty || !object || check_key(text);
}

/// Behind a value. Closes what ends here; `*done` says that the outermost value has ended.
static bool check_after(checker *text, bool *done) {
  for (;;) {
    if (text->depth == 0) {
      *done = true;
      return true;
    }
    skip_space(text);
    bool object = in_object(text);
    char next = peek(text);
    if (next == ',') {
      text->at++;
      *done = false;
      return !object || check_key(text);
    }
    if (next != (object ? '}' : ']')) {
      return refuse(text, text->at == text->end
                              ? "the end, inside an array or object"
                              : "something else where a comma or the end belongs");
    }
    text->at++;
    text->depth--;
  }
}

static bool check_text(checker *text, size_t depth_max) {
  bool done = false;
  while (!done) {
    skip_space(text);
    if (peek(text) == '{' || peek(text) == '[') {
      bool empty = false;
      if (!check_open(text, depth_max, &empty)) {
        return false;
      }
      if (!empty) {
        continue;
      }
    } else if (!check_scalar(text)) {
      return false;
    }
    if (!check_after(text, &done)) {
      return false;
    }
  }
  skip_space(text);
  return text->at == text->end || refuse(text, "something behind the end of the JSON text");
}

static seg_status report(const checker *text, seg_error *error) {
  size_t line = 1;
  size_t column = 1;
  for (const char *at = text->start; at < text->at; at++) {
    column++;
    if (*at == '\n') {
      line++;
      column = 1;
    }
  }
  if (text->start == text->end ||
      memchr(text->start, '\n', (size_t)(text->end - text->start)) == NULL) {
    return seg_fail_at(error, SEG_E_JSON, line, column, "not JSON: column %zu: %s", column,
                       text->trouble);
  }
  return seg_fail_at(error, SEG_E_JSON, line, column, "not JSON: line %zu, column %zu: %s", line,
                     column, text->trouble);
}

/// Checks the whole text.
static seg_status check(seg_text_view text, size_t depth_max, seg_error *error) {
  checker check = {.start = text.bytes, .at = text.bytes, .end = text.bytes + text.size_bytes};
  if (text.size_bytes == 0) {
    check.trouble = "an empty text";
    return report(&check, error);
  }
  return check_text(&check, depth_max < SEG_JSON_DEPTH_MAX ? depth_max : SEG_JSON_DEPTH_MAX)
             ? SEG_OK
             : report(&check, error);
}

static seg_status fail_memory(seg_text_view text, seg_error *error) {
  return seg_fail(error, SEG_E_NOMEM, "out of memory for a JSON text of %zu bytes",
                  text.size_bytes);
}

/// cJSON's hooks as an allocator that takes and gives back, and resizes nothing.
static void *hooks_resize(void *context, void *block, size_t old_size_bytes,
                          size_t new_size_bytes) {
  (void)context;
  (void)old_size_bytes;
  if (new_size_bytes > 0) {
    return cJSON_malloc(new_size_bytes);
  }
  cJSON_free(block);
  return NULL;
}

seg_status seg_json_parse(seg_text_view text, size_t depth_max, struct cJSON **out,
                          seg_error *error) {
  seg_status status = check(text, depth_max, error);
  if (status != SEG_OK) {
    return status;
  }
  cJSON *tree;
  if (!seg_json_build(text, (seg_allocator){.resize = hooks_resize}, &tree)) {
    cJSON_Delete(tree);
    return fail_memory(text, error);
  }
  *out = tree;
  return seg_succeed(error);
}

seg_status seg_json_parse_into(seg_allocator arena, seg_text_view text, size_t depth_max,
                               const struct cJSON **out, seg_error *error) {
  seg_status status = check(text, depth_max, error);
  if (status != SEG_OK) {
    return status;
  }
  cJSON *tree;
  if (!seg_json_build(text, arena, &tree)) {
    return fail_memory(text, error);
  }
  *out = tree;
  return seg_succeed(error);
}

void seg_json_free(struct cJSON *tree) { cJSON_Delete(tree); }

// Out again.

bool seg_json_add_number(struct cJSON *object, const char *name, double number) {
  char digits[32];
  for (int precision = 15; precision <= 17; precision++) {
    (void)snprintf(digits, sizeof digits, "%.*g", precision, number);
    if (strtod(digits, NULL) == number) {
      break;
    }
  }
  return cJSON_AddRawToObject(object, name, digits) != NULL;
}

seg_status seg_json_print(struct cJSON *tree, seg_allocator allocator, seg_text_view *out) {
  char *text = tree == NULL ? NULL : cJSON_PrintUnformatted(tree);
  cJSON_Delete(tree);
  if (text == NULL) {
    return SEG_E_NOMEM;
  }
  seg_buffer buffer;
  seg_buffer_init(&buffer, allocator);
  seg_buffer_put(&buffer, text, strlen(text));
  cJSON_free(text);
  return seg_buffer_take(&buffer, out);
}
