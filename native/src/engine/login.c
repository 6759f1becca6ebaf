// Links and sessions of the dashboard: see login.h, and engine.h for what the engine does with
// them.
#include "login.h"

#include "engine_internal.h"

void login_token_hash(seg_text_view text, uint8_t out[STORE_HASH_BYTES]) {
  secret_hash(text.bytes, text.size_bytes, out);
}

store_token login_token_make(store_token_kind kind, int64_t now_ms, char text[SECRET_TEXT_BYTES]) {
  bool is_link = kind == STORE_TOKEN_LOGIN;
  store_token row = {.kind = kind,
                     .created_at_ms = now_ms,
                     .expires_at_ms = now_ms + (is_link ? LOGIN_LINK_MS : LOGIN_SESSION_MS)};
  secret_make(is_link ? "ln_" : "ss_", text);
  login_token_hash(seg_text_of(text), row.hash);
  return row;
}

/// A token's way through the writer.
typedef struct login_command {
  command base;
  seg_text_view token; ///< What was shown.
  char *made;          ///< SECRET_TEXT_BYTES for a new one's text.
} login_command;

static bool keep_expiry(void *context, const store_token *row) {
  *(int64_t *)context = row->expires_at_ms;
  return false;
}

static engine_status unknown_token(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "it is not known, was used, or is too old");
}

static engine_status put_token(login_command *own, batch *in, store_token_kind kind) {
  store_token row = login_token_make(kind, in->now_ms, own->made);
  store_status status = store_token_expire(in->session, in->now_ms, &in->error);
  if (status == STORE_OK) {
    status = store_token_put(in->session, &row, &in->error);
  }
  return engine_fail_store(own->base.error, status, &in->error);
}

static engine_status run_link(command *base, batch *in, project_batch *part) {
  (void)part;
  return put_token((login_command *)base, in, STORE_TOKEN_LOGIN);
}

engine_status engine_login_link(engine *own, char out[SECRET_TEXT_BYTES], engine_error *error) {
  login_command link = {.base = {.run = run_link, .error = error}, .made = out};
  return writer_submit(own->writer, &link.base);
}

static engine_status run_begin(command *base, batch *in, project_batch *part) {
  login_command *own = (login_command *)base;
  uint8_t hash[STORE_HASH_BYTES];
  int64_t expires_at_ms = 0;
  (void)part;
  login_token_hash(own->token, hash);
  store_status status = store_token_get(in->session, STORE_TOKEN_LOGIN, hash, keep_expiry,
                                        &expires_at_ms, &in->error);
  if (status == STORE_NOT_FOUND || (status == STORE_OK && expires_at_ms <= in->now_ms)) {
    return unknown_token(base->error);
  }
  if (status == STORE_OK) {
    status = store_token_delete(in->session, STORE_TOKEN_LOGIN, hash, &in->error);
  }
  return status == STORE_OK ? put_token(own, in, STORE_TOKEN_SESSION)
                            : engine_fail_store(base->error, status, &in->error);
}

engine_status engine_login_begin(engine *own, seg_text_view link, char out[SECRET_TEXT_BYTES],
                                 engine_error *error) {
  login_command begin = {.base = {.run = run_begin, .error = error}, .token = link, .made = out};
  return writer_submit(own->writer, &begin.base);
}

static engine_status run_end(command *base, batch *in, project_batch *part) {
  login_command *own = (login_command *)base;
  uint8_t hash[STORE_HASH_BYTES];
  (void)part;
  login_token_hash(own->token, hash);
  store_status status = store_token_delete(in->session, STORE_TOKEN_SESSION, hash, &in->error);
  return status == STORE_NOT_FOUND ? ENGINE_OK // it is over, which is what was asked for
                                   : engine_fail_store(base->error, status, &in->error);
}

engine_status engine_login_end(engine *own, seg_text_view session, engine_error *error) {
  login_command end = {.base = {.run = run_end, .error = error}, .token = session};
  return writer_submit(own->writer, &end.base);
}

engine_status engine_login_check(engine *own, seg_text_view session) {
  uint8_t hash[STORE_HASH_BYTES];
  int64_t expires_at_ms = 0;
  login_token_hash(session, hash);
  store_session *reading = engine_session_borrow(own);
  store_status status = reading == NULL ? STORE_FAILED
                                        : store_token_get(reading, STORE_TOKEN_SESSION, hash,
                                                          keep_expiry, &expires_at_ms, NULL);
  engine_session_return(own, reading);
  if (status == STORE_OK) {
    return expires_at_ms > engine_now_ms(own) ? ENGINE_OK : ENGINE_NOT_FOUND;
  }
  return status == STORE_NOT_FOUND ? ENGINE_NOT_FOUND : ENGINE_UNAVAILABLE;
}
