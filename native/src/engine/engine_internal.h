/// The engine's inside, for its own files.
#ifndef SEGMENTRY_ENGINE_INTERNAL_H
#define SEGMENTRY_ENGINE_INTERNAL_H

#include "email.h"
#include "engine.h"

/// Read-only sessions kept for the next who asks; more are opened and closed as needed.
#define ENGINE_SESSIONS_KEPT 32

struct engine {
  engine_options options;
  char run_id[SECRET_TEXT_BYTES]; ///< Random: no other run of the program has it.
  store *file;
  writer *writer;
  pthread_rwlock_t lock; ///< Of the list of projects and their keys.
  project **projects;
  struct project_keys *keys; ///< One for each project.
  size_t project_count;
  size_t project_capacity;
  pthread_mutex_t session_lock;
  store_session *sessions[ENGINE_SESSIONS_KEPT];
  size_t session_count;
  int64_t seen_version; ///< Of the store, when the writer's thread last looked; 0 is never.
};

typedef struct project_keys {
  unsigned char secret_hash[STORE_HASH_BYTES];
  char public_key[SECRET_TEXT_BYTES];
} project_keys;

/// Inside a command: creates or updates the contact of an email that engine_read_email gave.
/// The contact is shown with what it then holds.
engine_status engine_put_contact(batch *in, project_batch *part, seg_text_view email,
                                 const contact_input *input, engine_contact_show show,
                                 void *context, int64_t *num, engine_error *error);

/// Inside a command: records an event in the store and notes it.
engine_status engine_add_event(batch *in, project_batch *part, seg_text_view contact_id,
                               int64_t contact, seg_text_view name, int64_t at_ms,
                               seg_text_view data, char id[ID_TEXT_BYTES], engine_error *error);

#endif
