// The route table, checked once and then looked up row by row: with fewer than a hundred routes,
// most of them ruled out by their number of segments, that takes less than reading the request
// does.
//
// Patterns are cut into segments when the router is made. Of the rows that fit a path, the one with
// a literal at the first place where they differ wins.
#include "http/router.h"

#include "http/failure.h"
#include "segmentry/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
#define METHOD_COUNT (sizeof METHODS / sizeof METHODS[0])

typedef struct row {
  const seg_http_route *route;
  size_t method; ///< An index into METHODS.
  size_t segment_count;
  seg_text_view segments[SEG_HTTP_PATH_SEGMENTS_MAX]; ///< A parameter begins with a colon.
} row;

struct seg_http_router {
  size_t count;
  row rows[];
};

static bool is_parameter(seg_text_view segment) {
  return segment.size_bytes > 0 && segment.bytes[0] == ':';
}

/// Cuts a pattern; false if it is not one.
static bool cut_pattern(const char *pattern, row *out) {
  out->segment_count = 0;
  if (pattern == NULL || pattern[0] != '/') {
    return false;
  }
  if (pattern[1] == '\0') {
    return true;
  }
  const char *at = pattern;
  while (*at == '/') {
    at++;
    size_t size = strcspn(at, "/");
    if (size == 0 || (at[0] == ':' && size == 1) ||
        out->segment_count == SEG_HTTP_PATH_SEGMENTS_MAX) {
      return false;
    }
    out->segments[out->segment_count++] = (seg_text_view){.bytes = at, .size_bytes = size};
    at += size;
  }
  return true;
}

static bool find_method(const char *method, size_t *out) {
  for (size_t i = 0; method != NULL && i < METHOD_COUNT; i++) {
    if (strcmp(METHODS[i], method) == 0) {
      *out = i;
      return true;
    }
  }
  return false;
}

static bool repeats_parameter(const row *made) {
  for (size_t i = 0; i < made->segment_count; i++) {
    for (size_t k = 0; k < i; k++) {
      if (is_parameter(made->segments[i]) && seg_text_equal(made->segments[i], made->segments[k])) {
        return true;
      }
    }
  }
  return false;
}

/// Whether two patterns match the very same paths.
static bool same_shape(const row *a, const row *b) {
  if (a->segment_count != b->segment_count) {
    return false;
  }
  for (size_t i = 0; i < a->segment_count; i++) {
    bool a_parameter = is_parameter(a->segments[i]);
    if (a_parameter != is_parameter(b->segments[i]) ||
        (!a_parameter && !seg_text_equal(a->segments[i], b->segments[i]))) {
      return false;
    }
  }
  return true;
}

static seg_status make_row(const seg_http_route *route, row *out, seg_error *error) {
  out->route = route;
  const char *pattern = route->pattern == NULL ? "(none)" : route->pattern;
  if (!find_method(route->method, &out->method)) {
    return seg_http_refuse(
        error, SEG_E_INVALID,
        "route %s: the method is \"%s\", allowed are GET, POST, PUT, PATCH, DELETE", pattern,
        route->method == NULL ? "(none)" : route->method);
  }
  if (!cut_pattern(route->pattern, out)) {
    return seg_http_refuse(
        error, SEG_E_INVALID,
        "route %s %s: a pattern is a slash and up to %d names or :parameters with slashes "
        "between",
        route->method, pattern, SEG_HTTP_PATH_SEGMENTS_MAX);
  }
  if (repeats_parameter(out)) {
    return seg_http_refuse(error, SEG_E_INVALID, "route %s %s: two parameters have one name",
                           route->method, pattern);
  }
  unsigned flags = route->flags;
  if (route->handler == NULL ||
      ((flags & SEG_HTTP_STREAMED) != 0 && (flags & SEG_HTTP_JSON) != 0) ||
      ((flags & SEG_HTTP_JSON_OPTIONAL) != 0 && (flags & SEG_HTTP_JSON) == 0) ||
      ((flags & SEG_HTTP_CORS) != 0 && route->access == SEG_HTTP_ACCESS_SESSION)) {
    return seg_http_refuse(
        error, SEG_E_INVALID,
        "route %s %s: a handler is needed; a body is streamed or JSON, only JSON is "
        "optional; other origins have no session",
        route->method, pattern);
  }
  return SEG_OK;
}

seg_status seg_http_router_create(const seg_http_route *routes, size_t count, seg_http_router **out,
                                  seg_error *error) {
  if (count > SEG_HTTP_ROUTES_MAX) {
    return seg_http_refuse(error, SEG_E_LIMIT, "%zu routes, allowed are %d", count,
                           SEG_HTTP_ROUTES_MAX);
  }
  seg_http_router *router = calloc(1, sizeof *router + count * sizeof router->rows[0]);
  if (router == NULL) {
    return seg_http_refuse(error, SEG_E_NOMEM, "out of memory");
  }
  for (size_t i = 0; i < count; i++) {
    row *made = &router->rows[i];
    seg_status status = make_row(&routes[i], made, error);
    for (size_t k = 0; status == SEG_OK && k < i; k++) {
      if (router->rows[k].method == made->method && same_shape(&router->rows[k], made)) {
        status = seg_http_refuse(error, SEG_E_INVALID, "routes %s %s and %s match the same paths",
                                 made->route->method, router->rows[k].route->pattern,
                                 made->route->pattern);
      }
    }
    if (status != SEG_OK) {
      seg_http_router_free(router);
      return status;
    }
  }
  router->count = count;
  *out = router;
  return seg_http_accept(error);
}

void seg_http_router_free(seg_http_router *router) { free(router); }

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/// Decodes one segment into `to`; returns its size, or SIZE_MAX with an error.
static size_t decode_segment(const char *at, size_t size_bytes, char *to, seg_error *error) {
  size_t made = 0;
  for (size_t i = 0; i < size_bytes; i++) {
    unsigned value = (unsigned char)at[i];
    if (at[i] == '%') {
      bool whole = size_bytes - i >= 3;
      int high = whole ? hex_value(at[i + 1]) : -1;
      int low = whole ? hex_value(at[i + 2]) : -1;
      if (high < 0 || low < 0) {
        (void)seg_http_refuse(
            error, SEG_E_INVALID,
            "the path has a %% without two hexadecimal digits behind it; %%25 is a %%");
        return SIZE_MAX;
      }
      value = (unsigned)high * 16 + (unsigned)low;
      i += 2;
    }
    if (value < 0x20 || value == 0x7F) {
      (void)seg_http_refuse(
          error, SEG_E_INVALID,
          "the path has the control character %%%02X; control characters are not allowed", value);
      return SIZE_MAX;
    }
    to[made++] = (char)value;
  }
  if (!seg_text_is_utf8((seg_text_view){.bytes = to, .size_bytes = made})) {
    (void)seg_http_refuse(error, SEG_E_INVALID, "the path has bytes that are not UTF-8");
    return SIZE_MAX;
  }
  return made;
}

seg_status seg_http_path_parse(seg_text_view raw, seg_http_path *out, seg_error *error) {
  out->count = 0;
  out->too_deep = false;
  if (raw.size_bytes == 0 || raw.bytes[0] != '/') {
    return seg_http_refuse(error, SEG_E_INVALID, "the path does not start with a slash");
  }
  if (raw.size_bytes > SEG_HTTP_PATH_BYTES_MAX) {
    return seg_http_refuse(error, SEG_E_LIMIT, "the path has %zu bytes, allowed are %d",
                           raw.size_bytes, SEG_HTTP_PATH_BYTES_MAX);
  }
  char *to = out->storage;
  size_t at = 1;
  while (raw.size_bytes > 1 && at <= raw.size_bytes) {
    const char *slash = memchr(raw.bytes + at, '/', raw.size_bytes - at);
    size_t end = slash == NULL ? raw.size_bytes : (size_t)(slash - raw.bytes);
    // What is too deep is still checked, into the place of the last one.
    bool full = out->count == SEG_HTTP_PATH_SEGMENTS_MAX;
    char *place = full ? out->storage : to;
    size_t size = decode_segment(raw.bytes + at, end - at, place, error);
    if (size == SIZE_MAX) {
      out->count = 0;
      return SEG_E_INVALID;
    }
    if (full) {
      out->too_deep = true;
    } else {
      out->segments[out->count++] = (seg_text_view){.bytes = to, .size_bytes = size};
      to[size] = '\0';
      to += size + 1;
    }
    at = end + 1;
  }
  if (out->too_deep) {
    out->count = 0;
  }
  return seg_http_accept(error);
}

static bool fits(const row *candidate, const seg_http_path *path) {
  if (candidate->segment_count != path->count) {
    return false;
  }
  for (size_t i = 0; i < path->count; i++) {
    if (is_parameter(candidate->segments[i])) {
      if (path->segments[i].size_bytes == 0) {
        return false; // `/segments/` is not a segment whose id is empty
      }
    } else if (!seg_text_equal(candidate->segments[i], path->segments[i])) {
      return false;
    }
  }
  return true;
}

/// Whether `a` is the closer description of a path that both fit.
static bool closer(const row *a, const row *b) {
  for (size_t i = 0; i < a->segment_count; i++) {
    bool a_parameter = is_parameter(a->segments[i]);
    if (a_parameter != is_parameter(b->segments[i])) {
      return !a_parameter;
    }
  }
  return false;
}

static void write_allow(const row *const found[METHOD_COUNT], bool cors, char *out) {
  char *at = out;
  for (size_t i = 0; i < METHOD_COUNT; i++) {
    if (found[i] != NULL) {
      at += snprintf(at, (size_t)(out + SEG_HTTP_ALLOW_BYTES - at), "%s%s%s", at == out ? "" : ", ",
                     METHODS[i], i == 0 ? ", HEAD" : "");
    }
  }
  if (cors) {
    (void)snprintf(at, (size_t)(out + SEG_HTTP_ALLOW_BYTES - at), ", OPTIONS");
  }
}

void seg_http_router_match(const seg_http_router *router, const char *method,
                           const seg_http_path *path, seg_http_match *out) {
  *out = (seg_http_match){.route = NULL};
  if (path->too_deep) {
    return;
  }
  // The closest row of each method. A path belongs to the closest pattern of any method: otherwise
  // POST /segments/preview would make GET /segments/preview a segment of that id. Names are not
  // ids, though: there may be an event called `stats`, which is to be deleted.
  const row *found[METHOD_COUNT] = {NULL};
  const row *closest = NULL;
  for (size_t i = 0; i < router->count; i++) {
    const row *candidate = &router->rows[i];
    if (!fits(candidate, path)) {
      continue;
    }
    const row **best = &found[candidate->method];
    if (*best == NULL || closer(candidate, *best)) {
      *best = candidate;
    }
    if (closest == NULL || closer(candidate, closest)) {
      closest = candidate;
    }
  }
  if (closest == NULL) {
    return;
  }
  out->path_known = true;
  for (size_t i = 0; i < METHOD_COUNT; i++) {
    if (found[i] != NULL && !same_shape(found[i], closest) &&
        (found[i]->route->flags & SEG_HTTP_ANY_NAME) == 0) {
      found[i] = NULL;
    }
    if (found[i] != NULL && (found[i]->route->flags & SEG_HTTP_CORS) != 0) {
      out->cors_route = found[i]->route;
    }
  }
  write_allow(found, out->cors_route != NULL, out->allow);
  size_t wanted;
  if (find_method(strcmp(method, "HEAD") == 0 ? "GET" : method, &wanted) && found[wanted] != NULL) {
    out->route = found[wanted]->route;
  }
}

bool seg_http_route_param(const seg_http_route *route, const seg_http_path *path, const char *name,
                          seg_text_view *out) {
  row cut = {.route = route};
  if (!cut_pattern(route->pattern, &cut)) {
    return false;
  }
  size_t size = strlen(name);
  for (size_t i = 0; i < cut.segment_count && i < path->count; i++) {
    seg_text_view segment = cut.segments[i];
    if (is_parameter(segment) && segment.size_bytes == size + 1 &&
        memcmp(segment.bytes + 1, name, size) == 0) {
      *out = path->segments[i];
      return true;
    }
  }
  return false;
}
