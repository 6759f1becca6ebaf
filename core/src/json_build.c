// A tree of a JSON text that has passed the check of json.c.
//
// The text is known to be good, so nothing here looks for mistakes: a string ends at its first bare
// quote, a number at the first byte that no number has. The tree is what cJSON's own parser would
// make, and what cJSON's other functions take; but its memory comes from the caller, who may have
// thousands of trees to let go of at once, and numbers of up to 15 digits need no strtod.
//
// The tree is whole at every moment, so that it can be deleted where memory ran out half-way.
#include "json_internal.h"

#include "base_internal.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

/// Digits that a double tells apart, all of them: 10^15 is below 2^53.
#define EXACT_DIGITS_MAX 15
/// Bytes of a number that strtod gets from the stack; longer ones are rare.
#define NUMBER_BYTES_USUAL 64

typedef struct builder {
  seg_allocator allocator;
  const char *at;
  const char *end;
} builder;

static void skip_space(builder *own) {
  while (own->at < own->end &&
         (*own->at == ' ' || *own->at == '\n' || *own->at == '\r' || *own->at == '\t')) {
    own->at++;
  }
}

// Strings.

static unsigned read_hex4(builder *own) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++) {
    unsigned char digit = (unsigned char)*own->at++;
    // Letters of either case have their four low bits from 1 on, and bit 6.
    value = value * 16 + (digit & 0xFU) + (digit >> 6) * 9U;
  }
  return value;
}

/// Writes a code point as UTF-8; returns behind it.
static char *put_codepoint(char *out, unsigned codepoint) {
  static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  size_t size = codepoint < 0x80 ? 1 : codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; codepoint >>= 6) {
    out[i] = (char)(0x80 | (codepoint & 0x3F));
  }
  out[0] = (char)(leads[size] | codepoint);
  return out + size;
}

/// At the character behind a backslash. Writes what it means; returns behind that.
static char *put_escape(builder *own, char *out) {
  static const char escapes[] = "bfnrt";
  static const char meant[] = "\b\f\n\r\t";
  char kind = *own->at++;
  if (kind != 'u') {
    const char *found = strchr(escapes, kind);
    *out = found == NULL ? kind : meant[found - escapes];
    return out + 1;
  }
  unsigned codepoint = read_hex4(own);
  if (codepoint >= 0xD800 && codepoint <= 0xDBFF) { // the first half of a pair
    own->at += 2;
    codepoint = 0x10000 + ((codepoint - 0xD800) << 10) + (read_hex4(own) - 0xDC00);
  }
  return put_codepoint(out, codepoint);
}

/// At an opening quote; goes behind the closing one. Returns the string with a NUL, or NULL.
static char *build_string(builder *own) {
  const char *from = ++own->at;
  bool has_escapes = false;
  for (; *own->at != '"'; own->at++) {
    if (*own->at == '\\') {
      has_escapes = true;
      own->at++;
    }
  }
  size_t size_bytes = (size_t)(own->at - from);
  char *made = seg_allocate(own->allocator, size_bytes + 1); // an escape means no more than it has
  if (made == NULL) {
    return NULL;
  }
  char *out = made + size_bytes;
  if (!has_escapes) {
    memcpy(made, from, size_bytes);
  } else {
    out = made;
    for (own->at = from; *own->at != '"';) {
      char byte = *own->at++;
      if (byte == '\\') {
        out = put_escape(own, out);
      } else {
        *out++ = byte;
      }
    }
  }
  *out = '\0';
  own->at++;
  return made;
}

// Numbers.

static bool is_in_number(char byte) {
  return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' ||
         byte == 'E';
}

/// Reads a number of few digits and without an exponent; false, with nothing read, for any other.
/// Digits and power of ten are exact doubles, so that their quotient is the double that is nearest.
static bool read_short(const char *bytes, size_t size_bytes, double *out) {
  static const double powers[EXACT_DIGITS_MAX + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  bool is_negative = bytes[0] == '-';
  int64_t digits = 0;
  size_t digit_count = 0;
  size_t decimals_from = SIZE_MAX; // as a count of digits
  for (size_t at = is_negative; at < size_bytes; at++) {
    if (bytes[at] == '.') {
      decimals_from = digit_count;
    } else if (bytes[at] < '0' || bytes[at] > '9' || digit_count == EXACT_DIGITS_MAX) {
      return false;
    } else {
      digits = digits * 10 + (bytes[at] - '0');
      digit_count++;
    }
  }
  double number = (double)digits;
  if (decimals_from != SIZE_MAX) {
    number /= powers[digit_count - decimals_from];
  }
  *out = is_negative ? -number : number;
  return true;
}

/// strtod on a copy with a NUL behind it. False if there is no memory.
static bool read_long(const builder *own, const char *bytes, size_t size_bytes, double *out) {
  char usual[NUMBER_BYTES_USUAL];
  char *copy = size_bytes < sizeof usual ? usual : seg_allocate(own->allocator, size_bytes + 1);
  if (copy == NULL) {
    return false;
  }
  memcpy(copy, bytes, size_bytes);
  copy[size_bytes] = '\0';
  *out = strtod(copy, NULL);
  if (copy != usual) {
    seg_release(own->allocator, copy, size_bytes + 1);
  }
  return true;
}

static bool build_number(builder *own, cJSON *out) {
  const char *from = own->at;
  while (own->at < own->end && is_in_number(*own->at)) {
    own->at++;
  }
  size_t size_bytes = (size_t)(own->at - from);
  double number;
  if (!read_short(from, size_bytes, &number) && !read_long(own, from, size_bytes, &number)) {
    return false;
  }
  out->type = cJSON_Number;
  out->valuedouble = number;
  out->valueint = number >= INT32_MAX ? INT32_MAX : number <= INT32_MIN ? INT32_MIN : (int)number;
  return true;
}

// Values.

/// Appends an empty item; the first one's `prev` is the last, as cJSON has it.
static cJSON *append_item(const builder *own, cJSON *to) {
  cJSON *item = seg_allocate_zeroed(own->allocator, 1, sizeof *item);
  if (item == NULL) {
    return NULL;
  }
  if (to->child == NULL) {
    to->child = item;
  } else {
    item->prev = to->child->prev;
    item->prev->next = item;
  }
  to->child->prev = item;
  return item;
}

static bool build_value(builder *own, cJSON *out);

/// At an opening bracket or brace. The check has bounded the depth.
static bool build_children(builder *own, cJSON *out) {
  bool is_object = *own->at == '{';
  char last = is_object ? '}' : ']';
  out->type = is_object ? cJSON_Object : cJSON_Array;
  own->at++;
  skip_space(own);
  while (*own->at != last) {
    cJSON *item = append_item(own, out);
    if (item == NULL) {
      return false;
    }
    if (is_object) {
      skip_space(own);
      item->string = build_string(own);
      if (item->string == NULL) {
        return false;
      }
      skip_space(own);
      own->at++; // the colon
    }
    if (!build_value(own, item)) {
      return false;
    }
    skip_space(own);
    own->at += *own->at == ',';
  }
  own->at++;
  return true;
}

static bool build_value(builder *own, cJSON *out) {
  skip_space(own);
  switch (*own->at) {
  case '{':
  case '[':
    return build_children(own, out);
  case '"':
    out->type = cJSON_String;
    out->valuestring = build_string(own);
    return out->valuestring != NULL;
  case 't':
    out->type = cJSON_True;
    out->valueint = 1; // as cJSON has it
    own->at += strlen("true");
    return true;
  case 'f':
    out->type = cJSON_False;
    own->at += strlen("false");
    return true;
  case 'n':
    out->type = cJSON_NULL;
    own->at += strlen("null");
    return true;
  default:
    return build_number(own, out);
  }
}

bool seg_json_build(seg_text_view text, seg_allocator allocator, cJSON **out) {
  builder own = {.allocator = allocator, .at = text.bytes, .end = text.bytes + text.size_bytes};
  *out = seg_allocate_zeroed(allocator, 1, sizeof **out);
  return *out != NULL && build_value(&own, *out);
}
