// Who calls: a project's key behind `Authorization: Bearer`, or a session's cookie.
#include "api.h"
#include "sessions.h"

#include <stdio.h>

static void identify(seg_http_identity *identity, seg_http_key key, project *found) {
  identity->key = key;
  identity->project = found;
  if (found != NULL) {
    (void)snprintf(identity->project_id, sizeof identity->project_id, "%.*s",
                   (int)found->id.size_bytes, found->id.bytes);
  }
}

static seg_http_authentication authenticate_key(const api *own, seg_text_view key,
                                                seg_http_identity *identity) {
  engine_key kind;
  project *found = engine_project_of_key(own->engine, key, &kind);
  if (found == NULL) {
    return SEG_HTTP_AUTH_INVALID;
  }
  identify(identity, kind == ENGINE_KEY_SECRET ? SEG_HTTP_KEY_SECRET : SEG_HTTP_KEY_PUBLIC, found);
  return SEG_HTTP_AUTHENTICATED;
}

/// A session is for all projects; a header says which.
static seg_http_authentication authenticate_session(const api *own, const seg_http_request *request,
                                                    seg_text_view session,
                                                    seg_http_identity *identity) {
  engine_status status = engine_login_check(own->engine, session);
  if (status != ENGINE_OK) {
    return status == ENGINE_NOT_FOUND ? SEG_HTTP_AUTH_INVALID : SEG_HTTP_AUTH_UNAVAILABLE;
  }
  seg_text_view id;
  bool is_named = seg_http_request_header(request, SESSION_PROJECT_HEADER, &id);
  project *found =
      is_named ? engine_project_find(own->engine, id) : engine_project_oldest(own->engine);
  bool needs_project = seg_http_request_route(request)->access != SEG_HTTP_ACCESS_SESSION;
  if (found == NULL && needs_project) {
    return SEG_HTTP_AUTH_NO_PROJECT;
  }
  identify(identity, SEG_HTTP_KEY_SESSION, found);
  return SEG_HTTP_AUTHENTICATED;
}

seg_http_authentication api_authenticate(void *context, const seg_http_request *request,
                                         seg_http_identity *identity) {
  const api *own = context;
  seg_text_view secret;
  if (seg_http_request_bearer(request, &secret)) {
    return authenticate_key(own, secret, identity);
  }
  if (seg_http_request_cookie(request, SESSION_COOKIE, &secret)) {
    return authenticate_session(own, request, secret, identity);
  }
  return SEG_HTTP_AUTH_MISSING;
}
