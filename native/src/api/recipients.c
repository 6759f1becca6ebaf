// A campaign's recipients as NDJSON or CSV: a stream, made piece by piece. Each piece is read whole
// before it is sent, so that a slow client holds nothing of the store.
#include "answer.h"
#include "engine/csv_writer.h"
#include "engine/engine_campaigns.h"
#include "engine/json_text.h"
#include "http/parameters.h"
#include "segmentry/filter.h"

#include <string.h>

/// Recipients of one piece at most, and the bytes after which it is large enough.
#define PIECE_RECIPIENTS 1000
#define PIECE_BYTES ((size_t)256 * 1024)

/// Columns of CSV for members of `data`: more than any form letter has.
#define COLUMNS_MAX 50
#define COLUMN_PREFIX "data."

/// Which members of `data` get a column of their own; none: `data` is one column, as JSON.
typedef struct column_list {
  seg_text_view names[COLUMNS_MAX]; ///< As they were asked for, with their prefix.
  size_t count;
} column_list;

typedef struct piece {
  bool is_csv;
  const column_list *columns;
  text_buffer field; ///< Of a column, while it is read.
  bool has_failed;   ///< There was no memory.
  seg_json_writer *json;
  csv_writer csv;
} piece;

static bool add_line(void *context, const store_recipient *recipient) {
  piece *own = context;
  seg_json_writer *json = own->json;
  seg_json_begin_object(json);
  seg_json_member_text(json, "id", recipient->id);
  seg_json_member_text(json, "email", recipient->email);
  seg_json_member_raw(json, "data", recipient->data_json);
  seg_json_end_object(json);
  seg_json_newline(json);
  return json->size_bytes < PIECE_BYTES;
}

static void add_columns(piece *own, seg_text_view data) {
  for (size_t i = 0; i < own->columns->count; i++) {
    seg_text_view path = own->columns->names[i];
    path.bytes += strlen(COLUMN_PREFIX);
    path.size_bytes -= strlen(COLUMN_PREFIX);
    own->field.size_bytes = 0;
    own->has_failed = !json_text_add_path(data, path, &own->field) || own->has_failed;
    csv_writer_field(
        &own->csv, (seg_text_view){.bytes = own->field.bytes, .size_bytes = own->field.size_bytes});
  }
}

static bool add_row(void *context, const store_recipient *recipient) {
  piece *own = context;
  csv_writer_field(&own->csv, recipient->id);
  csv_writer_field(&own->csv, recipient->email);
  if (own->columns->count > 0) {
    add_columns(own, recipient->data_json);
  } else {
    csv_writer_field(&own->csv, recipient->data_json);
  }
  csv_writer_end_row(&own->csv);
  return own->csv.text.size_bytes < PIECE_BYTES;
}

static void add_header(piece *own) {
  csv_writer_field(&own->csv, seg_text_of("id"));
  csv_writer_field(&own->csv, seg_text_of("email"));
  for (size_t i = 0; i < own->columns->count; i++) {
    csv_writer_field(&own->csv, own->columns->names[i]);
  }
  if (own->columns->count == 0) {
    csv_writer_field(&own->csv, seg_text_of("data"));
  }
  csv_writer_end_row(&own->csv);
}

/// Sends what has gathered, and empties it. False if there was no memory, or the client has gone.
static bool send_piece(piece *own, seg_http_response *response) {
  seg_text_view text;
  seg_status status =
      own->is_csv ? csv_writer_text(&own->csv, &text) : seg_json_writer_text(own->json, &text);
  bool ok = status == SEG_OK && !own->has_failed &&
            seg_http_stream_write(response, text.bytes, text.size_bytes);
  csv_writer_reset(&own->csv);
  seg_json_writer_reset(own->json);
  return ok;
}

/// Sends all of them. A list that cannot be read to its end is cut, so that nobody takes it for
/// whole.
static void send_recipients(recipient_reader *reader, bool is_csv, const column_list *columns,
                            bool is_whole, seg_http_response *response) {
  piece own = {.is_csv = is_csv, .columns = columns, .json = seg_http_response_json(response)};
  engine_error error;
  bool is_end = false;
  engine_error_init(&error);
  seg_http_stream_begin(response, 200,
                        is_csv ? "text/csv; charset=utf-8; header=present"
                               : "application/x-ndjson; charset=utf-8",
                        NULL);
  if (is_csv && is_whole) {
    add_header(&own);
  }
  bool ok = true;
  while (ok && !is_end) {
    ok = engine_recipients_next(reader, PIECE_RECIPIENTS, is_csv ? add_row : add_line, &own,
                                &is_end, &error) == ENGINE_OK &&
         send_piece(&own, response);
  }
  if (ok) {
    seg_http_stream_end(response);
  }
  csv_writer_free(&own.csv);
  text_buffer_free(&own.field);
  engine_error_free(&error);
}

/// Whether the first format in an Accept header that we have is CSV.
static bool accepts_csv(const seg_http_request *request) {
  seg_text_view accept;
  if (!seg_http_request_header(request, "Accept", &accept)) {
    return false;
  }
  while (accept.size_bytes > 0) {
    const char *comma = memchr(accept.bytes, ',', accept.size_bytes);
    size_t size = comma == NULL ? accept.size_bytes : (size_t)(comma - accept.bytes);
    seg_text_view type =
        seg_http_value_main((seg_text_view){.bytes = accept.bytes, .size_bytes = size});
    if (seg_http_equal_nocase(type, "text/csv")) {
      return true;
    }
    if (seg_http_equal_nocase(type, "application/x-ndjson")) {
      return false;
    }
    size = comma == NULL ? size : size + 1;
    accept.bytes += size;
    accept.size_bytes -= size;
  }
  return false;
}

/// Reads which format is asked for; false if it has been answered.
static bool read_format(seg_http_request *request, seg_http_response *response, bool *is_csv) {
  seg_text_view format;
  if (!seg_http_query_text(request, response, "format", 16, &format)) {
    return false;
  }
  *is_csv =
      format.size_bytes == 0 ? accepts_csv(request) : seg_text_equal(format, seg_text_of("csv"));
  if (format.size_bytes > 0 && !*is_csv && !seg_text_equal(format, seg_text_of("ndjson"))) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST, "format: allowed are ndjson, csv");
    return false;
  }
  return true;
}

/// Reads which columns are asked for; false if it has been answered.
static bool read_columns(seg_http_request *request, seg_http_response *response, bool is_csv,
                         column_list *out) {
  seg_text_view rest;
  out->count = 0;
  if (!seg_http_query_text(request, response, "columns",
                           (size_t)COLUMNS_MAX * (SEG_FILTER_FIELD_BYTES_MAX + 1), &rest)) {
    return false;
  }
  if (rest.size_bytes > 0 && !is_csv) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST, "columns: only csv has columns");
    return false;
  }
  while (rest.size_bytes > 0) {
    const char *comma = memchr(rest.bytes, ',', rest.size_bytes);
    size_t size = comma == NULL ? rest.size_bytes : (size_t)(comma - rest.bytes);
    size_t prefix = strlen(COLUMN_PREFIX);
    if (size <= prefix || size > SEG_FILTER_FIELD_BYTES_MAX ||
        memcmp(rest.bytes, COLUMN_PREFIX, prefix) != 0 || out->count == COLUMNS_MAX) {
      seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                             "columns: column %zu is \"%.*s\"; allowed are up to %d fields such as "
                             "data.plan, of at most %d bytes, with commas between them",
                             out->count + 1, size < 100 ? (int)size : 100, rest.bytes, COLUMNS_MAX,
                             SEG_FILTER_FIELD_BYTES_MAX);
      return false;
    }
    out->names[out->count++] = (seg_text_view){.bytes = rest.bytes, .size_bytes = size};
    size = comma == NULL ? size : size + 1;
    rest.bytes += size;
    rest.size_bytes -= size;
  }
  return true;
}

void api_campaign_recipients(void *context, seg_http_request *request,
                             seg_http_response *response) {
  api *own = context;
  bool is_csv;
  column_list columns;
  seg_text_view after;
  if (!read_format(request, response, &is_csv) ||
      !read_columns(request, response, is_csv, &columns) ||
      !seg_http_query_text(request, response, "after", SEG_CONTACT_ID_BYTES_MAX, &after)) {
    return;
  }
  engine_error error;
  recipient_reader *reader = NULL;
  engine_error_init(&error);
  after.bytes = after.size_bytes == 0 ? NULL : after.bytes;
  engine_status status =
      engine_recipients_open(own->engine, api_project(request),
                             seg_http_request_param(request, "id"), after, &reader, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_CAMPAIGNS, &error);
    return;
  }
  send_recipients(reader, is_csv, &columns, after.bytes == NULL, response);
  engine_recipients_close(reader);
  engine_error_free(&error);
}
