// See backup.h.
#include "backup.h"

#include <unistd.h>

/// Opens the copy as a server would, and reads all of it.
static store_status check_copy(const char *path, int64_t *size_bytes, store_error *error) {
  store_options options = {.path = path, .must_exist = true};
  store *copy = NULL;
  store_session *session = NULL;
  store_status status = store_open(&options, &copy, error);
  if (status == STORE_OK) {
    status = store_session_open(copy, STORE_ACCESS_READ, &session, error);
  }
  if (status == STORE_OK) {
    status = store_file_check(session, error);
  }
  store_session_close(session);
  if (status == STORE_OK) {
    status = store_file_size(copy, size_bytes, error);
  }
  store_close(copy);
  return status;
}

backup_result backup_make(const char *db, const char *path, int64_t *size_bytes,
                          store_error *error) {
  store_options options = {.path = db, .must_exist = true};
  store *file = NULL;
  if (store_open(&options, &file, error) != STORE_OK) {
    return BACKUP_NO_SOURCE;
  }
  store_status status = store_file_backup(file, path, error);
  store_close(file);
  if (status != STORE_OK) {
    return BACKUP_NOT_WRITTEN;
  }
  if (check_copy(path, size_bytes, error) != STORE_OK) {
    (void)unlink(path); // it was made here, and is worth nothing
    return BACKUP_NOT_WRITTEN;
  }
  return BACKUP_MADE;
}
