// What civetweb lets through and must not pass: the form of a request, looked at in its buffer.
//
// civetweb has cut the header block in place, and its cuts tell how it was written. Where a line
// ended with CRLF there are two NULs, where a bare LF ended it there is one:
//
//     Host: a CR LF Accept: b CR LF CR LF      Host NUL _ a NUL NUL Accept NUL _ b NUL NUL CR NUL
//
// (the very last LF is a NUL as well). So a block is right if every word begins exactly where the
// one before it lets it begin, and the last line's end is the end of the block. This also finds
// folded lines, spaces before colons, a 64th header, and whatever civetweb took for the end too
// early.
#include "http/civetweb_unit.h"
#include "http/exchange.h"
#include "http/parameters.h"

#include <civetweb.h>
#include <string.h>

/// Digits of a Content-Length: more would not fit in 63 bits.
#define LENGTH_DIGITS_MAX 18

static bool refuse(seg_http_failure *failure, seg_http_code code, const char *message) {
  *failure = (seg_http_failure){.code = code, .message = message};
  return false;
}

static const char *end_of(const char *text) { return text + strlen(text); }

/// The request line: single spaces, CRLF at its end. `*end` is where its version ends.
static bool check_request_line(const seg_http_request *request, seg_civetweb_bytes head,
                               const char **end) {
  const struct mg_request_info *info = request->info;
  // One empty line before a request is allowed by RFC 9112: old clients send it behind a body.
  size_t before = (size_t)(info->request_method - head.bytes);
  if (before != 0 && (before != 2 || memcmp(head.bytes, "\r\n", 2) != 0)) {
    return false;
  }
  const char *version = info->http_version - 5; // "HTTP/"
  const char *uri_end = end_of(info->query_string != NULL ? info->query_string : info->request_uri);
  *end = end_of(info->http_version);
  return end_of(info->request_method) + 1 == info->request_uri && uri_end + 1 == version;
}

/// A header's name: a token, with nothing but the colon behind it.
static bool check_name(const struct mg_header *header) {
  for (const char *at = header->name; *at != '\0'; at++) {
    if (!seg_http_is_token_byte(*at)) {
      return false;
    }
  }
  for (const char *at = end_of(header->name) + 1; at < header->value; at++) {
    if (*at != ' ' && *at != '\t') {
      return false;
    }
  }
  return true;
}

/// Every line of the block where it belongs; see above.
static bool check_lines(const seg_http_request *request, seg_http_failure *failure) {
  const struct mg_request_info *info = request->info;
  seg_civetweb_bytes head = seg_civetweb_head(request->connection);
  const char *end = NULL;
  if (!check_request_line(request, head, &end)) {
    return refuse(
        failure, SEG_HTTP_BAD_REQUEST,
        "the request line is not a method, a target and a version with one space between");
  }
  for (int i = 0; i < info->num_headers; i++) {
    if (end + 2 != info->http_headers[i].name || end[1] != '\0') {
      return refuse(failure, SEG_HTTP_BAD_REQUEST,
                    "a line of the header does not end with CRLF, or begins with a space");
    }
    if (!check_name(&info->http_headers[i])) {
      return refuse(failure, SEG_HTTP_BAD_REQUEST,
                    "a header's name has a character that names may not have, or a space before "
                    "its colon");
    }
    end = end_of(info->http_headers[i].value);
  }
  const char *block_end = head.bytes + head.size_bytes;
  if (end + 4 != block_end || end[1] != '\0' || end[2] != '\r' || end[3] != '\0') {
    // Without headers civetweb has made NULs of the whole of CR LF CR.
    bool none = info->num_headers == 0 && end + 4 == block_end;
    return none || refuse(failure, SEG_HTTP_BAD_REQUEST,
                          "the header does not end with an empty line behind lines that are a "
                          "name, a colon and a value, each with CRLF");
  }
  return true;
}

/// How often a header is there; `value` is the first one, trimmed.
static int count_header(const seg_http_request *request, const char *name, seg_text_view *value) {
  int count = 0;
  for (int i = 0; i < request->info->num_headers; i++) {
    const struct mg_header *header = &request->info->http_headers[i];
    if (seg_http_equal_nocase(seg_text_of(header->name), name)) {
      if (count++ == 0) {
        *value = seg_http_trim(seg_text_of(header->value));
      }
    }
  }
  return count;
}

static bool is_digits(seg_text_view text) {
  for (size_t i = 0; i < text.size_bytes; i++) {
    if (text.bytes[i] < '0' || text.bytes[i] > '9') {
      return false;
    }
  }
  return text.size_bytes > 0 && text.size_bytes <= LENGTH_DIGITS_MAX;
}

/// How the body ends must be said once and clearly: two readings are two requests.
static bool check_body(const seg_http_request *request, bool old, seg_http_failure *failure) {
  seg_text_view length = {.bytes = NULL};
  seg_text_view encoding = {.bytes = NULL};
  int lengths = count_header(request, "Content-Length", &length);
  int encodings = count_header(request, "Transfer-Encoding", &encoding);
  if (lengths > 1) {
    return refuse(failure, SEG_HTTP_BAD_REQUEST,
                  "Content-Length is there more than once; one is allowed");
  }
  if (lengths == 1 && !is_digits(length)) {
    return refuse(failure, SEG_HTTP_BAD_REQUEST, "Content-Length is not a plain number of bytes");
  }
  if (encodings > 0 && lengths > 0) {
    return refuse(failure, SEG_HTTP_BAD_REQUEST,
                  "Transfer-Encoding and Content-Length are both there; one of them is allowed");
  }
  if (encodings > 1 || (encodings == 1 && !seg_http_equal_nocase(encoding, "chunked"))) {
    return refuse(failure, SEG_HTTP_BAD_REQUEST,
                  "Transfer-Encoding is something else than chunked; only chunked is allowed");
  }
  if (encodings == 1 && old) {
    return refuse(failure, SEG_HTTP_BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding");
  }
  return true;
}

static bool check_host(const seg_http_request *request, bool old, seg_http_failure *failure) {
  seg_text_view host = {.bytes = NULL};
  int hosts = count_header(request, "Host", &host);
  if (hosts == 0 && old) {
    return true;
  }
  if (hosts != 1) {
    return refuse(failure, SEG_HTTP_BAD_REQUEST,
                  hosts == 0 ? "HTTP/1.1 needs a Host header, and there is none"
                             : "Host is there more than once; one is allowed");
  }
  for (size_t i = 0; i < host.size_bytes; i++) {
    char byte = host.bytes[i];
    bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (!alphanumeric && (byte == '\0' || strchr("-._~%!$&'()*+,;=:[]", byte) == NULL)) {
      return refuse(failure, SEG_HTTP_BAD_REQUEST,
                    "Host has a character that no host name or address has");
    }
  }
  return host.size_bytes > 0 || refuse(failure, SEG_HTTP_BAD_REQUEST, "Host is empty");
}

bool seg_http_check_form(const seg_http_request *request, seg_http_failure *failure) {
  const struct mg_request_info *info = request->info;
  bool old = strcmp(info->http_version, "1.0") == 0;
  if (info->num_headers > SEG_HTTP_HEADERS_MAX) {
    return refuse(failure, SEG_HTTP_HEADERS_TOO_LARGE, "over 63 headers; 63 are allowed");
  }
  return check_lines(request, failure) && check_host(request, old, failure) &&
         check_body(request, old, failure);
}

uint64_t seg_http_announced_bytes(const seg_http_request *request, bool *chunked) {
  seg_text_view value = {.bytes = NULL};
  *chunked = count_header(request, "Transfer-Encoding", &value) > 0;
  if (*chunked || count_header(request, "Content-Length", &value) == 0) {
    return 0;
  }
  uint64_t bytes = 0;
  for (size_t i = 0; i < value.size_bytes; i++) {
    bytes = bytes * 10 + (uint64_t)(value.bytes[i] - '0');
  }
  return bytes;
}
