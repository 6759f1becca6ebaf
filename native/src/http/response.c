// Answers. The head is put together in a fixed buffer and leaves together with the body, so a small
// answer is one system call and one packet.
#include "http/civetweb_unit.h"
#include "http/exchange.h"
#include "http/parameters.h"

#include <assert.h>
#include <civetweb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// What an answer that is not a page may do in a browser: nothing.
#define CSP_DATA "default-src 'none'; frame-ancestors 'none'"
/// What a page may do: load from here, run its own scripts and WebAssembly, talk to here.
#define CSP_PAGE                                                                                   \
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "                   \
  "img-src 'self' data:; connect-src 'self'; worker-src 'self'; object-src 'none'; "               \
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/// Room before and behind a stream's piece for a chunk's framing.
#define CHUNK_HEAD_BYTES 16

static const struct code_row {
  int status;
  const char *name;
} CODES[SEG_HTTP_CODE_COUNT] = {
    [SEG_HTTP_BAD_REQUEST] = {400, "BAD_REQUEST"},
    [SEG_HTTP_INVALID_REQUEST_BODY] = {400, "INVALID_REQUEST_BODY"},
    [SEG_HTTP_INVALID_CONDITION] = {400, "INVALID_CONDITION"},
    [SEG_HTTP_MISSING_AUTH] = {401, "MISSING_AUTH"},
    [SEG_HTTP_INVALID_API_KEY] = {401, "INVALID_API_KEY"},
    [SEG_HTTP_FORBIDDEN] = {403, "FORBIDDEN"},
    [SEG_HTTP_RESOURCE_NOT_FOUND] = {404, "RESOURCE_NOT_FOUND"},
    [SEG_HTTP_CONTACT_NOT_FOUND] = {404, "CONTACT_NOT_FOUND"},
    [SEG_HTTP_METHOD_NOT_ALLOWED] = {405, "METHOD_NOT_ALLOWED"},
    [SEG_HTTP_REQUEST_TIMEOUT] = {408, "REQUEST_TIMEOUT"},
    [SEG_HTTP_CONFLICT] = {409, "CONFLICT"},
    [SEG_HTTP_PAYLOAD_TOO_LARGE] = {413, "PAYLOAD_TOO_LARGE"},
    [SEG_HTTP_UNSUPPORTED_MEDIA_TYPE] = {415, "UNSUPPORTED_MEDIA_TYPE"},
    [SEG_HTTP_EXPECTATION_FAILED] = {417, "BAD_REQUEST"},
    [SEG_HTTP_VALIDATION_ERROR] = {422, "VALIDATION_ERROR"},
    [SEG_HTTP_RATE_LIMIT_EXCEEDED] = {429, "RATE_LIMIT_EXCEEDED"},
    [SEG_HTTP_HEADERS_TOO_LARGE] = {431, "BAD_REQUEST"},
    [SEG_HTTP_INTERNAL_SERVER_ERROR] = {500, "INTERNAL_SERVER_ERROR"},
    [SEG_HTTP_SERVICE_UNAVAILABLE] = {503, "SERVICE_UNAVAILABLE"},
    [SEG_HTTP_VERSION_NOT_SUPPORTED] = {505, "BAD_REQUEST"},
};

int seg_http_code_status(seg_http_code code) { return CODES[code].status; }
const char *seg_http_code_name(seg_http_code code) { return CODES[code].name; }

int seg_http_status_class(int status) {
  return status == CODES[SEG_HTTP_VERSION_NOT_SUPPORTED].status ? 4 : status / 100;
}

static const char *reason_of(int status) {
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {204, "No Content"},
                 {302, "Found"},
                 {303, "See Other"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {413, "Content Too Large"},
                 {415, "Unsupported Media Type"},
                 {417, "Expectation Failed"},
                 {422, "Unprocessable Content"},
                 {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {503, "Service Unavailable"},
                 {505, "HTTP Version Not Supported"}};
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
    if (reasons[i].status == status) {
      return reasons[i].reason;
    }
  }
  return "Status"; // the reason may be any text; programs read the number
}

void seg_http_response_init(seg_http_response *response, seg_http_request *request) {
  memset(response, 0, offsetof(seg_http_response, extra));
  response->head_bytes = 0;
  response->stream = NULL;
  response->stream_bytes = 0;
  response->sent_bytes = 0;
  response->request = request;
  response->head_only = seg_http_request_is_head(request);
  seg_json_writer_init(&response->json, seg_allocator_default(), 0);
}

void seg_http_response_free(seg_http_response *response) {
  seg_json_writer_free(&response->json);
  free(response->stream);
}

seg_json_writer *seg_http_response_json(seg_http_response *response) { return &response->json; }

bool seg_http_response_done(const seg_http_response *response) { return response->status != 0; }

int seg_http_response_status(const seg_http_response *response) { return response->status; }

static bool is_header(const char *name, const char *value) {
  static const char *const ours[] = {
      "Content-Length", "Connection",   "Transfer-Encoding",     "Date",
      "Server",         "X-Request-ID", "X-Content-Type-Options"};
  seg_text_view text = seg_text_of(name);
  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
    if (seg_http_equal_nocase(text, ours[i])) {
      return false;
    }
  }
  for (const char *at = name; *at != '\0'; at++) {
    if (!seg_http_is_token_byte(*at)) {
      return false;
    }
  }
  for (const char *at = value; *at != '\0'; at++) {
    if ((unsigned char)*at < 0x20 || *at == 0x7F) {
      return false;
    }
  }
  return name[0] != '\0';
}

void seg_http_response_header(seg_http_response *response, const char *name, const char *value) {
  assert(response->status == 0);
  bool allowed = is_header(name, value);
  assert(allowed);
  if (!allowed) {
    return;
  }
  size_t room = sizeof response->extra - response->extra_bytes;
  int size = snprintf(response->extra + response->extra_bytes, room, "%s: %s\r\n", name, value);
  bool fits = size > 0 && (size_t)size < room;
  assert(fits);
  if (!fits) {
    return;
  }
  response->extra_bytes += (size_t)size;
  seg_text_view text = seg_text_of(name);
  response->has_cache_control |= seg_http_equal_nocase(text, "Cache-Control");
  response->has_csp |= seg_http_equal_nocase(text, "Content-Security-Policy");
  response->has_referrer_policy |= seg_http_equal_nocase(text, "Referrer-Policy");
}

static void put_head(seg_http_response *response, const char *format, ...) SEG_PRINTF(2, 3);

static void put_head(seg_http_response *response, const char *format, ...) {
  size_t room = sizeof response->head - response->head_bytes;
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(response->head + response->head_bytes, room, format, arguments);
  va_end(arguments);
  // Our own lines are short and the handlers' are bounded, so this holds.
  assert(size >= 0 && (size_t)size < room);
  response->head_bytes += (size_t)size < room ? (size_t)size : 0;
}

static void put_date(seg_http_response *response) {
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc) != NULL) {
    put_head(response, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n",
             days + (ptrdiff_t)3 * utc.tm_wday, utc.tm_mday, months + (ptrdiff_t)3 * utc.tm_mon,
             utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
}

/// Whether the connection ends with this answer, and says so to civetweb.
static bool decide_close(seg_http_response *response) {
  seg_http_request *request = response->request;
  const seg_http_server *server = request->server;
  seg_http_body_discard(&request->body);
  response->close = response->close || !request->body.whole || atomic_load(&server->draining) ||
                    atomic_load(&server->connections) >= server->crowded ||
                    !seg_civetweb_keeps_alive(request->connection);
  if (response->close) {
    mg_disable_connection_keep_alive(request->connection);
  }
  return response->close;
}

/// The status line and all headers but those that say how long the body is.
static void begin_head(seg_http_response *response, int status, const char *content_type) {
  const seg_http_request *request = response->request;
  assert(response->status == 0);
  response->status = status;
  response->head_bytes = 0;
  put_head(response, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
  put_date(response);
  put_head(response, "X-Request-ID: %s\r\nX-Content-Type-Options: nosniff\r\n", request->id);
  if (!response->has_referrer_policy) {
    put_head(response, "Referrer-Policy: no-referrer\r\n");
  }
  if (!response->has_cache_control) {
    put_head(response, "Cache-Control: no-store\r\n");
  }
  if (!response->has_csp) {
    bool page = content_type != NULL && strncmp(content_type, "text/html", 9) == 0;
    put_head(response, "Content-Security-Policy: %s\r\n", page ? CSP_PAGE : CSP_DATA);
  }
  if (response->cors) {
    put_head(response, "Access-Control-Allow-Origin: *\r\n"
                       "Access-Control-Expose-Headers: X-Request-ID, Retry-After\r\n");
  }
  if (content_type != NULL) {
    put_head(response, "Content-Type: %s\r\n", content_type);
  }
  put_head(response, "%.*s", (int)response->extra_bytes, response->extra);
  if (decide_close(response)) {
    put_head(response, "Connection: close\r\n");
  } else if (request->info->http_version != NULL &&
             strcmp(request->info->http_version, "1.0") == 0) {
    put_head(response, "Connection: keep-alive\r\n");
  }
}

static void send_vectors(seg_http_response *response, struct iovec *vectors, size_t count) {
  const seg_http_request *request = response->request;
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    total += vectors[i].iov_len;
  }
  if (response->failed) {
    return;
  }
  if (seg_http_send(request->server, seg_civetweb_socket(request->connection), vectors, count)) {
    response->sent_bytes += total;
  } else {
    response->failed = true;
    mg_disable_connection_keep_alive(request->connection);
  }
}

/// One answer, whole.
static void respond(seg_http_response *response, int status, const char *content_type,
                    const void *bytes, size_t size_bytes) {
  begin_head(response, status, content_type);
  if (status != 204 && status != 304) {
    put_head(response, "Content-Length: %zu\r\n", size_bytes);
  }
  put_head(response, "\r\n");
  // sendmsg's vectors are not const, though what they point at is only read.
  struct iovec vectors[2] = {
      {.iov_base = response->head, .iov_len = response->head_bytes},
      {.iov_base = (void *)(uintptr_t)bytes, .iov_len = response->head_only ? 0 : size_bytes}};
  send_vectors(response, vectors, 2);
}

void seg_http_respond_bytes(seg_http_response *response, int status, const char *content_type,
                            const void *bytes, size_t size_bytes) {
  respond(response, status, content_type, bytes, size_bytes);
}

void seg_http_respond_empty(seg_http_response *response, int status) {
  respond(response, status, NULL, NULL, 0);
}

void seg_http_respond_json(seg_http_response *response, int status) {
  seg_text_view text;
  seg_status written = seg_json_writer_text(&response->json, &text);
  if (written == SEG_OK) {
    respond(response, status, "application/json; charset=utf-8", text.bytes, text.size_bytes);
  } else if (written == SEG_E_NOMEM) {
    seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE, "no memory for the answer");
  } else {
    seg_http_respond_error(response, SEG_HTTP_INTERNAL_SERVER_ERROR,
                           "the answer is larger than the %zu bytes that an answer may have",
                           response->json.size_bytes_max);
  }
}

/// `condition` and `groups[0]` make `condition.groups[0]`.
static void write_field(seg_json_writer *json, const char *place, const char *field) {
  char whole[SEG_MESSAGE_BYTES];
  if (place == NULL || place[0] == '\0') {
    seg_json_member_string(json, "field", field);
    return;
  }
  bool joined = field[0] != '\0' && field[0] != '[';
  (void)snprintf(whole, sizeof whole, "%s%s%s", place, joined ? "." : "", field);
  seg_json_member_string(json, "field", whole);
}

static void write_problems(seg_json_writer *json, const seg_http_failure *failure) {
  seg_json_key(json, "errors");
  seg_json_begin_array(json);
  for (size_t i = 0; i < failure->problems->count; i++) {
    const seg_problem *problem = &failure->problems->items[i];
    seg_json_begin_object(json);
    write_field(json, failure->place, problem->field);
    seg_json_member_string(json, "message", problem->message);
    seg_json_member_string(json, "code", problem->code);
    seg_json_end_object(json);
  }
  seg_json_end_array(json);
}

static void write_envelope(seg_http_response *response, const seg_http_failure *failure) {
  seg_json_writer *json = &response->json;
  const seg_http_request *request = response->request;
  seg_json_writer_reset(json);
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", false);
  seg_json_key(json, "error");
  seg_json_begin_object(json);
  seg_json_member_string(json, "code", seg_http_code_name(failure->code));
  seg_json_member_string(json, "message", failure->message);
  seg_json_member_int(json, "statusCode", seg_http_code_status(failure->code));
  seg_json_member_string(json, "requestId", request->id);
  if (failure->problems != NULL) {
    write_problems(json, failure);
  }
  if (failure->suggestion != NULL) {
    seg_json_member_string(json, "suggestion", failure->suggestion);
  }
  seg_json_end_object(json);
  seg_json_member_instant(json, "timestamp", request->now_ms);
  seg_json_end_object(json);
}

void seg_http_respond_failure(seg_http_response *response, const seg_http_failure *failure) {
  int status = seg_http_code_status(failure->code);
  unsigned retry = failure->retry_after_seconds;
  if (retry == 0 && status == 429) {
    retry = 1;
  }
  if (retry > 0) {
    char text[16];
    (void)snprintf(text, sizeof text, "%u", retry);
    seg_http_response_header(response, "Retry-After", text);
  }
  write_envelope(response, failure);
  seg_text_view text;
  if (seg_json_writer_text(&response->json, &text) != SEG_OK) {
    // No memory even for this: an answer without a body still has its status and id.
    text = (seg_text_view){.bytes = NULL, .size_bytes = 0};
  }
  respond(response, status, "application/json; charset=utf-8", text.bytes, text.size_bytes);
}

void seg_http_respond_too_many(seg_http_response *response, uint32_t retry_after_seconds) {
  const seg_http_failure failure = {
      .code = SEG_HTTP_RATE_LIMIT_EXCEEDED,
      .message = "the project has used up its requests for this minute",
      .suggestion = "wait as long as Retry-After says, or send batches",
      .retry_after_seconds = retry_after_seconds};
  seg_http_respond_failure(response, &failure);
}

void seg_http_respond_error(seg_http_response *response, seg_http_code code, const char *format,
                            ...) {
  char message[SEG_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  seg_http_failure failure = {.code = code, .message = message};
  seg_http_respond_failure(response, &failure);
}

void seg_http_stream_begin(seg_http_response *response, int status, const char *content_type,
                           const char *filename) {
  const char *version = response->request->info->http_version;
  response->streaming = true;
  response->stream_chunked = version != NULL && strcmp(version, "1.0") != 0;
  if (!response->stream_chunked) {
    response->close = true; // the end of the connection is the end of the body
  }
  if (filename != NULL) {
    char value[256];
    (void)snprintf(value, sizeof value, "attachment; filename=\"%.200s\"", filename);
    seg_http_response_header(response, "Content-Disposition", value);
  }
  begin_head(response, status, content_type);
  put_head(response, "%s\r\n", response->stream_chunked ? "Transfer-Encoding: chunked\r\n" : "");
  if (!response->head_only) {
    response->stream = malloc(SEG_HTTP_STREAM_PIECE_BYTES);
    // The head has not left: an answer can still be cut so that nobody takes it for whole.
    response->failed = response->stream == NULL;
  }
}

/// Sends what has gathered, with the head before the first piece and the last chunk behind the
/// last.
static void flush_stream(seg_http_response *response, bool last) {
  char chunk_head[CHUNK_HEAD_BYTES];
  char chunk_end[] = "\r\n";
  char stream_end[] = "0\r\n\r\n";
  bool chunk = response->stream_chunked && !response->head_only && response->stream_bytes > 0;
  bool end = response->stream_chunked && !response->head_only && last;
  int size = snprintf(chunk_head, sizeof chunk_head, "%zx\r\n", response->stream_bytes);
  struct iovec vectors[5] = {{.iov_base = response->head, .iov_len = response->head_bytes},
                             {.iov_base = chunk_head, .iov_len = chunk ? (size_t)size : 0},
                             {.iov_base = response->stream, .iov_len = response->stream_bytes},
                             {.iov_base = chunk_end, .iov_len = chunk ? sizeof chunk_end - 1 : 0},
                             {.iov_base = stream_end, .iov_len = end ? sizeof stream_end - 1 : 0}};
  send_vectors(response, vectors, 5);
  response->head_bytes = 0;
  response->stream_bytes = 0;
}

bool seg_http_stream_write(seg_http_response *response, const void *bytes, size_t size_bytes) {
  assert(response->streaming);
  const char *at = bytes;
  while (!response->head_only && !response->failed && size_bytes > 0) {
    size_t room = SEG_HTTP_STREAM_PIECE_BYTES - response->stream_bytes;
    size_t taken = size_bytes < room ? size_bytes : room;
    memcpy(response->stream + response->stream_bytes, at, taken);
    response->stream_bytes += taken;
    at += taken;
    size_bytes -= taken;
    if (response->stream_bytes == SEG_HTTP_STREAM_PIECE_BYTES) {
      flush_stream(response, false);
    }
  }
  return !response->failed;
}

void seg_http_stream_end(seg_http_response *response) {
  assert(response->streaming);
  flush_stream(response, true);
  response->streaming = false;
}
