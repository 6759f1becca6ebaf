// The engine's start and stop, its projects and their keys, and its reading sessions.
//
// Projects and keys change in two ways: through this engine, and by commands that other processes
// run on the same file. The writer's thread looks for the latter (look_for_changes).
#include "campaign_clock.h"
#include "deliveries.h"
#include "engine_internal.h"
#include "engine_webhooks.h"
#include "fair_lock.h"
#include "tracking.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t engine_now_ms(const engine *own) { return own->options.now_ms(own->options.context); }

static void set_keys(project_keys *keys, const store_project *row) {
  memcpy(keys->secret_hash, row->secret_hash, STORE_HASH_BYTES);
  (void)snprintf(keys->public_key, sizeof keys->public_key, "%.*s", (int)row->public_key.size_bytes,
                 row->public_key.bytes);
}

/// Adds a project to the list; the write lock is held, or nobody else is there yet.
static bool add_project(engine *own, project *added, const store_project *row) {
  if (own->project_count == own->project_capacity) {
    size_t capacity = own->project_capacity == 0 ? 8 : own->project_capacity * 2;
    project **projects = realloc(own->projects, capacity * sizeof *projects);
    if (projects == NULL) {
      return false;
    }
    own->projects = projects;
    project_keys *keys = realloc(own->keys, capacity * sizeof *keys);
    if (keys == NULL) {
      return false;
    }
    own->keys = keys;
    own->project_capacity = capacity;
  }
  set_keys(&own->keys[own->project_count], row);
  own->projects[own->project_count++] = added;
  return true;
}

/// The place of a project in the list, or the list's length; the lock is held.
static size_t find_project(const engine *own, int64_t num) {
  size_t i = 0;
  while (i < own->project_count && own->projects[i]->num != num) {
    i++;
  }
  return i;
}

/// Takes the keys of a row for a project that is known already; false for one that is not.
static bool update_keys(engine *own, const store_project *row) {
  (void)pthread_rwlock_wrlock(&own->lock);
  size_t at = find_project(own, row->num);
  bool found = at < own->project_count;
  if (found) {
    set_keys(&own->keys[at], row);
  }
  (void)pthread_rwlock_unlock(&own->lock);
  return found;
}

/// Adds a project, which the list then owns, unless another thread has been faster. Returns the one
/// in the list, or NULL if there is no memory.
static project *publish_project(engine *own, project *added, const store_project *row) {
  (void)pthread_rwlock_wrlock(&own->lock);
  size_t at = find_project(own, row->num);
  bool is_new = at == own->project_count;
  if (own->options.text_bytes_max > 0) {
    seg_table_limit_texts(added->table, own->options.text_bytes_max);
  }
  project *listed = is_new && !add_project(own, added, row) ? NULL : own->projects[at];
  (void)pthread_rwlock_unlock(&own->lock);
  if (listed != added) {
    project_free(added);
  }
  return listed;
}

typedef struct project_loader {
  engine *own;
  store_session *session; ///< Another one than lists the projects.
  store_session *second;  ///< For reading in two threads; NULL where there is no hurry.
  int64_t next_progress_ms;
  store_status status;
  store_error *error;
} project_loader;

static void show_progress(void *context, size_t contacts, size_t events) {
  project_loader *state = context;
  const engine_options *options = &state->own->options;
  int64_t now_ms = engine_now_ms(state->own);
  if (options->progress != NULL && now_ms >= state->next_progress_ms) {
    state->next_progress_ms = now_ms + ENGINE_PROGRESS_MS;
    options->progress(options->context, contacts, events);
  }
}

/// Loads a project of the list, or takes the keys of one that is loaded.
static bool load_project(void *context, const store_project *row) {
  project_loader *state = context;
  if (update_keys(state->own, row)) {
    return true;
  }
  project *loaded = NULL;
  state->next_progress_ms = engine_now_ms(state->own) + ENGINE_PROGRESS_MS;
  project_progress progress = {.show = show_progress, .context = state};
  state->status = project_load(state->session, state->second, row, (uint64_t)random_number(),
                               &progress, &loaded, state->error);
  if (state->status == STORE_OK && publish_project(state->own, loaded, row) == NULL) {
    state->status = STORE_NOMEM;
  }
  return state->status == STORE_OK;
}

/// Brings the list up to date with the store.
/// second  optional  As project_load has it.
static store_status read_projects(engine *own, store_session *list, store_session *loading,
                                  store_session *second, store_error *error) {
  store_error load_error = {.status = STORE_NOMEM, .message = "out of memory"};
  project_loader state = {.own = own, .session = loading, .second = second, .error = &load_error};
  store_status status = store_project_list(list, load_project, &state, error);
  if (status == STORE_OK && state.status != STORE_OK) {
    status = state.status;
    *error = load_error;
  }
  return status;
}

static store_status load_projects(engine *own, store_error *error) {
  store_session *list = NULL;
  store_session *loading = NULL;
  store_session *second = NULL;
  store_status status = store_session_open(own->file, STORE_ACCESS_READ, &list, error);
  if (status == STORE_OK) {
    status = store_session_open(own->file, STORE_ACCESS_READ, &loading, error);
  }
  if (status == STORE_OK) {
    status = store_session_open(own->file, STORE_ACCESS_READ, &second, error);
  }
  if (status == STORE_OK) {
    status = read_projects(own, list, loading, second, error);
  }
  store_session_close(list);
  store_session_close(loading);
  store_session_close(second);
  return status;
}

/// Reads the projects and their keys anew if somebody else has changed the file: a new project is
/// loaded, new keys take the place of the old ones. In the writer's thread, with its session.
static void look_for_changes(void *context, store_session *session) {
  engine *own = context;
  store_error error;
  int64_t version = 0;
  store_status status = store_session_version(session, &version, &error);
  if (status == STORE_OK && version != own->seen_version) {
    store_session *loading = engine_session_borrow(own);
    if (loading == NULL) {
      return; // the next look tries again, as after every failure
    }
    status = read_projects(own, session, loading, NULL, &error);
    engine_session_return(own, loading);
  }
  if (status == STORE_OK) {
    own->seen_version = version;
  } else {
    own->options.log(own->options.context, "look_failed", error.message);
  }
}

/// What the writer's thread does now and then.
static void look_around(void *context, store_session *session) {
  look_for_changes(context, session);
  webhooks_tidy(context, session);
}

size_t engine_list_projects(void *context, project ***out) {
  engine *own = context;
  (void)pthread_rwlock_rdlock(&own->lock);
  size_t count = own->project_count;
  *out = malloc((count + 1) * sizeof **out);
  if (*out == NULL) {
    count = 0;
  } else if (count > 0) { // without any there is no list to copy
    memcpy(*out, own->projects, count * sizeof **out);
  }
  (void)pthread_rwlock_unlock(&own->lock);
  return count;
}

/// Counts every dynamic segment: what the store remembers is of the last time.
static void count_all(engine *own) {
  int64_t now_ms = engine_now_ms(own);
  for (size_t i = 0; i < own->project_count; i++) {
    project *in = own->projects[i];
    for (size_t k = 0; k < in->segment_count; k++) {
      size_t count;
      if (tracking_count(in, in->segments[k], now_ms, &count)) {
        in->segments[k]->member_count = (int64_t)count;
        in->segments[k]->member_count_at_ms = now_ms;
      }
    }
  }
}

static bool start_jobs(engine *own, store_error *error) {
  project **projects = NULL;
  size_t count = engine_list_projects(own, &projects);
  jobs_options options = {.file = own->file,
                          .writer = own->writer,
                          .now_ms = own->options.now_ms,
                          .context = own->options.context,
                          .log = own->options.log,
                          .projects = projects,
                          .project_count = count};
  bool ok = projects != NULL && jobs_start(&options, &own->jobs, error);
  free(projects);
  return ok;
}

static bool start_clock(engine *own) {
  if (own->options.campaign_clock_ms == 0) {
    return true;
  }
  own->clock = campaign_clock_start(own, own->options.campaign_clock_ms);
  return own->clock != NULL;
}

/// For the writer.
static void tell_sender(void *context) {
  engine *own = context;
  (void)pthread_mutex_lock(&own->told_lock);
  if (own->told != NULL) {
    own->told(own->told_context);
  }
  (void)pthread_mutex_unlock(&own->told_lock);
}

void engine_on_deliveries(engine *own, void (*wake)(void *context), void *context) {
  (void)pthread_mutex_lock(&own->told_lock);
  own->told = wake;
  own->told_context = context;
  (void)pthread_mutex_unlock(&own->told_lock);
}

bool engine_open(const engine_options *options, engine **out, store_error *error) {
  engine *own = calloc(1, sizeof *own);
  if (own == NULL || !fair_lock_init(&own->lock)) {
    free(own);
    return false;
  }
  own->options = *options;
  secret_make("", own->run_id);
  (void)pthread_mutex_init(&own->session_lock, NULL);
  (void)pthread_mutex_init(&own->sending_lock, NULL);
  (void)pthread_mutex_init(&own->told_lock, NULL);
  store_options file = {
      .path = options->path, .is_exclusive = true, .is_relaxed = options->is_relaxed};
  store_session *session = NULL;
  bool ok = store_open(&file, &own->file, error) == STORE_OK &&
            load_projects(own, error) == STORE_OK &&
            store_session_open(own->file, STORE_ACCESS_WRITE, &session, error) == STORE_OK;
  if (ok) {
    count_all(own);
    writer_options writing = {.sweep_ms = options->sweep_ms,
                              .now_ms = options->now_ms,
                              .context = options->context,
                              .projects = engine_list_projects,
                              .projects_context = own,
                              .look = look_around,
                              .look_context = own,
                              .told = tell_sender,
                              .told_context = own,
                              .log = options->log,
                              .flush_log = options->flush_log};
    own->writer = writer_start(session, &writing);
    ok = own->writer != NULL;
    session = ok ? NULL : session; // the writer's own from here on
  }
  ok = ok && start_jobs(own, error) && start_clock(own);
  if (!ok) {
    store_session_close(session);
    engine_close(own);
    return false;
  }
  *out = own;
  return true;
}

void engine_close(engine *own) {
  if (own == NULL) {
    return;
  }
  jobs_stop(own->jobs);
  campaign_clock_stop(own->clock);
  writer_stop(own->writer);
  for (size_t i = 0; i < own->session_count; i++) {
    store_session_close(own->sessions[i]);
  }
  for (size_t i = 0; i < own->project_count; i++) {
    project_free(own->projects[i]);
  }
  store_close(own->file);
  free(own->projects);
  free(own->keys);
  (void)pthread_rwlock_destroy(&own->lock);
  (void)pthread_mutex_destroy(&own->session_lock);
  (void)pthread_mutex_destroy(&own->sending_lock);
  (void)pthread_mutex_destroy(&own->told_lock);
  free(own);
}

store_session *engine_session_borrow(engine *own) {
  store_session *session = NULL;
  (void)pthread_mutex_lock(&own->session_lock);
  if (own->session_count > 0) {
    session = own->sessions[--own->session_count];
  }
  (void)pthread_mutex_unlock(&own->session_lock);
  if (session == NULL) {
    (void)store_session_open(own->file, STORE_ACCESS_READ, &session, NULL);
  }
  return session;
}

void engine_session_return(engine *own, store_session *session) {
  if (session == NULL) {
    return;
  }
  store_transaction_rollback(session);
  (void)pthread_mutex_lock(&own->session_lock);
  bool kept = own->session_count < ENGINE_SESSIONS_KEPT;
  if (kept) {
    own->sessions[own->session_count++] = session;
  }
  (void)pthread_mutex_unlock(&own->session_lock);
  if (!kept) {
    store_session_close(session);
  }
}

// Projects.

typedef struct create_project {
  command base;
  store_project row;
  project *created;
} create_project;

static engine_status run_create_project(command *base, batch *in, project_batch *part) {
  create_project *own = (create_project *)base;
  (void)part;
  int64_t num;
  store_status status = store_project_insert(in->session, &own->row, &num, &in->error);
  if (status == STORE_OK) {
    own->row.num = num;
    status = project_load(in->session, NULL, &own->row, (uint64_t)random_number(), NULL,
                          &own->created, &in->error);
  }
  return engine_fail_store(base->error, status, &in->error);
}

engine_status engine_project_create(engine *own, seg_text_view name, engine_project_show show,
                                    void *context, engine_error *error) {
  if (name.size_bytes == 0 || name.size_bytes > 200) {
    return engine_fail(error, ENGINE_INVALID, "a project's name has 1 to 200 bytes, not %zu",
                       name.size_bytes);
  }
  char id[ID_TEXT_BYTES];
  key_pair keys;
  id_make(id);
  key_pair_make(&keys);
  create_project creation = {.base = {.run = run_create_project, .error = error},
                             .row = {.id = seg_text_of(id),
                                     .name = name,
                                     .public_key = seg_text_of(keys.public),
                                     .created_at_ms = engine_now_ms(own)}};
  memcpy(creation.row.secret_hash, keys.secret_hash, STORE_HASH_BYTES);
  engine_status status = writer_submit(own->writer, &creation.base);
  if (status != ENGINE_OK) {
    project_free(creation.created);
    return status;
  }
  project *listed = publish_project(own, creation.created, &creation.row);
  if (listed == NULL) {
    return engine_fail(error, ENGINE_UNAVAILABLE,
                       "out of memory; the project is there after a restart");
  }
  show(context, id, listed->name.bytes, keys.secret, keys.public);
  return ENGINE_OK;
}

typedef struct rotate_keys {
  command base;
  int64_t project;
  key_pair keys;
} rotate_keys;

static engine_status run_rotate_keys(command *base, batch *in, project_batch *part) {
  rotate_keys *own = (rotate_keys *)base;
  (void)part;
  store_status status = store_project_set_keys(in->session, own->project, own->keys.secret_hash,
                                               seg_text_of(own->keys.public), &in->error);
  return engine_fail_store(base->error, status, &in->error);
}

static bool keep_keys(void *context, const store_project *row) {
  set_keys(context, row);
  return false;
}

/// Takes the keys that the store has. It is read under the lock: of two who rotate at once, the one
/// that comes here last must not bring back what the other has replaced.
static store_status reread_keys(engine *own, int64_t num) {
  store_session *session = engine_session_borrow(own);
  store_status status = STORE_FAILED;
  (void)pthread_rwlock_wrlock(&own->lock);
  size_t at = find_project(own, num);
  if (session != NULL && at < own->project_count) {
    status = store_project_get_by_num(session, num, keep_keys, &own->keys[at], NULL);
  }
  (void)pthread_rwlock_unlock(&own->lock);
  engine_session_return(own, session);
  return status;
}

engine_status engine_project_rotate_keys(engine *own, seg_text_view id, engine_project_show show,
                                         void *context, engine_error *error) {
  const project *in = engine_project_find(own, id);
  if (in == NULL) {
    return engine_fail(error, ENGINE_NOT_FOUND, "there is no project with this id");
  }
  rotate_keys rotation = {.base = {.run = run_rotate_keys, .error = error}, .project = in->num};
  key_pair_make(&rotation.keys);
  engine_status status = writer_submit(own->writer, &rotation.base);
  if (status == ENGINE_OK && reread_keys(own, in->num) != STORE_OK) {
    status = engine_fail(error, ENGINE_UNAVAILABLE,
                         "the keys have changed and cannot be read; rotate them once more");
  }
  if (status == ENGINE_OK) {
    show(context, in->id.bytes, in->name.bytes, rotation.keys.secret, rotation.keys.public);
  }
  return status;
}

project *engine_project_of_key(engine *own, seg_text_view key, engine_key *kind) {
  *kind = ENGINE_KEY_NONE;
  if (key.size_bytes < 4 || key.size_bytes >= SECRET_TEXT_BYTES) {
    return NULL;
  }
  unsigned char hash[STORE_HASH_BYTES];
  secret_hash(key.bytes, key.size_bytes, hash);
  project *found = NULL;
  (void)pthread_rwlock_rdlock(&own->lock);
  for (size_t i = 0; i < own->project_count; i++) {
    const project_keys *keys = &own->keys[i];
    bool is_public = strlen(keys->public_key) == key.size_bytes &&
                     CRYPTO_memcmp(keys->public_key, key.bytes, key.size_bytes) == 0;
    bool is_secret = CRYPTO_memcmp(keys->secret_hash, hash, sizeof hash) == 0;
    if (is_public || is_secret) {
      *kind = is_secret ? ENGINE_KEY_SECRET : ENGINE_KEY_PUBLIC;
      found = own->projects[i];
    }
  }
  (void)pthread_rwlock_unlock(&own->lock);
  return found;
}

bool engine_project_inbound_key(engine *own, const project *in, char out[SECRET_TEXT_BYTES]) {
  unsigned char hash[STORE_HASH_BYTES];
  bool is_found = false;
  (void)pthread_rwlock_rdlock(&own->lock);
  for (size_t i = 0; !is_found && i < own->project_count; i++) {
    is_found = own->projects[i] == in;
    if (is_found) {
      memcpy(hash, own->keys[i].secret_hash, sizeof hash);
    }
  }
  (void)pthread_rwlock_unlock(&own->lock);
  if (is_found) {
    secret_derive("in_", "what email providers report", hash, out);
  }
  return is_found;
}

bool engine_project_is_inbound_key(engine *own, const project *in, seg_text_view key) {
  char expected[SECRET_TEXT_BYTES];
  return engine_project_inbound_key(own, in, expected) && key.size_bytes == strlen(expected) &&
         CRYPTO_memcmp(key.bytes, expected, key.size_bytes) == 0;
}

project *engine_project_find(engine *own, seg_text_view id) {
  project *found = NULL;
  (void)pthread_rwlock_rdlock(&own->lock);
  for (size_t i = 0; i < own->project_count; i++) {
    if (seg_text_equal(own->projects[i]->id, id)) {
      found = own->projects[i];
    }
  }
  (void)pthread_rwlock_unlock(&own->lock);
  return found;
}

project *engine_project_of_num(engine *own, int64_t num) {
  project *found = NULL;
  (void)pthread_rwlock_rdlock(&own->lock);
  for (size_t i = 0; found == NULL && i < own->project_count; i++) {
    found = own->projects[i]->num == num ? own->projects[i] : NULL;
  }
  (void)pthread_rwlock_unlock(&own->lock);
  return found;
}

project *engine_project_oldest(engine *own) {
  (void)pthread_rwlock_rdlock(&own->lock);
  project *found = own->project_count == 0 ? NULL : own->projects[0];
  (void)pthread_rwlock_unlock(&own->lock);
  return found;
}

// Answers.

static engine_status run_nothing(command *base, batch *in, project_batch *part) {
  (void)base;
  (void)in;
  (void)part;
  return ENGINE_OK;
}

engine_status engine_answer_keep(engine *own, project *in, engine_error *error) {
  command keep = {.run = run_nothing, .project = in, .error = error};
  return writer_submit(own->writer, &keep);
}
