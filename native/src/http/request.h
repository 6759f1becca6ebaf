/// What a handler may ask of a request.
///
/// Ownership: everything read from a request is borrowed until the handler returns. Texts are valid
/// UTF-8 where this header says "text" and end with a NUL that is not counted.
/// The `query` getters and seg_http_request_stream_body answer for the handler when the client is
/// at fault: they return false, the answer has been given, and the handler just returns.
/// Threads: a request belongs to the thread that runs its handler.
#ifndef SEGMENTRY_HTTP_REQUEST_H
#define SEGMENTRY_HTTP_REQUEST_H

#include "http/router.h"
#include "segmentry/base.h"

struct cJSON;

/// Bytes of a request id: the UUIDs, ULIDs and trace ids of proxies have 26 to 55.
#define SEG_HTTP_REQUEST_ID_BYTES_MAX 64
/// Bytes of an Idempotency-Key: Stripe's limit, which clients know.
#define SEG_HTTP_IDEMPOTENCY_KEY_BYTES_MAX 255
/// Bytes of a project's id: UUIDs have 36.
#define SEG_HTTP_PROJECT_ID_BYTES_MAX 64
/// Levels of nesting of a JSON body: `data` has 32 (SEG_DATA_DEPTH_MAX) inside a batch's two, and a
/// condition's groups nest as deep as core's own limit, which speaks with a place.
#define SEG_HTTP_JSON_DEPTH_MAX 128
/// Query parameters: no route knows more than six; the rest is a flood.
#define SEG_HTTP_QUERY_PARAMETERS_MAX 64

/// What a request showed to prove who it is.
typedef enum seg_http_key {
  SEG_HTTP_KEY_NONE = 0,
  SEG_HTTP_KEY_PUBLIC = 1,
  SEG_HTTP_KEY_SECRET = 2,
  SEG_HTTP_KEY_SESSION = 3,
} seg_http_key;

/// Who calls: filled in by the `authenticate` callback, read by the handlers.
typedef struct seg_http_identity {
  seg_http_key key;
  char project_id[SEG_HTTP_PROJECT_ID_BYTES_MAX + 1]; ///< Also what the rate is counted by.
  void *project;      ///< The caller's own object for it; the layer never looks at it.
  void *release_data; ///< For `release` in server.h, such as a reference that must be given back.
} seg_http_identity;

/// The method as sent; HEAD is "HEAD" here, though the GET route answers it.
const char *seg_http_request_method(const seg_http_request *request);
/// The route that was found.
const seg_http_route *seg_http_request_route(const seg_http_request *request);
/// The path as sent, not decoded, without the query.
seg_text_view seg_http_request_path(const seg_http_request *request);
/// The text that the pattern's `:name` took, decoded. Asking for a name that the pattern does not
/// have is a mistake of ours and trips an assertion.
seg_text_view seg_http_request_param(const seg_http_request *request, const char *name);
/// Who calls; `key` is SEG_HTTP_KEY_NONE at routes open to everybody.
const seg_http_identity *seg_http_request_identity(const seg_http_request *request);
/// The id of this request, NUL-terminated: X-Request-ID if that was sane (1 to 64 of
/// `A-Z a-z 0-9 - _ . :`), else made here.
const char *seg_http_request_id(const seg_http_request *request);
/// The address of the other end of the connection; a proxy's, if there is one.
const char *seg_http_request_remote(const seg_http_request *request);
/// When the request's handling began: wall clock, milliseconds since 1970-01-01 UTC.
int64_t seg_http_request_now_ms(const seg_http_request *request);

/// Whether it is HEAD, which goes the way of GET and is answered without a body.
bool seg_http_request_is_head(const seg_http_request *request);

/// A header's value without white space around it, any case of the name; false if there is none.
/// Given more than once it is the first. Not checked to be UTF-8.
bool seg_http_request_header(const seg_http_request *request, const char *name, seg_text_view *out);
/// The token of `Authorization: Bearer …`; false if there is none of that form. A secret: never log
/// it, compare it in constant time.
bool seg_http_request_bearer(const seg_http_request *request, seg_text_view *out);
/// A cookie's value; false if there is none. A secret as well.
bool seg_http_request_cookie(const seg_http_request *request, const char *name, seg_text_view *out);
/// The Idempotency-Key; false if none was sent or the route does not have SEG_HTTP_IDEMPOTENT.
bool seg_http_request_idempotency_key(const seg_http_request *request, seg_text_view *out);
/// Whether an Origin header names the host that was asked (its authority equals Host). False
/// without an Origin. State-changing requests with a session are refused without it before the
/// handler runs.
bool seg_http_request_same_origin(const seg_http_request *request);

/// Whether Accept-Encoding takes gzip.
bool seg_http_request_accepts_gzip(const seg_http_request *request);
/// Whether If-None-Match names an answer that the client has: then 304 says it all.
/// tag  Of the answer that would be given, with its quotes.
bool seg_http_request_has_answer(const seg_http_request *request, const char *tag);

/// A query parameter as text. Absent: true with `out->bytes` NULL.
///
/// size_bytes_max  A longer one is answered with 400.
///
/// Returns false if it was answered: too long, or given twice.
bool seg_http_query_text(seg_http_request *request, seg_http_response *response, const char *name,
                         size_t size_bytes_max, seg_text_view *out);
/// A whole number from `min` to `max`; `missing` if it is absent or empty.
bool seg_http_query_integer(seg_http_request *request, seg_http_response *response,
                            const char *name, int64_t min, int64_t max, int64_t missing,
                            int64_t *out);
/// `true` or `false` (or 1, 0); `missing` if it is absent or empty.
bool seg_http_query_bool(seg_http_request *request, seg_http_response *response, const char *name,
                         bool missing, bool *out);

/// The body as it came, once decoded from its chunks. Empty for none, and at streamed routes.
seg_text_view seg_http_request_body(const seg_http_request *request);
/// The parsed body at routes with SEG_HTTP_JSON; the layer frees it. NULL only where the body is
/// optional and there is none. The tree may be changed.
struct cJSON *seg_http_request_json(const seg_http_request *request);

/// What became of a streamed body.
typedef enum seg_http_stream_result {
  SEG_HTTP_STREAM_WHOLE = 0, ///< Every byte has been handed over; now answer.
  SEG_HTTP_STREAM_STOPPED =
      1,                      ///< The callback said stop; now answer. The connection ends after it.
  SEG_HTTP_STREAM_FAILED = 2, ///< Too slow, too large, malformed or cut: the answer, if anybody is
                              ///< there to read it, has been given. Just clean up and return.
} seg_http_stream_result;

/// Takes one piece of a body, valid during the call; returns false to stop.
typedef bool (*seg_http_piece)(void *context, const char *bytes, size_t size_bytes);

/// Reads the body in pieces of at most 64 KiB, at routes with SEG_HTTP_STREAMED, once. The route's
/// body_bytes_max holds; the deadline grows with what has arrived (see server.h).
seg_http_stream_result seg_http_request_stream_body(seg_http_request *request,
                                                    seg_http_response *response,
                                                    seg_http_piece piece, void *context);

#endif
