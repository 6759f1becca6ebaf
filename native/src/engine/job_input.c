// See job_input.h.
#include "job_input.h"

#include "csv.h"
#include "engine_internal.h"
#include "import_columns.h"
#include "segmentry/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// CSV is read in slices of a piece, since the reader cannot stop half-way: a chunk may have a
/// slice's rows too many.
#define SLICE_BYTES ((size_t)16 * 1024)
/// Bytes that one call reads at most: rows that are passed over after a restart make no chunk.
#define TURN_BYTES ((size_t)4 * 1024 * 1024)

struct job_input {
  store_job job;
  int64_t skip; ///< Rows to pass over.
  int64_t next_sequence;
  text_buffer piece;
  size_t piece_at;
  bool has_ended; ///< There is no further piece.
  // Of an import.
  csv_reader *csv;
  import_columns *columns;
  // Of a list.
  int64_t id_count;
  // During a call.
  job_chunk *chunk;
  engine_error *error;
  engine_status status; ///< What a callback of the reader met; ENGINE_INVALID: the header.
};

// Rows of CSV.

static bool on_header(void *context, const seg_text_view *fields, size_t count) {
  job_input *own = context;
  own->status = import_columns_create(fields, count, &own->columns, own->error);
  return own->status == ENGINE_OK;
}

/// Whether the next row has been done before.
static bool is_passed_over(job_input *own) {
  bool skips = own->skip > 0;
  own->skip -= skips;
  return skips;
}

static bool note_memory(job_input *own, bool ok) {
  if (!ok) {
    own->status = engine_fail(own->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return ok;
}

static bool on_refused(void *context, uint64_t number, const seg_text_view *fields, size_t count,
                       const char *message) {
  job_input *own = context;
  return is_passed_over(own) ||
         note_memory(own,
                     job_chunk_refuse(own->chunk, (int64_t)number,
                                      import_columns_email(own->columns, fields, count), message));
}

/// Parses and checks what a row says, so that the writer's thread need not.
static seg_status parse_data(job_chunk *chunk, job_row *row, seg_error *error) {
  seg_text_view text = {.bytes = chunk->texts.bytes + row->data.at,
                        .size_bytes = row->data.size_bytes};
  seg_status status = seg_json_parse_into(arena_allocator(&chunk->memory), text, SEG_JSON_DEPTH_MAX,
                                          &row->tree, error);
  return status == SEG_OK ? seg_data_check(row->tree, error) : status;
}

static bool on_row(void *context, uint64_t number, const seg_text_view *fields, size_t count) {
  job_input *own = context;
  (void)count;
  if (is_passed_over(own)) {
    return true;
  }
  import_row read;
  job_row row = {.number = (int64_t)number, .data = {.at = own->chunk->texts.size_bytes}};
  engine_status status =
      import_columns_read(own->columns, fields, &read, &own->chunk->texts, own->error);
  if (status == ENGINE_INVALID) {
    return note_memory(own,
                       job_chunk_refuse(own->chunk, row.number, read.email, own->error->message));
  }
  if (status != ENGINE_OK) {
    own->status = status;
    return false;
  }
  char bytes[SEG_EMAIL_BYTES_MAX];
  seg_text_view email;
  row.data.size_bytes = own->chunk->texts.size_bytes - row.data.at;
  row.has_subscribed = read.has_subscribed;
  row.subscribed = read.subscribed;
  if (!engine_read_email(read.email, bytes, &email)) {
    return note_memory(own,
                       job_chunk_refuse(own->chunk, row.number, read.email,
                                        read.email.size_bytes == 0 ? "email: is empty"
                                                                   : "email: is not an address"));
  }
  seg_error trouble;
  seg_status parsed = parse_data(own->chunk, &row, &trouble);
  if (parsed != SEG_OK && parsed != SEG_E_NOMEM) {
    return note_memory(own, job_chunk_refuse(own->chunk, row.number, read.email, trouble.message));
  }
  return note_memory(own, parsed == SEG_OK && job_chunk_keep(own->chunk, email, &row.key) &&
                              job_chunk_add(own->chunk, &row));
}

/// Ends the job at what cannot be read as CSV.
static engine_status end_csv(job_input *own, seg_status status, const seg_error *trouble) {
  if (own->status == ENGINE_UNAVAILABLE || status == SEG_E_NOMEM) {
    return engine_fail(own->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  job_chunk *chunk = own->chunk;
  chunk->is_last = true;
  chunk->has_failed = status != SEG_OK;
  chunk->failed_row = (int64_t)csv_row(own->csv);
  (void)snprintf(chunk->failure, sizeof chunk->failure, "%s",
                 own->status == ENGINE_INVALID ? own->error->message : trouble->message);
  return ENGINE_OK;
}

static engine_status feed_csv(job_input *own, const char *bytes, size_t size_bytes) {
  seg_error trouble;
  seg_status status = csv_feed(own->csv, bytes, size_bytes, &trouble);
  return status == SEG_OK ? ENGINE_OK : end_csv(own, status, &trouble);
}

static engine_status finish_csv(job_input *own) {
  seg_error trouble;
  seg_status status = csv_finish(own->csv, &trouble);
  return end_csv(own, status, &trouble);
}

// Ids.

static engine_status feed_id(job_input *own, seg_text_view id) {
  own->id_count++;
  if (is_passed_over(own)) {
    return ENGINE_OK;
  }
  job_row row = {.number = own->id_count};
  bool ok = job_chunk_keep(own->chunk, id, &row.key) && job_chunk_add(own->chunk, &row);
  return ok ? ENGINE_OK : engine_fail(own->error, ENGINE_UNAVAILABLE, "out of memory");
}

// Pieces.

static bool keep_piece(void *context, int64_t sequence, seg_text_view bytes) {
  job_input *own = context;
  own->piece.size_bytes = 0;
  own->has_ended = false;
  own->next_sequence = sequence + 1;
  own->status = text_buffer_add(&own->piece, bytes.bytes, bytes.size_bytes)
                    ? ENGINE_OK
                    : engine_fail(own->error, ENGINE_UNAVAILABLE, "out of memory");
  return false;
}

static engine_status next_piece(job_input *own, store_session *session) {
  store_error trouble;
  own->has_ended = true;
  own->piece_at = 0;
  own->piece.size_bytes = 0;
  store_status status = store_job_input_each(session, own->job.project, own->job.num,
                                             own->next_sequence, keep_piece, own, &trouble);
  return status == STORE_OK ? own->status : engine_fail_store(own->error, status, &trouble);
}

/// Takes the next slice of CSV, or the next id.
static engine_status take(job_input *own) {
  const char *bytes = own->piece.bytes + own->piece_at;
  size_t left = own->piece.size_bytes - own->piece_at;
  if (own->csv != NULL) {
    size_t size = left < SLICE_BYTES ? left : SLICE_BYTES;
    own->piece_at += size;
    return feed_csv(own, bytes, size);
  }
  const char *end = memchr(bytes, JOB_ID_END, left);
  size_t size = end == NULL ? left : (size_t)(end - bytes);
  own->piece_at += size + (end != NULL);
  return feed_id(own, (seg_text_view){.bytes = bytes, .size_bytes = size});
}

static engine_status finish(job_input *own) {
  if (own->csv != NULL) {
    return finish_csv(own);
  }
  own->chunk->is_last = true;
  return ENGINE_OK;
}

job_input *job_input_open(const store_job *job) {
  job_input *own = calloc(1, sizeof *own);
  csv_events events = {.context = own, .header = on_header, .row = on_row, .refused = on_refused};
  if (own == NULL || (job->kind == STORE_JOB_IMPORT &&
                      csv_create(seg_allocator_default(), &events, &own->csv) != SEG_OK)) {
    free(own);
    return NULL;
  }
  own->job = *job;
  own->skip = job->processed;
  return own;
}

void job_input_close(job_input *gone) {
  if (gone != NULL) {
    csv_free(gone->csv);
    import_columns_free(gone->columns);
    text_buffer_free(&gone->piece);
    free(gone);
  }
}

engine_status job_input_read(job_input *own, store_session *session, bool is_alone, job_chunk *out,
                             engine_error *error) {
  size_t rows_max = own->csv == NULL ? JOB_CHUNK_IDS
                    : is_alone       ? JOB_CHUNK_ROWS_ALONE
                                     : JOB_CHUNK_ROWS;
  size_t bytes_max = is_alone ? JOB_CHUNK_BYTES_ALONE : JOB_CHUNK_BYTES;
  engine_status status = ENGINE_OK;
  own->chunk = out;
  own->error = error;
  own->status = ENGINE_OK;
  for (size_t read = 0; status == ENGINE_OK && !out->is_last && out->count < rows_max &&
                        out->texts.size_bytes < bytes_max && read < TURN_BYTES;) {
    if (own->piece_at == own->piece.size_bytes) {
      status = next_piece(own, session);
      read += own->piece.size_bytes;
    }
    if (status == ENGINE_OK) {
      status = own->has_ended ? finish(own) : own->piece.size_bytes == 0 ? ENGINE_OK : take(own);
    }
  }
  return status;
}
