// See job_chunk.h.
#include "job_chunk.h"

#include "engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool job_chunk_keep(job_chunk *own, seg_text_view text, job_text *out) {
  *out = (job_text){.at = own->texts.size_bytes, .size_bytes = text.size_bytes};
  return text_buffer_add(&own->texts, text.bytes, text.size_bytes);
}

bool job_chunk_add(job_chunk *own, const job_row *row) {
  if (own->count == own->capacity) {
    size_t capacity = own->capacity == 0 ? JOB_CHUNK_ROWS : own->capacity * 2;
    job_row *rows = realloc(own->rows, capacity * sizeof *rows);
    if (rows == NULL) {
      return false;
    }
    own->rows = rows;
    own->capacity = capacity;
  }
  own->rows[own->count++] = *row;
  return true;
}

bool job_chunk_refuse(job_chunk *own, int64_t number, seg_text_view key, const char *reason) {
  job_row row = {.number = number, .is_refused = true};
  if (key.size_bytes > SEG_EMAIL_BYTES_MAX) {
    key.size_bytes = SEG_EMAIL_BYTES_MAX; // it is shown, no more
  }
  return job_chunk_keep(own, key, &row.key) &&
         job_chunk_keep(own, seg_text_of(reason), &row.reason) && job_chunk_add(own, &row);
}

void job_chunk_clear(job_chunk *own) {
  own->texts.size_bytes = 0;
  arena_clear(&own->memory);
  own->count = 0;
  own->is_last = false;
  own->has_failed = false;
}

void job_chunk_free(job_chunk *own) {
  text_buffer_free(&own->texts);
  arena_free(&own->memory);
  free(own->rows);
  *own = (job_chunk){0};
}

// The command.

/// What became of a row.
typedef enum row_result { ROW_IMPORTED, ROW_UPDATED, ROW_SKIPPED } row_result;

static seg_text_view view_of(const job_chunk *own, job_text text) {
  return (seg_text_view){.bytes = own->texts.bytes + text.at, .size_bytes = text.size_bytes};
}

static void note_new(void *context, const store_contact *contact, bool is_new) {
  (void)contact;
  *(bool *)context = is_new;
}

static engine_status import_row_of(const job_run *own, batch *in, project_batch *part,
                                   const job_row *row, row_result *result) {
  contact_input input = {.has_subscribed = row->has_subscribed,
                         .subscribed = row->subscribed,
                         .subscribed_if_new = true,
                         .data = view_of(own->chunk, row->data),
                         .tree = row->tree};
  bool is_new = false;
  int64_t num;
  engine_status status = engine_put_contact(in, part, view_of(own->chunk, row->key), &input,
                                            note_new, &is_new, &num, own->base.error);
  *result = is_new ? ROW_IMPORTED : ROW_UPDATED;
  return status;
}

/// What a change of `subscribed` has to know of its contact.
typedef struct known_contact {
  char email[SEG_EMAIL_BYTES_MAX];
  size_t email_bytes;
  bool subscribed;
} known_contact;

static bool keep_known(void *context, const store_contact *row) {
  known_contact *known = context;
  known->email_bytes =
      row->email.size_bytes < sizeof known->email ? row->email.size_bytes : sizeof known->email;
  memcpy(known->email, row->email.bytes, known->email_bytes);
  known->subscribed = row->subscribed;
  return false;
}

static engine_status set_subscribed(const job_run *own, batch *in, project_batch *part,
                                    seg_text_view id, bool subscribed, row_result *result) {
  known_contact known = {.email_bytes = 0};
  store_status found =
      store_contact_get(in->session, part->project->num, id, keep_known, &known, &in->error);
  if (found != STORE_OK) {
    return engine_fail_store(own->base.error, found, &in->error);
  }
  if (known.subscribed == subscribed) {
    *result = ROW_SKIPPED;
    return ENGINE_OK;
  }
  contact_input input = {.has_subscribed = true, .subscribed = subscribed};
  seg_text_view email = {.bytes = known.email, .size_bytes = known.email_bytes};
  int64_t num;
  *result = ROW_UPDATED;
  return engine_put_contact(in, part, email, &input, NULL, NULL, &num, own->base.error);
}

static engine_status carry_out(const job_run *own, batch *in, project_batch *part,
                               const job_row *row, row_result *result) {
  seg_text_view id = view_of(own->chunk, row->key);
  switch (own->after.row.kind) {
  case STORE_JOB_IMPORT:
    return import_row_of(own, in, part, row, result);
  case STORE_JOB_SUBSCRIBE:
    return set_subscribed(own, in, part, id, true, result);
  case STORE_JOB_UNSUBSCRIBE:
    return set_subscribed(own, in, part, id, false, result);
  case STORE_JOB_DELETE:
    break;
  }
  *result = ROW_UPDATED;
  return engine_delete_contact(in, part, id, own->base.error);
}

/// Keeps an error, while there is room for more.
static engine_status keep_error(job_run *own, batch *in, int64_t row, seg_text_view email,
                                seg_text_view reason) {
  if (own->after.error_count >= STORE_JOB_ERRORS_MAX) {
    return ENGINE_OK;
  }
  own->after.error_count++;
  store_job_error error = {.row = row, .email = email, .reason = reason};
  store_status status = store_job_error_add(in->session, own->after.row.project, own->after.row.num,
                                            &error, &in->error);
  return engine_fail_store(own->base.error, status, &in->error);
}

/// Says why a row was not carried out. A row of a list is known by an id, which goes into the
/// reason.
static engine_status skip_row(job_run *own, batch *in, const job_row *row, engine_status why) {
  char reason[2 * SEG_MESSAGE_BYTES];
  seg_text_view key = view_of(own->chunk, row->key);
  own->after.row.skipped++;
  if (row->is_refused) {
    return keep_error(own, in, row->number, key, view_of(own->chunk, row->reason));
  }
  if (own->after.row.kind == STORE_JOB_IMPORT) {
    (void)snprintf(reason, sizeof reason, "%s", own->base.error->message);
    return keep_error(own, in, row->number, key, seg_text_of(reason));
  }
  int size =
      (int)(key.size_bytes < SEG_CONTACT_ID_BYTES_MAX ? key.size_bytes : SEG_CONTACT_ID_BYTES_MAX);
  (void)snprintf(reason, sizeof reason, "%.*s: %s", size, key.bytes,
                 why == ENGINE_NOT_FOUND ? "there is no contact with this id"
                                         : own->base.error->message);
  return keep_error(own, in, row->number, (seg_text_view){.bytes = "", .size_bytes = 0},
                    seg_text_of(reason));
}

static engine_status run_row(job_run *own, batch *in, project_batch *part, const job_row *row) {
  row_result result = ROW_SKIPPED;
  engine_status status = row->is_refused ? ENGINE_INVALID : carry_out(own, in, part, row, &result);
  if (status == ENGINE_UNAVAILABLE) {
    return status;
  }
  own->after.row.processed++;
  if (status != ENGINE_OK) { // nothing of it was written: it failed before, or changed nothing
    return skip_row(own, in, row, status);
  }
  own->after.row.imported += result == ROW_IMPORTED;
  own->after.row.updated += result == ROW_UPDATED;
  own->after.row.skipped += result == ROW_SKIPPED;
  return ENGINE_OK;
}

static engine_status run_chunk(command *base, batch *in, project_batch *part) {
  job_run *own = (job_run *)base;
  const job_chunk *chunk = own->chunk;
  engine_status status = ENGINE_OK;
  for (size_t i = 0; status == ENGINE_OK && i < chunk->count; i++) {
    status = run_row(own, in, part, &chunk->rows[i]);
  }
  if (status == ENGINE_OK && chunk->has_failed) {
    status = keep_error(own, in, chunk->failed_row, (seg_text_view){.bytes = "", .size_bytes = 0},
                        seg_text_of(chunk->failure));
  }
  if (status != ENGINE_OK) {
    return status;
  }
  own->after.row.status = !chunk->is_last     ? STORE_JOB_RUNNING
                          : chunk->has_failed ? STORE_JOB_FAILED
                                              : STORE_JOB_COMPLETED;
  own->after.row.updated_at_ms = in->now_ms;
  store_status written = store_job_set_progress(in->session, &own->after.row, &in->error);
  return engine_fail_store(base->error, written, &in->error);
}

void job_run_begin(job_run *own, const job_chunk *chunk, writer *by, job_state *job,
                   engine_error *error) {
  *own = (job_run){.base = {.run = run_chunk, .project = job->project, .error = error},
                   .chunk = chunk,
                   .job = job,
                   .after = *job};
  writer_queue(by, &own->base);
}

engine_status job_run_end(job_run *own) {
  engine_status status = writer_await(&own->base);
  if (status == ENGINE_OK) { // not the project, which other threads look at
    own->job->row = own->after.row;
    own->job->error_count = own->after.error_count;
  }
  return status;
}
