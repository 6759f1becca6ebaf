// Jobs on their way in; see engine_jobs.h. How they are carried out is in jobs.c.
#include "engine_jobs.h"

#include "csv.h"
#include "engine_internal.h"
#include "import_columns.h"
#include "job_input.h"

#include <stdlib.h>

struct engine_upload {
  engine *engine;
  char job_id[ID_TEXT_BYTES];
  job_entry *entry;  ///< NULL once the thread has it.
  int64_t sequence;  ///< Of the next piece.
  text_buffer piece; ///< What has come and is not stored.
  csv_reader *csv;
  int64_t row_count;
  engine_error trouble; ///< Of the header, and of a piece; has no Idempotency-Key.
};

// Reading the file as it comes.

static bool on_header(void *context, const seg_text_view *fields, size_t count) {
  engine_upload *own = context;
  import_columns *columns = NULL;
  engine_status status = import_columns_create(fields, count, &columns, &own->trouble);
  import_columns_free(columns);
  return status == ENGINE_OK;
}

static bool on_row(void *context, uint64_t number, const seg_text_view *fields, size_t count) {
  (void)number;
  (void)fields;
  (void)count;
  ((engine_upload *)context)->row_count++;
  return true;
}

static bool on_refused(void *context, uint64_t number, const seg_text_view *fields, size_t count,
                       const char *message) {
  (void)message;
  return on_row(context, number, fields, count);
}

/// Says what is wrong with the file.
static engine_status refuse(engine_upload *own, seg_status status, const seg_error *found,
                            engine_error *error) {
  if (status == SEG_E_NOMEM || own->trouble.status == ENGINE_UNAVAILABLE) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return engine_fail(error, ENGINE_INVALID, "file: %.400s",
                     own->trouble.status == ENGINE_INVALID ? own->trouble.message : found->message);
}

// Storing.

/// Stores a piece, and the job with the first of them. The last piece queues the job.
typedef struct piece_command {
  command base;
  store_job row;
  int64_t sequence;
  seg_text_view bytes;
} piece_command;

static engine_status run_piece(command *base, batch *in, project_batch *part) {
  piece_command *own = (piece_command *)base;
  (void)part;
  bool is_new = own->row.num == 0;
  own->row.updated_at_ms = in->now_ms;
  own->row.created_at_ms = in->now_ms;
  store_status status = STORE_OK;
  if (is_new) {
    status = store_job_insert(in->session, &own->row, &own->row.num, &in->error);
  }
  if (status == STORE_OK && own->bytes.size_bytes > 0) {
    status = store_job_input_append(in->session, own->row.project, own->row.num, own->sequence,
                                    own->bytes, &in->error);
  }
  if (status == STORE_OK && !is_new && own->row.status == STORE_JOB_QUEUED) {
    status = store_job_set_progress(in->session, &own->row, &in->error);
  }
  return engine_fail_store(base->error, status, &in->error);
}

/// Stores a piece of a job. `row` is updated on ENGINE_OK.
static engine_status store_piece(engine *own, project *in, store_job *row, const char *id,
                                 int64_t sequence, seg_text_view bytes, engine_error *error) {
  piece_command piece = {.base = {.run = run_piece, .project = in, .error = error},
                         .row = *row,
                         .sequence = sequence,
                         .bytes = bytes};
  piece.row.id = seg_text_of(id);
  piece.row.parameters_json = seg_text_of("{}");
  engine_status status = writer_submit(own->writer, &piece.base);
  if (status == ENGINE_OK) {
    *row = piece.row;
    row->id = row->parameters_json = (seg_text_view){0};
  }
  return status;
}

static seg_text_view stored_bytes(const engine_upload *own) {
  return (seg_text_view){.bytes = own->piece.bytes, .size_bytes = own->piece.size_bytes};
}

static engine_status flush(engine_upload *own, engine_error *error) {
  job_state *job = job_entry_state(own->entry);
  engine_status status = store_piece(own->engine, job->project, &job->row, own->job_id,
                                     own->sequence, stored_bytes(own), &own->trouble);
  if (status != ENGINE_OK) {
    return engine_fail(error, status, "%.400s", own->trouble.message);
  }
  own->sequence++;
  own->piece.size_bytes = 0;
  return ENGINE_OK;
}

// Uploads.

static engine_status check_room(engine *own, project *in, engine_error *error) {
  return jobs_have_room(own->jobs, in)
             ? ENGINE_OK
             : engine_fail(error, ENGINE_UNAVAILABLE,
                           "the project has %d unfinished jobs, the most; try again when some of "
                           "them are done",
                           JOBS_OF_PROJECT_MAX);
}

engine_status engine_upload_begin(engine *own, project *in, engine_upload **out,
                                  engine_error *error) {
  engine_status status = check_room(own, in, error);
  if (status != ENGINE_OK) {
    return status;
  }
  engine_upload *upload = calloc(1, sizeof *upload);
  csv_events events = {
      .context = upload, .header = on_header, .row = on_row, .refused = on_refused};
  bool ok = upload != NULL;
  if (ok) {
    upload->engine = own;
    engine_error_init(&upload->trouble);
    id_make(upload->job_id);
    upload->entry = job_entry_create(in);
    ok = upload->entry != NULL &&
         csv_create(seg_allocator_default(), &events, &upload->csv) == SEG_OK;
  }
  if (!ok) {
    engine_upload_end(upload);
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  *out = upload;
  return ENGINE_OK;
}

engine_status engine_upload_write(engine_upload *own, const char *bytes, size_t size_bytes,
                                  engine_error *error) {
  seg_error found;
  seg_status read = csv_feed(own->csv, bytes, size_bytes, &found);
  if (read != SEG_OK) {
    return refuse(own, read, &found, error);
  }
  while (size_bytes > 0) {
    size_t room = JOB_PIECE_BYTES - own->piece.size_bytes;
    size_t taken = size_bytes < room ? size_bytes : room;
    if (!text_buffer_add(&own->piece, bytes, taken)) {
      return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
    }
    bytes += taken;
    size_bytes -= taken;
    engine_status status = own->piece.size_bytes == JOB_PIECE_BYTES ? flush(own, error) : ENGINE_OK;
    if (status != ENGINE_OK) {
      return status;
    }
  }
  return ENGINE_OK;
}

engine_status engine_upload_finish(engine_upload *own, engine_error *error) {
  seg_error found;
  seg_status read = csv_finish(own->csv, &found);
  if (read != SEG_OK) {
    return refuse(own, read, &found, error);
  }
  job_state *job = job_entry_state(own->entry);
  store_job row = job->row;
  row.status = STORE_JOB_QUEUED;
  row.total = own->row_count;
  engine_status status = store_piece(own->engine, job->project, &row, own->job_id, own->sequence,
                                     stored_bytes(own), error);
  if (status == ENGINE_OK) {
    job->row = row;
    jobs_add(own->engine->jobs, own->entry);
    own->entry = NULL;
  }
  return status;
}

const char *engine_upload_job_id(const engine_upload *own) { return own->job_id; }

void engine_upload_end(engine_upload *own) {
  if (own == NULL) {
    return;
  }
  if (own->entry != NULL && job_entry_state(own->entry)->row.num != 0) {
    jobs_abandon(own->engine->jobs, own->entry);
  } else {
    job_entry_free(own->entry);
  }
  csv_free(own->csv);
  text_buffer_free(&own->piece);
  engine_error_free(&own->trouble);
  free(own);
}

// Bulk changes.

engine_status engine_bulk_queue(engine *own, project *in, store_job_kind kind,
                                const seg_text_view *ids, size_t count, char job_id[ID_TEXT_BYTES],
                                engine_error *error) {
  static const char end[] = {JOB_ID_END};
  engine_status status = check_room(own, in, error);
  text_buffer list = {0};
  job_entry *entry = status == ENGINE_OK ? job_entry_create(in) : NULL;
  bool ok = entry != NULL;
  id_make(job_id);
  for (size_t i = 0; ok && i < count; i++) {
    ok = text_buffer_add(&list, ids[i].bytes, ids[i].size_bytes) &&
         text_buffer_add(&list, end, sizeof end);
  }
  if (status == ENGINE_OK && !ok) {
    status = engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  if (status == ENGINE_OK) {
    store_job *row = &job_entry_state(entry)->row;
    row->kind = kind;
    row->status = STORE_JOB_QUEUED;
    row->total = (int64_t)count;
    seg_text_view bytes = {.bytes = list.bytes, .size_bytes = list.size_bytes};
    status = store_piece(own, in, row, job_id, 0, bytes, error);
  }
  if (status == ENGINE_OK) {
    jobs_add(own->jobs, entry);
  } else {
    job_entry_free(entry);
  }
  text_buffer_free(&list);
  return status;
}

size_t engine_count_jobs(engine *own) { return jobs_count(own->jobs); }
