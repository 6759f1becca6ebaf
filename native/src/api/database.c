// See database.h. Straight to the store: an engine would load every contact first.
#include "database.h"

/// A server's writer commits one batch after another and leaves the file free only for moments: a
/// command that nobody waits for within milliseconds tries for longer than the default.
#define BUSY_TIMEOUT_MS 30000

static store_status use(const store_options *options, store_access access, database_work work,
                        void *context, store_error *error) {
  store_options opening = *options;
  store *file = NULL;
  store_session *session = NULL;
  opening.busy_timeout_ms = BUSY_TIMEOUT_MS;
  store_status status = store_open(&opening, &file, error);
  if (status == STORE_OK) {
    status = store_session_open(file, access, &session, error);
  }
  if (status == STORE_OK) {
    status = store_transaction_begin(session, error);
  }
  if (status == STORE_OK) {
    status = work(context, session, error);
  }
  if (status == STORE_OK) {
    status = store_transaction_commit(session, error);
  }
  store_session_close(session); // rolls back
  store_close(file);
  return status;
}

store_status database_read(const char *path, database_work work, void *context,
                           store_error *error) {
  store_options options = {.path = path, .must_exist = true};
  return use(&options, STORE_ACCESS_READ, work, context, error);
}

store_status database_change(const store_options *options, database_work work, void *context,
                             store_error *error) {
  return use(options, STORE_ACCESS_WRITE, work, context, error);
}
