/// The writer: one thread that makes every change.
///
/// Requests queue commands and wait. The thread takes what has gathered, runs it in one transaction
/// (batch.h), commits once, publishes to the tables, and only then answers: so an answer means
/// durable, and many requests share one wait for the disk. Between commands it sweeps: for what
/// time alone changes.
#ifndef SEGMENTRY_WRITER_H
#define SEGMENTRY_WRITER_H

#include "batch.h"

#include <pthread.h>
#include <semaphore.h>

/// What became of a command.
typedef enum engine_status {
  ENGINE_OK = 0,
  ENGINE_INVALID,     ///< The input breaks a rule.
  ENGINE_CONDITION,   ///< A condition is not valid; the problems say where.
  ENGINE_NOT_FOUND,   ///< There is no such thing in this project.
  ENGINE_CONFLICT,    ///< Something that has to be unique is taken, or is in use.
  ENGINE_UNAVAILABLE, ///< The store cannot take it now: a full disk, a stop, no memory.
  ENGINE_REPLAYED,    ///< Carried out before; the first answer has been shown (once.h).
} engine_status;

typedef struct engine_once engine_once;

/// What went wrong, for the caller's caller.
typedef struct engine_error {
  engine_status status;
  const engine_once *once; ///< Set by the caller if the request has an Idempotency-Key, else NULL.
  char message[SEG_MESSAGE_BYTES];
  seg_problems problems; ///< For ENGINE_CONDITION; freed by engine_error_free.
} engine_error;

void engine_error_init(engine_error *error);
void engine_error_free(engine_error *error);
/// Fills the error and returns `status`.
engine_status engine_fail(engine_error *error, engine_status status, const char *format, ...)
    SEG_PRINTF(3, 4);
/// Turns a failure of the store into one of the engine.
engine_status engine_fail_store(engine_error *error, store_status status, const store_error *cause);

typedef struct command command;

/// Runs in the writer thread, inside the transaction: writes to the store through the batch's
/// session and notes changes. What it returns other than ENGINE_OK undoes it alone;
/// ENGINE_UNAVAILABLE undoes the whole batch.
typedef engine_status (*command_run)(command *own, batch *in, project_batch *part);

/// Runs in the writer thread after the commit, under the project's write lock. optional
/// A command without a project gets NULL, and no lock.
typedef void (*command_publish)(command *own, project *of);

/// A command; the start of a larger struct that holds its inputs and outputs.
struct command {
  command_run run;
  command_publish publish;
  project *project;
  bool is_exclusive;  ///< Has a batch for itself: it looks at, or changes, the project's segments.
  size_t item_count;  ///< Of one that does the same to many: how many; else 0.
  bool is_lost;       ///< Set by `publish`: no memory to have what the store has. Ends the process.
  bool is_unfinished; ///< Set by `run`: another command follows, there is no answer to keep yet.
  engine_error *error;
  // The writer's own.
  engine_status status;
  sem_t is_done;
  command *next;
};

typedef struct writer writer;

typedef struct writer_options {
  int64_t sweep_ms; ///< Between two sweeps; 0 never sweeps by itself.
  int64_t (*now_ms)(void *context);
  void *context;
  /// All projects, for the sweep; the writer's thread calls it and frees the list with free.
  size_t (*projects)(void *context, project ***out);
  void *projects_context;
  /// Looks for what other processes have changed. Called in the writer's thread, outside a
  /// transaction, every WRITER_LOOK_MS or a little later, with the writer's session.
  void (*look)(void *context, store_session *session);
  void *look_context;
  /// Is told that a batch wrote deliveries, or changed a webhook, once that is durable and
  /// published. In the writer's thread.
  void (*told)(void *context);
  void *told_context;
  void (*log)(void *context, const char *event, const char *message);
  /// optional  Waits, but not for long, until what was logged has been written: the process ends.
  void (*flush_log)(void *context);
} writer_options;

/// Commands that wait at most: beyond it requests are turned away instead of piling up.
#define WRITER_QUEUE_MAX 4096
/// Commands of one transaction at most: it bounds how long the first of them waits.
#define WRITER_BATCH_MAX 512
/// Items of one transaction at most, for commands that have many: about half a second's work.
#define WRITER_BATCH_ITEMS_MAX 16384

/// A project that a command has made, or new keys, are known this soon. A look costs microseconds.
#define WRITER_LOOK_MS 1000

/// Starts the thread. `session` is the store's one read-write session and belongs to the writer
/// from here on. NULL if there is no memory or no thread.
writer *writer_start(store_session *session, const writer_options *options);

/// Queues a command, which then belongs to the writer until writer_await has returned: it must be
/// called once, also where the queue was full. Threads: any.
void writer_queue(writer *own, command *queued);
/// Waits until a command is durable, or has failed.
engine_status writer_await(command *queued);
/// Both.
engine_status writer_submit(writer *own, command *submitted);

/// How many commands have been queued so far: who asks twice sees whether others had any.
uint64_t writer_queued_count(writer *own);

/// Finishes what is queued, takes no more, and ends the thread.
void writer_stop(writer *own);

#endif
