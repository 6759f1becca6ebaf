/// The HTTP server: accepts connections, reads requests strictly, finds their route, checks who
/// calls and how often, runs the handler, logs and counts. It knows nothing of segments.
///
/// civetweb accepts, keeps the threads and cuts the header block; everything a client can abuse is
/// done here: what may stand in a header block, how a body ends, how long it may take.
///
/// The order in which a request is judged, the first trouble being the answer: form of the request
/// (400, 431, 505), draining (503), path (400), route (404, 405, OPTIONS), who calls (401, 403),
/// rate (429), body's size (413), its type (415), its arrival (408), its JSON (400), the handler.
#ifndef SEGMENTRY_HTTP_SERVER_H
#define SEGMENTRY_HTTP_SERVER_H

#include "http/log.h"
#include "http/metrics.h"
#include "http/rate_limit.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"
#include "segmentry/base.h"

/// Threads, and so connections served at once: one keep-alive connection holds one thread. A thread
/// that waits costs its stack's touched pages, some 50 KiB.
#define SEG_HTTP_THREADS 128
/// A request that finds this many connections open is answered with `Connection: close`, so that
/// those who wait in the queue get their turn: seven eighths of the threads.
#define SEG_HTTP_THREADS_CROWDED 112
/// Accepted connections that wait for a thread, and those the kernel keeps besides.
#define SEG_HTTP_QUEUE 512
/// An idle keep-alive connection gives its thread back after this.
#define SEG_HTTP_KEEP_ALIVE_MS 2000
/// A new connection that says nothing gives it back like an idle one. In a crowd its whole header
/// has to come within this: else a few hundred connections that say nothing, or say it byte by
/// byte, and cost their owner nothing, would keep all others waiting.
#define SEG_HTTP_CROWDED_HEADER_MS 500
/// Between two looks at a header that comes in pieces.
#define SEG_HTTP_HEADER_PAUSE_MS 5
/// A header block must be there, and a writer or reader must move on, within this.
#define SEG_HTTP_REQUEST_MS 10000
/// Bytes of a header block: a session cookie, a proxy's trail and a filter in a query fit well; 128
/// threads hold it at once.
#define SEG_HTTP_HEADER_BYTES_MAX 16384
/// Headers of a request: civetweb keeps 64 and drops the rest in silence, so one less is the most
/// that can be told apart from a flood.
#define SEG_HTTP_HEADERS_MAX 63
/// A body unless its route says otherwise: a batch of 1,000 events of a kilobyte.
#define SEG_HTTP_BODY_BYTES_MAX ((size_t)1024 * 1024)
/// A whole body must be there within this; at the default size that is 35 KB/s.
#define SEG_HTTP_BODY_MS 30000
/// A streamed body may take SEG_HTTP_BODY_MS and a second more for each of these many bytes: the
/// slowest line that anybody would send a large file over.
#define SEG_HTTP_STREAM_BYTES_A_SECOND 16384
/// In flight requests have this long to finish when the server stops.
#define SEG_HTTP_DRAIN_MS 15000

/// What `authenticate` found.
typedef enum seg_http_authentication {
  SEG_HTTP_AUTHENTICATED = 0,    ///< The identity is filled in.
  SEG_HTTP_AUTH_MISSING = 1,     ///< Nothing was shown: 401 MISSING_AUTH.
  SEG_HTTP_AUTH_INVALID = 2,     ///< A key or session that is not known: 401 INVALID_API_KEY.
  SEG_HTTP_AUTH_UNAVAILABLE = 3, ///< It cannot be said now: 503.
  SEG_HTTP_AUTH_NO_PROJECT = 4,  ///< A good session names a project that is not there: 404.
} seg_http_authentication;

/// How the server is set up. Zero in a number takes the constant above.
typedef struct seg_http_options {
  const char *listen; ///< "127.0.0.1:8080", "[::1]:8080", "8080" (loopback); port 0 takes any.
  size_t body_bytes_max;
  uint32_t body_ms_max;
  uint32_t request_ms_max;    ///< For tests: SEG_HTTP_REQUEST_MS.
  uint32_t keep_alive_ms_max; ///< For tests: SEG_HTTP_KEEP_ALIVE_MS.
  uint32_t threads;           ///< For tests: SEG_HTTP_THREADS.

  /// Says who calls, from seg_http_request_bearer or _cookie. Called on any thread, for routes
  /// whose access is not NONE. Must compare secrets in constant time. At a route with SEG_HTTP_CORS
  /// it must not look at cookies; the layer hides them there anyway.
  seg_http_authentication (*authenticate)(void *context, const seg_http_request *request,
                                          seg_http_identity *identity);
  /// optional  Called once for each SEG_HTTP_AUTHENTICATED, after the handler: gives `project`
  /// back.
  void (*release)(void *context, seg_http_identity *identity);
  /// optional  Wall clock, milliseconds since 1970-01-01 UTC; NULL asks the system.
  int64_t (*now_ms)(void *context);

  seg_http_log *log;               ///< optional, borrowed  NULL logs nothing.
  seg_http_metrics *metrics;       ///< optional, borrowed  NULL counts nothing.
  seg_http_rate_limit *rate_limit; ///< optional, borrowed  NULL limits nothing.
} seg_http_options;

/// Bytes of an address with its port and its final NUL.
#define SEG_HTTP_LISTEN_BYTES 64
/// Reads an address to listen on: "8080", which is loopback, "127.0.0.1:8080", "localhost:8080" or
/// "[::1]:8080". out  written  Host and port, an IPv6 host in brackets. False if it is none of
/// them.
bool seg_http_listen_read(const char *listen, char out[SEG_HTTP_LISTEN_BYTES]);

/// The same, before anything is done for a server: SEG_E_INVALID, and `error` says what is allowed.
seg_status seg_http_listen_check(const char *listen, seg_error *error);

typedef struct seg_http_server seg_http_server;

/// Starts to listen and serve; returns once connections are accepted. Signals should be blocked
/// before: the threads inherit the mask.
///
/// options  borrowed  Only during the call, but log, metrics and rate_limit until the stop.
/// routes   borrowed  Until the stop.
/// context  borrowed  Handed to the callbacks and the handlers.
/// error    optional  Such as an address in use.
///
/// Returns SEG_OK; SEG_E_INVALID for an address or route that is wrong or an address that cannot be
/// had; SEG_E_LIMIT; SEG_E_NOMEM.
seg_status seg_http_server_start(const seg_http_options *options, const seg_http_route *routes,
                                 size_t route_count, void *context, seg_http_server **out,
                                 seg_error *error);

/// The port that is listened on.
uint16_t seg_http_server_port(const seg_http_server *server);
/// Requests being handled now, and connections open now.
size_t seg_http_server_in_flight(const seg_http_server *server);
size_t seg_http_server_connections(const seg_http_server *server);

/// From now on new requests are answered with 503 and `Connection: close`; those in flight go on,
/// their connections close after the answer. May be called more than once, from any thread.
void seg_http_server_drain(seg_http_server *server);
/// Drains, waits until nothing is in flight but `wait_ms` at most (0: SEG_HTTP_DRAIN_MS), stops and
/// frees. Returns whether everything in flight had finished. NULL is allowed.
bool seg_http_server_stop(seg_http_server *server, uint32_t wait_ms);

#endif
