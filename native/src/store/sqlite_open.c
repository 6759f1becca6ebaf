// Opening: what kind of file is there, a connection with its settings, the schema's migrations.
#include "sqlite_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS_DEFAULT 5000
/// The indexes of a million contacts' ids and emails: what random inserts into them need.
#define CACHE_BYTES_DEFAULT (INT64_C(256) << 20)
/// The log is handed over to the file at 64 MiB (16,384 pages), and cut back to that: a page that
/// many commits touch, as in the indexes by contact and by email, is then written to the file once.
#define SETTINGS                                                                                   \
  "PRAGMA secure_delete=OFF; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"                    \
  "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=67108864;"      \
  "PRAGMA wal_autocheckpoint=16384;"

store_status store_execute(const char *path, sqlite3 *db, const char *sql, store_error *err) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    return store_sqlite_failed(path, db, sqlite3_extended_errcode(db), err);
  }
  return store_done(err);
}

store_status store_read_number(const char *path, sqlite3 *db, const char *sql, int64_t *out,
                               store_error *err) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement);
  }
  if (code == SQLITE_ROW) {
    *out = sqlite3_column_int64(statement, 0);
    code = SQLITE_OK;
  }
  store_status status = code == SQLITE_OK || code == SQLITE_DONE
                            ? store_done(err)
                            : store_sqlite_failed(path, db, sqlite3_extended_errcode(db), err);
  (void)sqlite3_finalize(statement);
  return status;
}

store_status store_connect(const store *file, int flags, sqlite3 **out, store_error *err) {
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(file->path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  store_status status = STORE_OK;
  if (code != SQLITE_OK) {
    status =
        store_sqlite_failed(file->path, db, db == NULL ? code : sqlite3_extended_errcode(db), err);
  } else {
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_busy_timeout(db, file->busy_timeout_ms);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    status = store_execute(file->path, db, SETTINGS, err);
  }
  if (status != STORE_OK) {
    (void)sqlite3_close(db);
    return status;
  }
  *out = db;
  return STORE_OK;
}

/// Made here and not by SQLite, so that nobody but this user reads it; its log inherits that.
static store_status make_file(const char *path, store_error *err) {
  int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) {
    bool is_refused = errno == EACCES || errno == EROFS || errno == EPERM;
    return store_report(err, is_refused ? STORE_READ_ONLY : STORE_FAILED,
                        "%s can't be made: %s; its directory must exist and be writable for this "
                        "user",
                        path, strerror(errno));
  }
  (void)close(made);
  return STORE_OK;
}

/// Whether a file starts as a database does. SQLite itself takes a short file of anything for an
/// empty database, and writes over it.
static store_status check_magic(const char *path, store_error *err) {
  char magic[16] = {0};
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) {
    return store_report(err, STORE_FAILED, "%s can't be read: %s", path, strerror(errno));
  }
  size_t size_bytes = fread(magic, 1, sizeof magic, stream);
  (void)fclose(stream);
  if (size_bytes < sizeof magic || memcmp(magic, "SQLite format 3", sizeof magic) != 0) {
    return store_sqlite_failed(path, NULL, SQLITE_NOTADB, err);
  }
  return STORE_OK;
}

/// Looks at the path before SQLite does.
static store_status look_at_file(const char *path, bool must_exist, store_error *err) {
  struct stat about;
  if (stat(path, &about) != 0) {
    if (errno == ENOENT && !must_exist) {
      return make_file(path, err);
    }
    return store_report(err, errno == ENOENT ? STORE_NOT_FOUND : STORE_FAILED,
                        "%s can't be opened: %s", path, strerror(errno));
  }
  if (!S_ISREG(about.st_mode)) {
    return store_report(err, STORE_FAILED, "%s is not a file", path);
  }
  return about.st_size == 0 ? STORE_OK : check_magic(path, err);
}

store_status store_use_log(const char *path, sqlite3 *db, store_error *err) {
  sqlite3_stmt *statement = NULL;
  char mode[8] = "";
  int code = sqlite3_prepare_v2(db, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement);
  }
  if (code == SQLITE_ROW) {
    (void)snprintf(mode, sizeof mode, "%s", (const char *)sqlite3_column_text(statement, 0));
  }
  store_status status = STORE_OK;
  if (code != SQLITE_ROW) {
    status = store_sqlite_failed(path, db, sqlite3_extended_errcode(db), err);
  } else if (strcmp(mode, "wal") != 0) {
    bool is_read_only = sqlite3_db_readonly(db, "main") == 1;
    status = is_read_only
                 ? store_sqlite_failed(path, NULL, SQLITE_READONLY, err)
                 : store_report(err, STORE_FAILED,
                                "%s is on a file system that can't share a log between processes; "
                                "put it on a local disk",
                                path);
  }
  (void)sqlite3_finalize(statement);
  return status;
}

static store_status prepare_file(const store *file, store_error *err) {
  sqlite3 *db = NULL;
  store_status status = store_connect(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err);
  if (status == STORE_OK && sqlite3_db_readonly(db, "main") == 1) {
    status = store_sqlite_failed(file->path, NULL, SQLITE_READONLY, err);
  }
  if (status == STORE_OK) {
    status = store_migrate(file->path, db, err);
  }
  (void)sqlite3_close(db);
  return status;
}

/// SQLite counts its memory for nobody here, under a lock that every allocation takes.
static void stop_counting(void) { (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

static void configure_once(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, stop_counting);
}

static store *file_create(const store_options *options) {
  store *file = calloc(1, sizeof *file);
  if (file == NULL) {
    return NULL;
  }
  file->path = strdup(options->path);
  file->is_relaxed = options->is_relaxed;
  file->busy_timeout_ms =
      options->busy_timeout_ms > 0 ? options->busy_timeout_ms : BUSY_TIMEOUT_MS_DEFAULT;
  file->cache_bytes = options->cache_bytes > 0 ? options->cache_bytes : CACHE_BYTES_DEFAULT;
  file->size_bytes_max = options->size_bytes_max > 0 ? options->size_bytes_max : 0;
  file->lock = -1;
  if (file->path == NULL) {
    free(file);
    return NULL;
  }
  return file;
}

store_status store_open(const store_options *options, store **out, store_error *err) {
  configure_once();
  store *file = file_create(options);
  if (file == NULL) {
    return store_sqlite_failed(options->path, NULL, SQLITE_NOMEM, err);
  }
  store_status status = look_at_file(file->path, options->must_exist, err);
  if (status == STORE_OK && options->is_exclusive) {
    status = store_lock_take(file, err);
  }
  if (status == STORE_OK) {
    status = prepare_file(file, err);
  }
  if (status != STORE_OK) {
    store_close(file);
    return status;
  }
  *out = file;
  return store_done(err);
}

void store_close(store *file) {
  if (file == NULL) {
    return;
  }
  assert(atomic_load(&file->session_count) == 0);
  store_lock_drop(file);
  free(file->path);
  free(file);
}
