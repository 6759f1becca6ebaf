// Reading a request: headers, cookies, the query, and the few things that are derived from them.
#include "http/civetweb_unit.h"
#include "http/exchange.h"
#include "http/failure.h"
#include "http/parameters.h"

#include "segmentry/json.h"
#include "segmentry/text.h"

#include <assert.h>
#include <civetweb.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *seg_http_request_method(const seg_http_request *request) { return request->method; }

const seg_http_route *seg_http_request_route(const seg_http_request *request) {
  return request->match.route;
}

seg_text_view seg_http_request_path(const seg_http_request *request) { return request->raw_path; }

seg_text_view seg_http_request_param(const seg_http_request *request, const char *name) {
  seg_text_view value = {.bytes = "", .size_bytes = 0};
  bool found = seg_http_route_param(request->match.route, &request->path, name, &value);
  assert(found);
  (void)found;
  return value;
}

const seg_http_identity *seg_http_request_identity(const seg_http_request *request) {
  return &request->identity;
}

const char *seg_http_request_id(const seg_http_request *request) { return request->id; }

const char *seg_http_request_remote(const seg_http_request *request) {
  return request->info->remote_addr;
}

int64_t seg_http_request_now_ms(const seg_http_request *request) { return request->now_ms; }

bool seg_http_request_is_head(const seg_http_request *request) {
  return strcmp(request->method, "HEAD") == 0;
}

bool seg_http_request_header(const seg_http_request *request, const char *name,
                             seg_text_view *out) {
  for (int i = 0; i < request->info->num_headers; i++) {
    const struct mg_header *header = &request->info->http_headers[i];
    if (seg_http_equal_nocase(seg_text_of(header->name), name)) {
      *out = seg_http_trim(seg_text_of(header->value));
      return true;
    }
  }
  return false;
}

bool seg_http_request_bearer(const seg_http_request *request, seg_text_view *out) {
  static const size_t scheme_bytes = sizeof "Bearer" - 1;
  seg_text_view value;
  if (!seg_http_request_header(request, "Authorization", &value) ||
      value.size_bytes <= scheme_bytes || value.bytes[scheme_bytes] != ' ' ||
      !seg_http_equal_nocase((seg_text_view){.bytes = value.bytes, .size_bytes = scheme_bytes},
                             "Bearer")) {
    return false;
  }
  value.bytes += scheme_bytes;
  value.size_bytes -= scheme_bytes;
  *out = seg_http_trim(value);
  return out->size_bytes > 0;
}

/// Finds a cookie in one header's value.
static bool find_cookie(seg_text_view header, const char *name, seg_text_view *out) {
  size_t name_bytes = strlen(name);
  const char *at = header.bytes;
  const char *end = header.bytes + header.size_bytes;
  while (at < end) {
    const char *semicolon = memchr(at, ';', (size_t)(end - at));
    const char *stop = semicolon == NULL ? end : semicolon;
    seg_text_view pair =
        seg_http_trim((seg_text_view){.bytes = at, .size_bytes = (size_t)(stop - at)});
    if (pair.size_bytes > name_bytes && memcmp(pair.bytes, name, name_bytes) == 0 &&
        pair.bytes[name_bytes] == '=') {
      *out = (seg_text_view){.bytes = pair.bytes + name_bytes + 1,
                             .size_bytes = pair.size_bytes - name_bytes - 1};
      return true;
    }
    at = stop + 1;
  }
  return false;
}

bool seg_http_request_cookie(const seg_http_request *request, const char *name,
                             seg_text_view *out) {
  const seg_http_route *route = request->match.route;
  if (route != NULL && (route->flags & SEG_HTTP_CORS) != 0) {
    return false;
  }
  for (int i = 0; i < request->info->num_headers; i++) {
    const struct mg_header *header = &request->info->http_headers[i];
    if (seg_http_equal_nocase(seg_text_of(header->name), "Cookie") &&
        find_cookie(seg_text_of(header->value), name, out)) {
      return true;
    }
  }
  return false;
}

bool seg_http_request_idempotency_key(const seg_http_request *request, seg_text_view *out) {
  const seg_http_route *route = request->match.route;
  return route != NULL && (route->flags & SEG_HTTP_IDEMPOTENT) != 0 &&
         seg_http_request_header(request, "Idempotency-Key", out);
}

bool seg_http_request_same_origin(const seg_http_request *request) {
  seg_text_view origin;
  seg_text_view host;
  if (!seg_http_request_header(request, "Origin", &origin) ||
      !seg_http_request_header(request, "Host", &host)) {
    return false;
  }
  // A proxy that ends TLS makes https of what arrives here as http: the scheme says nothing.
  static const char *const schemes[] = {"http://", "https://"};
  for (size_t i = 0; i < 2; i++) {
    size_t size = strlen(schemes[i]);
    if (origin.size_bytes == size + host.size_bytes &&
        memcmp(origin.bytes, schemes[i], size) == 0) {
      char wanted[SEG_HTTP_HEADER_BYTES_MAX];
      (void)snprintf(wanted, sizeof wanted, "%.*s", (int)host.size_bytes, host.bytes);
      return seg_http_equal_nocase(
          (seg_text_view){.bytes = origin.bytes + size, .size_bytes = host.size_bytes}, wanted);
    }
  }
  return false;
}

/// Takes the first item off a list of a header's value. False at its end.
static bool take_item(seg_text_view *list, seg_text_view *item) {
  if (list->size_bytes == 0) {
    return false;
  }
  const char *comma = memchr(list->bytes, ',', list->size_bytes);
  size_t size = comma == NULL ? list->size_bytes : (size_t)(comma - list->bytes);
  size_t taken = comma == NULL ? size : size + 1;
  *item = seg_http_trim((seg_text_view){.bytes = list->bytes, .size_bytes = size});
  *list = (seg_text_view){.bytes = list->bytes + taken, .size_bytes = list->size_bytes - taken};
  return true;
}

/// Whether an item's weight is not 0, which would refuse it.
static bool is_wanted(seg_text_view item) {
  char weight[8]; // 0.000 is the longest there is
  size_t size;
  return seg_http_parameter(item, "q", weight, sizeof weight, &size) != SEG_HTTP_PARAMETER_FOUND ||
         strspn(weight, "0.") < size;
}

bool seg_http_request_accepts_gzip(const seg_http_request *request) {
  seg_text_view list;
  seg_text_view item;
  if (!seg_http_request_header(request, "Accept-Encoding", &list)) {
    return false;
  }
  bool any = false; // what * says of all that is not named
  while (take_item(&list, &item)) {
    seg_text_view name = seg_http_value_main(item);
    if (seg_http_equal_nocase(name, "gzip") || seg_http_equal_nocase(name, "x-gzip")) {
      return is_wanted(item);
    }
    any = any || (seg_http_equal_nocase(name, "*") && is_wanted(item));
  }
  return any;
}

bool seg_http_request_has_answer(const seg_http_request *request, const char *tag) {
  seg_text_view list;
  seg_text_view item;
  if (!seg_http_request_header(request, "If-None-Match", &list)) {
    return false;
  }
  while (take_item(&list, &item)) { // our own tags have no commas in them
    if (item.size_bytes > 2 && memcmp(item.bytes, "W/", 2) == 0) {
      item = (seg_text_view){.bytes = item.bytes + 2, .size_bytes = item.size_bytes - 2};
    }
    if (seg_text_equal(item, seg_text_of(tag)) || seg_text_equal(item, seg_text_of("*"))) {
      return true;
    }
  }
  return false;
}

seg_text_view seg_http_request_body(const seg_http_request *request) {
  return (seg_text_view){.bytes = request->body_bytes == NULL ? "" : request->body_bytes,
                         .size_bytes = request->body_size_bytes};
}

struct cJSON *seg_http_request_json(const seg_http_request *request) {
  return request->json;
}

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  char lower = (char)(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Decodes a name or value of a query into `*to`, with a NUL behind it, and moves `*to` on.
static seg_status decode(const char *at, const char *end, char **to, seg_text_view *out,
                         seg_error *error) {
  char *start = *to;
  for (; at < end; at++) {
    unsigned value = (unsigned char)*at;
    if (*at == '+') {
      value = ' ';
    } else if (*at == '%') {
      int high = end - at >= 3 ? hex_value(at[1]) : -1;
      int low = end - at >= 3 ? hex_value(at[2]) : -1;
      if (high < 0 || low < 0) {
        return seg_http_refuse(
            error, SEG_E_INVALID,
            "the query has a %% without two hexadecimal digits behind it; %%25 is a %%");
      }
      value = (unsigned)high * 16 + (unsigned)low;
      at += 2;
    }
    if (value < 0x20 || value == 0x7F) {
      return seg_http_refuse(
          error, SEG_E_INVALID,
          "the query has the control character %%%02X; control characters are not allowed", value);
    }
    *(*to)++ = (char)value;
  }
  *out = (seg_text_view){.bytes = start, .size_bytes = (size_t)(*to - start)};
  *(*to)++ = '\0';
  return seg_text_is_utf8(*out)
             ? SEG_OK
             : seg_http_refuse(error, SEG_E_INVALID, "the query has bytes that are not UTF-8");
}

seg_status seg_http_query_parse(seg_http_request *request, seg_error *error) {
  const char *query = request->info->query_string;
  if (query == NULL || query[0] == '\0') {
    return SEG_OK;
  }
  // Decoding never makes longer; each parameter gets two NULs for its `=` and `&`, the last one
  // more.
  request->query = malloc(strlen(query) + (size_t)2 * (SEG_HTTP_QUERY_PARAMETERS_MAX + 1));
  if (request->query == NULL) {
    return seg_http_refuse(error, SEG_E_NOMEM, "out of memory");
  }
  char *to = request->query;
  for (const char *at = query; *at != '\0';) {
    const char *end = at + strcspn(at, "&");
    if (end > at) {
      if (request->query_count == SEG_HTTP_QUERY_PARAMETERS_MAX) {
        return seg_http_refuse(error, SEG_E_LIMIT,
                               "the query has over %d parameters, allowed are %d",
                               SEG_HTTP_QUERY_PARAMETERS_MAX, SEG_HTTP_QUERY_PARAMETERS_MAX);
      }
      const char *equals = memchr(at, '=', (size_t)(end - at));
      seg_http_parameter_view *parameter = &request->query_parameters[request->query_count++];
      seg_status status = decode(at, equals == NULL ? end : equals, &to, &parameter->name, error);
      if (status == SEG_OK) {
        status = decode(equals == NULL ? end : equals + 1, end, &to, &parameter->value, error);
      }
      if (status != SEG_OK) {
        return status;
      }
    }
    at = *end == '&' ? end + 1 : end;
  }
  return SEG_OK;
}

bool seg_http_query_text(seg_http_request *request, seg_http_response *response, const char *name,
                         size_t size_bytes_max, seg_text_view *out) {
  seg_text_view wanted = seg_text_of(name);
  bool found = false;
  *out = (seg_text_view){.bytes = NULL, .size_bytes = 0};
  for (size_t i = 0; i < request->query_count; i++) {
    if (!seg_text_equal(request->query_parameters[i].name, wanted)) {
      continue;
    }
    if (found) {
      seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                             "the query parameter %s is there more than once; one is allowed",
                             name);
      return false;
    }
    found = true;
    *out = request->query_parameters[i].value;
  }
  if (out->size_bytes > size_bytes_max) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "the query parameter %s has %zu bytes; %zu are allowed", name,
                           out->size_bytes, size_bytes_max);
    return false;
  }
  return true;
}

/// Reads a whole number; false if the text is not one, or not one of 64 bits.
static bool read_integer(seg_text_view text, int64_t *out) {
  size_t at = 0;
  bool negative = text.size_bytes > 1 && text.bytes[0] == '-';
  at += negative ? 1 : 0;
  uint64_t value = 0;
  const uint64_t top = (uint64_t)INT64_MAX;
  for (; at < text.size_bytes; at++) {
    if (text.bytes[at] < '0' || text.bytes[at] > '9') {
      return false;
    }
    uint64_t digit = (uint64_t)(text.bytes[at] - '0');
    if (value > (top - digit) / 10) {
      return false;
    }
    value = value * 10 + digit;
  }
  *out = negative ? -(int64_t)value : (int64_t)value;
  return true;
}

bool seg_http_query_integer(seg_http_request *request, seg_http_response *response,
                            const char *name, int64_t min, int64_t max, int64_t missing,
                            int64_t *out) {
  seg_text_view text;
  if (!seg_http_query_text(request, response, name, SIZE_MAX, &text)) {
    return false;
  }
  if (text.size_bytes == 0) {
    *out = missing;
    return true;
  }
  if (!read_integer(text, out) || *out < min || *out > max) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "the query parameter %s is \"%.64s\"; a whole number from %" PRId64
                           " to %" PRId64 " is allowed",
                           name, text.bytes, min, max);
    return false;
  }
  return true;
}

bool seg_http_query_bool(seg_http_request *request, seg_http_response *response, const char *name,
                         bool missing, bool *out) {
  seg_text_view text;
  if (!seg_http_query_text(request, response, name, SIZE_MAX, &text)) {
    return false;
  }
  bool yes = seg_text_equal(text, seg_text_of("true")) || seg_text_equal(text, seg_text_of("1"));
  bool no = seg_text_equal(text, seg_text_of("false")) || seg_text_equal(text, seg_text_of("0"));
  if (text.size_bytes > 0 && !yes && !no) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "the query parameter %s is \"%.64s\"; true or false is allowed", name,
                           text.bytes);
    return false;
  }
  *out = text.size_bytes == 0 ? missing : yes;
  return true;
}

static bool is_sane_id(seg_text_view id) {
  for (size_t i = 0; i < id.size_bytes; i++) {
    char byte = id.bytes[i];
    bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (!alphanumeric && byte != '-' && byte != '_' && byte != '.' && byte != ':') {
      return false;
    }
  }
  return id.size_bytes > 0 && id.size_bytes <= SEG_HTTP_REQUEST_ID_BYTES_MAX;
}

void seg_http_request_init(seg_http_request *request, seg_http_server *server,
                           struct mg_connection *connection, bool cut) {
  memset(request, 0, sizeof *request);
  request->server = server;
  request->connection = connection;
  request->info = mg_get_request_info(connection);
  request->method = cut ? request->info->request_method : "";
  request->raw_path = seg_text_of(cut ? request->info->local_uri_raw : "");
  request->began_us = seg_http_clock_us();
  if (server->options.now_ms != NULL) {
    request->now_ms = server->options.now_ms(server->context);
  } else {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    request->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  }
  seg_text_view id;
  if (seg_http_request_header(request, "X-Request-ID", &id) && is_sane_id(id)) {
    memcpy(request->id, id.bytes, id.size_bytes);
  } else {
    (void)snprintf(request->id, sizeof request->id, "%s-%08" PRIx64, server->id_prefix,
                   atomic_fetch_add(&server->id_counter, 1));
  }
}

void seg_http_request_free(seg_http_request *request) {
  free(request->query);
  free(request->body_bytes);
  seg_json_free(request->json);
}
