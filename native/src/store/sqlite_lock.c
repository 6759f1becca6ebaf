// Who serves a file: one process at a time.
//
// Not a lock on the database file: SQLite keeps its own there, and the system drops those when any
// descriptor of the file is closed, ours too. So a file beside it is locked with flock, which ends
// with the process, however it ends. The lock file stays: removing it would let two processes lock
// two files of one name. It holds the number of the process, for messages alone.
//
// A symbolic link leads to the one name of a file, and so to its lock. A hard link is a second
// name, with a lock and a log of SQLite of its own beside it, and two processes would spoil the
// file: one that has several names is refused.
#include "sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_SUFFIX "-lock"

/// The lock's path, beside the file itself and not beside a link to it; NULL if there is no memory.
static char *lock_path(const char *path) {
  char *real = realpath(path, NULL);
  const char *base = real == NULL ? path : real;
  size_t size_bytes = strlen(base) + sizeof LOCK_SUFFIX;
  char *out = malloc(size_bytes);
  if (out != NULL) {
    (void)snprintf(out, size_bytes, "%s%s", base, LOCK_SUFFIX);
  }
  free(real);
  return out;
}

/// The number of the process that wrote a lock file; 0 when it has not written it yet.
static long read_holder(int descriptor) {
  char text[24] = "";
  ssize_t size_bytes = pread(descriptor, text, sizeof text - 1, 0);
  return size_bytes > 0 ? strtol(text, NULL, 10) : 0;
}

static void write_holder(int descriptor) {
  char text[24];
  int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, (size_t)size, 0) != size) {
    return; // a message will lack the number
  }
}

static store_status say_held(const char *path, long holder, store_error *err) {
  char who[48] = "another process";
  if (holder > 0) {
    (void)snprintf(who, sizeof who, "process %ld", holder);
  }
  return store_report(err, STORE_BUSY,
                      "%s is in use by %s, a server or an import; one alone may use a file: stop "
                      "that one, or give another --db",
                      path, who);
}

static store_status check_single_name(const char *path, store_error *err) {
  struct stat about;
  if (stat(path, &about) != 0) {
    return store_report(err, STORE_FAILED, "%s can't be opened: %s", path, strerror(errno));
  }
  if (about.st_nlink > 1) {
    return store_report(err, STORE_FAILED,
                        "%s has %ju names, of hard links; each would get a lock and a log of its "
                        "own, so one alone is allowed: remove the others (find -samefile shows "
                        "them), or use a copy",
                        path, (uintmax_t)about.st_nlink);
  }
  return STORE_OK;
}

store_status store_lock_take(store *file, store_error *err) {
  store_status status = check_single_name(file->path, err);
  if (status != STORE_OK) {
    return status;
  }
  char *path = lock_path(file->path);
  if (path == NULL) {
    return store_sqlite_failed(file->path, NULL, SQLITE_NOMEM, err);
  }
  int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    bool is_refused = errno == EACCES || errno == EROFS || errno == EPERM;
    status = store_report(err, is_refused ? STORE_READ_ONLY : STORE_FAILED,
                          "%s can't be made: %s; it must be writable for this user", path,
                          strerror(errno));
  } else if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    status = errno == EWOULDBLOCK
                 ? say_held(file->path, read_holder(descriptor), err)
                 : store_report(err, STORE_FAILED, "%s can't be locked: %s; put it on a local disk",
                                path, strerror(errno));
  }
  free(path);
  if (status != STORE_OK) {
    if (descriptor >= 0) {
      (void)close(descriptor);
    }
    return status;
  }
  write_holder(descriptor);
  file->lock = descriptor;
  return store_done(err);
}

void store_lock_drop(store *file) {
  if (file->lock >= 0) {
    (void)close(file->lock); // which unlocks it
    file->lock = -1;
  }
}
