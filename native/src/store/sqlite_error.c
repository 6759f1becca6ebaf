// Errors: SQLite's codes become a status and a sentence that says what to do.
#include "sqlite_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

store_status store_report(store_error *err, store_status status, const char *format, ...) {
  if (err != NULL) {
    err->status = status;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
  }
  return status;
}

store_status store_done(store_error *err) {
  if (err != NULL) {
    err->status = STORE_OK;
    err->message[0] = '\0';
  }
  return STORE_OK;
}

store_status store_missing(store_error *err, const char *what) {
  return store_report(err, STORE_NOT_FOUND, "there is no such %s in this project", what);
}

/// A broken constraint. SQLite names the columns, as in "UNIQUE constraint failed:
/// contacts.project, contacts.email": the last one is what the caller can do something about.
static store_status constraint_failed(const char *path, sqlite3 *db, int code, store_error *err) {
  const char *text = db == NULL ? "" : sqlite3_errmsg(db);
  switch (code) {
  case SQLITE_CONSTRAINT_UNIQUE:
  case SQLITE_CONSTRAINT_PRIMARYKEY:
  case SQLITE_CONSTRAINT_ROWID: {
    const char *dot = strrchr(text, '.');
    return store_report(err, STORE_CONFLICT, "the %s is taken", dot == NULL ? "row" : dot + 1);
  }
  case SQLITE_CONSTRAINT_FOREIGNKEY:
    return store_report(err, STORE_NOT_FOUND, "what the row refers to is not in this project");
  default:
    return store_report(err, STORE_FAILED, "%s: a row breaks a rule of the schema: %s", path, text);
  }
}

store_status store_sqlite_failed(const char *path, sqlite3 *db, int code, store_error *err) {
  const char *cause = db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db);
  switch (code & 0xFF) {
  case SQLITE_CONSTRAINT:
    return constraint_failed(path, db, code, err);
  case SQLITE_FULL:
    return store_report(err, STORE_FULL,
                        "%s: there is no room left on the disk, or the file has reached its limit; "
                        "make room and try again",
                        path);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return store_report(err, STORE_BUSY,
                        "%s is locked by another process; stop the one that uses it, or wait until "
                        "it has finished",
                        path);
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return store_report(err, STORE_READ_ONLY,
                        "%s can't be written; the file and its directory must be writable for this "
                        "user, and the file system not mounted read-only",
                        path);
  case SQLITE_NOTADB:
    return store_report(err, STORE_CORRUPT,
                        "%s is not a database of segmentry; give another path, or restore the file "
                        "from a backup",
                        path);
  case SQLITE_CORRUPT:
    return store_report(err, STORE_CORRUPT,
                        "%s is damaged (%s); stop, keep a copy, and restore the file from a backup",
                        path, cause);
  case SQLITE_NOMEM:
    return store_report(err, STORE_NOMEM, "%s: there is no memory left", path);
  case SQLITE_CANTOPEN:
    return store_report(err, STORE_FAILED,
                        "%s can't be opened; its directory must exist and this user must be "
                        "allowed to use it",
                        path);
  default:
    return store_report(err, STORE_FAILED, "%s: %s (SQLite's code %d)", path, cause, code);
  }
}
