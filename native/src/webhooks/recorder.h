/// Has what became of attempts noted by the engine, in a thread of its own: a commit waits for the
/// disk, and deliveries under way should not wait with it.
///
/// Threads: one gives records and takes them back; the recorder's own notes them.
#ifndef SEGMENTRY_WEBHOOKS_RECORDER_H
#define SEGMENTRY_WEBHOOKS_RECORDER_H

#include "engine/deliveries.h"

/// Records of one command of the writer: some milliseconds of its time, since requests wait behind
/// them.
#define RECORDER_BATCH_MAX 256
/// Records that wait: beyond it no more is sent, since the store cannot take what comes of it.
#define RECORDER_BACKLOG_MAX 2048
/// Between two tries, where the store takes nothing.
#define RECORDER_PAUSE_MS 1000

/// What became of an attempt, on its way to the store and back.
typedef struct record {
  delivery_outcome outcome; ///< Its texts are `texts`.
  char *texts;              ///< Owned; may be NULL.
  void *lane;               ///< The sender's own two.
  void *entry;
  struct record *next;
} record;

void record_free(record *gone);

typedef struct recorder recorder;

typedef struct recorder_options {
  engine *engine;
  /// Records have been noted. Called in the recorder's thread; must not wait.
  void (*wake)(void *context);
  void *context;
  void (*log)(void *log_context, const char *event, const char *message);
  void *log_context;
} recorder_options;

/// NULL if there is no memory or no thread.
recorder *recorder_start(const recorder_options *options);
/// Gives a record away.
void recorder_add(recorder *own, record *added);
/// Those that have been noted since the last call, oldest first. Owned by the caller: each to be
/// freed with record_free.
record *recorder_take(recorder *own);
/// Records that are not noted yet.
size_t recorder_backlog(recorder *own);
/// Notes what it has, if the store takes it, ends the thread, and frees everything.
void recorder_stop(recorder *own);

#endif
