// See recorder.h.
#include "recorder.h"

#include "engine/timed_wait.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct record_queue {
  record *first;
  record **end;
  size_t count;
} record_queue;

struct recorder {
  recorder_options options;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  record_queue waiting;
  record_queue noted;
  size_t backlog; ///< Waiting, or being noted.
  bool is_stopping;
  bool is_failing; ///< The store takes nothing; said once.
  delivery_outcome outcomes[RECORDER_BATCH_MAX];
};

static void clear(record_queue *own) { *own = (record_queue){.end = &own->first}; }

static void append(record_queue *own, record *added) {
  added->next = NULL;
  *own->end = added;
  own->end = &added->next;
  own->count++;
}

static record *take_first(record_queue *own) {
  record *first = own->first;
  own->first = first->next;
  own->count--;
  if (own->first == NULL) {
    own->end = &own->first;
  }
  return first;
}

static void free_all(record *first) {
  while (first != NULL) {
    record *next = first->next;
    record_free(first);
    first = next;
  }
}

void record_free(record *gone) {
  free(gone->texts);
  free(gone);
}

/// Waits for records; then for the others of the same moment while one command is under way.
/// Returns false once there is nothing left to do.
static bool take_batch(recorder *own, record_queue *taken) {
  (void)pthread_mutex_lock(&own->mutex);
  while (own->waiting.count == 0 && !own->is_stopping) {
    (void)pthread_cond_wait(&own->changed, &own->mutex);
  }
  while (own->waiting.count > 0 && taken->count < RECORDER_BATCH_MAX) {
    append(taken, take_first(&own->waiting));
  }
  (void)pthread_mutex_unlock(&own->mutex);
  return taken->count > 0;
}

/// Waits before the next try. Returns false if there is no time for one.
static bool pause_after_failure(recorder *own) {
  if (!own->is_failing) {
    own->options.log(own->options.log_context, "webhooks.not_noted",
                     "what became of deliveries cannot be stored; no more are sent until it can");
  }
  own->is_failing = true;
  int64_t until_ms = timed_wait_now_ms() + RECORDER_PAUSE_MS;
  (void)pthread_mutex_lock(&own->mutex);
  for (int64_t left_ms; !own->is_stopping && (left_ms = until_ms - timed_wait_now_ms()) > 0;) {
    timed_wait_ms(&own->changed, &own->mutex, left_ms);
  }
  bool goes_on = !own->is_stopping;
  (void)pthread_mutex_unlock(&own->mutex);
  return goes_on;
}

static bool note_batch(recorder *own, const record_queue *taken) {
  size_t count = 0;
  for (const record *at = taken->first; at != NULL; at = at->next) {
    own->outcomes[count++] = at->outcome;
  }
  while (engine_deliveries_note(own->options.engine, own->outcomes, count) != ENGINE_OK) {
    if (!pause_after_failure(own)) {
      return false;
    }
  }
  own->is_failing = false;
  return true;
}

static void *run(void *context) {
  recorder *own = context;
  record_queue taken;
  for (clear(&taken); take_batch(own, &taken); clear(&taken)) {
    if (!note_batch(own, &taken)) {
      free_all(taken.first); // they are due again after the restart
      continue;
    }
    (void)pthread_mutex_lock(&own->mutex);
    own->backlog -= taken.count;
    while (taken.count > 0) {
      append(&own->noted, take_first(&taken));
    }
    (void)pthread_mutex_unlock(&own->mutex);
    own->options.wake(own->options.context);
  }
  return NULL;
}

recorder *recorder_start(const recorder_options *options) {
  recorder *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->options = *options;
  clear(&own->waiting);
  clear(&own->noted);
  (void)pthread_mutex_init(&own->mutex, NULL);
  timed_wait_init(&own->changed);
  if (pthread_create(&own->thread, NULL, run, own) != 0) {
    (void)pthread_cond_destroy(&own->changed);
    (void)pthread_mutex_destroy(&own->mutex);
    free(own);
    return NULL;
  }
  return own;
}

void recorder_add(recorder *own, record *added) {
  (void)pthread_mutex_lock(&own->mutex);
  append(&own->waiting, added);
  own->backlog++;
  (void)pthread_cond_signal(&own->changed);
  (void)pthread_mutex_unlock(&own->mutex);
}

record *recorder_take(recorder *own) {
  (void)pthread_mutex_lock(&own->mutex);
  record *first = own->noted.first;
  clear(&own->noted);
  (void)pthread_mutex_unlock(&own->mutex);
  return first;
}

size_t recorder_backlog(recorder *own) {
  (void)pthread_mutex_lock(&own->mutex);
  size_t backlog = own->backlog;
  (void)pthread_mutex_unlock(&own->mutex);
  return backlog;
}

void recorder_stop(recorder *own) {
  if (own == NULL) {
    return;
  }
  (void)pthread_mutex_lock(&own->mutex);
  own->is_stopping = true;
  (void)pthread_cond_signal(&own->changed);
  (void)pthread_mutex_unlock(&own->mutex);
  (void)pthread_join(own->thread, NULL);
  free_all(own->noted.first);
  free_all(own->waiting.first);
  (void)pthread_cond_destroy(&own->changed);
  (void)pthread_mutex_destroy(&own->mutex);
  free(own);
}
