// The description of this API for programs: docs/openapi.json, as the build found it.
#include "api.h"
#include "embedded_file.h"

EMBED_FILE(openapi_json, SEG_OPENAPI_FILE);
extern const char openapi_json[];
extern const char openapi_json_end[];

void api_openapi(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  seg_http_respond_bytes(response, 200, "application/json; charset=utf-8", openapi_json,
                         (size_t)(openapi_json_end - openapi_json));
}
