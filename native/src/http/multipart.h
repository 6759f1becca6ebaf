/// Reads multipart/form-data from a stream of pieces, as RFC 7578 and 2046 have it.
///
///     --boundary CRLF
///     Content-Disposition: form-data; name="file"; filename="a.csv" CRLF
///     Content-Type: text/csv CRLF CRLF
///     data CRLF--boundary--
///
/// Strict: lines end with CRLF, nothing but padding behind a boundary, every part has a name, parts
/// do not nest, the last boundary must come. What stands before the first boundary is refused, what
/// comes after the last is passed over. Memory: a fixed amount, whatever is fed.
/// Threads: one at a time.
#ifndef SEGMENTRY_HTTP_MULTIPART_H
#define SEGMENTRY_HTTP_MULTIPART_H

#include "segmentry/base.h"

/// Bytes of a boundary: RFC 2046's limit.
#define SEG_MULTIPART_BOUNDARY_BYTES_MAX 70
/// Bytes of one part's header block: a long file name, percent-encoded, and a type.
#define SEG_MULTIPART_HEADER_BYTES_MAX 4096
/// Parts of one body: a form has a file and a few fields.
#define SEG_MULTIPART_PARTS_MAX 64

/// What a part says of itself. Valid UTF-8, valid during the call.
typedef struct seg_multipart_part {
  seg_text_view name;
  seg_text_view filename;     ///< NULL bytes: it is a field, not a file.
  seg_text_view content_type; ///< NULL bytes: not said.
} seg_multipart_part;

/// What is called as parts come; each returns false to stop, and the feed then returns
/// SEG_E_INVALID with an empty message. `begin`, any number of `data`, `end`, for each part.
typedef struct seg_multipart_events {
  void *context;
  bool (*begin)(void *context, const seg_multipart_part *part);
  bool (*data)(void *context, const char *bytes, size_t size_bytes);
  bool (*end)(void *context);
} seg_multipart_events;

typedef struct seg_multipart seg_multipart;

/// Makes a reader.
///
/// content_type  borrowed  The request's Content-Type; must be multipart/form-data with a boundary.
/// events        borrowed  Only during the call.
///
/// Returns SEG_OK; SEG_E_INVALID (the answer to that is 415); SEG_E_NOMEM.
seg_status seg_multipart_create(seg_text_view content_type, const seg_multipart_events *events,
                                seg_multipart **out, seg_error *error);
void seg_multipart_free(seg_multipart *reader);

/// Takes the next piece, of any size. After a failure the same status comes again.
/// Returns SEG_OK, SEG_E_INVALID, SEG_E_LIMIT.
seg_status seg_multipart_feed(seg_multipart *reader, const char *bytes, size_t size_bytes,
                              seg_error *error);
/// Says that the body has ended. SEG_E_INVALID if its last boundary has not come.
seg_status seg_multipart_finish(seg_multipart *reader, seg_error *error);

#endif
