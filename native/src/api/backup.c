// See backup.h. A backup gets its name last: one that is killed on the way leaves a file that
// nobody takes for a whole one.
#include "backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTIAL_SUFFIX ".partial"

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

static store_status fail(store_error *error, const char *path, int cause) {
  error->status = STORE_FAILED;
  (void)snprintf(error->message, sizeof error->message, "the backup %s can't be made: %s", path,
                 strerror(cause));
  return STORE_FAILED;
}

/// Gives the checked copy its name, over no other file. Where files have one name only, as on many
/// a USB stick, a file that comes into being at this very moment would be lost.
static store_status give_name(const char *partial, const char *path, store_error *error) {
  if (link(partial, path) == 0) {
    (void)unlink(partial);
    return STORE_OK;
  }
  bool has_no_links = errno == EPERM || errno == ENOTSUP || errno == ENOSYS;
  if (has_no_links && access(path, F_OK) != 0 && rename(partial, path) == 0) {
    return STORE_OK;
  }
  return fail(error, path, has_no_links ? EEXIST : errno);
}

static store_status copy_and_check(store *file, const char *path, const char *partial,
                                   int64_t *size_bytes, store_error *error) {
  if (access(path, F_OK) == 0) {
    return fail(error, path, EEXIST);
  }
  store_status status = store_file_backup(file, partial, error);
  if (status != STORE_OK) {
    return status;
  }
  status = check_copy(partial, size_bytes, error);
  if (status == STORE_OK) {
    status = give_name(partial, path, error);
  }
  if (status != STORE_OK) {
    (void)unlink(partial); // it was made here, and is worth nothing
  }
  return status;
}

backup_result backup_make(const char *db, const char *path, int64_t *size_bytes,
                          store_error *error) {
  store_options options = {.path = db, .must_exist = true};
  store *file = NULL;
  if (store_open(&options, &file, error) != STORE_OK) {
    return BACKUP_NO_SOURCE;
  }
  size_t partial_bytes = strlen(path) + sizeof PARTIAL_SUFFIX;
  char *partial = malloc(partial_bytes);
  store_status status = STORE_NOMEM;
  if (partial == NULL) {
    error->status = STORE_NOMEM;
    (void)snprintf(error->message, sizeof error->message, "out of memory");
  } else {
    (void)snprintf(partial, partial_bytes, "%s%s", path, PARTIAL_SUFFIX);
    status = copy_and_check(file, path, partial, size_bytes, error);
  }
  free(partial);
  store_close(file);
  return status == STORE_OK ? BACKUP_MADE : BACKUP_NOT_WRITTEN;
}
