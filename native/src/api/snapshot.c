// A project's table for pages and scripts that evaluate filters themselves.
#include "answer.h"
#include "engine/engine_snapshot.h"
#include "http/gzip.h"

#include <stdio.h>
#include <stdlib.h>

/// Bytes of `fields` in a query: half of what a request's header may have.
#define FIELDS_BYTES_MAX 8192
/// An entity tag: quotes, and a suffix, since the same bytes come in two encodings.
#define TAG_BYTES (ENGINE_SNAPSHOT_TAG_BYTES + 8)

/// The fields of a query, taken apart.
typedef struct chosen_fields {
  seg_text_view items[FIELDS_BYTES_MAX / 2];
  size_t count;
  char bytes[FIELDS_BYTES_MAX + 1];
} chosen_fields;

/// Cuts a list at its commas. A backslash takes the character behind it as it is, for names that
/// have a comma in them. False for an empty name, or a backslash at the end.
static bool split_fields(seg_text_view list, chosen_fields *out) {
  size_t used = 0;
  size_t begin = 0;
  out->count = 0;
  for (size_t at = 0; at <= list.size_bytes; at++) {
    bool ends = at == list.size_bytes;
    if (ends || list.bytes[at] == ',') {
      if (used == begin) {
        return false;
      }
      out->items[out->count++] =
          (seg_text_view){.bytes = out->bytes + begin, .size_bytes = used - begin};
      begin = used;
      continue;
    }
    if (list.bytes[at] == '\\' && ++at == list.size_bytes) {
      return false;
    }
    out->bytes[used++] = list.bytes[at];
  }
  return true;
}

static bool read_fields(seg_http_request *request, seg_http_response *response,
                        chosen_fields *out) {
  seg_text_view list;
  if (!seg_http_query_text(request, response, "fields", FIELDS_BYTES_MAX, &list)) {
    return false;
  }
  if (!split_fields(list, out)) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "fields: must be names of fields with commas between them, such as "
                           "data.plan,event.signed_up; a comma within a name is written \\,");
    return false;
  }
  return true;
}

static void put_headers(seg_http_response *response, const snapshot *made, bool is_whole) {
  char count[24];
  (void)snprintf(count, sizeof count, "%zu", made->contacts);
  seg_http_response_header(response, "Segmentry-Contacts", count);
  seg_http_response_header(response, "Segmentry-Complete", is_whole ? "true" : "false");
  seg_http_response_header(response, "Vary", "Accept-Encoding");
}

static void answer_failure(seg_http_response *response, const snapshot *made, engine_error *error) {
  if (error->status != ENGINE_CONFLICT) {
    answer_engine_error(response, API_SEGMENTS, error);
    return;
  }
  put_headers(response, made, false);
  seg_http_failure failure = {.code = SEG_HTTP_CONFLICT,
                              .message = error->message,
                              .suggestion = "ask POST /segments/preview instead"};
  seg_http_respond_failure(response, &failure);
  engine_error_free(error);
}

static void write_tag(const snapshot *made, bool is_packed, char out[TAG_BYTES]) {
  (void)snprintf(out, TAG_BYTES, "\"%s%s\"", made->tag, is_packed ? "-gzip" : "");
}

static void answer_snapshot(seg_http_response *response, const snapshot *made, bool is_packed) {
  static const char type[] = "application/octet-stream";
  char tag[TAG_BYTES];
  seg_text_view packed;
  // A snapshot that is too large for it, or without the memory, goes as it is.
  is_packed = is_packed && seg_http_gzip(made->bytes, &packed) == SEG_OK;
  write_tag(made, is_packed, tag);
  put_headers(response, made, true);
  seg_http_response_header(response, "ETag", tag);
  if (is_packed) {
    seg_http_response_header(response, "Content-Encoding", "gzip");
    seg_http_respond_bytes(response, 200, type, packed.bytes, packed.size_bytes);
    seg_http_gzip_free(packed);
  } else {
    seg_http_respond_bytes(response, 200, type, made->bytes.bytes, made->bytes.size_bytes);
  }
}

/// Answers with 304 if the client has the snapshot already.
static bool answer_unchanged(const seg_http_request *request, seg_http_response *response,
                             const snapshot *known, bool is_packed) {
  char tag[TAG_BYTES];
  write_tag(known, is_packed, tag);
  if (!seg_http_request_has_answer(request, tag)) {
    return false;
  }
  put_headers(response, known, true);
  seg_http_response_header(response, "ETag", tag);
  seg_http_respond_empty(response, 304);
  return true;
}

static void answer_choice(const api *own, const seg_http_request *request,
                          seg_http_response *response, const snapshot_choice *choice) {
  project *in = api_project(request);
  bool is_packed = seg_http_request_accepts_gzip(request);
  snapshot made;
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_snapshot_look(own->engine, in, choice, &made, &error);
  if (status == ENGINE_OK && answer_unchanged(request, response, &made, is_packed)) {
    engine_error_free(&error);
    return;
  }
  if (status == ENGINE_OK) {
    status = engine_snapshot_make(own->engine, in, choice, &made, &error);
  }
  if (status != ENGINE_OK) {
    answer_failure(response, &made, &error);
    return;
  }
  answer_snapshot(response, &made, is_packed);
  engine_snapshot_free(&made);
  engine_error_free(&error);
}

void api_snapshot(void *context, seg_http_request *request, seg_http_response *response) {
  int64_t limit;
  chosen_fields *fields = malloc(sizeof *fields);
  if (fields == NULL) {
    answer_no_memory(response);
    return;
  }
  if (read_fields(request, response, fields) &&
      seg_http_query_integer(request, response, "limit", 1, ENGINE_SNAPSHOT_CONTACTS_MAX,
                             ENGINE_SNAPSHOT_CONTACTS_MAX, &limit)) {
    snapshot_choice choice = {
        .fields = fields->items, .field_count = fields->count, .contacts_max = (size_t)limit};
    answer_choice(context, request, response, &choice);
  }
  free(fields);
}
