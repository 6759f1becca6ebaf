// The route table, and the cutting and decoding of paths.
#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void handle(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  (void)response;
}

static const seg_http_route ROUTES[] = {
    {"GET", "/", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"GET", "/segments", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"POST", "/segments", handle, SEG_HTTP_ACCESS_NONE, SEG_HTTP_JSON, 0, NULL},
    {"GET", "/segments/:id", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"DELETE", "/segments/:id", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"POST", "/segments/preview", handle, SEG_HTTP_ACCESS_NONE, SEG_HTTP_JSON, 0, NULL},
    {"POST", "/segments/:id/members", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"GET", "/fields/:field/values/:value", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"POST", "/v1/track", handle, SEG_HTTP_ACCESS_PUBLIC, SEG_HTTP_CORS, 0, NULL},
    {"GET", "/events/stats", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"PATCH", "/events/:name", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"DELETE", "/events/:name", handle, SEG_HTTP_ACCESS_NONE, SEG_HTTP_ANY_NAME, 0, NULL},
};
#define ROUTE_COUNT (sizeof ROUTES / sizeof ROUTES[0])

static void look_up(const char *method, const char *raw, seg_http_path *path,
                    seg_http_match *match) {
  seg_http_router *router;
  assert_int_equal(seg_http_router_create(ROUTES, ROUTE_COUNT, &router, NULL), SEG_OK);
  assert_int_equal(seg_http_path_parse(seg_text_of(raw), path, NULL), SEG_OK);
  seg_http_router_match(router, method, path, match);
  seg_http_router_free(router);
}

static void expect(const char *method, const char *raw, int index, const char *allow) {
  seg_http_path path;
  seg_http_match match;
  look_up(method, raw, &path, &match);
  if (match.route != (index < 0 ? NULL : &ROUTES[index])) {
    fail_msg("%s %s found %s", method, raw, match.route == NULL ? "none" : match.route->pattern);
  }
  assert_int_equal(match.path_known, allow != NULL);
  if (allow != NULL) {
    assert_string_equal(match.allow, allow);
  }
}

static void test_a_name_may_be_any_text(void **state) {
  (void)state;
  expect("DELETE", "/events/bought", 11, "PATCH, DELETE");
  expect("DELETE", "/events/stats", 11, "GET, HEAD, DELETE");
  expect("GET", "/events/stats", 9, "GET, HEAD, DELETE");
  expect("PATCH", "/events/stats", -1, "GET, HEAD, DELETE");
  expect("GET", "/events/bought", -1, "PATCH, DELETE");
}

static void test_match(void **state) {
  (void)state;
  expect("GET", "/", 0, "GET, HEAD");
  expect("GET", "/segments", 1, "GET, HEAD, POST");
  expect("HEAD", "/segments", 1, "GET, HEAD, POST");
  expect("POST", "/segments", 2, "GET, HEAD, POST");
  expect("PUT", "/segments", -1, "GET, HEAD, POST");
  expect("GET", "/segments/x", 3, "GET, HEAD, DELETE");
  expect("DELETE", "/segments/x", 4, "GET, HEAD, DELETE");
  expect("POST", "/segments/preview", 5, "POST");
  expect("GET", "/segments/preview", -1, "POST");
  expect("POST", "/segments/preview/members", 6, "POST");
  expect("OPTIONS", "/v1/track", -1, "POST, OPTIONS");
  expect("get", "/segments", -1, "GET, HEAD, POST");
  expect("GET", "/segmentsx", -1, NULL);
  expect("GET", "/segments/", -1, NULL);
  expect("GET", "//segments", -1, NULL);
  expect("GET", "/Segments", -1, NULL);
  expect("GET", "/segments/x/y/z", -1, NULL);
  expect("GET", "/a/b/c/d/e/f/g/h/i/j/k", -1, NULL);
  expect("GET", "/segments/..", 3, "GET, HEAD, DELETE");
  expect("GET", "/%73egments", 1, "GET, HEAD, POST");
}

static void test_params(void **state) {
  (void)state;
  seg_http_path path;
  seg_http_match match;
  seg_text_view value;
  look_up("GET", "/fields/data.a%2Fb%20%25/values/%C3%A9", &path, &match);
  assert_true(seg_http_route_param(match.route, &path, "field", &value));
  assert_string_equal(value.bytes, "data.a/b %");
  assert_true(seg_http_route_param(match.route, &path, "value", &value));
  assert_string_equal(value.bytes, "\xC3\xA9");
  assert_false(seg_http_route_param(match.route, &path, "id", &value));
}

static void test_paths(void **state) {
  (void)state;
  static const char *const bad[] = {"",           "x",      "/%",      "/%4",
                                    "/%zz",       "/a%00b", "/%0D%0A", "/%1f",
                                    "/%7F",       "/%C3",   "/%ff",    "/%C0%AF",
                                    "/%ED%A0%80", "/a/%",   "/%e2%82", "/a/b/c/d/e/f/g/h/i/%00"};
  seg_http_path path;
  seg_error error;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (seg_http_path_parse(seg_text_of(bad[i]), &path, &error) != SEG_E_INVALID) {
      fail_msg("%s was taken", bad[i]);
    }
    assert_true(strlen(error.message) > 0);
  }
  assert_int_equal(seg_http_path_parse(seg_text_of("/"), &path, NULL), SEG_OK);
  assert_int_equal(path.count, 0);
  assert_int_equal(seg_http_path_parse(seg_text_of("/a//b/"), &path, NULL), SEG_OK);
  assert_int_equal(path.count, 4);
  assert_int_equal(path.segments[1].size_bytes, 0);

  char *longest = malloc(SEG_HTTP_PATH_BYTES_MAX + 1);
  assert_non_null(longest);
  memset(longest, 'a', SEG_HTTP_PATH_BYTES_MAX + 1);
  longest[0] = '/';
  seg_text_view text = {.bytes = longest, .size_bytes = SEG_HTTP_PATH_BYTES_MAX};
  assert_int_equal(seg_http_path_parse(text, &path, NULL), SEG_OK);
  text.size_bytes++;
  assert_int_equal(seg_http_path_parse(text, &path, NULL), SEG_E_LIMIT);
  free(longest);
}

static void refuse(const seg_http_route *routes, size_t count, const char *message) {
  seg_http_router *router = NULL;
  seg_error error;
  assert_int_equal(seg_http_router_create(routes, count, &router, &error), SEG_E_INVALID);
  if (strstr(error.message, message) == NULL) {
    fail_msg("\"%s\" does not have \"%s\"", error.message, message);
  }
}

static void test_tables(void **state) {
  (void)state;
  seg_http_route one = {"GET", "/a", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL};
  seg_http_route changed = one;
  changed.method = "HEAD";
  refuse(&changed, 1, "the method is");
  static const char *const patterns[] = {"", "a", "/a/", "//", "/:", "/a//b", "/1/2/3/4/5/6/7/8/9"};
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
    changed = one;
    changed.pattern = patterns[i];
    refuse(&changed, 1, "a pattern is");
  }
  changed = one;
  changed.pattern = "/:id/:id";
  refuse(&changed, 1, "one name");
  changed = one;
  changed.flags = SEG_HTTP_JSON | SEG_HTTP_STREAMED;
  refuse(&changed, 1, "streamed or JSON");
  seg_http_route two[2] = {one, one};
  two[0].pattern = "/a/:x";
  two[1].pattern = "/a/:y";
  refuse(two, 2, "match the same paths");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_match),  cmocka_unit_test(test_a_name_may_be_any_text),
      cmocka_unit_test(test_params), cmocka_unit_test(test_paths),
      cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
