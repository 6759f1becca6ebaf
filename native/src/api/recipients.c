// A campaign's recipients as NDJSON or CSV: a stream, made piece by piece. Each piece is read whole
// before it is sent, so that a slow client holds nothing of the store.
#include "answer.h"
#include "engine/csv_writer.h"
#include "engine/engine_campaigns.h"
#include "http/parameters.h"

#include <string.h>

/// Recipients of one piece at most, and the bytes after which it is large enough.
#define PIECE_RECIPIENTS 1000
#define PIECE_BYTES ((size_t)256 * 1024)

typedef struct piece {
  bool is_csv;
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

static bool add_row(void *context, const store_recipient *recipient) {
  piece *own = context;
  csv_writer_field(&own->csv, recipient->id);
  csv_writer_field(&own->csv, recipient->email);
  csv_writer_field(&own->csv, recipient->data_json);
  csv_writer_end_row(&own->csv);
  return own->csv.text.size_bytes < PIECE_BYTES;
}

static void add_header(piece *own) {
  csv_writer_field(&own->csv, seg_text_of("id"));
  csv_writer_field(&own->csv, seg_text_of("email"));
  csv_writer_field(&own->csv, seg_text_of("data"));
  csv_writer_end_row(&own->csv);
}

/// Sends what has gathered, and empties it. False if there was no memory, or the client has gone.
static bool send_piece(piece *own, seg_http_response *response) {
  seg_text_view text;
  seg_status status =
      own->is_csv ? csv_writer_text(&own->csv, &text) : seg_json_writer_text(own->json, &text);
  bool ok = status == SEG_OK && seg_http_stream_write(response, text.bytes, text.size_bytes);
  csv_writer_reset(&own->csv);
  seg_json_writer_reset(own->json);
  return ok;
}

/// Sends all of them. A list that cannot be read to its end is cut, so that nobody takes it for
/// whole.
static void send_recipients(recipient_reader *reader, bool is_csv, bool is_whole,
                            seg_http_response *response) {
  piece own = {.is_csv = is_csv, .json = seg_http_response_json(response)};
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

void api_campaign_recipients(void *context, seg_http_request *request,
                             seg_http_response *response) {
  api *own = context;
  bool is_csv;
  seg_text_view after;
  if (!read_format(request, response, &is_csv) ||
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
  send_recipients(reader, is_csv, after.bytes == NULL, response);
  engine_recipients_close(reader);
  engine_error_free(&error);
}
