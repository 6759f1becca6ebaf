/// Jobs as the API asks for them: files uploaded, lists of ids queued. What engine.h declares, with
/// what happens after an answer. Progress is read from the store (store_job_get).
#ifndef SEGMENTRY_ENGINE_JOBS_H
#define SEGMENTRY_ENGINE_JOBS_H

#include "engine.h"

/// Ids of one bulk change.
#define ENGINE_BULK_IDS_MAX 1000

/// A CSV file of contacts on its way in. It is read as it comes, so that what is no CSV is refused
/// before anything is imported; and it is stored in pieces.
typedef struct engine_upload engine_upload;

/// Begins an upload. Returns ENGINE_OK or ENGINE_UNAVAILABLE.
engine_status engine_upload_begin(engine *own, project *in, engine_upload **out,
                                  engine_error *error);
/// Takes the next bytes of the file, any number. Returns ENGINE_OK; ENGINE_INVALID with the row for
/// what is not CSV in UTF-8, or has no column `email`; ENGINE_UNAVAILABLE.
engine_status engine_upload_write(engine_upload *own, const char *bytes, size_t size_bytes,
                                  engine_error *error);
/// The file is whole: queues its import. Returns as engine_upload_write, or ENGINE_REPLAYED.
engine_status engine_upload_finish(engine_upload *own, engine_error *error);
/// The id of the job that the upload becomes.
const char *engine_upload_job_id(const engine_upload *own);
/// Ends an upload; one that was not finished leaves nothing behind. NULL is nothing.
void engine_upload_end(engine_upload *own);

/// Queues a change of contacts by their ids.
///
/// kind    Anything but STORE_JOB_IMPORT.
/// job_id  written  Before the commit too.
///
/// Returns ENGINE_OK, ENGINE_UNAVAILABLE or ENGINE_REPLAYED.
engine_status engine_bulk_queue(engine *own, project *in, store_job_kind kind,
                                const seg_text_view *ids, size_t count, char job_id[ID_TEXT_BYTES],
                                engine_error *error);

/// Jobs of all projects that wait or run.
size_t engine_count_jobs(engine *own);

#endif
