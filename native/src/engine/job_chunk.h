/// A chunk of a job: rows that are carried out together, as one command of the writer.
///
/// The job's progress is written in the same transaction as what the rows change. So after a crash
/// the job goes on behind the last chunk that is durable: no row is lost, none is done twice.
#ifndef SEGMENTRY_JOB_CHUNK_H
#define SEGMENTRY_JOB_CHUNK_H

#include "arena.h"
#include "text_buffer.h"
#include "writer.h"

/// Rows of an import in a chunk, about: long enough that a commit is shared by many, short enough
/// that requests wait for some milliseconds only.
#define JOB_CHUNK_ROWS 1000
/// The same while nobody else writes: fewer waits for the disk. The first request that comes then
/// waits for some fifty milliseconds. So may one more, since the next chunk has been read already;
/// the one after it is short again.
#define JOB_CHUNK_ROWS_ALONE 8000
/// Rows of a bulk change: a deletion takes the contact's events along.
#define JOB_CHUNK_IDS 100
/// Bytes of a chunk's texts, about. The trees of rows with many short cells take ten times as much.
#define JOB_CHUNK_BYTES ((size_t)1024 * 1024)
#define JOB_CHUNK_BYTES_ALONE ((size_t)2 * 1024 * 1024)

/// A part of the chunk's texts.
typedef struct job_text {
  size_t at;
  size_t size_bytes;
} job_text;

typedef struct job_row {
  int64_t number; ///< Where it stands: in a file as a spreadsheet counts, in a list from 1.
  job_text key;   ///< The address, or the contact's id.
  job_text data;  ///< A JSON object,
  const struct cJSON *tree; ///< and its tree, in the chunk's memory.
  bool has_subscribed;
  bool subscribed;
  bool is_refused;
  job_text reason; ///< With is_refused.
} job_row;

/// All zero is an empty one.
typedef struct job_chunk {
  text_buffer texts;
  arena memory; ///< Of the trees.
  job_row *rows;
  size_t count;
  size_t capacity;
  bool is_last;                    ///< The job ends with it:
  bool has_failed;                 ///< because its input cannot be read,
  int64_t failed_row;              ///< from here on,
  char failure[SEG_MESSAGE_BYTES]; ///< for this reason.
} job_chunk;

/// Keeps a text. Returns false if there is no memory.
bool job_chunk_keep(job_chunk *own, seg_text_view text, job_text *out);
/// Adds a row, whose texts have been kept. Returns false if there is no memory.
bool job_chunk_add(job_chunk *own, const job_row *row);
/// Adds a row that will not be carried out. Returns false if there is no memory.
bool job_chunk_refuse(job_chunk *own, int64_t number, seg_text_view key, const char *reason);
/// Forgets everything but the memory.
void job_chunk_clear(job_chunk *own);
void job_chunk_free(job_chunk *own);

/// An unfinished job.
typedef struct job_state {
  store_job row; ///< Its texts are not read.
  project *project;
  size_t error_count; ///< Kept in the store so far.
} job_state;

/// A chunk that is being carried out.
typedef struct job_run {
  command base;
  const job_chunk *chunk;
  job_state *job;
  job_state after; ///< What the job will be.
} job_run;

/// Begins to carry a chunk out: queues it. Chunk, job and error are used until job_run_end.
void job_run_begin(job_run *own, const job_chunk *chunk, writer *by, job_state *job,
                   engine_error *error);
/// Waits until it is durable; then the job is updated.
///
/// Returns ENGINE_OK, whatever became of single rows; ENGINE_UNAVAILABLE, and nothing has changed;
/// ENGINE_NOT_FOUND if the job is gone.
engine_status job_run_end(job_run *own);

#endif
