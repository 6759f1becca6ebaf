// Reading headers, cookies and the query, on a request that never came over a socket.
#include "http/exchange.h"
#include "http/parameters.h"

#include <civetweb.h>
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

static const seg_http_route ROUTE = {"GET", "/", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL};
static const seg_http_route CORS_ROUTE = {"POST",        "/", handle, SEG_HTTP_ACCESS_PUBLIC,
                                          SEG_HTTP_CORS, 0,   NULL};

/// A request with up to four headers and a query.
typedef struct fake {
  struct mg_request_info info;
  seg_http_request request;
} fake;

static fake *make(const char *query, const char *const *headers) {
  fake *made = calloc(1, sizeof *made);
  assert_non_null(made);
  made->info.query_string = query;
  for (; headers != NULL && headers[0] != NULL; headers += 2) {
    struct mg_header *header = &made->info.http_headers[made->info.num_headers++];
    header->name = headers[0];
    header->value = headers[1];
  }
  made->request.info = &made->info;
  made->request.method = "GET";
  made->request.match.route = &ROUTE;
  return made;
}

static void drop(fake *made) {
  seg_http_request_free(&made->request);
  free(made);
}

static seg_status parse(const char *query) {
  fake *made = make(query, NULL);
  seg_error error = {.status = SEG_OK};
  seg_status status = seg_http_query_parse(&made->request, &error);
  assert_true(status == SEG_OK || strlen(error.message) > 0);
  drop(made);
  return status;
}

static void expect_text(const char *query, const char *name, const char *wanted) {
  fake *made = make(query, NULL);
  seg_text_view value;
  assert_int_equal(seg_http_query_parse(&made->request, NULL), SEG_OK);
  // No answer is made where the client is not at fault.
  assert_true(seg_http_query_text(&made->request, NULL, name, 1000, &value));
  if (wanted == NULL) {
    assert_null(value.bytes);
  } else {
    assert_string_equal(value.bytes, wanted);
    assert_int_equal(value.size_bytes, strlen(wanted));
  }
  drop(made);
}

static void test_query(void **state) {
  (void)state;
  expect_text(NULL, "a", NULL);
  expect_text("", "a", NULL);
  expect_text("a=1&b=2", "a", "1");
  expect_text("a=1&b=2", "b", "2");
  expect_text("a=1&b=2", "c", NULL);
  expect_text("a&b", "a", "");
  expect_text("a=", "a", "");
  expect_text("=x&a=b", "a", "b");
  expect_text("&&a=1&&", "a", "1");
  expect_text("a=b=c", "a", "b=c");
  expect_text("a=x+y%2Bz%20%26%3D", "a", "x y+z &=");
  expect_text("%61=%C3%A9", "a", "\xC3\xA9");
  expect_text("A=1", "a", NULL);
}

static void test_bad_queries(void **state) {
  (void)state;
  static const char *const bad[] = {"a=%",      "a=%4",  "a=%zz", "a=%00",   "%00=a",
                                    "a=%0d%0a", "a=%ff", "a=%C3", "b&%C0%AF"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (parse(bad[i]) != SEG_E_INVALID) {
      fail_msg("%s was taken", bad[i]);
    }
  }
  char flood[4 * SEG_HTTP_QUERY_PARAMETERS_MAX + 2];
  for (size_t i = 0; i < SEG_HTTP_QUERY_PARAMETERS_MAX; i++) {
    memcpy(flood + 4 * i, "a=1&", 4);
  }
  flood[sizeof flood - 2] = '\0';
  assert_int_equal(parse(flood), SEG_OK);
  flood[sizeof flood - 2] = 'a';
  flood[sizeof flood - 1] = '\0';
  assert_int_equal(parse(flood), SEG_E_LIMIT);
}

static void test_integers(void **state) {
  (void)state;
  static const struct {
    const char *query;
    int64_t wanted;
  } cases[] = {{"n=5", 5},
               {"n=-5", -5},
               {"n=0", 0},
               {"n=", 7},
               {"m=1", 7},
               {"n=0009", 9},
               {"n=9223372036854775807", INT64_MAX}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fake *made = make(cases[i].query, NULL);
    int64_t value;
    assert_int_equal(seg_http_query_parse(&made->request, NULL), SEG_OK);
    assert_true(seg_http_query_integer(&made->request, NULL, "n", INT64_MIN, INT64_MAX, 7, &value));
    assert_true(value == cases[i].wanted);
    drop(made);
  }
  fake *made = make("a=true&b=0&c=", NULL);
  bool value;
  assert_int_equal(seg_http_query_parse(&made->request, NULL), SEG_OK);
  assert_true(seg_http_query_bool(&made->request, NULL, "a", false, &value) && value);
  assert_true(seg_http_query_bool(&made->request, NULL, "b", true, &value) && !value);
  assert_true(seg_http_query_bool(&made->request, NULL, "c", true, &value) && value);
  drop(made);
}

static void test_headers(void **state) {
  (void)state;
  const char *const headers[] = {"authorization", "bEARER  sk_1 ", "X-A", " v\t", "x-a", "w", NULL};
  fake *made = make(NULL, headers);
  seg_text_view value;
  assert_true(seg_http_request_bearer(&made->request, &value));
  assert_true(seg_text_equal(value, seg_text_of("sk_1")));
  assert_true(seg_http_request_header(&made->request, "x-A", &value));
  assert_true(seg_text_equal(value, seg_text_of("v")));
  assert_false(seg_http_request_header(&made->request, "X-B", &value));
  drop(made);
  static const char *const bad[] = {"", "Bearer", "Bearer ", "Basic abc", "Bearersk_1", "sk_1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *const one[] = {"Authorization", bad[i], NULL};
    made = make(NULL, one);
    assert_false(seg_http_request_bearer(&made->request, &value));
    drop(made);
  }
}

static void test_cookies(void **state) {
  (void)state;
  const char *const headers[] = {"Cookie", "a=1; session=abc=; sessionx=2", "Cookie", "b=3", NULL};
  fake *made = make(NULL, headers);
  seg_text_view value;
  assert_true(seg_http_request_cookie(&made->request, "session", &value));
  assert_true(seg_text_equal(value, seg_text_of("abc=")));
  assert_true(seg_http_request_cookie(&made->request, "b", &value));
  assert_false(seg_http_request_cookie(&made->request, "sess", &value));
  assert_false(seg_http_request_cookie(&made->request, "Session", &value));
  made->request.match.route = &CORS_ROUTE;
  assert_false(seg_http_request_cookie(&made->request, "session", &value));
  drop(made);
}

static void test_same_origin(void **state) {
  (void)state;
  static const struct {
    const char *origin;
    bool wanted;
  } cases[] = {{"http://h:80", true},   {"https://H:80", true},   {"http://h", false},
               {"http://h:800", false}, {"null", false},          {"ftp://h:80", false},
               {"http://h:80/", false}, {"http://x.h:80", false}, {"", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *const headers[] = {"Host", "h:80", "Origin", cases[i].origin, NULL};
    fake *made = make(NULL, headers);
    if (seg_http_request_same_origin(&made->request) != cases[i].wanted) {
      fail_msg("%s", cases[i].origin);
    }
    drop(made);
  }
  const char *const none[] = {"Host", "h:80", NULL};
  fake *made = make(NULL, none);
  assert_false(seg_http_request_same_origin(&made->request));
  drop(made);
}

static void test_parameters(void **state) {
  (void)state;
  char out[8];
  size_t size;
  seg_text_view value = seg_text_of("text/csv; A=\"x;y\" ;b=z;");
  assert_int_equal(seg_http_parameter(value, "a", out, sizeof out, &size),
                   SEG_HTTP_PARAMETER_FOUND);
  assert_string_equal(out, "x;y");
  assert_int_equal(seg_http_parameter(value, "b", out, sizeof out, &size),
                   SEG_HTTP_PARAMETER_FOUND);
  assert_int_equal(seg_http_parameter(value, "c", out, sizeof out, &size),
                   SEG_HTTP_PARAMETER_ABSENT);
  assert_int_equal(seg_http_parameter(seg_text_of(""), "c", out, sizeof out, &size),
                   SEG_HTTP_PARAMETER_ABSENT);
  static const char *const bad[] = {"t; a",  "t; a=",      "t; a=\"x",   "t; a=12345678",
                                    "t; =x", "t; a=1 b=2", "t; a=1; a=1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(seg_http_parameter(seg_text_of(bad[i]), "a", out, sizeof out, &size),
                     SEG_HTTP_PARAMETER_BAD);
  }
}

static void test_accepts_gzip(void **state) {
  (void)state;
  static const char *const yes[] = {
      "gzip",         "deflate, GZIP;q=0.5, br", "x-gzip", "*", "br, *;q=0.1",
      "gzip;q=1.000", "gzip; q=nonsense"};
  static const char *const no[] = {"",      "br",           "gzipped",      "gzip;q=0",
                                   "*;q=0", "gzip;q=0.000", "gzip; Q=0, *", "identity;q=1, br"};
  const char *headers[] = {"Accept-Encoding", NULL, NULL};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
    headers[1] = yes[i];
    fake *made = make(NULL, headers);
    assert_true(seg_http_request_accepts_gzip(&made->request));
    drop(made);
  }
  for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
    headers[1] = no[i];
    fake *made = make(NULL, headers);
    assert_false(seg_http_request_accepts_gzip(&made->request));
    drop(made);
  }
  fake *made = make(NULL, NULL);
  assert_false(seg_http_request_accepts_gzip(&made->request));
  drop(made);
}

static void test_has_answer(void **state) {
  (void)state;
  static const char *const yes[] = {"\"a-1\"", "\"x\", \"a-1\"", "W/\"a-1\"", "*",
                                    "\"x\",W/\"a-1\" ,\"y\""};
  static const char *const no[] = {"", "\"a-2\"", "a-1", "\"a-1", "\"x\", \"y\""};
  const char *headers[] = {"If-None-Match", NULL, NULL};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
    headers[1] = yes[i];
    fake *made = make(NULL, headers);
    assert_true(seg_http_request_has_answer(&made->request, "\"a-1\""));
    drop(made);
  }
  for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
    headers[1] = no[i];
    fake *made = make(NULL, headers);
    assert_false(seg_http_request_has_answer(&made->request, "\"a-1\""));
    drop(made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accepts_gzip), cmocka_unit_test(test_has_answer),
      cmocka_unit_test(test_query),        cmocka_unit_test(test_bad_queries),
      cmocka_unit_test(test_integers),     cmocka_unit_test(test_headers),
      cmocka_unit_test(test_cookies),      cmocka_unit_test(test_same_origin),
      cmocka_unit_test(test_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
