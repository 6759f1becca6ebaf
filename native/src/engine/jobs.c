// See jobs.h.
//
// One queue, and its head has the turn: a chunk of it is read. Then all jobs of the head's project
// go to the end, in their order:
//
//     A1 A2 C1 B1 B2   a chunk of A1
//     C1 B1 B2 A1 A2   a chunk of C1, its last
//     B1 B2 A1 A2      a chunk of B1 …
//
// So the head is always the oldest of its project, and each project has every n-th turn. Moving
// costs a look at each job, some thousands at most; a chunk costs milliseconds.
//
// While the writer carries out one chunk, the thread reads the next one, of whoever's turn it then
// is. There are two chunks in all, however many jobs there are:
//
//     thread   read 1 │ read 2   │ read 3   │ …
//     writer          │ 1        │ 2        │
//
// A chunk that the store cannot take stays where it is and comes first again; so the rows of a
// project keep their order, and what was read after them waits.
#include "jobs.h"

#include "job_input.h"
#include "timed_wait.h"

#include <pthread.h>
#include <stdlib.h>

/// The pause after what the store could not take.
#define RETRY_MS 2000
/// Chunks during which nobody else writes, before they get larger. A client that asks again as soon
/// as it is answered may be answered while the next chunk is read: during one it is not seen.
#define QUIET_MIN 2
/// Between two looks for jobs that are too old.
#define TIDY_MS (INT64_C(60) * 60 * 1000)
/// Pieces of input, and jobs, that one transaction deletes: some tens of milliseconds.
#define TIDY_LIMIT 64

struct job_entry {
  job_state state;
  job_input *input; ///< NULL while it is not being read.
  job_entry *next;
};

/// A chunk, and whose it is.
typedef struct job_turn {
  job_entry *entry; ///< NULL: there is none, and the chunk is empty.
  job_chunk chunk;
} job_turn;

struct jobs {
  jobs_options options;
  store_session *session; ///< The thread's own, for reading.
  uint64_t queued_alone;  ///< The writer's count if nobody else queues before the next chunk.
  size_t quiet_count;     ///< Chunks in a row during which nobody else did.
  job_turn turns[2];
  job_turn *now;  ///< Is being carried out, or is to be tried again.
  job_turn *next; ///< Comes after it.
  pthread_t thread;
  pthread_mutex_t lock; ///< Of what follows.
  pthread_cond_t has_work;
  job_entry *first; ///< The thread alone takes entries out, so it may use one that it has found.
  job_entry *abandoned;
  size_t count;
  bool is_stopping;
  bool is_untidy; ///< A job has ended: its input is to be deleted.
  int64_t next_tidy_ms;
};

job_entry *job_entry_create(project *of) {
  job_entry *own = calloc(1, sizeof *own);
  if (own != NULL) {
    own->state = (job_state){.row = {.project = of->num}, .project = of};
  }
  return own;
}

job_state *job_entry_state(job_entry *entry) { return &entry->state; }

void job_entry_free(job_entry *gone) {
  if (gone != NULL) {
    job_input_close(gone->input);
    free(gone);
  }
}

static void free_list(job_entry *first) {
  while (first != NULL) {
    job_entry *next = first->next;
    job_entry_free(first);
    first = next;
  }
}

// The queue. The lock is held, or there is no thread yet.

static void append(job_entry **list, job_entry *added) {
  while (*list != NULL) {
    list = &(*list)->next;
  }
  added->next = NULL;
  *list = added;
}

/// Lets the other projects go first.
static void end_turn(jobs *own, const project *of) {
  job_entry *behind = NULL;
  job_entry **last_behind = &behind;
  job_entry **at = &own->first;
  while (*at != NULL) {
    job_entry *entry = *at;
    if (entry->state.project == of) {
      *at = entry->next;
      *last_behind = entry;
      last_behind = &entry->next;
    } else {
      at = &entry->next;
    }
  }
  *last_behind = NULL;
  *at = behind;
}

bool jobs_have_room(jobs *own, const project *of) {
  size_t count = 0;
  (void)pthread_mutex_lock(&own->lock);
  for (const job_entry *at = own->first; at != NULL; at = at->next) {
    count += at->state.project == of;
  }
  (void)pthread_mutex_unlock(&own->lock);
  return count < JOBS_OF_PROJECT_MAX;
}

void jobs_add(jobs *own, job_entry *added) {
  (void)pthread_mutex_lock(&own->lock);
  append(&own->first, added);
  own->count++;
  (void)pthread_cond_signal(&own->has_work);
  (void)pthread_mutex_unlock(&own->lock);
}

void jobs_abandon(jobs *own, job_entry *gone) {
  (void)pthread_mutex_lock(&own->lock);
  append(&own->abandoned, gone);
  (void)pthread_cond_signal(&own->has_work);
  (void)pthread_mutex_unlock(&own->lock);
}

size_t jobs_count(jobs *own) {
  (void)pthread_mutex_lock(&own->lock);
  size_t count = own->count;
  (void)pthread_mutex_unlock(&own->lock);
  return count;
}

/// Takes an entry out of the queue: it has ended, or is gone.
static void drop(jobs *own, job_entry *gone) {
  (void)pthread_mutex_lock(&own->lock);
  job_entry **link = &own->first;
  while (*link != gone) {
    link = &(*link)->next;
  }
  *link = gone->next;
  own->count--;
  own->is_untidy = true;
  (void)pthread_mutex_unlock(&own->lock);
  job_entry_free(gone);
}

// A turn.

static void clear_turn(job_turn *done) {
  done->entry = NULL;
  job_chunk_clear(&done->chunk);
}

static void free_idle(job_turn *idle) {
  if (idle->entry == NULL) {
    job_chunk_free(&idle->chunk);
  }
}

/// Whose chunk is to be read next: the first's, or the second's if of the first nothing is left.
/// NULL: nobody's.
static job_entry *choose_next(jobs *own) {
  const job_turn *now = own->now;
  (void)pthread_mutex_lock(&own->lock);
  job_entry *chosen = own->first;
  if (chosen != NULL && chosen == now->entry && now->chunk.is_last) {
    chosen = chosen->next;
  }
  (void)pthread_mutex_unlock(&own->lock);
  // Where to go on reading is known when the chunk under way is done.
  bool is_open = chosen == NULL || chosen != now->entry || chosen->input != NULL;
  return is_open ? chosen : NULL;
}

/// Reads a chunk of an entry, which may turn out to have no rows. ENGINE_OK or ENGINE_UNAVAILABLE.
static engine_status fill(jobs *own, job_entry *entry, job_turn *out, engine_error *error) {
  if (entry->input == NULL) {
    entry->input = job_input_open(&entry->state.row);
  }
  if (entry->input == NULL) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  uint64_t queued = writer_queued_count(own->options.writer);
  own->quiet_count = queued == own->queued_alone ? own->quiet_count + 1 : 0;
  own->queued_alone = queued + 1;
  engine_status status =
      job_input_read(entry->input, own->session, own->quiet_count >= QUIET_MIN, &out->chunk, error);
  if (status != ENGINE_OK) { // half of it may be read: from the start again
    job_input_close(entry->input);
    entry->input = NULL;
    clear_turn(out);
    return ENGINE_UNAVAILABLE;
  }
  out->entry = out->chunk.count > 0 || out->chunk.is_last ? entry : NULL;
  return ENGINE_OK;
}

/// Reads the chunk that comes next, if there is none yet. False if it could not be read now.
static bool fill_next(jobs *own) {
  job_entry *entry = own->next->entry == NULL ? choose_next(own) : NULL;
  if (entry == NULL) {
    return true;
  }
  engine_error error;
  engine_error_init(&error);
  bool ok = fill(own, entry, own->next, &error) == ENGINE_OK;
  engine_error_free(&error);
  (void)pthread_mutex_lock(&own->lock);
  end_turn(own, entry->state.project);
  (void)pthread_mutex_unlock(&own->lock);
  return ok;
}

/// Ends what was under way: its chunk is durable, or its job is lost.
static void end_now(jobs *own, bool is_lost) {
  job_entry *entry = own->now->entry;
  bool has_ended = own->now->chunk.is_last || is_lost;
  clear_turn(own->now);
  if (has_ended && own->next->entry == entry) {
    clear_turn(own->next);
  }
  if (has_ended) {
    drop(own, entry);
    free_idle(own->now); // a large import is over: its memory goes
    free_idle(own->next);
  }
}

/// Carries a chunk out, and reads the next one meanwhile. Returns false if something could not be
/// done now.
static bool take_turn(jobs *own) {
  bool is_good = true;
  if (own->now->entry == NULL) {
    is_good = fill_next(own);
    job_turn *filled = own->next;
    own->next = own->now;
    own->now = filled;
  }
  if (own->now->entry == NULL) {
    return is_good; // only rows that were done before
  }
  engine_error error;
  engine_error_init(&error);
  job_run run;
  job_run_begin(&run, &own->now->chunk, own->options.writer, &own->now->entry->state, &error);
  is_good = fill_next(own) && is_good;
  engine_status status = job_run_end(&run);
  if (status != ENGINE_OK && status != ENGINE_UNAVAILABLE) {
    own->options.log(own->options.context, "job_lost", error.message);
  }
  engine_error_free(&error);
  if (status != ENGINE_UNAVAILABLE) {
    end_now(own, status != ENGINE_OK);
  }
  return is_good && status != ENGINE_UNAVAILABLE;
}

// Tidying up.

typedef struct abandon_command {
  command base;
  store_job row;
} abandon_command;

static engine_status run_abandon(command *base, batch *in, project_batch *part) {
  abandon_command *own = (abandon_command *)base;
  (void)part;
  own->row.status = STORE_JOB_ABANDONED;
  own->row.updated_at_ms = in->now_ms;
  store_status status = store_job_set_progress(in->session, &own->row, &in->error);
  return engine_fail_store(base->error, status, &in->error);
}

/// Marks the first of the abandoned jobs. Returns false if the store cannot take it now.
static bool abandon_first(jobs *own, job_entry *gone) {
  engine_error error;
  engine_error_init(&error);
  abandon_command abandon = {
      .base = {.run = run_abandon, .project = gone->state.project, .error = &error},
      .row = gone->state.row};
  bool is_done = writer_submit(own->options.writer, &abandon.base) != ENGINE_UNAVAILABLE;
  engine_error_free(&error);
  if (is_done) {
    (void)pthread_mutex_lock(&own->lock);
    own->abandoned = gone->next;
    own->is_untidy = true;
    (void)pthread_mutex_unlock(&own->lock);
    job_entry_free(gone);
  }
  return is_done;
}

typedef struct tidy_command {
  command base;
  bool is_done;
} tidy_command;

static engine_status run_tidy(command *base, batch *in, project_batch *part) {
  tidy_command *own = (tidy_command *)base;
  (void)part;
  store_status status =
      store_job_tidy(in->session, in->now_ms - JOB_KEEP_MS, TIDY_LIMIT, &own->is_done, &in->error);
  return engine_fail_store(base->error, status, &in->error);
}

/// Deletes some of what ended jobs have left. Returns false if the store cannot take it now.
static bool tidy_some(jobs *own) {
  engine_error error;
  engine_error_init(&error);
  tidy_command tidy = {.base = {.run = run_tidy, .error = &error}};
  bool is_good = writer_submit(own->options.writer, &tidy.base) == ENGINE_OK;
  engine_error_free(&error);
  int64_t now_ms = own->options.now_ms(own->options.context);
  (void)pthread_mutex_lock(&own->lock);
  own->is_untidy = !is_good || !tidy.is_done;
  own->next_tidy_ms = now_ms + TIDY_MS;
  (void)pthread_mutex_unlock(&own->lock);
  return is_good;
}

// The thread.

/// Whether it is time to look for old jobs. A clock that was set back does not hold it up for long:
/// the next job that ends tidies as well.
static bool is_untidy(const jobs *own) {
  return own->is_untidy || own->options.now_ms(own->options.context) >= own->next_tidy_ms;
}

static void *work(void *context) {
  jobs *own = context;
  (void)pthread_mutex_lock(&own->lock);
  while (!own->is_stopping) {
    job_entry *abandoned = own->abandoned;
    job_entry *first = own->first;
    bool tidies = is_untidy(own);
    if (abandoned == NULL && first == NULL && !tidies) {
      timed_wait_ms(&own->has_work, &own->lock, TIDY_MS);
      continue;
    }
    (void)pthread_mutex_unlock(&own->lock);
    bool is_good = abandoned == NULL || abandon_first(own, abandoned);
    is_good = (!tidies || tidy_some(own)) && is_good;
    is_good = (first == NULL || take_turn(own)) && is_good;
    (void)pthread_mutex_lock(&own->lock);
    if (!is_good && !own->is_stopping) {
      timed_wait_ms(&own->has_work, &own->lock, RETRY_MS);
    }
  }
  (void)pthread_mutex_unlock(&own->lock);
  return NULL;
}

// Start and stop.

typedef struct job_loader {
  jobs *own;
  bool has_memory;
} job_loader;

static project *find_project(const jobs_options *options, int64_t num) {
  for (size_t i = 0; i < options->project_count; i++) {
    if (options->projects[i]->num == num) {
      return options->projects[i];
    }
  }
  return NULL;
}

static bool load_job(void *context, const store_job *row) {
  job_loader *loader = context;
  project *of = find_project(&loader->own->options, row->project);
  if (of == NULL) {
    return true; // a project that was made since the start; it has its jobs at the next one
  }
  job_entry *entry = job_entry_create(of);
  if (entry == NULL) {
    loader->has_memory = false;
    return false;
  }
  entry->state.row = *row;
  entry->state.row.id = entry->state.row.parameters_json = (seg_text_view){0};
  // Whoever was uploading has gone with the last process.
  bool is_cut = row->status == STORE_JOB_RECEIVING;
  append(is_cut ? &loader->own->abandoned : &loader->own->first, entry);
  loader->own->count += !is_cut;
  return true;
}

static bool count_error(void *context, const store_job_error *error) {
  (void)error;
  ++*(size_t *)context;
  return true;
}

static store_status load(jobs *own, store_error *error) {
  job_loader loader = {.own = own, .has_memory = true};
  store_status status = store_job_list_unfinished(own->session, load_job, &loader, error);
  if (status == STORE_OK && !loader.has_memory) {
    status = STORE_NOMEM;
  }
  for (job_entry *at = own->first; status == STORE_OK && at != NULL; at = at->next) {
    status = store_job_error_list(own->session, at->state.row.project, at->state.row.num,
                                  count_error, &at->state.error_count, error);
  }
  return status;
}

static void free_jobs(jobs *own) {
  free_list(own->first);
  free_list(own->abandoned);
  job_chunk_free(&own->turns[0].chunk);
  job_chunk_free(&own->turns[1].chunk);
  store_session_close(own->session);
  (void)pthread_cond_destroy(&own->has_work);
  (void)pthread_mutex_destroy(&own->lock);
  free(own);
}

bool jobs_start(const jobs_options *options, jobs **out, store_error *error) {
  jobs *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return false;
  }
  own->options = *options;
  own->now = &own->turns[0];
  own->next = &own->turns[1];
  (void)pthread_mutex_init(&own->lock, NULL);
  timed_wait_init(&own->has_work);
  bool ok =
      store_session_open(options->file, STORE_ACCESS_READ, &own->session, error) == STORE_OK &&
      load(own, error) == STORE_OK;
  own->options.projects = NULL; // only borrowed for that
  ok = ok && pthread_create(&own->thread, NULL, work, own) == 0;
  if (!ok) {
    free_jobs(own);
    return false;
  }
  *out = own;
  return true;
}

void jobs_stop(jobs *own) {
  if (own == NULL) {
    return;
  }
  (void)pthread_mutex_lock(&own->lock);
  own->is_stopping = true;
  (void)pthread_cond_signal(&own->has_work);
  (void)pthread_mutex_unlock(&own->lock);
  (void)pthread_join(own->thread, NULL);
  free_jobs(own);
}
