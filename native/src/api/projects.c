// See projects.h. Straight to the store: an engine would load every contact first.
#include "projects.h"

#include "engine/ids.h"

#include <string.h>
#include <time.h>

static store_status insert(store_session *session, const store_project *row, store_error *error) {
  int64_t num;
  store_status status = store_transaction_begin(session, error);
  if (status == STORE_OK) {
    status = store_project_insert(session, row, &num, error);
  }
  if (status == STORE_OK) {
    return store_transaction_commit(session, error);
  }
  store_transaction_rollback(session);
  return status;
}

store_status projects_create(const char *db, const char *name,
                             void (*show)(const project_keys_view *made), store_error *error) {
  store_options options = {.path = db};
  store *file = NULL;
  store_session *session = NULL;
  store_status status = store_open(&options, &file, error);
  if (status == STORE_OK) {
    status = store_session_open(file, STORE_ACCESS_WRITE, &session, error);
  }
  if (status == STORE_OK) {
    char id[ID_TEXT_BYTES];
    char secret[SECRET_TEXT_BYTES];
    char public[SECRET_TEXT_BYTES];
    struct timespec now;
    id_make(id);
    secret_make("sk_", secret);
    secret_make("pk_", public);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    store_project row = {.id = seg_text_of(id),
                         .name = seg_text_of(name),
                         .public_key = seg_text_of(public),
                         .created_at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000};
    secret_hash(secret, strlen(secret), row.secret_hash);
    status = insert(session, &row, error);
    if (status == STORE_OK) {
      show(
          &(project_keys_view){.id = id, .name = name, .secret_key = secret, .public_key = public});
    }
  }
  store_session_close(session);
  store_close(file);
  return status;
}

store_status projects_list(const char *db, store_project_visit visit, void *context,
                           store_error *error) {
  store_options options = {.path = db, .must_exist = true};
  store *file = NULL;
  store_session *session = NULL;
  store_status status = store_open(&options, &file, error);
  if (status == STORE_OK) {
    status = store_session_open(file, STORE_ACCESS_READ, &session, error);
  }
  if (status == STORE_OK) {
    status = store_project_list(session, visit, context, error);
  }
  store_session_close(session);
  store_close(file);
  return status;
}
