// Who calls: a project's key behind `Authorization: Bearer`.
#include "api.h"

#include <stdio.h>

seg_http_authentication api_authenticate(void *context, const seg_http_request *request,
                                         seg_http_identity *identity) {
  const api *own = context;
  seg_text_view key;
  if (!seg_http_request_bearer(request, &key)) {
    return SEG_HTTP_AUTH_MISSING;
  }
  engine_key kind;
  project *found = engine_project_of_key(own->engine, key, &kind);
  if (found == NULL) {
    return SEG_HTTP_AUTH_INVALID;
  }
  identity->key = kind == ENGINE_KEY_SECRET ? SEG_HTTP_KEY_SECRET : SEG_HTTP_KEY_PUBLIC;
  identity->project = found;
  (void)snprintf(identity->project_id, sizeof identity->project_id, "%.*s",
                 (int)found->id.size_bytes, found->id.bytes);
  return SEG_HTTP_AUTHENTICATED;
}
