/// The route table: which handler answers a method and a path, who may call it, and how.
///
/// A pattern is a path whose segments are literal or a parameter: `/segments/:id/members`. A path
/// matches a pattern when both have as many segments and every literal one is equal, byte for byte;
/// nothing matches by prefix, and `/segments/` is not `/segments`. A literal goes before a
/// parameter, so `/segments/preview` and `/segments/:id` live side by side; and it does so for all
/// methods, so that GET /segments/preview is no segment (but see SEG_HTTP_ANY_NAME).
///
/// Ownership: routes are borrowed and must outlive the router; they are usually a static table.
/// Threads: a router does not change once made; any number of threads may ask it.
#ifndef SEGMENTRY_HTTP_ROUTER_H
#define SEGMENTRY_HTTP_ROUTER_H

#include "segmentry/base.h"

typedef struct seg_http_request seg_http_request;
typedef struct seg_http_response seg_http_response;

/// Segments of a path: the longest pattern has five (`/contacts/fields/:field/values`, and one to
/// spare for what comes); a path with more is a 404 whatever it says.
#define SEG_HTTP_PATH_SEGMENTS_MAX 8
/// Bytes of a path before decoding: five segments of 250 bytes (an event's name), each byte as %XX.
#define SEG_HTTP_PATH_BYTES_MAX 4096
/// Routes of one table: about ninety are planned; Allow and metrics keep a bit or a row for each.
#define SEG_HTTP_ROUTES_MAX 256

/// Answers one request. Must give exactly one answer (a `seg_http_respond_…`, or a stream from
/// begin to end); one that gives none is answered with 500 and logged.
///
/// context   borrowed  What seg_http_server_start was given.
/// request   borrowed  Until the handler returns, with all that is read from it.
/// response  borrowed  Until the handler returns.
typedef void (*seg_http_handler)(void *context, seg_http_request *request,
                                 seg_http_response *response);

/// Who may call a route. What is not allowed is answered before the handler runs.
typedef enum seg_http_access {
  SEG_HTTP_ACCESS_NONE = 0,    ///< Everybody; `authenticate` is not asked.
  SEG_HTTP_ACCESS_PUBLIC = 1,  ///< A public key, a secret key or a session.
  SEG_HTTP_ACCESS_SECRET = 2,  ///< A secret key or a session; a public key is 403.
  SEG_HTTP_ACCESS_SESSION = 3, ///< A dashboard session only; any key is 403.
} seg_http_access;

/// The body is JSON: Content-Type must be application/json (415 otherwise), the text is parsed
/// before the handler runs (400 INVALID_REQUEST_BODY otherwise); seg_http_request_json gives it.
#define SEG_HTTP_JSON 0x01U
/// With SEG_HTTP_JSON: no body at all is fine too, and seg_http_request_json gives NULL.
#define SEG_HTTP_JSON_OPTIONAL 0x02U
/// The body is not read before the handler runs: it calls seg_http_request_stream_body.
#define SEG_HTTP_STREAMED 0x04U
/// Pages of other origins may call it: OPTIONS is answered for this path and every answer has
/// `Access-Control-Allow-Origin: *`. Never with a session: cookies are not looked at here.
#define SEG_HTTP_CORS 0x08U
/// An Idempotency-Key counts here. The layer checks its form (400 otherwise); the handler, or what
/// wraps it, acts on seg_http_request_idempotency_key.
#define SEG_HTTP_IDEMPOTENT 0x10U
/// Not counted against the project's rate.
#define SEG_HTTP_UNLIMITED 0x20U
/// Answered even while the server drains: for /health.
#define SEG_HTTP_WHILE_DRAINING 0x40U
/// The parameters are names that others chose, so they may be any text: the route also takes the
/// paths for which other methods have a closer pattern.
#define SEG_HTTP_ANY_NAME 0x80U

/// One row of the table. A GET route answers HEAD as well, without the body.
typedef struct seg_http_route {
  const char *method;  ///< "GET", "POST", "PUT", "PATCH" or "DELETE".
  const char *pattern; ///< "/segments/:id/members"; also the route's name in logs and metrics.
  seg_http_handler handler;
  seg_http_access access;
  unsigned flags;        ///< SEG_HTTP_…, or 0.
  size_t body_bytes_max; ///< A body may have this many bytes; 0 takes the server's default.
  const void *data;      ///< Whatever the handler wants to find through its route; NULL is fine.
} seg_http_route;

typedef struct seg_http_router seg_http_router;

/// Makes a router.
///
/// routes  borrowed  Until the router is freed.
/// error   optional  Names the row that is wrong.
///
/// Returns SEG_OK; SEG_E_INVALID for an unknown method, a pattern that does not start with a slash
/// or has an empty segment, two parameters of one name, two rows for one method and shape, or flags
/// that contradict each other; SEG_E_LIMIT; SEG_E_NOMEM.
seg_status seg_http_router_create(const seg_http_route *routes, size_t count, seg_http_router **out,
                                  seg_error *error);
void seg_http_router_free(seg_http_router *router);

/// A path, cut at its slashes and decoded segment by segment. `bytes` of each segment ends with a
/// NUL that is not counted.
typedef struct seg_http_path {
  size_t count;
  seg_text_view segments[SEG_HTTP_PATH_SEGMENTS_MAX];
  char storage[SEG_HTTP_PATH_BYTES_MAX + SEG_HTTP_PATH_SEGMENTS_MAX + 1];
  bool too_deep; ///< It has more segments than any pattern: nothing matches.
} seg_http_path;

/// Cuts and decodes a raw path. `.` and `..` are names like any other; an empty segment stays one.
/// "/" alone has no segments.
///
/// error  optional  For people.
///
/// Returns SEG_OK; SEG_E_INVALID if it does not start with a slash, an escape is not two
/// hexadecimal digits, or a segment decodes to a control character (so also %00, CR, LF) or to
/// bytes that are not UTF-8; SEG_E_LIMIT over SEG_HTTP_PATH_BYTES_MAX.
seg_status seg_http_path_parse(seg_text_view raw, seg_http_path *out, seg_error *error);

/// Bytes of an Allow value: seven methods and their commas.
#define SEG_HTTP_ALLOW_BYTES 64

/// What a look-up found.
typedef struct seg_http_match {
  const seg_http_route *route;      ///< NULL: 404 or 405.
  const seg_http_route *cors_route; ///< Some route of this path with SEG_HTTP_CORS; NULL if none.
  bool path_known;                  ///< false: 404. true without `route`: 405.
  char allow[SEG_HTTP_ALLOW_BYTES]; ///< The methods of this path, such as "GET, HEAD, POST".
} seg_http_match;

/// Finds the route of a method and a path. HEAD finds the GET route.
void seg_http_router_match(const seg_http_router *router, const char *method,
                           const seg_http_path *path, seg_http_match *out);

/// The segment that a pattern's `:name` took; false if the pattern has no such parameter.
bool seg_http_route_param(const seg_http_route *route, const seg_http_path *path, const char *name,
                          seg_text_view *out);

#endif
