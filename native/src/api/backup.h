/// A copy of a database that a server may have open.
#ifndef SEGMENTRY_API_BACKUP_H
#define SEGMENTRY_API_BACKUP_H

#include "store/store.h"

typedef enum backup_result {
  BACKUP_MADE,
  BACKUP_NO_SOURCE,  ///< The database cannot be opened.
  BACKUP_NOT_WRITTEN ///< The copy could not be made, or is not whole; there is none then.
} backup_result;

/// Copies the database at `db` into a new file at `path`, and checks every page of the copy.
///
/// size_bytes  written  Of the copy.
/// error       written  Unless BACKUP_MADE.
backup_result backup_make(const char *db, const char *path, int64_t *size_bytes,
                          store_error *error);

#endif
