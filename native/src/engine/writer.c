// See writer.h.
//
// The order of a batch is the order of the queue. A command that must look at the project's
// segments, or changes them, runs alone: what it sees in memory is then what the store has.
#include "writer.h"

#include "once.h"
#include "outbox.h"
#include "timed_wait.h"
#include "tracking.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Segments are counted for this long, and one more, before what has gathered has its turn:
/// hundreds of them take seconds.
#define COUNTING_MS_MAX 50

struct writer {
  store_session *session;
  writer_options options;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t has_work;
  command *first;
  command **last;
  size_t queued;
  uint64_t queued_ever;
  bool is_stopping;
  int64_t next_sweep_ms;
  project **sweeping; ///< Projects of the sweep that is under way; NULL: there is none.
  size_t sweep_count;
  size_t sweep_at;            ///< The next of them, or the one that is being swept,
  size_t sweep_block;         ///< from this block on,
  uint64_t sweep_definitions; ///< and how its segments were defined when that began.
  project *counting; ///< The project that was swept last, until its segments are counted; or NULL.
  size_t count_at;   ///< Its next segment.
  int64_t counting_ms;  ///< When it was swept: what the counts are of.
  int64_t next_look_ms; ///< By the monotonic clock, which nobody sets back.
};

void engine_error_init(engine_error *error) {
  *error = (engine_error){.status = ENGINE_OK};
  seg_problems_init(&error->problems, seg_allocator_default());
}

void engine_error_free(engine_error *error) { seg_problems_free(&error->problems); }

engine_status engine_fail(engine_error *error, engine_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (error != NULL) {
    error->status = status;
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
  }
  va_end(arguments);
  return status;
}

engine_status engine_fail_store(engine_error *error, store_status status,
                                const store_error *cause) {
  switch (status) {
  case STORE_OK:
    return ENGINE_OK;
  case STORE_NOT_FOUND:
    return engine_fail(error, ENGINE_NOT_FOUND, "%.400s", cause->message);
  case STORE_CONFLICT:
    return engine_fail(error, ENGINE_CONFLICT, "%.400s", cause->message);
  default:
    return engine_fail(error, ENGINE_UNAVAILABLE, "%.400s", cause->message);
  }
}

// One transaction.

static void fail_all(command *const *commands, size_t count, const char *message) {
  for (size_t i = 0; i < count; i++) {
    commands[i]->status = engine_fail(commands[i]->error, ENGINE_UNAVAILABLE, "%.400s", message);
  }
}

/// Runs a command, or shows the first answer of a request that was carried out before.
static engine_status run_once(batch *own, command *next, project_batch *part) {
  const engine_once *once = part == NULL || next->error == NULL ? NULL : next->error->once;
  engine_status status =
      once == NULL ? ENGINE_OK : once_look(once, own, next->project, next->error);
  if (status == ENGINE_OK) {
    status = next->run(next, own, part);
  }
  if (status == ENGINE_OK && once != NULL && !next->is_unfinished) {
    status = once_keep(once, own, next->project, next->error);
  }
  return status;
}

/// Runs one command within the transaction. Returns false if the transaction is lost.
static bool run_command(batch *own, command *next) {
  // A command that creates a project has none yet.
  project_batch *part = next->project == NULL ? NULL : batch_project(own, next->project);
  if ((part == NULL && next->project != NULL) ||
      store_savepoint_begin(own->session, &own->error) != STORE_OK) {
    return false;
  }
  size_t mark = part == NULL ? 0 : batch_mark(part);
  next->status = run_once(own, next, part);
  if (next->status == ENGINE_OK) {
    return store_savepoint_keep(own->session, &own->error) == STORE_OK;
  }
  return (part == NULL || batch_cut(part, mark) == BATCH_OK) &&
         next->status != ENGINE_UNAVAILABLE &&
         store_savepoint_undo(own->session, &own->error) == STORE_OK;
}

/// The store has it and the tables do not: starting anew is the one way to agree again.
static _Noreturn void end_process(const writer *own) {
  own->options.log(own->options.context, "out_of_memory",
                   "no memory to publish a committed change; restart to rebuild from the store");
  if (own->options.flush_log != NULL) {
    own->options.flush_log(own->options.context);
  }
  abort();
}

static void publish_command(const writer *own, command *done) {
  project *of = done->project;
  if (of != NULL) {
    (void)pthread_rwlock_wrlock(&of->lock);
  }
  done->publish(done, of);
  if (of != NULL) {
    (void)pthread_rwlock_unlock(&of->lock);
  }
  if (done->is_lost) {
    end_process(own);
  }
}

static void publish(writer *own, batch *done, command *const *commands, size_t count) {
  if (!batch_publish(done)) {
    end_process(own);
  }
  for (size_t i = 0; i < count; i++) {
    if (commands[i]->status == ENGINE_OK && commands[i]->publish != NULL) {
      publish_command(own, commands[i]);
    }
  }
  if (done->has_deliveries) {
    own->options.told(own->options.told_context);
  }
}

static void run_batch(writer *own, command *const *commands, size_t count) {
  batch work = {.session = own->session, .now_ms = own->options.now_ms(own->options.context)};
  bool ok = store_transaction_begin(own->session, &work.error) == STORE_OK;
  for (size_t i = 0; ok && i < count; i++) {
    ok = run_command(&work, commands[i]);
  }
  ok = ok && batch_track(&work) == BATCH_OK && outbox_write_all(&work) == BATCH_OK;
  if (ok && store_transaction_commit(own->session, &work.error) == STORE_OK) {
    publish(own, &work, commands, count);
  } else {
    store_transaction_rollback(own->session);
    const char *cause = work.error.message[0] == '\0' ? "out of memory" : work.error.message;
    own->options.log(own->options.context, "write_failed", cause);
    fail_all(commands, count, "the change could not be stored; nothing was changed");
  }
  batch_clear(&work);
}

// Sweeps.

static int64_t monotonic_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void count_segment(project *of, segment *counted, int64_t now_ms) {
  size_t count;
  if (!counted->is_static && tracking_count(of, counted, now_ms, &count)) {
    (void)pthread_rwlock_wrlock(&of->lock);
    counted->member_count = (int64_t)count;
    counted->member_count_at_ms = now_ms;
    (void)pthread_rwlock_unlock(&of->lock);
  }
}

/// Counts the next dynamic segments anew: time, and changes that no membership follows, move them
/// too. Requests that have gathered come in between and may change the list: a segment that is
/// passed over then has its turn in the next sweep.
static void count_next(writer *own) {
  project *of = own->counting;
  int64_t until_ms = monotonic_ms() + COUNTING_MS_MAX;
  while (own->count_at < of->segment_count && monotonic_ms() < until_ms) {
    count_segment(of, of->segments[own->count_at++], own->counting_ms);
  }
  if (own->count_at >= of->segment_count) {
    own->counting = NULL;
  }
}

/// A sweep that was not cut has brought every tracked segment up to its definition.
static bool settle_all(batch *work, const project *of) {
  bool ok = true;
  for (size_t i = 0; ok && i < of->tracked_count; i++) {
    ok = tracking_settle(work, of->tracked[i], of) == BATCH_OK;
  }
  return ok;
}

/// Says of every tracked segment that it is settled, once that is stored.
static void note_settled(project *of) {
  (void)pthread_rwlock_wrlock(&of->lock);
  for (size_t i = 0; i < of->tracked_count; i++) {
    of->tracked[i]->is_pending = false;
    of->tracked[i]->is_redefined = false;
  }
  (void)pthread_rwlock_unlock(&of->lock);
}

/// Sweeps the next part of a project. Returns whether there is another one.
static bool sweep_project(writer *own, project *of) {
  batch work = {.session = own->session, .now_ms = own->options.now_ms(own->options.context)};
  sweep_result result = {0};
  if (own->sweep_block == 0) {
    own->sweep_definitions = of->definition_version;
  }
  bool ok = store_transaction_begin(own->session, &work.error) == STORE_OK &&
            tracking_sweep(&work, of, NULL, own->sweep_block, &result) == BATCH_OK;
  // A definition that changed while parts of the table were swept is left to the next sweep.
  bool settles = ok && !result.is_cut && own->sweep_definitions == of->definition_version;
  ok = ok && (!settles || settle_all(&work, of)) && outbox_write_all(&work) == BATCH_OK &&
       store_transaction_commit(own->session, &work.error) == STORE_OK;
  if (ok) {
    if (settles) {
      note_settled(of);
    }
    publish(own, &work, NULL, 0);
    own->sweep_block = result.is_cut ? result.next_block : 0;
    own->counting = result.is_cut ? NULL : of;
    own->count_at = 0;
    own->counting_ms = work.now_ms;
  } else {
    store_transaction_rollback(own->session);
    own->sweep_block = 0;
    own->options.log(own->options.context, "sweep_failed",
                     work.error.message[0] == '\0' ? "out of memory" : work.error.message);
  }
  batch_clear(&work);
  return ok && result.is_cut;
}

/// Sweeps the next part of a project, of the first one when no sweep is under way, or goes on
/// counting: requests that have gathered wait for one part, not for everybody's sweep.
static void sweep_next(writer *own) {
  if (own->sweeping == NULL) {
    own->sweep_count = own->options.projects(own->options.projects_context, &own->sweeping);
    own->sweep_at = 0;
    own->sweep_block = 0;
  }
  if (own->counting != NULL) {
    count_next(own);
  } else if (own->sweep_at < own->sweep_count &&
             !sweep_project(own, own->sweeping[own->sweep_at])) {
    own->sweep_at++;
  }
  if (own->counting == NULL && own->sweep_at == own->sweep_count) {
    free(own->sweeping);
    own->sweeping = NULL;
    own->next_sweep_ms = own->options.now_ms(own->options.context) + own->options.sweep_ms;
  }
}

// The thread.

/// Takes the next commands off the queue; the lock is held.
static size_t take_commands(writer *own, command **out) {
  size_t count = 0;
  size_t item_count = 0;
  while (own->first != NULL && count < WRITER_BATCH_MAX) {
    command *taken = own->first;
    item_count += taken->item_count;
    if (count > 0 && (taken->is_exclusive || item_count > WRITER_BATCH_ITEMS_MAX)) {
      break;
    }
    own->first = taken->next;
    out[count++] = taken;
    if (taken->is_exclusive) {
      break;
    }
  }
  if (own->first == NULL) {
    own->last = &own->first;
  }
  own->queued -= count;
  return count;
}

/// Waits for commands, for the next sweep or for the next look; the lock is held.
static void wait_for_work(writer *own) {
  int64_t left_ms = own->next_look_ms - timed_wait_now_ms();
  if (own->options.sweep_ms > 0) {
    int64_t sweep_ms = own->next_sweep_ms - own->options.now_ms(own->options.context);
    left_ms = sweep_ms < left_ms ? sweep_ms : left_ms;
  }
  left_ms = left_ms < 1 ? 1 : left_ms;
  timed_wait_ms(&own->has_work, &own->lock, left_ms);
}

/// Looks for what other processes have changed, when it is time; the lock is held, but not
/// meanwhile. Returns whether it did.
static bool look_around(writer *own) {
  if (timed_wait_now_ms() < own->next_look_ms) {
    return false;
  }
  (void)pthread_mutex_unlock(&own->lock);
  own->options.look(own->options.look_context, own->session);
  own->next_look_ms = timed_wait_now_ms() + WRITER_LOOK_MS;
  (void)pthread_mutex_lock(&own->lock);
  return true;
}

/// Also in the middle of one, and when the next one is further away than it can be: the clock was
/// set back.
static bool sweep_is_due(const writer *own) {
  if (own->sweeping != NULL) {
    return true;
  }
  int64_t left_ms = own->next_sweep_ms - own->options.now_ms(own->options.context);
  return own->options.sweep_ms > 0 && (left_ms <= 0 || left_ms > own->options.sweep_ms);
}

static void *work(void *context) {
  writer *own = context;
  command *commands[WRITER_BATCH_MAX];
  (void)pthread_mutex_lock(&own->lock);
  while (own->first != NULL || !own->is_stopping) {
    if (look_around(own)) {
      continue;
    }
    if (own->first == NULL && !sweep_is_due(own)) {
      wait_for_work(own);
      continue;
    }
    size_t count = take_commands(own, commands);
    (void)pthread_mutex_unlock(&own->lock);
    if (count > 0) {
      run_batch(own, commands, count);
    }
    for (size_t i = 0; i < count; i++) {
      (void)sem_post(&commands[i]->is_done); // which ends the command: it is its caller's again
    }
    if (sweep_is_due(own)) {
      sweep_next(own);
    }
    (void)pthread_mutex_lock(&own->lock);
  }
  (void)pthread_mutex_unlock(&own->lock);
  return NULL;
}

writer *writer_start(store_session *session, const writer_options *options) {
  writer *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->session = session;
  own->options = *options;
  own->last = &own->first;
  own->next_sweep_ms = options->now_ms(options->context) + options->sweep_ms;
  (void)pthread_mutex_init(&own->lock, NULL);
  timed_wait_init(&own->has_work);
  if (pthread_create(&own->thread, NULL, work, own) != 0) {
    free(own);
    return NULL;
  }
  return own;
}

void writer_queue(writer *own, command *queued) {
  (void)sem_init(&queued->is_done, 0, 0);
  queued->next = NULL;
  queued->status = ENGINE_OK;
  (void)pthread_mutex_lock(&own->lock);
  if (own->is_stopping || own->queued >= WRITER_QUEUE_MAX) {
    const char *why = own->is_stopping ? "the server is stopping" : "too many changes are waiting";
    queued->status = engine_fail(queued->error, ENGINE_UNAVAILABLE, "%s; try again", why);
    (void)sem_post(&queued->is_done);
  } else {
    *own->last = queued;
    own->last = &queued->next;
    own->queued++;
    own->queued_ever++;
    (void)pthread_cond_signal(&own->has_work);
  }
  (void)pthread_mutex_unlock(&own->lock);
}

engine_status writer_await(command *queued) {
  while (sem_wait(&queued->is_done) != 0) { // a signal came
  }
  (void)sem_destroy(&queued->is_done);
  return queued->status;
}

engine_status writer_submit(writer *own, command *submitted) {
  writer_queue(own, submitted);
  return writer_await(submitted);
}

uint64_t writer_queued_count(writer *own) {
  (void)pthread_mutex_lock(&own->lock);
  uint64_t count = own->queued_ever;
  (void)pthread_mutex_unlock(&own->lock);
  return count;
}

void writer_stop(writer *own) {
  if (own == NULL) {
    return;
  }
  (void)pthread_mutex_lock(&own->lock);
  own->is_stopping = true;
  (void)pthread_cond_signal(&own->has_work);
  (void)pthread_mutex_unlock(&own->lock);
  (void)pthread_join(own->thread, NULL);
  store_session_close(own->session);
  free(own->sweeping);
  (void)pthread_cond_destroy(&own->has_work);
  (void)pthread_mutex_destroy(&own->lock);
  free(own);
}
