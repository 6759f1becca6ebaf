// The metrics page and the log's lines.
#include "http/log.h"
#include "http/metrics.h"

#include "segmentry/json.h"
#include "segmentry/text.h"

#include <cJSON.h>
#include <pthread.h>
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
    {"GET", "/a", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
    {"POST", "/a/:id", handle, SEG_HTTP_ACCESS_NONE, 0, 0, NULL},
};

static void add(void *context, seg_http_metrics_writer *writer) {
  (void)context;
  char label[32];
  seg_http_metrics_gauge(writer, "g", "Help.", "a=\"1\"", 1);
  seg_http_metrics_gauge(writer, "g", "Help.", "a=\"2\"", 2.5);
  seg_http_metrics_counter(writer, "c", "More help.",
                           seg_http_metrics_label("x",
                                                  seg_text_of("a\"b\\c\nd and too long for it"),
                                                  label, sizeof label),
                           3);
}

static void test_page(void **state) {
  (void)state;
  seg_http_metrics *metrics;
  seg_text_view page;
  assert_int_equal(seg_http_metrics_create(ROUTES, 2, add, NULL, &metrics), SEG_OK);
  seg_http_metrics_count(metrics, &ROUTES[0], 200, 0.5);
  seg_http_metrics_count(metrics, &ROUTES[0], 200, 30);
  seg_http_metrics_count(metrics, &ROUTES[0], 404, 99999);
  seg_http_metrics_count(metrics, &ROUTES[1], 503, 2);
  seg_http_metrics_count(metrics, NULL, 404, 2);
  seg_http_metrics_count(metrics, NULL, 505, 2);
  seg_http_metrics_in_flight(metrics, 2);
  seg_http_metrics_in_flight(metrics, -1);
  assert_int_equal(seg_http_metrics_write(metrics, seg_allocator_default(), &page), SEG_OK);
  char *text = calloc(1, page.size_bytes + 1);
  assert_non_null(text);
  memcpy(text, page.bytes, page.size_bytes);
  static const char *const wanted[] = {
      "# TYPE segmentry_http_requests_total counter\n",
      "segmentry_http_requests_total{method=\"GET\",route=\"/a\",status=\"2xx\"} 2\n",
      "segmentry_http_requests_total{method=\"GET\",route=\"/a\",status=\"4xx\"} 1\n",
      "segmentry_http_requests_total{method=\"POST\",route=\"/a/:id\",status=\"5xx\"} 1\n",
      "segmentry_http_requests_total{method=\"\",route=\"\",status=\"4xx\"} 2\n",
      "_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.001\"} 1\n",
      "segmentry_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"10\"} 2\n",
      "segmentry_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"+Inf\"} 3\n",
      "segmentry_http_request_duration_seconds_count{method=\"GET\",route=\"/a\"} 3\n",
      "segmentry_http_requests_in_flight 1\n",
      "# HELP g Help.\n# TYPE g gauge\ng{a=\"1\"} 1\ng{a=\"2\"} 2.5\n",
      "# TYPE c counter\nc{x=\"a\\\"b\\\\c\\nd and too"};
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    if (strstr(text, wanted[i]) == NULL) {
      fail_msg("no \"%s\" in:\n%s", wanted[i], text);
    }
  }
  free(text);
  seg_text_free(seg_allocator_default(), page);
  seg_http_metrics_free(metrics);
}

static char last_line[SEG_HTTP_LOG_LINE_BYTES_MAX + 1];
static int line_count;

static void keep(void *context, const char *line, size_t size_bytes) {
  (void)context;
  assert_true(size_bytes <= SEG_HTTP_LOG_LINE_BYTES_MAX);
  assert_int_equal(line[size_bytes - 1], '\n');
  memcpy(last_line, line, size_bytes);
  last_line[size_bytes] = '\0';
  line_count++;
}

static void check_line(seg_http_log *log, const char *wanted) {
  cJSON *tree;
  seg_error error;
  assert_true(seg_http_log_flush(log));
  if (seg_json_parse(seg_text_of(last_line), 4, &tree, &error) != SEG_OK) {
    fail_msg("%s: %s", error.message, last_line);
  }
  seg_json_free(tree);
  if (strstr(last_line, wanted) == NULL) {
    fail_msg("no %s in %s", wanted, last_line);
  }
}

static void test_log(void **state) {
  (void)state;
  seg_http_log *log;
  assert_int_equal(seg_http_log_create(SEG_HTTP_INFO, keep, NULL, &log), SEG_OK);
  seg_http_log_event(log, SEG_HTTP_WARN, "store.slow", "r1", "took %d ms\n\"%s\"", 5, "\xFF");
  check_line(log, "\"level\":\"warn\",\"event\":\"store.slow\",\"requestId\":\"r1\","
                  "\"message\":\"took 5 ms\\n\\\"\xEF\xBF\xBD\\\"\"");
  seg_http_log_event(log, SEG_HTTP_DEBUG, "no", NULL, "not seen");
  assert_int_equal(line_count, 1);
  char path[5000];
  memset(path, '"', sizeof path);
  seg_http_log_request request = {.request_id = "r2",
                                  .method = "GET",
                                  .path = {.bytes = path, .size_bytes = sizeof path},
                                  .project_id = "p",
                                  .remote = "127.0.0.1",
                                  .status = 500,
                                  .duration_ms = 1.23456};
  seg_http_log_write_request(log, &request);
  check_line(log, "\"status\":500,\"ms\":1.234,");
  assert_non_null(strstr(last_line, "\"level\":\"error\""));
  request.status = 505; // the client's version, not our fault
  seg_http_log_write_request(log, &request);
  check_line(log, "\"status\":505");
  assert_non_null(strstr(last_line, "\"level\":\"info\""));
  char message[600];
  memset(message, '\x01', sizeof message);
  message[sizeof message - 1] = '\0';
  seg_http_log_event(log, SEG_HTTP_ERROR, "long", NULL, "%s", message);
  check_line(log, "\"event\":\"long\"");
  assert_int_equal(line_count, 4);
  seg_http_log_free(log);
  seg_http_log_event(NULL, SEG_HTTP_ERROR, "none", NULL, "nobody listens");
}

/// A reader who stops reading until the gate is opened, and then counts.
typedef struct slow_reader {
  pthread_mutex_t gate;
  size_t lines;
  size_t told; ///< Lines that were dropped, as the log says.
  size_t tellings;
} slow_reader;

static void read_slowly(void *context, const char *line, size_t size_bytes) {
  slow_reader *own = context;
  static const char event[] = "\"event\":\"log.dropped\",\"message\":\"";
  char text[SEG_HTTP_LOG_LINE_BYTES_MAX + 1];
  (void)pthread_mutex_lock(&own->gate);
  memcpy(text, line, size_bytes);
  text[size_bytes] = '\0';
  const char *found = strstr(text, event);
  if (found != NULL) {
    own->told += strtoul(found + sizeof event - 1, NULL, 10);
    own->tellings++;
  } else {
    own->lines++;
  }
  (void)pthread_mutex_unlock(&own->gate);
}

static void test_a_log_that_is_not_read_drops_and_tells(void **state) {
  (void)state;
  enum { LINES = 60000 }; // more than two buffers hold
  slow_reader reader = {.gate = PTHREAD_MUTEX_INITIALIZER};
  seg_http_log *log;
  assert_int_equal(seg_http_log_create(SEG_HTTP_INFO, read_slowly, &reader, &log), SEG_OK);
  for (size_t round = 1; round <= 2; round++) {
    (void)pthread_mutex_lock(&reader.gate);
    for (size_t i = 0; i < LINES; i++) {
      seg_http_log_event(log, SEG_HTTP_INFO, "busy", NULL, "line %zu of many", i);
    }
    (void)pthread_mutex_unlock(&reader.gate);
    assert_true(seg_http_log_flush(log));
    assert_int_equal(reader.lines + reader.told, LINES * round);
    assert_int_equal(reader.tellings, round);
    assert_true(reader.lines > round * SEG_HTTP_LOG_BUFFER_BYTES / 200);
  }
  seg_http_log_free(log);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_page), cmocka_unit_test(test_log),
                                     cmocka_unit_test(test_a_log_that_is_not_read_drops_and_tells)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
