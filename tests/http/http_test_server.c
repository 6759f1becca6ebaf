// A server made of the library alone, with a route for everything that test_server.py asks about.
//
//     http_test_server [body-ms [request-ms [keep-alive-ms [per-minute [threads [listen]]]]]]
//
// Prints its port, serves until SIGTERM, stops gracefully within two seconds, and prints whether
// everything in flight had finished.
#include "http/multipart.h"
#include "http/server.h"

#include "segmentry/text.h"

#include <cJSON.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// What a stop waits for: long enough for a slow request of the test, short enough for a stuck one.
#define STOP_MS 2000

static seg_http_metrics *metrics;

static void pause_ms(int64_t ms) {
  struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
  (void)nanosleep(&span, NULL);
}

static void answer_text(seg_http_response *response, const char *name, seg_text_view value) {
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_text(json, name, value);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

static void answer_number(seg_http_response *response, const char *name, int64_t value) {
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_int(json, name, value);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

static void get_hello(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  answer_text(response, "hello", seg_text_of("world"));
}

static void get_item(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  answer_text(response, "id", seg_http_request_param(request, "id"));
}

static void post_echo(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_key(json, "body");
  seg_json_tree(json, seg_http_request_json(request));
  seg_json_member_bool(json, "given", seg_http_request_json(request) != NULL);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

static void post_raw(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  answer_number(response, "bytes", (int64_t)seg_http_request_body(request).size_bytes);
}

static bool count_piece(void *context, const char *bytes, size_t size_bytes) {
  (void)bytes;
  *(int64_t *)context += (int64_t)size_bytes;
  return true;
}

static void post_upload(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  int64_t bytes = 0;
  if (seg_http_request_stream_body(request, response, count_piece, &bytes) ==
      SEG_HTTP_STREAM_WHOLE) {
    answer_number(response, "bytes", bytes);
  }
}

static bool stop_at_once(void *context, const char *bytes, size_t size_bytes) {
  (void)context;
  (void)bytes;
  (void)size_bytes;
  return false;
}

static void post_stop(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  if (seg_http_request_stream_body(request, response, stop_at_once, NULL) ==
      SEG_HTTP_STREAM_STOPPED) {
    seg_http_respond_error(response, SEG_HTTP_VALIDATION_ERROR, "enough");
  }
}

/// A form whose files are read line by line: multipart into counts.
typedef struct form {
  seg_multipart *multipart;
  seg_error error;
  bool is_file; ///< The part that is being read.
  int64_t files;
  int64_t lines;
  int64_t bytes;
} form;

static bool part_begin(void *context, const seg_multipart_part *part) {
  form *reading = context;
  reading->is_file = part->filename.bytes != NULL;
  return true;
}

static bool part_data(void *context, const char *bytes, size_t size_bytes) {
  form *reading = context;
  for (size_t i = 0; reading->is_file && i < size_bytes; i++) {
    reading->lines += bytes[i] == '\n';
    reading->bytes++;
  }
  return true;
}

static bool part_end(void *context) {
  form *reading = context;
  reading->files += reading->is_file;
  return true;
}

static bool form_piece(void *context, const char *bytes, size_t size_bytes) {
  form *reading = context;
  seg_error error;
  if (seg_multipart_feed(reading->multipart, bytes, size_bytes, &error) == SEG_OK) {
    return true;
  }
  if (error.message[0] != '\0') {
    reading->error = error;
  }
  return false;
}

static void post_form(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  form reading = {.multipart = NULL};
  seg_multipart_events events = {
      .context = &reading, .begin = part_begin, .data = part_data, .end = part_end};
  seg_text_view type = {.bytes = NULL};
  (void)seg_http_request_header(request, "Content-Type", &type);
  if (seg_multipart_create(type, &events, &reading.multipart, &reading.error) != SEG_OK) {
    seg_http_respond_error(response, SEG_HTTP_UNSUPPORTED_MEDIA_TYPE, "%s", reading.error.message);
    return;
  }
  seg_http_stream_result result =
      seg_http_request_stream_body(request, response, form_piece, &reading);
  if (result == SEG_HTTP_STREAM_WHOLE &&
      seg_multipart_finish(reading.multipart, &reading.error) != SEG_OK) {
    result = SEG_HTTP_STREAM_STOPPED;
  }
  if (result == SEG_HTTP_STREAM_STOPPED) {
    seg_http_respond_error(response, SEG_HTTP_VALIDATION_ERROR, "%s", reading.error.message);
  } else if (result == SEG_HTTP_STREAM_WHOLE) {
    seg_json_writer *json = seg_http_response_json(response);
    seg_json_begin_object(json);
    seg_json_member_int(json, "files", reading.files);
    seg_json_member_int(json, "lines", reading.lines);
    seg_json_member_int(json, "bytes", reading.bytes);
    seg_json_end_object(json);
    seg_http_respond_json(response, 200);
  }
  seg_multipart_free(reading.multipart);
}

static void get_list(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  int64_t count;
  if (!seg_http_query_integer(request, response, "count", 0, 10000000, 10, &count)) {
    return;
  }
  seg_http_stream_begin(response, 200, "application/x-ndjson", "list.ndjson");
  char line[64];
  for (int64_t i = 0; i < count; i++) {
    int size = snprintf(line, sizeof line, "{\"i\":%lld}\n", (long long)i);
    if (!seg_http_stream_write(response, line, (size_t)size)) {
      return;
    }
  }
  seg_http_stream_end(response);
}

static void get_cut(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  static const char piece[SEG_HTTP_STREAM_PIECE_BYTES] = {'x'};
  seg_http_stream_begin(response, 200, "text/plain", NULL);
  (void)seg_http_stream_write(response, piece, sizeof piece);
}

static void get_slow(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  int64_t ms;
  if (seg_http_query_integer(request, response, "ms", 0, 60000, 100, &ms)) {
    pause_ms(ms);
    answer_number(response, "ms", ms);
  }
}

static void get_query(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  seg_text_view text;
  int64_t number;
  bool flag;
  if (!seg_http_query_text(request, response, "text", 100, &text) ||
      !seg_http_query_integer(request, response, "number", -5, 100, 20, &number) ||
      !seg_http_query_bool(request, response, "flag", true, &flag)) {
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_text(json, "text", text);
  seg_json_member_bool(json, "absent", text.bytes == NULL);
  seg_json_member_int(json, "number", number);
  seg_json_member_bool(json, "flag", flag);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

static void get_nothing(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  (void)response;
}

static void get_page(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  static const char page[] = "<!doctype html><title>page</title>";
  seg_http_response_header(response, "Cache-Control", "public, max-age=60");
  seg_http_response_header(response, "Set-Cookie", "a=b; HttpOnly");
  seg_http_respond_bytes(response, 200, "text/html; charset=utf-8", page, sizeof page - 1);
}

static void answer_caller(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  static const char *const names[] = {"none", "public", "secret", "session"};
  answer_text(response, "key", seg_text_of(names[seg_http_request_identity(request)->key]));
}

static void delete_it(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  seg_http_respond_empty(response, 204);
}

static void post_idempotent(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  seg_text_view key = {.bytes = NULL};
  (void)seg_http_request_idempotency_key(request, &key);
  answer_text(response, "key", key);
}

static void get_problems(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  (void)seg_problems_add(&problems, "groups[1].filters[0].operator", "UNKNOWN", "no %s", "such");
  (void)seg_problems_add(&problems, "", "EMPTY", "nothing");
  seg_http_failure failure = {.code = SEG_HTTP_INVALID_CONDITION,
                              .message = "two problems",
                              .problems = &problems,
                              .place = "condition",
                              .suggestion = "look"};
  seg_http_respond_failure(response, &failure);
  seg_problems_free(&problems);
}

static void get_metrics(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  seg_text_view page;
  if (seg_http_metrics_write(metrics, seg_allocator_default(), &page) != SEG_OK) {
    seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE, "no memory");
    return;
  }
  seg_http_respond_bytes(response, 200, SEG_HTTP_METRICS_CONTENT_TYPE, page.bytes, page.size_bytes);
  seg_text_free(seg_allocator_default(), page);
}

#define EVERYBODY SEG_HTTP_ACCESS_NONE
#define UPLOAD_BYTES_MAX ((size_t)256 * 1024 * 1024)

static const seg_http_route ROUTES[] = {
    {"GET", "/hello", get_hello, EVERYBODY, 0, 0, NULL},
    {"POST", "/hello", post_raw, EVERYBODY, 0, 0, NULL},
    {"GET", "/health", get_hello, EVERYBODY, SEG_HTTP_WHILE_DRAINING, 0, NULL},
    {"GET", "/items/:id", get_item, EVERYBODY, 0, 0, NULL},
    {"DELETE", "/items/:id", delete_it, EVERYBODY, 0, 0, NULL},
    {"POST", "/echo", post_echo, EVERYBODY, SEG_HTTP_JSON, 0, NULL},
    {"POST", "/optional", post_echo, EVERYBODY, SEG_HTTP_JSON | SEG_HTTP_JSON_OPTIONAL, 0, NULL},
    {"POST", "/raw", post_raw, EVERYBODY, 0, 0, NULL},
    {"POST", "/large", post_raw, EVERYBODY, 0, UPLOAD_BYTES_MAX, NULL},
    {"POST", "/upload", post_upload, EVERYBODY, SEG_HTTP_STREAMED, UPLOAD_BYTES_MAX, NULL},
    {"POST", "/stop", post_stop, EVERYBODY, SEG_HTTP_STREAMED, UPLOAD_BYTES_MAX, NULL},
    {"POST", "/form", post_form, EVERYBODY, SEG_HTTP_STREAMED, UPLOAD_BYTES_MAX, NULL},
    {"GET", "/list", get_list, EVERYBODY, 0, 0, NULL},
    {"GET", "/cut", get_cut, EVERYBODY, 0, 0, NULL},
    {"GET", "/slow", get_slow, EVERYBODY, 0, 0, NULL},
    {"GET", "/query", get_query, EVERYBODY, 0, 0, NULL},
    {"GET", "/nothing", get_nothing, EVERYBODY, 0, 0, NULL},
    {"GET", "/page", get_page, EVERYBODY, 0, 0, NULL},
    {"POST", "/track", answer_caller, SEG_HTTP_ACCESS_PUBLIC, SEG_HTTP_CORS, 0, NULL},
    {"GET", "/secret", answer_caller, SEG_HTTP_ACCESS_SECRET, 0, 0, NULL},
    {"POST", "/secret", answer_caller, SEG_HTTP_ACCESS_SECRET, 0, 0, NULL},
    {"GET", "/session", answer_caller, SEG_HTTP_ACCESS_SESSION, 0, 0, NULL},
    {"POST", "/idempotent", post_idempotent, EVERYBODY, SEG_HTTP_IDEMPOTENT, 0, NULL},
    {"GET", "/problems", get_problems, EVERYBODY, 0, 0, NULL},
    {"GET", "/metrics", get_metrics, EVERYBODY, 0, 0, NULL},
};
#define ROUTE_COUNT (sizeof ROUTES / sizeof ROUTES[0])

static seg_http_authentication authenticate(void *context, const seg_http_request *request,
                                            seg_http_identity *identity) {
  (void)context;
  seg_text_view token;
  (void)snprintf(identity->project_id, sizeof identity->project_id, "p1");
  if (seg_http_request_bearer(request, &token)) {
    // A test's keys are no secrets; the product compares in constant time.
    if (seg_text_equal(token, seg_text_of("sk_test"))) {
      identity->key = SEG_HTTP_KEY_SECRET;
    } else if (seg_text_equal(token, seg_text_of("pk_test"))) {
      identity->key = SEG_HTTP_KEY_PUBLIC;
    } else {
      return seg_text_equal(token, seg_text_of("sk_down")) ? SEG_HTTP_AUTH_UNAVAILABLE
                                                           : SEG_HTTP_AUTH_INVALID;
    }
    return SEG_HTTP_AUTHENTICATED;
  }
  if (seg_http_request_cookie(request, "session", &token) &&
      seg_text_equal(token, seg_text_of("s1"))) {
    identity->key = SEG_HTTP_KEY_SESSION;
    return SEG_HTTP_AUTHENTICATED;
  }
  return SEG_HTTP_AUTH_MISSING;
}

static void add_gauges(void *context, seg_http_metrics_writer *writer) {
  (void)context;
  char label[64];
  seg_http_metrics_gauge(writer, "segmentry_test_gauge", "A gauge.",
                         seg_http_metrics_label("name", seg_text_of("a\"b"), label, sizeof label),
                         1.5);
}

static uint32_t argument(int count, char **values, int index) {
  return index < count ? (uint32_t)strtoul(values[index], NULL, 10) : 0;
}

int main(int count, char **values) {
  sigset_t signals;
  (void)sigemptyset(&signals);
  (void)sigaddset(&signals, SIGTERM);
  (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);

  seg_http_log *log = NULL;
  seg_http_rate_limit *limit = NULL;
  seg_http_server *server = NULL;
  seg_error error = {.status = SEG_OK};
  if (seg_http_log_create(SEG_HTTP_INFO, NULL, NULL, &log) != SEG_OK ||
      seg_http_rate_limit_create(argument(count, values, 4), 42, &limit) != SEG_OK ||
      seg_http_metrics_create(ROUTES, ROUTE_COUNT, add_gauges, NULL, &metrics) != SEG_OK) {
    return 1;
  }
  seg_http_options options = {.listen = count > 6 ? values[6] : "127.0.0.1:0",
                              .body_ms_max = argument(count, values, 1),
                              .request_ms_max = argument(count, values, 2),
                              .keep_alive_ms_max = argument(count, values, 3),
                              .threads = argument(count, values, 5),
                              .authenticate = authenticate,
                              .log = log,
                              .metrics = metrics,
                              .rate_limit = limit};
  if (seg_http_server_start(&options, ROUTES, ROUTE_COUNT, NULL, &server, &error) != SEG_OK) {
    (void)fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  (void)printf("%u\n", (unsigned)seg_http_server_port(server));
  (void)fflush(stdout);
  int signal_number;
  (void)sigwait(&signals, &signal_number);
  bool finished = seg_http_server_stop(server, STOP_MS);
  (void)printf("finished %d\n", finished ? 1 : 0);
  seg_http_metrics_free(metrics);
  seg_http_rate_limit_free(limit);
  seg_http_log_free(log);
  return 0;
}
