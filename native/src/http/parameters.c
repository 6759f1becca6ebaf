// Header values in pieces: token [ ; name = token-or-quoted ]...
#include "http/parameters.h"

#include <string.h>

static char lower(char byte) { return (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte); }

bool seg_http_equal_nocase(seg_text_view a, const char *b) {
  size_t i = 0;
  while (i < a.size_bytes && b[i] != '\0' && lower(a.bytes[i]) == lower(b[i])) {
    i++;
  }
  return i == a.size_bytes && b[i] == '\0';
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

seg_text_view seg_http_trim(seg_text_view text) {
  while (text.size_bytes > 0 && is_blank(text.bytes[0])) {
    text.bytes++;
    text.size_bytes--;
  }
  while (text.size_bytes > 0 && is_blank(text.bytes[text.size_bytes - 1])) {
    text.size_bytes--;
  }
  return text;
}

seg_text_view seg_http_value_main(seg_text_view value) {
  const char *end = value.size_bytes == 0 ? NULL : memchr(value.bytes, ';', value.size_bytes);
  if (end != NULL) {
    value.size_bytes = (size_t)(end - value.bytes);
  }
  return seg_http_trim(value);
}

bool seg_http_is_token_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

typedef struct reader {
  const char *at;
  const char *end;
} reader;

static void skip_blanks(reader *text) {
  while (text->at < text->end && is_blank(*text->at)) {
    text->at++;
  }
}

static seg_text_view read_token(reader *text) {
  const char *start = text->at;
  while (text->at < text->end && seg_http_is_token_byte(*text->at)) {
    text->at++;
  }
  return (seg_text_view){.bytes = start, .size_bytes = (size_t)(text->at - start)};
}

/// Reads a token or a quoted string into `out`, of which only the beginning is kept; false if it is
/// neither. `size` counts everything.
static bool read_value(reader *text, char *out, size_t out_bytes, size_t *size) {
  *size = 0;
  if (text->at == text->end || *text->at != '"') {
    seg_text_view token = read_token(text);
    *size = token.size_bytes;
    if (token.size_bytes < out_bytes) {
      memcpy(out, token.bytes, token.size_bytes);
    }
    return token.size_bytes > 0;
  }
  text->at++;
  while (text->at < text->end && *text->at != '"') {
    // Only quotes and backslashes are escaped by those who escape at all; other backslashes are
    // the path of a file on Windows.
    if (*text->at == '\\' && text->end - text->at > 1 &&
        (text->at[1] == '"' || text->at[1] == '\\')) {
      text->at++;
    }
    if (*size < out_bytes) {
      out[*size] = *text->at;
    }
    (*size)++;
    text->at++;
  }
  if (text->at == text->end) {
    return false;
  }
  text->at++;
  return true;
}

seg_http_parameter_result seg_http_parameter(seg_text_view value, const char *name, char *out,
                                             size_t out_bytes, size_t *out_size) {
  const char *semicolon = value.size_bytes == 0 ? NULL : memchr(value.bytes, ';', value.size_bytes);
  reader text = {.at = semicolon, .end = value.bytes + value.size_bytes};
  bool found = false;
  char passed_over[1];
  while (text.at != NULL && text.at < text.end) {
    if (*text.at != ';') {
      return SEG_HTTP_PARAMETER_BAD;
    }
    text.at++;
    skip_blanks(&text);
    if (text.at == text.end) {
      break; // a last semicolon with nothing behind it is common and harmless
    }
    seg_text_view key = read_token(&text);
    if (key.size_bytes == 0 || text.at == text.end || *text.at != '=') {
      return SEG_HTTP_PARAMETER_BAD;
    }
    text.at++;
    bool wanted = seg_http_equal_nocase(key, name);
    size_t size;
    if ((wanted && found) || !read_value(&text, wanted ? out : passed_over,
                                         wanted ? out_bytes : sizeof passed_over, &size)) {
      return SEG_HTTP_PARAMETER_BAD;
    }
    if (wanted) {
      if (size >= out_bytes) {
        return SEG_HTTP_PARAMETER_BAD;
      }
      out[size] = '\0';
      *out_size = size;
      found = true;
    }
    skip_blanks(&text);
  }
  return found ? SEG_HTTP_PARAMETER_FOUND : SEG_HTTP_PARAMETER_ABSENT;
}
