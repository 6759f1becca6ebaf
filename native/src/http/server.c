// The server: one civetweb callback through which every request comes, in the order that server.h
// promises, and the counting that a graceful stop rests on.
#include "http/server.h"

#include "http/civetweb_unit.h"
#include "http/exchange.h"
#include "http/failure.h"
#include "http/parameters.h"

#include "segmentry/json.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

/// How often a stop looks whether everything has finished.
#define DRAIN_STEP_MS 5

static void respond_static(seg_http_response *response, seg_http_code code, const char *message) {
  seg_http_failure failure = {.code = code, .message = message};
  seg_http_respond_failure(response, &failure);
}

/// Path and query. False if it has been answered.
static bool read_target(seg_http_request *request, seg_http_response *response) {
  seg_error error;
  if (seg_http_path_parse(request->raw_path, &request->path, &error) != SEG_OK) {
    respond_static(response, SEG_HTTP_BAD_REQUEST, error.message);
    return false;
  }
  seg_status status = seg_http_query_parse(request, &error);
  if (status != SEG_OK) {
    respond_static(response,
                   status == SEG_E_NOMEM ? SEG_HTTP_SERVICE_UNAVAILABLE : SEG_HTTP_BAD_REQUEST,
                   error.message);
    return false;
  }
  return true;
}

/// Another origin's page asks what it may do.
static void respond_preflight(seg_http_request *request, seg_http_response *response) {
  seg_http_response_header(response, "Access-Control-Allow-Methods",
                           request->match.cors_route->method);
  seg_http_response_header(response, "Access-Control-Allow-Headers",
                           "Authorization, Content-Type, Idempotency-Key, X-Request-ID");
  seg_http_response_header(response, "Access-Control-Max-Age", "86400");
  seg_http_response_header(response, "Allow", request->match.allow);
  seg_http_respond_empty(response, 204);
}

/// The route. False if it has been answered.
static bool find_route(seg_http_request *request, seg_http_response *response) {
  seg_http_match *match = &request->match;
  seg_http_router_match(request->server->router, request->method, &request->path, match);
  response->cors = match->cors_route != NULL;
  bool waits = match->route != NULL && (match->route->flags & SEG_HTTP_WHILE_DRAINING) != 0;
  if (atomic_load(&request->server->draining) && !waits) {
    respond_static(response, SEG_HTTP_SERVICE_UNAVAILABLE,
                   "the server is stopping and takes no new requests");
    return false;
  }
  if (match->route != NULL) {
    return true;
  }
  if (!match->path_known) {
    seg_http_respond_error(response, SEG_HTTP_RESOURCE_NOT_FOUND, "there is nothing at %.200s",
                           request->raw_path.bytes);
  } else if (match->cors_route != NULL && strcmp(request->method, "OPTIONS") == 0) {
    respond_preflight(request, response);
  } else {
    seg_http_response_header(response, "Allow", match->allow);
    seg_http_respond_error(response, SEG_HTTP_METHOD_NOT_ALLOWED,
                           "the method %s is not allowed here; allowed: %s", request->method,
                           match->allow);
  }
  return false;
}

static bool changes_state(const seg_http_request *request) {
  return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

/// What the identity may do here. False if it has been answered.
static bool check_access(seg_http_request *request, seg_http_response *response) {
  seg_http_key key = request->identity.key;
  seg_http_access access = request->match.route->access;
  if (access == SEG_HTTP_ACCESS_SECRET && key == SEG_HTTP_KEY_PUBLIC) {
    respond_static(response, SEG_HTTP_FORBIDDEN,
                   "a public key (pk_) may only track events; this needs the secret key (sk_)");
    return false;
  }
  if (access == SEG_HTTP_ACCESS_SESSION && key != SEG_HTTP_KEY_SESSION) {
    respond_static(response, SEG_HTTP_FORBIDDEN, "this needs a dashboard session, not a key");
    return false;
  }
  if (key == SEG_HTTP_KEY_SESSION && changes_state(request) &&
      !seg_http_request_same_origin(request)) {
    respond_static(response, SEG_HTTP_FORBIDDEN,
                   "a change with a session needs an Origin header that names this server");
    return false;
  }
  return true;
}

/// Who calls. False if it has been answered.
static bool authenticate(seg_http_request *request, seg_http_response *response) {
  const seg_http_options *options = &request->server->options;
  if (request->match.route->access == SEG_HTTP_ACCESS_NONE) {
    return true;
  }
  seg_http_authentication result = SEG_HTTP_AUTH_MISSING;
  if (options->authenticate != NULL) {
    result = options->authenticate(request->server->context, request, &request->identity);
  }
  switch (result) {
  case SEG_HTTP_AUTHENTICATED:
    return check_access(request, response);
  case SEG_HTTP_AUTH_UNAVAILABLE:
    memset(&request->identity, 0, sizeof request->identity); // half filled in, perhaps
    respond_static(response, SEG_HTTP_SERVICE_UNAVAILABLE, "keys cannot be checked now; try again");
    return false;
  case SEG_HTTP_AUTH_NO_PROJECT:
    memset(&request->identity, 0, sizeof request->identity);
    respond_static(response, SEG_HTTP_RESOURCE_NOT_FOUND, "there is no such project");
    return false;
  default:
    memset(&request->identity, 0, sizeof request->identity);
    seg_http_response_header(response, "WWW-Authenticate", "Bearer");
    if (result == SEG_HTTP_AUTH_MISSING) {
      respond_static(response, SEG_HTTP_MISSING_AUTH,
                     "no key; send it as `Authorization: Bearer sk_...`");
    } else {
      respond_static(response, SEG_HTTP_INVALID_API_KEY, "the key or session is not known");
    }
    return false;
  }
}

/// How often. False if it has been answered.
static bool check_rate(seg_http_request *request, seg_http_response *response) {
  const seg_http_options *options = &request->server->options;
  uint32_t retry_after_seconds = 0;
  if (options->rate_limit == NULL || request->identity.key == SEG_HTTP_KEY_NONE ||
      (request->match.route->flags & SEG_HTTP_UNLIMITED) != 0 ||
      seg_http_rate_limit_take(options->rate_limit, seg_text_of(request->identity.project_id),
                               request->began_us / 1000, &retry_after_seconds)) {
    return true;
  }
  seg_http_respond_too_many(response, retry_after_seconds);
  return false;
}

/// The headers that say how the body is meant. False if it has been answered.
static bool check_body_headers(seg_http_request *request, seg_http_response *response) {
  const seg_http_route *route = request->match.route;
  seg_http_body *body = &request->body;
  seg_text_view value;
  body->bytes_max =
      route->body_bytes_max > 0 ? route->body_bytes_max : request->server->options.body_bytes_max;
  if (seg_http_request_header(request, "Expect", &value)) {
    if (!seg_http_equal_nocase(value, "100-continue")) {
      respond_static(response, SEG_HTTP_EXPECTATION_FAILED,
                     "Expect is something else than 100-continue; only that is known");
      return false;
    }
    body->continue_wanted = strcmp(request->info->http_version, "1.0") != 0;
  }
  if (!body->chunked && body->left > body->bytes_max) {
    seg_http_respond_error(response, SEG_HTTP_PAYLOAD_TOO_LARGE,
                           "the body has %llu bytes; %llu are allowed here",
                           (unsigned long long)body->left, (unsigned long long)body->bytes_max);
    return false;
  }
  if (seg_http_request_idempotency_key(request, &value)) {
    bool sane = value.size_bytes > 0 && value.size_bytes <= SEG_HTTP_IDEMPOTENCY_KEY_BYTES_MAX;
    for (size_t i = 0; sane && i < value.size_bytes; i++) {
      sane = value.bytes[i] >= 0x20 && value.bytes[i] < 0x7F;
    }
    if (!sane) {
      seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                             "Idempotency-Key is not 1 to %d printable ASCII characters",
                             SEG_HTTP_IDEMPOTENCY_KEY_BYTES_MAX);
      return false;
    }
  }
  return true;
}

static bool is_json_type(const seg_http_request *request) {
  seg_text_view type;
  char charset[16];
  size_t size;
  if (!seg_http_request_header(request, "Content-Type", &type) ||
      !seg_http_equal_nocase(seg_http_value_main(type), "application/json")) {
    return false;
  }
  seg_http_parameter_result found =
      seg_http_parameter(type, "charset", charset, sizeof charset, &size);
  return found == SEG_HTTP_PARAMETER_ABSENT ||
         (found == SEG_HTTP_PARAMETER_FOUND &&
          seg_http_equal_nocase(seg_text_of(charset), "utf-8"));
}

/// The body's JSON. False if it has been answered.
static bool parse_json(seg_http_request *request, seg_http_response *response) {
  seg_error error;
  seg_status status = seg_json_parse(seg_http_request_body(request), SEG_HTTP_JSON_DEPTH_MAX,
                                     &request->json, &error);
  if (status == SEG_OK) {
    return true;
  }
  if (status == SEG_E_NOMEM) {
    respond_static(response, SEG_HTTP_SERVICE_UNAVAILABLE, error.message);
    return false;
  }
  // Core leaves the line out where there is only one; here both are promised.
  const char *column = strstr(error.message, "column ");
  const char *trouble = column == NULL ? NULL : strstr(column, ": ");
  seg_http_respond_error(response, SEG_HTTP_INVALID_REQUEST_BODY,
                         "the body is not JSON: line %zu, column %zu: %s", error.line, error.column,
                         trouble == NULL ? error.message : trouble + 2);
  return false;
}

/// The body, as the route wants it. False if it has been answered.
static bool read_body(seg_http_request *request, seg_http_response *response) {
  unsigned flags = request->match.route->flags;
  bool json = (flags & SEG_HTTP_JSON) != 0;
  if (json && !request->body.whole && !is_json_type(request)) {
    respond_static(
        response, SEG_HTTP_UNSUPPORTED_MEDIA_TYPE,
        "the Content-Type is not application/json in UTF-8, which is what is taken here");
    return false;
  }
  if ((flags & SEG_HTTP_STREAMED) != 0) {
    return true;
  }
  if (!seg_http_body_collect(request, response)) {
    return false;
  }
  if (!json || (request->body_size_bytes == 0 && (flags & SEG_HTTP_JSON_OPTIONAL) != 0)) {
    return true;
  }
  return parse_json(request, response);
}

/// A request that civetweb has cut, up to its answer.
static void judge(seg_http_request *request, seg_http_response *response) {
  seg_http_failure failure;
  if (!seg_http_check_form(request, &failure)) {
    response->close = true; // where this one ends is anybody's guess
    seg_http_respond_failure(response, &failure);
    return;
  }
  seg_http_body_begin(&request->body, request);
  if (!read_target(request, response) || !find_route(request, response) ||
      !authenticate(request, response) || !check_rate(request, response) ||
      !check_body_headers(request, response) || !read_body(request, response)) {
    return;
  }
  request->match.route->handler(request->server->context, request, response);
  if (!seg_http_response_done(response)) {
    seg_http_log_event(request->server->options.log, SEG_HTTP_ERROR, "http.no_answer", request->id,
                       "the handler of %s %s gave no answer", request->method,
                       request->match.route->pattern);
    respond_static(response, SEG_HTTP_INTERNAL_SERVER_ERROR, "the request was not answered");
  }
}

/// After the answer: what the connection needs, what is logged and counted, what is freed.
static void finish(seg_http_request *request, seg_http_response *response) {
  seg_http_server *server = request->server;
  if (response->streaming) {
    mg_disable_connection_keep_alive(request->connection); // cut: its end was never reached
    response->close = true;
  }
  if (response->close && !response->failed && !request->body.whole) {
    seg_http_linger(server, seg_civetweb_socket(request->connection));
  }
  seg_civetweb_body_taken(request->connection, request->body.raw_bytes);
  if (request->identity.key != SEG_HTTP_KEY_NONE && server->options.release != NULL) {
    server->options.release(server->context, &request->identity);
  }
  const seg_http_route *route = request->match.route;
  double duration_ms = (double)(seg_http_clock_us() - request->began_us) / 1000.0;
  seg_http_metrics_count(server->options.metrics, route, response->status, duration_ms);
  seg_http_log_request line = {.request_id = request->id,
                               .method = request->method,
                               .path = request->raw_path,
                               .route = route == NULL ? NULL : route->pattern,
                               .project_id = request->identity.project_id,
                               .remote = request->info->remote_addr,
                               .status = response->status,
                               .duration_ms = duration_ms,
                               .received_bytes = request->body.bytes,
                               .sent_bytes = response->sent_bytes};
  seg_http_log_write_request(server->options.log, &line);
  seg_http_response_free(response);
  seg_http_request_free(request);
}

static seg_http_server *server_of(const struct mg_connection *connection) {
  return mg_get_user_data(mg_get_context(connection));
}

static void enter(seg_http_server *server) {
  atomic_fetch_add(&server->in_flight, 1);
  seg_http_metrics_in_flight(server->options.metrics, 1);
}

static void leave(seg_http_server *server) {
  seg_http_metrics_in_flight(server->options.metrics, -1);
  atomic_fetch_sub(&server->in_flight, 1);
}

/// civetweb: a header block has been cut.
static int on_request(struct mg_connection *connection) {
  seg_http_server *server = server_of(connection);
  seg_http_request request;
  seg_http_response response;
  enter(server);
  seg_http_request_init(&request, server, connection, true);
  seg_http_response_init(&response, &request);
  judge(&request, &response);
  int status = response.status;
  finish(&request, &response);
  leave(server);
  return status;
}

/// Why civetweb would not cut a header block, in our words.
static seg_http_failure explain(const struct mg_connection *connection, int status) {
  seg_civetweb_bytes received = seg_civetweb_received(connection);
  if (status == 413 || received.size_bytes >= SEG_HTTP_HEADER_BYTES_MAX) {
    return (seg_http_failure){.code = SEG_HTTP_HEADERS_TOO_LARGE,
                              .message =
                                  "the header has over 16384 bytes, which is all it may have"};
  }
  if (status == 505) {
    return (seg_http_failure){.code = SEG_HTTP_VERSION_NOT_SUPPORTED,
                              .message = "the version is neither HTTP/1.1 nor HTTP/1.0"};
  }
  if (status == 411) {
    return (seg_http_failure){.code = SEG_HTTP_BAD_REQUEST,
                              .message = "Content-Length is not a plain number of bytes"};
  }
  // A block without its end and without a fault has come too slowly.
  bool clean = status == 400 && mg_get_request_info(connection)->request_method == NULL;
  for (size_t i = 0; clean && i < received.size_bytes; i++) {
    unsigned char byte = (unsigned char)received.bytes[i];
    clean = byte == '\r' || byte == '\n' || (byte >= 0x20 && byte != 0x7F);
  }
  if (clean) {
    return (seg_http_failure){.code = SEG_HTTP_REQUEST_TIMEOUT,
                              .message = "the header came too slowly, or was cut"};
  }
  return (seg_http_failure){.code = SEG_HTTP_BAD_REQUEST,
                            .message = "the header is not HTTP: a line is malformed, the method is "
                                       "unknown, or it has a control character"};
}

/// civetweb: it would have answered with an error of its own.
static int on_error(struct mg_connection *connection, int status, const char *message) {
  (void)message;
  seg_http_server *server = server_of(connection);
  seg_http_request request;
  seg_http_response response;
  enter(server);
  seg_http_request_init(&request, server, connection, false);
  seg_http_response_init(&response, &request);
  seg_http_failure failure = explain(connection, status);
  response.close = true;
  seg_http_respond_failure(&response, &failure);
  finish(&request, &response);
  leave(server);
  return 0;
}

typedef enum header_state { HEADER_SILENT, HEADER_CUT, HEADER_WHOLE } header_state;

/// What has come of a header block, which is left where it is. WHOLE also if nothing more will
/// come.
static header_state look_at_header(int socket) {
  char bytes[SEG_HTTP_HEADER_BYTES_MAX];
  ssize_t size = recv(socket, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0) {
    return errno == EAGAIN || errno == EWOULDBLOCK ? HEADER_SILENT : HEADER_WHOLE;
  }
  bool is_whole = size == 0 || (size_t)size == sizeof bytes ||
                  memmem(bytes, (size_t)size, "\r\n\r\n", 4) != NULL;
  return is_whole ? HEADER_WHOLE : HEADER_CUT;
}

/// How long a new connection may take for its header, as things are now.
static int64_t header_ms(const seg_http_server *server, header_state state) {
  const seg_http_options *options = &server->options;
  int64_t ms = state == HEADER_SILENT ? options->keep_alive_ms_max : options->request_ms_max;
  bool crowded = atomic_load(&server->connections) >= server->crowded;
  return crowded && ms > SEG_HTTP_CROWDED_HEADER_MS ? SEG_HTTP_CROWDED_HEADER_MS : ms;
}

/// Gives up a new connection whose header does not come: civetweb would give each as long as the
/// slowest may take, however many others wait.
static void await_header(const seg_http_server *server, int socket) {
  struct timespec pause = {.tv_nsec = (long)SEG_HTTP_HEADER_PAUSE_MS * 1000000};
  struct pollfd silent = {.fd = socket, .events = POLLIN};
  int64_t waited_ms = 0;
  header_state state;
  while ((state = look_at_header(socket)) != HEADER_WHOLE) {
    if (waited_ms >= header_ms(server, state)) {
      (void)shutdown(socket, SHUT_RD); // what has come is answered as a header that was cut
      return;
    }
    if (state == HEADER_SILENT) {
      (void)poll(&silent, 1, SEG_HTTP_HEADER_PAUSE_MS);
    } else {
      (void)nanosleep(&pause, NULL);
    }
    waited_ms += SEG_HTTP_HEADER_PAUSE_MS;
  }
}

/// civetweb: a thread takes up a connection. Its socket is kept so that a stop can wake the thread.
static int on_open(const struct mg_connection *connection, void **data) {
  seg_http_server *server = server_of(connection);
  *data = NULL;
  atomic_fetch_add(&server->connections, 1);
  seg_http_metrics_connections(server->options.metrics, 1);
  (void)pthread_mutex_lock(&server->sockets_mutex);
  for (uint32_t i = 0; i < server->options.threads; i++) {
    if (server->sockets[i] < 0) {
      server->sockets[i] = seg_civetweb_socket(connection);
      *data = &server->sockets[i];
      break;
    }
  }
  (void)pthread_mutex_unlock(&server->sockets_mutex);
  await_header(server, seg_civetweb_socket(connection));
  return 0;
}

/// civetweb: a connection is about to be closed.
static void on_close(const struct mg_connection *connection) {
  seg_http_server *server = server_of(connection);
  int *socket = mg_get_user_connection_data(connection);
  if (socket != NULL) {
    (void)pthread_mutex_lock(&server->sockets_mutex);
    *socket = -1;
    (void)pthread_mutex_unlock(&server->sockets_mutex);
  }
  seg_http_metrics_connections(server->options.metrics, -1);
  atomic_fetch_sub(&server->connections, 1);
}

/// civetweb: it has something to say. Before the start is over that is why it fails.
static int on_message(const struct mg_connection *connection, const char *message) {
  seg_http_server *server = connection == NULL ? NULL : server_of(connection);
  if (server != NULL && !atomic_load(&server->started)) {
    if (server->start_error[0] == '\0') { // the first one is the cause of the others
      (void)snprintf(server->start_error, sizeof server->start_error, "%s", message);
    }
  } else if (server != NULL) {
    seg_http_log_event(server->options.log, SEG_HTTP_DEBUG, "http.civetweb", NULL, "%s", message);
  }
  return 1;
}

bool seg_http_listen_read(const char *listen, char out[SEG_HTTP_LISTEN_BYTES]) {
  char host[SEG_HTTP_LISTEN_BYTES] = "127.0.0.1";
  const char *colon = strrchr(listen, ':');
  const char *port = colon == NULL ? listen : colon + 1;
  if (colon != NULL && colon > listen) {
    bool bracketed = listen[0] == '[' && colon[-1] == ']';
    size_t size = (size_t)(colon - listen) - (bracketed ? 2 : 0);
    if (size == 0 || size >= sizeof host - 16) {
      return false;
    }
    memcpy(host, listen + (bracketed ? 1 : 0), size);
    host[size] = '\0';
    if (strcmp(host, "localhost") == 0) {
      (void)snprintf(host, sizeof host, "127.0.0.1");
    }
    unsigned char address[16];
    if (inet_pton(bracketed ? AF_INET6 : AF_INET, host, address) != 1) {
      return false;
    }
  }
  size_t digits = strspn(port, "0123456789");
  unsigned long number = strtoul(port, NULL, 10);
  if (digits == 0 || digits > 5 || port[digits] != '\0' || number > 65535) {
    return false;
  }
  bool six = strchr(host, ':') != NULL;
  (void)snprintf(out, SEG_HTTP_LISTEN_BYTES, "%s%.44s%s:%lu", six ? "[" : "", host, six ? "]" : "",
                 number);
  return true;
}

static seg_status read_listen(const char *listen, char out[SEG_HTTP_LISTEN_BYTES],
                              seg_error *error) {
  if (listen != NULL && seg_http_listen_read(listen, out)) {
    return seg_http_accept(error);
  }
  return seg_http_refuse(
      error, SEG_E_INVALID,
      "the address to listen on is \"%.100s\"; allowed are PORT, "
      "IPv4-ADDRESS:PORT and [IPv6-ADDRESS]:PORT, such as 127.0.0.1:8080, with a "
      "port from 0 to 65535",
      listen == NULL ? "" : listen);
}

seg_status seg_http_listen_check(const char *listen, seg_error *error) {
  char read[SEG_HTTP_LISTEN_BYTES];
  return read_listen(listen, read, error);
}

static void fill_options(seg_http_server *server, const seg_http_options *options) {
  server->options = *options;
  seg_http_options *filled = &server->options;
  filled->body_bytes_max =
      options->body_bytes_max > 0 ? options->body_bytes_max : SEG_HTTP_BODY_BYTES_MAX;
  filled->body_ms_max = options->body_ms_max > 0 ? options->body_ms_max : SEG_HTTP_BODY_MS;
  filled->request_ms_max =
      options->request_ms_max > 0 ? options->request_ms_max : SEG_HTTP_REQUEST_MS;
  filled->keep_alive_ms_max =
      options->keep_alive_ms_max > 0 ? options->keep_alive_ms_max : SEG_HTTP_KEEP_ALIVE_MS;
  filled->threads = options->threads > 0 ? options->threads : SEG_HTTP_THREADS;
  // With few threads, as in tests, the last one is the crowd.
  server->crowded = (size_t)filled->threads * SEG_HTTP_THREADS_CROWDED / SEG_HTTP_THREADS;
  server->crowded += server->crowded == 0 ? 1 : 0;
}

static seg_status start_civetweb(seg_http_server *server, const char *listen, seg_error *error) {
  char threads[16];
  char request_ms[16];
  char keep_alive_ms[16];
  char header_bytes[16];
  char queue[16];
  (void)snprintf(threads, sizeof threads, "%u", (unsigned)server->options.threads);
  (void)snprintf(request_ms, sizeof request_ms, "%u", (unsigned)server->options.request_ms_max);
  (void)snprintf(keep_alive_ms, sizeof keep_alive_ms, "%u",
                 (unsigned)server->options.keep_alive_ms_max);
  (void)snprintf(header_bytes, sizeof header_bytes, "%d", SEG_HTTP_HEADER_BYTES_MAX);
  (void)snprintf(queue, sizeof queue, "%d", SEG_HTTP_QUEUE);
  const char *options[] = {"listening_ports",
                           listen,
                           "num_threads",
                           threads,
                           "tcp_nodelay",
                           "1",
                           "max_request_size",
                           header_bytes,
                           "connection_queue",
                           queue,
                           "listen_backlog",
                           queue,
                           "enable_keep_alive",
                           "yes",
                           "request_timeout_ms",
                           request_ms,
                           "keep_alive_timeout_ms",
                           keep_alive_ms,
                           "decode_url",
                           "no",
                           "decode_query_string",
                           "no",
                           "enable_auth_domain_check",
                           "no",
                           "access_control_allow_origin",
                           "",
                           "access_control_allow_methods",
                           "",
                           "access_control_allow_headers",
                           "",
                           NULL};
  struct mg_callbacks callbacks;
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.begin_request = on_request;
  callbacks.http_error = on_error;
  callbacks.init_connection = on_open;
  callbacks.connection_close = on_close;
  callbacks.log_message = on_message;
  (void)mg_init_library(MG_FEATURES_DEFAULT);
  struct mg_context *civetweb = mg_start(&callbacks, server, options);
  if (civetweb == NULL) {
    (void)mg_exit_library();
    return seg_http_refuse(error, SEG_E_INVALID, "cannot listen on %s: %s", listen,
                           server->start_error[0] == '\0' ? "no reason given"
                                                          : server->start_error);
  }
  server->civetweb = civetweb;
  atomic_store(&server->started, true);
  struct mg_server_port port;
  if (mg_get_server_ports(civetweb, 1, &port) == 1) {
    server->port = (uint16_t)port.port;
  }
  return SEG_OK;
}

static void free_server(seg_http_server *server) {
  seg_http_router_free(server->router);
  (void)pthread_mutex_destroy(&server->sockets_mutex);
  free(server->sockets);
  free(server);
}

/// Ids are unique from one start to the next by twelve random digits, within it by a counter.
static void choose_id_prefix(seg_http_server *server) {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
    random = (uint64_t)seg_http_clock_us() * UINT64_C(0x9e3779b97f4a7c15);
  }
  (void)snprintf(server->id_prefix, sizeof server->id_prefix, "%012llx",
                 (unsigned long long)(random >> 16));
}

seg_status seg_http_server_start(const seg_http_options *options, const seg_http_route *routes,
                                 size_t route_count, void *context, seg_http_server **out,
                                 seg_error *error) {
  char listen[SEG_HTTP_LISTEN_BYTES];
  if (read_listen(options->listen, listen, error) != SEG_OK) {
    return SEG_E_INVALID;
  }
  seg_http_server *server = calloc(1, sizeof *server);
  if (server == NULL) {
    return seg_http_refuse(error, SEG_E_NOMEM, "out of memory");
  }
  fill_options(server, options);
  server->context = context;
  server->routes = routes;
  (void)pthread_mutex_init(&server->sockets_mutex, NULL); // cannot fail with default attributes
  choose_id_prefix(server);
  server->sockets = malloc(server->options.threads * sizeof server->sockets[0]);
  for (uint32_t i = 0; server->sockets != NULL && i < server->options.threads; i++) {
    server->sockets[i] = -1;
  }
  seg_status status = server->sockets == NULL
                          ? seg_http_refuse(error, SEG_E_NOMEM, "out of memory")
                          : seg_http_router_create(routes, route_count, &server->router, error);
  if (status == SEG_OK) {
    status = start_civetweb(server, listen, error);
  }
  if (status != SEG_OK) {
    free_server(server);
    return status;
  }
  *out = server;
  return seg_http_accept(error);
}

uint16_t seg_http_server_port(const seg_http_server *server) { return server->port; }

size_t seg_http_server_in_flight(const seg_http_server *server) {
  return atomic_load(&server->in_flight);
}

size_t seg_http_server_connections(const seg_http_server *server) {
  return atomic_load(&server->connections);
}

void seg_http_server_drain(seg_http_server *server) { atomic_store(&server->draining, true); }

/// Wakes the threads that wait on a connection: nothing more is read from it.
static void wake(seg_http_server *server) {
  (void)pthread_mutex_lock(&server->sockets_mutex);
  for (uint32_t i = 0; i < server->options.threads; i++) {
    if (server->sockets[i] >= 0) {
      (void)shutdown(server->sockets[i], SHUT_RD);
    }
  }
  (void)pthread_mutex_unlock(&server->sockets_mutex);
}

bool seg_http_server_stop(seg_http_server *server, uint32_t wait_ms) {
  if (server == NULL) {
    return true;
  }
  seg_http_server_drain(server);
  int64_t deadline_ms = seg_http_clock_ms() + (wait_ms > 0 ? wait_ms : SEG_HTTP_DRAIN_MS);
  while (atomic_load(&server->in_flight) > 0 && seg_http_clock_ms() < deadline_ms) {
    struct timespec step = {.tv_nsec = DRAIN_STEP_MS * 1000000L};
    (void)nanosleep(&step, NULL);
  }
  bool finished = atomic_load(&server->in_flight) == 0;
  atomic_store(&server->aborting, true);
  wake(server);
  mg_stop(server->civetweb);
  (void)mg_exit_library();
  free_server(server);
  return finished;
}
