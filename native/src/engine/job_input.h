/// A job's input, read chunk by chunk: CSV for an import, ids for a bulk change.
///
/// The input lies in the store in pieces, as it was uploaded. After a restart it is read again from
/// the start, and the rows that are done are passed over: reading costs next to nothing, and there
/// is no place inside a file that would have to be remembered.
/// What a row says is checked and parsed here already, so that the writer's thread need not.
/// Memory: a piece, a row of CSV, and the chunk. Threads: one at a time.
#ifndef SEGMENTRY_JOB_INPUT_H
#define SEGMENTRY_JOB_INPUT_H

#include "job_chunk.h"

/// Bytes of a piece: few enough that many uploads at once take little memory, many enough that
/// waiting for the disk does not hold an upload up.
#define JOB_PIECE_BYTES ((size_t)256 * 1024)
/// Ends each id of a list. No text from JSON has it.
#define JOB_ID_END '\0'

typedef struct job_input job_input;

/// Begins to read a job's input behind the rows that are processed. NULL if there is no memory.
job_input *job_input_open(const store_job *job);
void job_input_close(job_input *gone);

/// Adds rows to an empty chunk until it is full or the input ends, which the chunk then says; after
/// some megabytes it returns in any case, so that others have their turn.
///
/// is_alone  Nobody else writes: the chunk may be larger.
///
/// Returns ENGINE_OK, or ENGINE_UNAVAILABLE: close it and begin anew.
engine_status job_input_read(job_input *own, store_session *session, bool is_alone, job_chunk *out,
                             engine_error *error);

#endif
