// The file as a whole: its size, a check of every page, a copy while it is in use.
#include "sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

store_status store_file_size(store *file, int64_t *size_bytes, store_error *err) {
  struct stat about;
  if (stat(file->path, &about) != 0) {
    return store_report(err, STORE_FAILED, "%s: %s", file->path, strerror(errno));
  }
  int64_t total = about.st_size;
  size_t log_bytes = strlen(file->path) + sizeof "-wal";
  char *log = malloc(log_bytes);
  if (log == NULL) {
    return store_sqlite_failed(file->path, NULL, SQLITE_NOMEM, err);
  }
  (void)snprintf(log, log_bytes, "%s-wal", file->path);
  if (stat(log, &about) == 0) { // none when all sessions are closed
    total += about.st_size;
  }
  free(log);
  *size_bytes = total;
  return store_done(err);
}

store_status store_file_check(store_session *session, store_error *err) {
  store_query query = store_query_begin(session, "PRAGMA integrity_check(1)", err);
  if (store_query_step(&query)) {
    seg_text_view found = store_column_text(&query, 0);
    if (!seg_text_equal(found, seg_text_of("ok"))) {
      query.status =
          store_report(err, STORE_CORRUPT,
                       "%s is damaged (%.*s); stop, keep a copy, and restore it from a backup",
                       session->file->path, (int)found.size_bytes, found.bytes);
    }
  }
  return store_query_end(&query);
}

/// Copies in one step: a step holds one moment of the source, and the writer goes on meanwhile.
static store_status copy_database(sqlite3 *from, const store *file, sqlite3 *to, const char *path,
                                  store_error *err) {
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == NULL) {
    return store_sqlite_failed(path, to, sqlite3_extended_errcode(to), err);
  }
  int code = sqlite3_backup_step(backup, -1);
  (void)sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) {
    // The source is only read here: what failed in writing is the copy.
    bool is_target = (code & 0xFF) == SQLITE_FULL || (code & 0xFF) == SQLITE_READONLY ||
                     code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC ||
                     code == SQLITE_IOERR_TRUNCATE;
    return store_sqlite_failed(is_target ? path : file->path, NULL, code, err);
  }
  return STORE_OK;
}

static store_status write_copy(store *file, const char *path, store_error *err) {
  sqlite3 *from = NULL;
  store_status status = store_connect(file, SQLITE_OPEN_READWRITE, &from, err);
  if (status != STORE_OK) {
    return status;
  }
  sqlite3 *to = NULL;
  int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK) {
    status = copy_database(from, file, to, path, err);
  } else {
    status = store_sqlite_failed(path, NULL, code, err);
  }
  (void)sqlite3_close(to);
  (void)sqlite3_close(from);
  return status;
}

store_status store_file_backup(store *file, const char *path, store_error *err) {
  // Made here and only here: a backup never writes over anything.
  int made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) {
    return store_report(err, errno == EEXIST ? STORE_CONFLICT : STORE_FAILED,
                        "the backup %s can't be made: %s", path, strerror(errno));
  }
  (void)close(made);
  store_status status = write_copy(file, path, err);
  if (status != STORE_OK) {
    (void)unlink(path); // half a backup looks like a whole one
    return status;
  }
  return store_done(err);
}
