/// Background jobs: imports and bulk changes, carried out by one thread beside the writer.
///
/// The thread reads rows and queues them as commands of the writer, a chunk at a time
/// (job_chunk.h); while the writer has one, it reads the next. Jobs of one project run one after
/// the other, oldest first. Projects take turns, a chunk each: so a project's small job waits for
/// one chunk of everybody else's, not for their whole files. A chunk that the store cannot take
/// now, with a full disk say, is tried again until it can.
#ifndef SEGMENTRY_JOBS_H
#define SEGMENTRY_JOBS_H

#include "job_chunk.h"

/// Unfinished jobs of one project at most, uploads under way apart: each holds its input in the
/// store.
#define JOBS_OF_PROJECT_MAX 1000
/// A finished job can be asked for this long.
#define JOB_KEEP_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

typedef struct jobs jobs;

typedef struct jobs_options {
  store *file;
  writer *writer;
  int64_t (*now_ms)(void *context);
  void *context;
  void (*log)(void *context, const char *event, const char *message);
  project *const *projects; ///< Those that the store may have jobs of; only read during the start.
  size_t project_count;
} jobs_options;

/// Takes up what the store has, and starts the thread. On failure says why in `error`.
bool jobs_start(const jobs_options *options, jobs **out, store_error *error);
/// Ends the thread after the chunk that is under way; the rest goes on at the next start. Before
/// the writer's stop. NULL is nothing.
void jobs_stop(jobs *own);

/// Makes room in memory for a job that is about to be stored, so that nothing can fail later.
/// Returns NULL if there is no memory.
typedef struct job_entry job_entry;
job_entry *job_entry_create(project *of);
/// The job; whoever made the entry fills in `row`.
job_state *job_entry_state(job_entry *entry);
void job_entry_free(job_entry *gone);

/// Whether the project may have one more job.
bool jobs_have_room(jobs *own, const project *of);
/// Hands a stored job over to the thread, to be carried out.
void jobs_add(jobs *own, job_entry *added);
/// Hands a job over whose upload broke off: to be taken away.
void jobs_abandon(jobs *own, job_entry *gone);
/// Unfinished jobs, uploads apart.
size_t jobs_count(jobs *own);

#endif
