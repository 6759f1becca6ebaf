/// One request and its answer, from inside: what request.c, body.c, response.c and server.c share.
#ifndef SEGMENTRY_HTTP_EXCHANGE_H
#define SEGMENTRY_HTTP_EXCHANGE_H

#include "http/server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

struct mg_connection;
struct mg_context;
struct mg_request_info;

/// Bytes of the head of an answer: our own lines, and what handlers add.
#define SEG_HTTP_HEAD_BYTES_MAX (2048 + SEG_HTTP_RESPONSE_HEADERS_BYTES_MAX)

struct seg_http_server {
  seg_http_options options; ///< With its zeros replaced.
  void *context;
  seg_http_router *router;
  const seg_http_route *routes;
  struct mg_context *civetweb;
  uint16_t port;
  size_t crowded; ///< SEG_HTTP_THREADS_CROWDED, or in proportion.
  char id_prefix[16];
  _Atomic uint64_t id_counter;
  _Atomic size_t in_flight;
  _Atomic size_t connections;
  atomic_bool started; ///< What civetweb says from now on is no reason why it could not start.
  atomic_bool draining;
  atomic_bool aborting; ///< Whoever waits for a client gives up now.
  pthread_mutex_t sockets_mutex;
  int *sockets; ///< One place for each thread; -1 where there is no connection.
  char start_error[SEG_MESSAGE_BYTES];
};

/// How reading went on.
typedef enum seg_http_read {
  SEG_HTTP_READ_DATA = 0,
  SEG_HTTP_READ_END = 1,
  SEG_HTTP_READ_SLOW = 2,  ///< The deadline has passed.
  SEG_HTTP_READ_GONE = 3,  ///< The client has, or the server stops.
  SEG_HTTP_READ_BAD = 4,   ///< The chunks are malformed.
  SEG_HTTP_READ_LARGE = 5, ///< More than is allowed.
} seg_http_read;

/// A body on its way in. The raw bytes are first those that came with the header, then the
/// socket's.
typedef struct seg_http_body {
  const seg_http_server *server;
  int socket;
  const char *buffered;
  size_t buffered_bytes;
  uint64_t raw_bytes; ///< Taken from the connection, with the chunks' framing.
  uint64_t bytes;     ///< Handed on.
  uint64_t bytes_max;
  uint64_t left;    ///< Of the Content-Length, or of this chunk.
  int64_t began_ms; ///< Of the monotonic clock.
  bool chunked;
  bool chunk_begun;      ///< A chunk has been read from; its CRLF is still to come.
  bool whole;            ///< The body has been read to its end, or there is none.
  bool grows;            ///< The deadline grows with what has arrived.
  bool continue_wanted;  ///< 100 Continue is still to be sent.
  seg_http_read trouble; ///< Sticks; SEG_HTTP_READ_DATA while there is none.
} seg_http_body;

typedef struct seg_http_parameter_view {
  seg_text_view name;
  seg_text_view value;
} seg_http_parameter_view;

struct seg_http_request {
  seg_http_server *server;
  struct mg_connection *connection;
  const struct mg_request_info *info;
  const char *method; ///< "" if the request was not even cut.
  seg_text_view raw_path;
  char id[SEG_HTTP_REQUEST_ID_BYTES_MAX + 1];
  int64_t now_ms;
  int64_t began_us; ///< Of the monotonic clock.
  seg_http_path path;
  seg_http_match match;
  seg_http_identity identity;
  char *query; ///< The decoded parameters' memory.
  size_t query_count;
  seg_http_parameter_view query_parameters[SEG_HTTP_QUERY_PARAMETERS_MAX];
  seg_http_body body;
  char *body_bytes;
  size_t body_size_bytes;
  struct cJSON *json;
};

struct seg_http_response {
  seg_http_request *request;
  seg_json_writer json;
  int status; ///< 0: no answer yet.
  bool head_only;
  bool close;  ///< The connection ends with this answer.
  bool failed; ///< The client takes nothing.
  bool streaming;
  bool stream_chunked;
  bool cors;
  bool has_cache_control;
  bool has_csp;
  bool has_referrer_policy;
  size_t extra_bytes;
  char extra[SEG_HTTP_RESPONSE_HEADERS_BYTES_MAX]; ///< Lines with their CRLF.
  size_t head_bytes;
  char head[SEG_HTTP_HEAD_BYTES_MAX]; ///< Kept until a stream's first piece leaves.
  char *stream;
  size_t stream_bytes;
  uint64_t sent_bytes;
};

int64_t seg_http_clock_us(void);
int64_t seg_http_clock_ms(void);

/// check.c: whether civetweb cut the request as strictly as it should have. On false `failure` says
/// what is wrong, with a static message.
bool seg_http_check_form(const seg_http_request *request, seg_http_failure *failure);
/// Whether Transfer-Encoding or Content-Length announce a body, and how long: 0 for none. Only
/// after seg_http_check_form.
uint64_t seg_http_announced_bytes(const seg_http_request *request, bool *chunked);

/// request.c: fills in the id and the rest that needs no checks.
///
/// cut  civetweb has cut the header block. Where it has not, what it says of method and path may be
///      another request's, whose bytes have been written over.
void seg_http_request_init(seg_http_request *request, seg_http_server *server,
                           struct mg_connection *connection, bool cut);
void seg_http_request_free(seg_http_request *request);
/// Cuts and decodes the query. Returns SEG_OK, SEG_E_INVALID, SEG_E_LIMIT, SEG_E_NOMEM.
seg_status seg_http_query_parse(seg_http_request *request, seg_error *error);

/// body.c: a body is begun once the form is known to be right.
void seg_http_body_begin(seg_http_body *body, const seg_http_request *request);
/// Reads a piece; see seg_http_read.
seg_http_read seg_http_body_read(seg_http_body *body, char *out, size_t out_bytes, size_t *size);
/// Takes what has already arrived of a body that nobody wants, if that is all of it.
void seg_http_body_discard(seg_http_body *body);
/// Reads the whole body into the request; false if it has been answered.
bool seg_http_body_collect(seg_http_request *request, seg_http_response *response);
/// Answers a body that could not be read.
void seg_http_body_respond(seg_http_response *response, seg_http_read trouble);

/// send.c: sends all, before a deadline that grows with the size; false if the client does not take
/// it. The vectors are changed.
bool seg_http_send(const seg_http_server *server, int socket, struct iovec *vectors, size_t count);
/// Waits for `events` until `deadline_ms` of the monotonic clock, in steps, so that the end of the
/// server is noticed. SEG_HTTP_READ_DATA, _SLOW or _GONE.
seg_http_read seg_http_wait(const seg_http_server *server, int socket, short events,
                            int64_t deadline_ms);
/// Lets a client that is still sending read its answer: says that nothing more comes, and takes
/// what it sends for a moment, so that its connection is not reset over the answer.
void seg_http_linger(const seg_http_server *server, int socket);

/// response.c
void seg_http_response_init(seg_http_response *response, seg_http_request *request);
void seg_http_response_free(seg_http_response *response);

#endif
