// See projects.h.
#include "projects.h"

#include "database.h"
#include "engine/ids.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static store_status insert(void *context, store_session *session, store_error *error) {
  int64_t num;
  return store_project_insert(session, context, &num, error);
}

store_status projects_create(const char *db, const char *name,
                             void (*show)(const project_keys_view *made), store_error *error) {
  char id[ID_TEXT_BYTES];
  key_pair keys;
  struct timespec now;
  id_make(id);
  key_pair_make(&keys);
  (void)clock_gettime(CLOCK_REALTIME, &now);
  store_project row = {.id = seg_text_of(id),
                       .name = seg_text_of(name),
                       .public_key = seg_text_of(keys.public),
                       .created_at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000};
  memcpy(row.secret_hash, keys.secret_hash, STORE_HASH_BYTES);
  store_options options = {.path = db};
  store_status status = database_change(&options, insert, &row, error);
  if (status == STORE_OK) {
    show(&(project_keys_view){
        .id = id, .name = name, .secret_key = keys.secret, .public_key = keys.public});
  }
  return status;
}

typedef struct listing {
  store_project_visit visit;
  void *context;
} listing;

static store_status list(void *context, store_session *session, store_error *error) {
  listing *own = context;
  return store_project_list(session, own->visit, own->context, error);
}

store_status projects_list(const char *db, store_project_visit visit, void *context,
                           store_error *error) {
  listing own = {.visit = visit, .context = context};
  return database_read(db, list, &own, error);
}

static bool keep_project(void *context, const store_project *row) {
  project_found *found = context;
  found->num = row->num;
  (void)snprintf(found->name, sizeof found->name, "%.*s", (int)row->name.size_bytes,
                 row->name.bytes);
  return true;
}

store_status projects_find(store_session *session, const char *db, const char *id,
                           project_found *out, store_error *error) {
  store_status status = store_project_get(session, seg_text_of(id), keep_project, out, error);
  if (status == STORE_NOT_FOUND && error != NULL) {
    (void)snprintf(error->message, sizeof error->message,
                   "there is no project with the id '%.100s' in %.400s; segmentry project list "
                   "shows all",
                   id, db);
  }
  return status;
}

typedef struct rotation {
  const char *db;
  const char *id;
  key_pair keys;
  project_found project;
} rotation;

static store_status rotate(void *context, store_session *session, store_error *error) {
  rotation *own = context;
  store_status status = projects_find(session, own->db, own->id, &own->project, error);
  if (status == STORE_OK) {
    status = store_project_set_keys(session, own->project.num, own->keys.secret_hash,
                                    seg_text_of(own->keys.public), error);
  }
  return status;
}

store_status projects_rotate_keys(const char *db, const char *id,
                                  void (*show)(const project_keys_view *made), store_error *error) {
  rotation own = {.db = db, .id = id};
  key_pair_make(&own.keys);
  store_options options = {.path = db, .must_exist = true};
  store_status status = database_change(&options, rotate, &own, error);
  if (status == STORE_OK) {
    show(&(project_keys_view){.id = id,
                              .name = own.project.name,
                              .secret_key = own.keys.secret,
                              .public_key = own.keys.public});
  }
  return status;
}
