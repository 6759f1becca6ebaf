// multipart/form-data from a stream. What ends a part is CRLF, two hyphens and the boundary; since
// a CR can only be the first byte of that, a match that breaks off is data up to there and the
// search goes on with the byte that broke it: no byte is looked at twice but that one.
//
// The first boundary stands at the very beginning, as if the CRLF before it had been seen already.
#include "http/multipart.h"

#include "http/failure.h"
#include "http/parameters.h"
#include "segmentry/text.h"

#include <stdlib.h>
#include <string.h>

/// CRLF and two hyphens.
#define DELIMITER_PREFIX_BYTES 4
/// Bytes of a part's name or file name: what a header block has room for.
#define NAME_BYTES_MAX 1024

typedef enum state {
  FIRST_BOUNDARY, ///< Matching the delimiter; nothing else may come.
  AFTER_BOUNDARY, ///< Behind a delimiter: a line end, or the two hyphens of the last one.
  PADDING,        ///< Spaces before that line end.
  LINE_FEED,      ///< Its LF.
  LAST_HYPHEN,    ///< The second hyphen of the last delimiter.
  HEADERS,
  DATA,
  EPILOGUE,
} state;

struct seg_multipart {
  seg_multipart_events events;
  state state;
  size_t matched; ///< Bytes of the delimiter seen so far.
  size_t delimiter_bytes;
  char delimiter[DELIMITER_PREFIX_BYTES + SEG_MULTIPART_BOUNDARY_BYTES_MAX + 1];
  size_t part_count;
  size_t header_bytes;
  char header[SEG_MULTIPART_HEADER_BYTES_MAX];
  seg_status status; ///< Sticks, with its error.
  seg_error error;
};

static bool is_boundary(const char *bytes, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; i++) {
    char byte = bytes[i];
    bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (!alphanumeric && (byte == '\0' || strchr("'()+_,-./:=? ", byte) == NULL)) {
      return false;
    }
  }
  return size_bytes > 0 && bytes[size_bytes - 1] != ' ';
}

seg_status seg_multipart_create(seg_text_view content_type, const seg_multipart_events *events,
                                seg_multipart **out, seg_error *error) {
  if (!seg_http_equal_nocase(seg_http_value_main(content_type), "multipart/form-data")) {
    return seg_http_refuse(error, SEG_E_INVALID,
                           "the Content-Type is not multipart/form-data with a boundary");
  }
  char boundary[SEG_MULTIPART_BOUNDARY_BYTES_MAX + 1];
  size_t size = 0;
  if (seg_http_parameter(content_type, "boundary", boundary, sizeof boundary, &size) !=
          SEG_HTTP_PARAMETER_FOUND ||
      !is_boundary(boundary, size)) {
    return seg_http_refuse(error, SEG_E_INVALID,
                           "the Content-Type multipart/form-data needs a boundary of 1 to %d "
                           "letters, digits or '()+_,-./:=? characters",
                           SEG_MULTIPART_BOUNDARY_BYTES_MAX);
  }
  seg_multipart *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    return seg_http_refuse(error, SEG_E_NOMEM, "out of memory");
  }
  reader->events = *events;
  memcpy(reader->delimiter, "\r\n--", DELIMITER_PREFIX_BYTES);
  memcpy(reader->delimiter + DELIMITER_PREFIX_BYTES, boundary, size);
  reader->delimiter_bytes = DELIMITER_PREFIX_BYTES + size;
  reader->state = FIRST_BOUNDARY;
  reader->matched = 2;
  *out = reader;
  return seg_http_accept(error);
}

void seg_multipart_free(seg_multipart *reader) { free(reader); }

static bool refuse(seg_multipart *reader, seg_status status, const char *message) {
  reader->status = seg_http_refuse(&reader->error, status, "%s", message);
  return false;
}

static bool stopped(seg_multipart *reader) { return refuse(reader, SEG_E_INVALID, ""); }

/// What a part's header lines have said so far, with room for the texts.
typedef struct part_headers {
  bool disposition_seen;
  bool type_seen;
  bool named;
  bool is_file;
  size_t name_size;
  size_t filename_size;
  seg_text_view type;
  char name[NAME_BYTES_MAX];
  char filename[NAME_BYTES_MAX];
} part_headers;

static const char *read_disposition(part_headers *part, seg_text_view value) {
  if (part->disposition_seen) {
    return "a part has two Content-Disposition lines";
  }
  part->disposition_seen = true;
  if (!seg_http_equal_nocase(seg_http_value_main(value), "form-data")) {
    return "a part's Content-Disposition is not form-data";
  }
  seg_http_parameter_result name =
      seg_http_parameter(value, "name", part->name, sizeof part->name, &part->name_size);
  seg_http_parameter_result filename = seg_http_parameter(
      value, "filename", part->filename, sizeof part->filename, &part->filename_size);
  if (name == SEG_HTTP_PARAMETER_BAD || filename == SEG_HTTP_PARAMETER_BAD) {
    return "a part's Content-Disposition is malformed";
  }
  part->named = name == SEG_HTTP_PARAMETER_FOUND;
  part->is_file = filename == SEG_HTTP_PARAMETER_FOUND;
  return NULL;
}

/// One header line, without its end. Returns what is wrong, or NULL.
static const char *read_line(part_headers *part, const char *line, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; i++) {
    if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F) {
      return "a part's header has a control character, or a line end that is not CRLF";
    }
  }
  const char *colon = memchr(line, ':', size_bytes);
  size_t name_bytes = colon == NULL ? 0 : (size_t)(colon - line);
  for (size_t i = 0; i < name_bytes; i++) {
    if (!seg_http_is_token_byte(line[i])) {
      return "a part's header line is not a name, a colon and a value";
    }
  }
  if (name_bytes == 0) {
    return "a part's header line is not a name, a colon and a value";
  }
  seg_text_view name = {.bytes = line, .size_bytes = name_bytes};
  seg_text_view value =
      seg_http_trim((seg_text_view){.bytes = colon + 1, .size_bytes = size_bytes - name_bytes - 1});
  if (seg_http_equal_nocase(name, "Content-Disposition")) {
    return read_disposition(part, value);
  }
  if (seg_http_equal_nocase(name, "Content-Type")) {
    if (part->type_seen) {
      return "a part has two Content-Type lines";
    }
    part->type_seen = true;
    part->type = value;
  }
  if (seg_http_equal_nocase(name, "Content-Transfer-Encoding") &&
      !seg_http_equal_nocase(value, "binary") && !seg_http_equal_nocase(value, "8bit") &&
      !seg_http_equal_nocase(value, "7bit")) {
    return "a part's Content-Transfer-Encoding is not binary; RFC 7578 has no other";
  }
  return NULL;
}

/// The header block is whole, with the empty line at its end.
static bool begin_part(seg_multipart *reader) {
  part_headers part = {.named = false};
  size_t at = 0;
  while (reader->header[at] != '\r' || reader->header[at + 1] != '\n') {
    const char *line = reader->header + at;
    size_t size = 0;
    while (line[size] != '\r' || line[size + 1] != '\n') {
      size++;
    }
    const char *trouble = read_line(&part, line, size);
    if (trouble != NULL) {
      return refuse(reader, SEG_E_INVALID, trouble);
    }
    at += size + 2;
  }
  if (!part.named) {
    return refuse(reader, SEG_E_INVALID,
                  "a part has no Content-Disposition: form-data with a name");
  }
  seg_multipart_part given = {.name = {.bytes = part.name, .size_bytes = part.name_size},
                              .filename = {.bytes = part.is_file ? part.filename : NULL,
                                           .size_bytes = part.is_file ? part.filename_size : 0},
                              .content_type = part.type};
  if (!seg_text_is_utf8(given.name) || (part.is_file && !seg_text_is_utf8(given.filename)) ||
      (part.type_seen && !seg_text_is_utf8(given.content_type))) {
    return refuse(reader, SEG_E_INVALID, "a part's header is not UTF-8");
  }
  if (++reader->part_count > SEG_MULTIPART_PARTS_MAX) {
    return refuse(reader, SEG_E_LIMIT, "the body has over 64 parts, which is all it may have");
  }
  reader->state = DATA;
  reader->matched = 0;
  return reader->events.begin(reader->events.context, &given) || stopped(reader);
}

/// One byte of a part's header block.
static bool take_header(seg_multipart *reader, char byte) {
  if (reader->header_bytes == sizeof reader->header) {
    return refuse(reader, SEG_E_LIMIT,
                  "a part's header has over 4096 bytes, which is all it may have");
  }
  reader->header[reader->header_bytes++] = byte;
  size_t size = reader->header_bytes;
  const char *at = reader->header + size;
  bool ended = size >= 4 && memcmp(at - 4, "\r\n\r\n", 4) == 0;
  bool empty = size == 2 && memcmp(reader->header, "\r\n", 2) == 0;
  return !(ended || empty) || begin_part(reader);
}

/// One byte right behind a delimiter.
static bool take_after_boundary(seg_multipart *reader, char byte) {
  switch (reader->state) {
  case AFTER_BOUNDARY:
    if (byte == '-') {
      reader->state = LAST_HYPHEN;
      return true;
    }
    reader->state = PADDING;
    return take_after_boundary(reader, byte);
  case PADDING:
    if (byte == '\r') {
      reader->state = LINE_FEED;
      return true;
    }
    return byte == ' ' || byte == '\t' ||
           refuse(reader, SEG_E_INVALID, "behind a boundary something else than CRLF stands");
  case LINE_FEED:
    if (byte != '\n') {
      return refuse(reader, SEG_E_INVALID, "behind a boundary a CR without LF stands");
    }
    reader->state = HEADERS;
    reader->header_bytes = 0;
    return true;
  default:
    if (byte != '-') {
      return refuse(reader, SEG_E_INVALID, "behind a boundary a single hyphen stands");
    }
    reader->state = EPILOGUE;
    return true;
  }
}

/// Whether `byte` goes on with the delimiter; at its end the part ends.
static bool take_match(seg_multipart *reader, char byte, bool *matches) {
  *matches = byte == reader->delimiter[reader->matched];
  if (!*matches) {
    return true;
  }
  reader->matched++;
  if (reader->matched < reader->delimiter_bytes) {
    return true;
  }
  bool had_part = reader->state == DATA;
  reader->state = AFTER_BOUNDARY;
  reader->matched = 0;
  return !had_part || reader->events.end(reader->events.context) || stopped(reader);
}

static bool give_data(seg_multipart *reader, const char *bytes, size_t size_bytes) {
  return size_bytes == 0 || reader->events.data(reader->events.context, bytes, size_bytes) ||
         stopped(reader);
}

/// Takes bytes of a part's data; returns how many. At least one, unless something went wrong.
static size_t take_data(seg_multipart *reader, const char *bytes, size_t size_bytes) {
  if (reader->matched == 0) {
    const char *cr = memchr(bytes, '\r', size_bytes);
    size_t plain = cr == NULL ? size_bytes : (size_t)(cr - bytes);
    if (plain > 0) {
      return give_data(reader, bytes, plain) ? plain : 0;
    }
  }
  bool matches;
  if (!take_match(reader, bytes[0], &matches)) {
    return 0;
  }
  if (matches) {
    return 1;
  }
  // It was data after all; this byte is looked at again, with nothing matched.
  size_t held = reader->matched;
  reader->matched = 0;
  if (!give_data(reader, reader->delimiter, held)) {
    return 0;
  }
  return bytes[0] == '\r' ? take_data(reader, bytes, size_bytes)
                          : (give_data(reader, bytes, 1) ? 1 : 0);
}

static size_t take(seg_multipart *reader, const char *bytes, size_t size_bytes) {
  bool matches = true;
  switch (reader->state) {
  case FIRST_BOUNDARY:
    if (!take_match(reader, bytes[0], &matches)) {
      return 0;
    }
    if (!matches) {
      (void)refuse(reader, SEG_E_INVALID,
                   "the body does not start with the boundary that its Content-Type names");
      return 0;
    }
    return 1;
  case HEADERS:
    return take_header(reader, bytes[0]) ? 1 : 0;
  case DATA:
    return take_data(reader, bytes, size_bytes);
  case EPILOGUE:
    return size_bytes;
  default:
    return take_after_boundary(reader, bytes[0]) ? 1 : 0;
  }
}

static seg_status answer(const seg_multipart *reader, seg_error *error) {
  if (error != NULL) {
    *error = reader->error;
  }
  return reader->status;
}

seg_status seg_multipart_feed(seg_multipart *reader, const char *bytes, size_t size_bytes,
                              seg_error *error) {
  size_t at = 0;
  while (at < size_bytes && reader->status == SEG_OK) {
    at += take(reader, bytes + at, size_bytes - at);
  }
  return answer(reader, error);
}

seg_status seg_multipart_finish(seg_multipart *reader, seg_error *error) {
  if (reader->status == SEG_OK && reader->state != EPILOGUE) {
    (void)refuse(reader, SEG_E_INVALID,
                 "the body ends before its last boundary; it may have been cut");
  }
  return answer(reader, error);
}
