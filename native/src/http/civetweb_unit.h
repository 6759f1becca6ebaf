/// The little of civetweb's inside that its interface does not give: see civetweb_unit.c.
#ifndef SEGMENTRY_HTTP_CIVETWEB_UNIT_H
#define SEGMENTRY_HTTP_CIVETWEB_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mg_connection;

/// Bytes of civetweb's request buffer.
typedef struct seg_civetweb_bytes {
  const char *bytes;
  size_t size_bytes;
} seg_civetweb_bytes;

/// The socket of a connection: for waiting with a deadline of one's own.
int seg_civetweb_socket(const struct mg_connection *connection);
/// The header block, after civetweb has cut it: ends of words and lines are NULs.
seg_civetweb_bytes seg_civetweb_head(const struct mg_connection *connection);
/// What came with the header block and lies behind it: the body's beginning, and perhaps the next
/// request.
seg_civetweb_bytes seg_civetweb_behind_head(const struct mg_connection *connection);
/// All that has been received of a header block that civetweb would not take.
seg_civetweb_bytes seg_civetweb_received(const struct mg_connection *connection);
/// Says that the body is read, and how many bytes of the connection it took: civetweb will read no
/// more of it, and finds the next request behind it.
void seg_civetweb_body_taken(struct mg_connection *connection, uint64_t size_bytes);
/// Whether civetweb would keep the connection, by the request's version and Connection header.
bool seg_civetweb_keeps_alive(const struct mg_connection *connection);
#endif
