// The pages of the dashboard: files that the program carries in itself.
#include "api.h"
#include "dashboard_files.h"

#include <stdio.h>
#include <string.h>

/// Nothing but our own files, and nothing inline: a text that slips into the page stays a text.
/// 'wasm-unsafe-eval' lets the module be compiled, and no script.
#define PAGE_POLICY                                                                                \
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "                   \
  "img-src 'self' data:; connect-src 'self'; worker-src 'self'; font-src 'self'; "                 \
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/// The names of assets hold a hash of their content: what was fetched once never changes.
#define ASSET_CACHE "public, max-age=31536000, immutable"

#define ASSET_FOLDER "assets/"
/// Bytes of a file's path: names that the build makes are far shorter.
#define PATH_BYTES_MAX 256

static const struct {
  const char *suffix;
  const char *type;
} CONTENT_TYPES[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
};

static const char *content_type(const char *path) {
  const char *suffix = strrchr(path, '.');
  for (size_t i = 0; suffix != NULL && i < sizeof CONTENT_TYPES / sizeof CONTENT_TYPES[0]; i++) {
    if (strcmp(suffix, CONTENT_TYPES[i].suffix) == 0) {
      return CONTENT_TYPES[i].type;
    }
  }
  return "application/octet-stream";
}

static const dashboard_file *find(const char *path) {
  for (size_t i = 0; i < dashboard_file_count; i++) {
    if (strcmp(dashboard_files[i].path, path) == 0) {
      return &dashboard_files[i];
    }
  }
  return NULL;
}

static void answer_file(const seg_http_request *request, seg_http_response *response,
                        const dashboard_file *file, const char *cache) {
  seg_http_response_header(response, "Cache-Control", cache);
  seg_http_response_header(response, "Content-Security-Policy", PAGE_POLICY);
  if (file->gzip != NULL) {
    seg_http_response_header(response, "Vary", "Accept-Encoding");
    if (seg_http_request_accepts_gzip(request)) {
      seg_http_response_header(response, "Content-Encoding", "gzip");
      seg_http_respond_bytes(response, 200, content_type(file->path), file->gzip,
                             (size_t)(file->gzip_end - file->gzip));
      return;
    }
  }
  seg_http_respond_bytes(response, 200, content_type(file->path), file->bytes,
                         (size_t)(file->end - file->bytes));
}

void api_dashboard_page(void *context, seg_http_request *request, seg_http_response *response) {
  static const char WITHOUT[] =
      "Segmentry runs, and answers the HTTP API. This program was built without the dashboard.\n"
      "`make build` puts it in.\n";
  (void)context;
  const dashboard_file *file = find("index.html");
  if (file == NULL) {
    seg_http_respond_bytes(response, 200, "text/plain; charset=utf-8", WITHOUT, sizeof WITHOUT - 1);
    return;
  }
  // Asked for anew each time, so that a newer program's page is seen at once.
  answer_file(request, response, file, "no-cache");
}

void api_dashboard_icon(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  const dashboard_file *file = find("favicon.svg");
  if (file == NULL) {
    seg_http_respond_error(response, SEG_HTTP_RESOURCE_NOT_FOUND, "there is no icon");
    return;
  }
  answer_file(request, response, file, "public, max-age=86400");
}

void api_dashboard_asset(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  char path[PATH_BYTES_MAX];
  seg_text_view name = seg_http_request_param(request, "file");
  int size = snprintf(path, sizeof path, ASSET_FOLDER "%s", name.bytes);
  const dashboard_file *file = size < (int)sizeof path ? find(path) : NULL;
  if (file == NULL) {
    seg_http_respond_error(response, SEG_HTTP_RESOURCE_NOT_FOUND,
                           "no such file; the dashboard may have been updated: load it again");
    return;
  }
  answer_file(request, response, file, ASSET_CACHE);
}
