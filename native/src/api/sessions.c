// Sessions of the dashboard: a one-time link becomes a cookie. And what a session alone may do.
//
// The cookie is out of reach of scripts (HttpOnly) and of other sites (SameSite=Strict). Behind a
// proxy that ends TLS, which says so in X-Forwarded-Proto, it is sent over TLS alone (Secure).
#include "sessions.h"
#include "call.h"
#include "engine/login.h"

#include <stdio.h>
#include <string.h>

#define PAGE "text/html; charset=utf-8"

static bool is_over_tls(const seg_http_request *request) {
  seg_text_view proto;
  return seg_http_request_header(request, "X-Forwarded-Proto", &proto) &&
         seg_text_equal(proto, seg_text_of("https"));
}

static void set_cookie(const seg_http_request *request, seg_http_response *response,
                       const char *value, int64_t seconds) {
  char cookie[256];
  (void)snprintf(cookie, sizeof cookie,
                 SESSION_COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", value,
                 (long long)seconds, is_over_tls(request) ? "; Secure" : "");
  seg_http_response_header(response, "Set-Cookie", cookie);
}

/// People see this one, so it is a page.
static void answer_dead_link(seg_http_response *response, const engine_error *error) {
  static const char dead[] =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Segmentry</title>"
      "<h1>This link does not work any more</h1><p>A link to the dashboard works once, and for 15 "
      "minutes. Run <code>segmentry login</code> where the server runs to get a new one.</p>";
  static const char busy[] =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Segmentry</title>"
      "<h1>The server cannot log you in now</h1><p>Its database takes no changes. Try again in a "
      "moment; the link still works.</p>";
  if (error->status == ENGINE_UNAVAILABLE) {
    seg_http_respond_bytes(response, 503, PAGE, busy, sizeof busy - 1);
  } else {
    seg_http_respond_bytes(response, 401, PAGE, dead, sizeof dead - 1);
  }
}

void api_login(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  char session[SECRET_TEXT_BYTES];
  seg_text_view token;
  engine_error error;
  engine_error_init(&error);
  if (!seg_http_query_text(request, response, "token", SECRET_TEXT_BYTES, &token)) {
    return;
  }
  if (seg_http_request_is_head(request)) { // a mail's or a chat's scanner, ahead of the person
    seg_http_respond_bytes(response, 200, PAGE, "", 0);
    return;
  }
  if (engine_login_begin(own->engine, token, session, &error) == ENGINE_OK) {
    set_cookie(request, response, session, LOGIN_SESSION_MS / 1000);
    seg_http_response_header(response, "Location", "/");
    seg_http_respond_empty(response, 303);
  } else {
    answer_dead_link(response, &error);
  }
  engine_error_free(&error);
}

void api_logout(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  seg_text_view session;
  engine_error error;
  engine_error_init(&error);
  if (!seg_http_request_cookie(request, SESSION_COOKIE, &session) ||
      engine_login_end(own->engine, session, &error) == ENGINE_OK) {
    set_cookie(request, response, "", 0);
    seg_http_respond_empty(response, 204);
    engine_error_free(&error);
  } else {
    answer_engine_error(response, API_SESSIONS, &error);
  }
}

static bool show_project(void *context, const store_project *row) {
  seg_json_writer *json = context;
  seg_json_begin_object(json);
  seg_json_member_text(json, "id", row->id);
  seg_json_member_text(json, "name", row->name);
  seg_json_member_text(json, "publicKey", row->public_key);
  seg_json_member_instant(json, "createdAt", row->created_at_ms);
  seg_json_end_object(json);
  return true;
}

void api_session(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  seg_json_writer *json = seg_http_response_json(response);
  (void)request;
  seg_json_begin_object(json);
  seg_json_key(json, "projects");
  seg_json_begin_array(json);
  store_session *session = engine_session_borrow(own->engine);
  store_status status =
      session == NULL ? STORE_FAILED : store_project_list(session, show_project, json, NULL);
  engine_session_return(own->engine, session);
  seg_json_end_array(json);
  seg_json_end_object(json);
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_SESSIONS, status);
  }
}

static void show_keys(void *context, const char *id, const char *name, const char *secret_key,
                      const char *public_key) {
  seg_json_writer *json = context;
  seg_json_begin_object(json);
  seg_json_member_string(json, "id", id);
  seg_json_member_string(json, "name", name);
  seg_json_member_string(json, "secretKey", secret_key);
  seg_json_member_string(json, "publicKey", public_key);
  seg_json_end_object(json);
}

void api_project_rotate_keys(void *context, seg_http_request *request,
                             seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_PROJECTS, 200);
  api_call_end(&call,
               engine_project_rotate_keys(call.api->engine, seg_http_request_param(request, "id"),
                                          show_keys, call.json, &call.error));
}
