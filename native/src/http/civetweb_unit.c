// civetweb, compiled in one unit with the few accessors that its interface lacks.
//
// A body has to be read with a deadline over all of it, and an answer written so that a client who
// takes nothing cannot hold a thread: both need the socket, which mg_read and mg_write hide behind
// a timeout per call. And whether a header block was cut with CRLF can only be seen in the buffer.
// So reading bodies and writing answers is done in body.c and send.c; civetweb accepts, queues,
// cuts header blocks and keeps connections.
#include "civetweb.c" // NOLINT(bugprone-suspicious-include): see above

#include "http/civetweb_unit.h"

int seg_civetweb_socket(const struct mg_connection *connection) { return connection->client.sock; }

seg_civetweb_bytes seg_civetweb_head(const struct mg_connection *connection) {
  seg_civetweb_bytes head = {connection->buf, (size_t)connection->request_len};
  return head;
}

seg_civetweb_bytes seg_civetweb_behind_head(const struct mg_connection *connection) {
  seg_civetweb_bytes behind = {connection->buf + connection->request_len,
                               (size_t)(connection->data_len - connection->request_len)};
  return behind;
}

seg_civetweb_bytes seg_civetweb_received(const struct mg_connection *connection) {
  seg_civetweb_bytes received = {connection->buf, (size_t)connection->data_len};
  return received;
}

void seg_civetweb_body_taken(struct mg_connection *connection, uint64_t size_bytes) {
  connection->is_chunked = 0;
  connection->content_len = (int64_t)size_bytes;
  connection->consumed_content = (int64_t)size_bytes;
}

bool seg_civetweb_keeps_alive(const struct mg_connection *connection) {
  return should_keep_alive(connection) && connection->protocol_type == PROTOCOL_TYPE_HTTP1;
}
