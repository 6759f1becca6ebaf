// Bodies: as long as Content-Length says, or in chunks, within a time that counts for all of it.
//
// A chunk's framing is read without taking a byte of what comes behind it, because behind the last
// chunk the next request may begin: lines are looked at with MSG_PEEK and then taken exactly.
#include "http/civetweb_unit.h"
#include "http/exchange.h"
#include "http/parameters.h"

#include "segmentry/json.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/// Bytes of a chunk's size line, with its extension, which is passed over; and of all trailers.
#define CHUNK_LINE_BYTES_MAX 256
#define TRAILER_LINES_MAX 32
/// Hexadecimal digits of a chunk's size: 4 GiB in one chunk is as good as no end.
#define CHUNK_DIGITS_MAX 8
/// The first allocation for a body; it doubles as bytes arrive, so that a large Content-Length
/// takes no memory that was not sent for.
#define BODY_BYTES_FIRST 4096
/// Pieces of a streamed body.
#define PIECE_BYTES 65536

void seg_http_body_begin(seg_http_body *body, const seg_http_request *request) {
  memset(body, 0, sizeof *body);
  seg_civetweb_bytes behind = seg_civetweb_behind_head(request->connection);
  body->server = request->server;
  body->socket = seg_civetweb_socket(request->connection);
  body->buffered = behind.bytes;
  body->buffered_bytes = behind.size_bytes;
  body->bytes_max = UINT64_MAX;
  body->began_ms = seg_http_clock_ms();
  body->left = seg_http_announced_bytes(request, &body->chunked);
  body->whole = !body->chunked && body->left == 0;
}

/// Until when the next byte must have come: the whole body's deadline, or the wait for one byte.
static int64_t deadline_ms(const seg_http_body *body) {
  const seg_http_options *options = &body->server->options;
  int64_t whole = body->began_ms + options->body_ms_max;
  if (body->grows) {
    whole += (int64_t)(body->bytes / SEG_HTTP_STREAM_BYTES_A_SECOND) * 1000;
  }
  int64_t next = seg_http_clock_ms() + options->request_ms_max;
  return whole < next ? whole : next;
}

/// Waits until recv with `flags` gives something. SEG_HTTP_READ_DATA, _SLOW or _GONE.
static seg_http_read receive(seg_http_body *body, char *out, size_t out_bytes, int flags,
                             size_t *size) {
  int64_t deadline = deadline_ms(body);
  for (;;) {
    if (seg_http_clock_ms() >= deadline) {
      return SEG_HTTP_READ_SLOW; // also for one who sends just fast enough never to be waited for
    }
    ssize_t got = recv(body->socket, out, out_bytes, flags | MSG_DONTWAIT);
    if (got > 0) {
      *size = (size_t)got;
      return SEG_HTTP_READ_DATA;
    }
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
      return SEG_HTTP_READ_GONE;
    }
    seg_http_read waited = seg_http_wait(body->server, body->socket, POLLIN, deadline);
    if (waited != SEG_HTTP_READ_DATA) {
      return waited;
    }
  }
}

/// Some raw bytes: what came with the header first.
static seg_http_read read_raw(seg_http_body *body, char *out, size_t out_bytes, size_t *size) {
  if (body->buffered_bytes > 0) {
    *size = out_bytes < body->buffered_bytes ? out_bytes : body->buffered_bytes;
    memcpy(out, body->buffered, *size);
    body->buffered += *size;
    body->buffered_bytes -= *size;
    body->raw_bytes += *size;
    return SEG_HTTP_READ_DATA;
  }
  seg_http_read result = receive(body, out, out_bytes, 0, size);
  if (result == SEG_HTTP_READ_DATA) {
    body->raw_bytes += *size;
  }
  return result;
}

/// One line of framing, up to its CRLF, which is taken but not counted.
static seg_http_read read_line(seg_http_body *body, char line[CHUNK_LINE_BYTES_MAX], size_t *size) {
  size_t have = 0;
  while (have < CHUNK_LINE_BYTES_MAX) {
    const char *seen = body->buffered;
    size_t seen_bytes = body->buffered_bytes;
    if (seen_bytes == 0) {
      seg_http_read result =
          receive(body, line + have, CHUNK_LINE_BYTES_MAX - have, MSG_PEEK, &seen_bytes);
      if (result != SEG_HTTP_READ_DATA) {
        return result;
      }
      seen = line + have;
    }
    if (seen_bytes > CHUNK_LINE_BYTES_MAX - have) {
      seen_bytes = CHUNK_LINE_BYTES_MAX - have;
    }
    const char *feed = memchr(seen, '\n', seen_bytes);
    size_t taken = feed == NULL ? seen_bytes : (size_t)(feed - seen) + 1;
    size_t got;
    seg_http_read result = read_raw(body, line + have, taken, &got);
    if (result != SEG_HTTP_READ_DATA) {
      return result;
    }
    have += got;
    if (line[have - 1] == '\n') {
      if (have < 2 || line[have - 2] != '\r' || memchr(line, '\r', have - 2) != NULL) {
        return SEG_HTTP_READ_BAD;
      }
      *size = have - 2;
      return SEG_HTTP_READ_DATA;
    }
  }
  return SEG_HTTP_READ_BAD;
}

/// `1a` or `1a;name=value`.
static bool read_chunk_size(const char *line, size_t size_bytes, uint64_t *out) {
  size_t digits = 0;
  *out = 0;
  while (digits < size_bytes && line[digits] != ';') {
    char digit = line[digits];
    char lower = (char)(digit | 0x20);
    unsigned value;
    if (digit >= '0' && digit <= '9') {
      value = (unsigned)(digit - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = (unsigned)(lower - 'a' + 10);
    } else {
      return false;
    }
    if (++digits > CHUNK_DIGITS_MAX) {
      return false;
    }
    *out = *out * 16 + value;
  }
  return digits > 0;
}

/// Behind the last chunk: trailers, which nobody asked for, and an empty line.
static seg_http_read read_trailers(seg_http_body *body) {
  char line[CHUNK_LINE_BYTES_MAX];
  for (int lines = 0; lines < TRAILER_LINES_MAX; lines++) {
    size_t size;
    seg_http_read result = read_line(body, line, &size);
    if (result != SEG_HTTP_READ_DATA) {
      return result;
    }
    if (size == 0) {
      body->whole = true;
      return SEG_HTTP_READ_END;
    }
  }
  return SEG_HTTP_READ_BAD;
}

/// Goes on to the next chunk. SEG_HTTP_READ_DATA: it has `left` bytes.
static seg_http_read next_chunk(seg_http_body *body) {
  char line[CHUNK_LINE_BYTES_MAX];
  size_t size;
  if (body->chunk_begun) {
    seg_http_read result = read_line(body, line, &size);
    if (result != SEG_HTTP_READ_DATA || size > 0) {
      return result == SEG_HTTP_READ_DATA ? SEG_HTTP_READ_BAD : result;
    }
    body->chunk_begun = false;
  }
  seg_http_read result = read_line(body, line, &size);
  if (result != SEG_HTTP_READ_DATA) {
    return result;
  }
  if (!read_chunk_size(line, size, &body->left)) {
    return SEG_HTTP_READ_BAD;
  }
  if (body->left == 0) {
    return read_trailers(body);
  }
  body->chunk_begun = true;
  return SEG_HTTP_READ_DATA;
}

static seg_http_read read_piece(seg_http_body *body, char *out, size_t out_bytes, size_t *size) {
  if (body->whole) {
    return SEG_HTTP_READ_END;
  }
  if (body->continue_wanted) {
    body->continue_wanted = false;
    char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec vector = {.iov_base = text, .iov_len = sizeof text - 1};
    if (body->buffered_bytes == 0 && !seg_http_send(body->server, body->socket, &vector, 1)) {
      return SEG_HTTP_READ_GONE;
    }
  }
  if (body->chunked && body->left == 0) {
    seg_http_read result = next_chunk(body);
    if (result != SEG_HTTP_READ_DATA) {
      return result;
    }
  }
  if (body->left > body->bytes_max - body->bytes) {
    return SEG_HTTP_READ_LARGE;
  }
  size_t wanted = body->left < out_bytes ? (size_t)body->left : out_bytes;
  seg_http_read result = read_raw(body, out, wanted, size);
  if (result == SEG_HTTP_READ_DATA) {
    body->left -= *size;
    body->bytes += *size;
    body->whole = !body->chunked && body->left == 0;
  }
  return result;
}

seg_http_read seg_http_body_read(seg_http_body *body, char *out, size_t out_bytes, size_t *size) {
  if (body->trouble != SEG_HTTP_READ_DATA) {
    return body->trouble;
  }
  seg_http_read result = read_piece(body, out, out_bytes, size);
  if (result != SEG_HTTP_READ_DATA && result != SEG_HTTP_READ_END) {
    body->trouble = result;
  }
  return result;
}

void seg_http_body_discard(seg_http_body *body) {
  if (body->whole || body->chunked || body->trouble != SEG_HTTP_READ_DATA ||
      body->left > PIECE_BYTES) {
    return;
  }
  char ignored[4096];
  while (body->left > 0) {
    size_t wanted = body->left < sizeof ignored ? (size_t)body->left : sizeof ignored;
    size_t got;
    if (body->buffered_bytes > 0) {
      (void)read_raw(body, ignored, wanted, &got);
    } else {
      ssize_t received = recv(body->socket, ignored, wanted, MSG_DONTWAIT);
      if (received <= 0) {
        return;
      }
      got = (size_t)received;
      body->raw_bytes += got;
    }
    body->left -= got;
  }
  body->whole = true;
}

void seg_http_body_respond(seg_http_response *response, seg_http_read trouble) {
  const seg_http_request *request = response->request;
  switch (trouble) {
  case SEG_HTTP_READ_SLOW:
    seg_http_respond_error(response, SEG_HTTP_REQUEST_TIMEOUT,
                           "the body came too slowly: after %lld ms there were %llu bytes of it",
                           (long long)(seg_http_clock_ms() - request->body.began_ms),
                           (unsigned long long)request->body.bytes);
    return;
  case SEG_HTTP_READ_LARGE:
    seg_http_respond_error(response, SEG_HTTP_PAYLOAD_TOO_LARGE,
                           "the body is larger than the %llu bytes that are allowed here",
                           (unsigned long long)request->body.bytes_max);
    return;
  case SEG_HTTP_READ_BAD:
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "the body's chunks are malformed: each is a size in up to 8 hexadecimal "
                           "digits, CRLF, so many bytes, CRLF");
    return;
  default:
    // Nobody may be there to read it; the log should know all the same.
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "the connection ended before the body did: %llu bytes had come",
                           (unsigned long long)request->body.bytes);
    return;
  }
}

bool seg_http_body_collect(seg_http_request *request, seg_http_response *response) {
  seg_http_body *body = &request->body;
  size_t capacity = 0;
  while (!body->whole) {
    if (request->body_size_bytes == capacity) {
      capacity = capacity == 0 ? BODY_BYTES_FIRST : capacity * 2;
      char *grown = realloc(request->body_bytes, capacity + 1);
      if (grown == NULL) {
        seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE,
                               "no memory for a body of %zu bytes", capacity);
        return false;
      }
      request->body_bytes = grown;
    }
    size_t size;
    seg_http_read result = seg_http_body_read(body, request->body_bytes + request->body_size_bytes,
                                              capacity - request->body_size_bytes, &size);
    if (result == SEG_HTTP_READ_DATA) {
      request->body_size_bytes += size;
    } else if (result != SEG_HTTP_READ_END) {
      seg_http_body_respond(response, result);
      return false;
    }
  }
  if (request->body_bytes != NULL) {
    request->body_bytes[request->body_size_bytes] = '\0';
  }
  return true;
}

seg_http_stream_result seg_http_request_stream_body(seg_http_request *request,
                                                    seg_http_response *response,
                                                    seg_http_piece piece, void *context) {
  assert((request->match.route->flags & SEG_HTTP_STREAMED) != 0);
  char *buffer = malloc(PIECE_BYTES);
  if (buffer == NULL) {
    seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE, "no memory to read the body");
    return SEG_HTTP_STREAM_FAILED;
  }
  seg_http_stream_result outcome = SEG_HTTP_STREAM_WHOLE;
  request->body.grows = true;
  while (outcome == SEG_HTTP_STREAM_WHOLE) {
    size_t size;
    seg_http_read result = seg_http_body_read(&request->body, buffer, PIECE_BYTES, &size);
    if (result == SEG_HTTP_READ_END) {
      break;
    }
    if (result != SEG_HTTP_READ_DATA) {
      seg_http_body_respond(response, result);
      outcome = SEG_HTTP_STREAM_FAILED;
    } else {
      int64_t before_ms = seg_http_clock_ms();
      outcome = piece(context, buffer, size) ? SEG_HTTP_STREAM_WHOLE : SEG_HTTP_STREAM_STOPPED;
      request->body.began_ms += seg_http_clock_ms() - before_ms; // our time, not the sender's
    }
  }
  free(buffer);
  return outcome;
}
