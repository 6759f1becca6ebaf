/// What a handler may answer.
///
/// Exactly one answer a request: one `seg_http_respond_…`, or a stream from begin to end. A second
/// one is a mistake of ours and trips an assertion. Every answer leaves in one write, header and
/// body together, and carries X-Request-ID, X-Content-Type-Options, Referrer-Policy, a
/// Content-Security-Policy and Cache-Control: no-store, of which the last two may be set otherwise.
/// HEAD is the layer's work: answer as for GET.
/// Threads: a response belongs to the thread that runs the handler.
#ifndef SEGMENTRY_HTTP_RESPONSE_H
#define SEGMENTRY_HTTP_RESPONSE_H

#include "http/json_writer.h"
#include "http/router.h"
#include "segmentry/base.h"

/// The codes of http-api.md. Each has one status and one name, seg_http_code_status and _name.
typedef enum seg_http_code {
  SEG_HTTP_BAD_REQUEST = 0,             ///< 400 BAD_REQUEST
  SEG_HTTP_INVALID_REQUEST_BODY = 1,    ///< 400 INVALID_REQUEST_BODY
  SEG_HTTP_INVALID_CONDITION = 2,       ///< 400 INVALID_CONDITION
  SEG_HTTP_MISSING_AUTH = 3,            ///< 401 MISSING_AUTH
  SEG_HTTP_INVALID_API_KEY = 4,         ///< 401 INVALID_API_KEY
  SEG_HTTP_FORBIDDEN = 5,               ///< 403 FORBIDDEN
  SEG_HTTP_RESOURCE_NOT_FOUND = 6,      ///< 404 RESOURCE_NOT_FOUND
  SEG_HTTP_CONTACT_NOT_FOUND = 7,       ///< 404 CONTACT_NOT_FOUND
  SEG_HTTP_METHOD_NOT_ALLOWED = 8,      ///< 405 METHOD_NOT_ALLOWED
  SEG_HTTP_REQUEST_TIMEOUT = 9,         ///< 408 REQUEST_TIMEOUT (ours: a sender too slow)
  SEG_HTTP_CONFLICT = 10,               ///< 409 CONFLICT
  SEG_HTTP_PAYLOAD_TOO_LARGE = 11,      ///< 413 PAYLOAD_TOO_LARGE
  SEG_HTTP_UNSUPPORTED_MEDIA_TYPE = 12, ///< 415 UNSUPPORTED_MEDIA_TYPE
  SEG_HTTP_EXPECTATION_FAILED = 13,     ///< 417 BAD_REQUEST
  SEG_HTTP_VALIDATION_ERROR = 14,       ///< 422 VALIDATION_ERROR
  SEG_HTTP_RATE_LIMIT_EXCEEDED = 15,    ///< 429 RATE_LIMIT_EXCEEDED
  SEG_HTTP_HEADERS_TOO_LARGE = 16,      ///< 431 BAD_REQUEST
  SEG_HTTP_INTERNAL_SERVER_ERROR = 17,  ///< 500 INTERNAL_SERVER_ERROR
  SEG_HTTP_SERVICE_UNAVAILABLE = 18,    ///< 503 SERVICE_UNAVAILABLE
  SEG_HTTP_VERSION_NOT_SUPPORTED = 19,  ///< 505 BAD_REQUEST
} seg_http_code;
#define SEG_HTTP_CODE_COUNT 20

int seg_http_code_status(seg_http_code code);
const char *seg_http_code_name(seg_http_code code);
/// What the log and the metrics count a status as: 1 to 5, its first digit, but 4 for a 505. Its
/// number says server, yet it is the client that asked for a version that nobody promised.
int seg_http_status_class(int status);

/// An error as the envelope shows it: { "success": false, "error": { "code", "message",
/// "statusCode", "requestId", "errors"?, "suggestion"? }, "timestamp" }.
typedef struct seg_http_failure {
  seg_http_code code;
  const char *message;          ///< What was found and what is allowed.
  const seg_problems *problems; ///< optional  `errors`, one each.
  const char *place;            ///< optional  Put before every `field`: with "condition", the field
                                ///< `groups[0]` becomes `condition.groups[0]`, "" `condition`.
  const char *suggestion;       ///< optional
  unsigned retry_after_seconds; ///< Over 0: Retry-After. A 429 without one says 1.
} seg_http_failure;

/// The writer of this answer, empty. It ends with the response; nobody frees it.
seg_json_writer *seg_http_response_json(seg_http_response *response);

/// Answers with what has been written to seg_http_response_json. If the writer has failed, the
/// answer is 503 (no memory) or 500 (over its limit) instead.
void seg_http_respond_json(seg_http_response *response, int status);
/// Answers with bytes, such as a page, a script or a stored answer.
///
/// content_type  Such as "text/html; charset=utf-8".
/// bytes         borrowed  Only during the call.
void seg_http_respond_bytes(seg_http_response *response, int status, const char *content_type,
                            const void *bytes, size_t size_bytes);
/// Answers without a body: 204, or a redirect with its Location set before.
void seg_http_respond_empty(seg_http_response *response, int status);

/// Answers with an error; the message is made as printf makes it, cut at SEG_MESSAGE_BYTES.
void seg_http_respond_error(seg_http_response *response, seg_http_code code, const char *format,
                            ...) SEG_PRINTF(3, 4);
/// Answers 429 with Retry-After: the project has used up its requests.
void seg_http_respond_too_many(seg_http_response *response, uint32_t retry_after_seconds);
/// Answers with an error that has more to say.
void seg_http_respond_failure(seg_http_response *response, const seg_http_failure *failure);

/// Adds a header, before the answer; Cache-Control, Content-Security-Policy and Referrer-Policy
/// replace the default. Names that the layer writes itself (Content-Length, Connection, …), and
/// values with control characters, are mistakes of ours and trip an assertion; in a release build
/// they are left out. Up to SEG_HTTP_RESPONSE_HEADERS_BYTES_MAX in all.
void seg_http_response_header(seg_http_response *response, const char *name, const char *value);
/// Bytes of the headers that handlers add: a Set-Cookie, a Location, a Content-Disposition.
#define SEG_HTTP_RESPONSE_HEADERS_BYTES_MAX 4096

/// Begins an answer whose length is not known: chunked, or to the connection's end under HTTP/1.0.
///
/// filename  optional  Plain ASCII; makes a browser save it under that name.
void seg_http_stream_begin(seg_http_response *response, int status, const char *content_type,
                           const char *filename);
/// Adds bytes; they leave in pieces of SEG_HTTP_STREAM_PIECE_BYTES. False once the client has gone
/// or takes nothing for long: then stop, nothing more is sent.
bool seg_http_stream_write(seg_http_response *response, const void *bytes, size_t size_bytes);
/// Ends the stream. One that is not ended when the handler returns, because something failed half
/// way, is cut without its last chunk, so that the client cannot take it for whole.
void seg_http_stream_end(seg_http_response *response);
/// A piece: large enough that a list of a million lines is a few thousand system calls.
#define SEG_HTTP_STREAM_PIECE_BYTES 65536

/// Whether an answer has been given or begun.
bool seg_http_response_done(const seg_http_response *response);
/// The status that was answered; 0 before.
int seg_http_response_status(const seg_http_response *response);

#endif
