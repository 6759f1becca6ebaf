// See login_link.h.
#include "login_link.h"

#include "database.h"
#include "http/server.h"

#include <stdio.h>
#include <string.h>

void login_link_make(int64_t now_ms, char token[LOGIN_TOKEN_BYTES], store_token *row) {
  secret_make("lt_", token);
  *row = (store_token){
      .kind = STORE_TOKEN_LOGIN, .created_at_ms = now_ms, .expires_at_ms = now_ms + LOGIN_LINK_MS};
  secret_hash(token, strlen(token), row->hash);
}

bool login_link_write(const char *listen, const char *token, char out[LOGIN_LINK_BYTES]) {
  char address[SEG_HTTP_LISTEN_BYTES];
  if (!seg_http_listen_read(listen, address)) {
    return false;
  }
  const char *port = strrchr(address, ':');
  size_t host_bytes = (size_t)(port - address);
  const char *host = address;
  if (strncmp(address, "0.0.0.0:", 8) == 0) {
    host = "127.0.0.1";
    host_bytes = strlen(host);
  } else if (strncmp(address, "[::]:", 5) == 0) {
    host = "[::1]";
    host_bytes = strlen(host);
  }
  (void)snprintf(out, LOGIN_LINK_BYTES, "http://%.*s%s/login?token=%s", (int)host_bytes, host, port,
                 token);
  return strcmp(port, ":0") != 0;
}

static store_status put(void *context, store_session *session, store_error *error) {
  const store_token *row = context;
  store_status status = store_token_expire(session, row->created_at_ms, error);
  return status == STORE_OK ? store_token_put(session, row, error) : status;
}

store_status login_link_create(const char *db, int64_t now_ms, char token[LOGIN_TOKEN_BYTES],
                               store_error *error) {
  store_token row;
  login_link_make(now_ms, token, &row);
  store_options options = {.path = db, .must_exist = true};
  return database_change(&options, put, &row, error);
}
