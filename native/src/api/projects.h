/// Projects, for the program's commands: made, listed and given new keys, in a database that a
/// server may have open.
#ifndef SEGMENTRY_API_PROJECTS_H
#define SEGMENTRY_API_PROJECTS_H

#include "store/store.h"

typedef struct project_keys_view {
  const char *id;
  const char *name;
  const char *secret_key; ///< Shown this once: the store has its hash alone.
  const char *public_key;
} project_keys_view;

/// Bytes of a project's name.
#define PROJECT_NAME_BYTES_MAX 200

/// Creates a project with new keys. The database is created too if it is not there.
store_status projects_create(const char *db, const char *name,
                             void (*show)(const project_keys_view *made), store_error *error);
/// Shows every project, oldest first.
store_status projects_list(const char *db, store_project_visit visit, void *context,
                           store_error *error);
/// Gives a project two new keys; the old ones are worth nothing from then on. A running server
/// learns of it within seconds.
store_status projects_rotate_keys(const char *db, const char *id,
                                  void (*show)(const project_keys_view *made), store_error *error);

/// What a command needs to know of a project.
typedef struct project_found {
  int64_t num;
  char name[PROJECT_NAME_BYTES_MAX + 1];
} project_found;

/// Finds a project by its id. STORE_NOT_FOUND: the message names the id and `db`, the file.
store_status projects_find(store_session *session, const char *db, const char *id,
                           project_found *out, store_error *error);

#endif
