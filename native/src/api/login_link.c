// See login_link.h.
#include "login_link.h"

#include "database.h"
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool login_link_write(const char *listen, unsigned port, const char *token,
                      char out[LOGIN_LINK_BYTES]) {
  char address[SEG_HTTP_LISTEN_BYTES];
  if (!seg_http_listen_read(listen, address)) {
    return false;
  }
  const char *colon = strrchr(address, ':');
  const char *host = address;
  size_t host_bytes = (size_t)(colon - address);
  if (strncmp(address, "0.0.0.0:", 8) == 0) {
    host = "127.0.0.1";
    host_bytes = strlen(host);
  } else if (strncmp(address, "[::]:", 5) == 0) {
    host = "[::1]";
    host_bytes = strlen(host);
  }
  unsigned long known = port != 0 ? port : strtoul(colon + 1, NULL, 10);
  (void)snprintf(out, LOGIN_LINK_BYTES, "http://%.*s:%lu/login?token=%s", (int)host_bytes, host,
                 known, token);
  return known != 0;
}

static store_status put(void *context, store_session *session, store_error *error) {
  const store_token *row = context;
  store_status status = store_token_expire(session, row->created_at_ms, error);
  return status == STORE_OK ? store_token_put(session, row, error) : status;
}

store_status login_link_create(const char *db, int64_t now_ms, char token[SECRET_TEXT_BYTES],
                               store_error *error) {
  store_token row = login_token_make(STORE_TOKEN_LOGIN, now_ms, token);
  store_options options = {.path = db, .must_exist = true};
  return database_change(&options, put, &row, error);
}
