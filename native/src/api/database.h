/// One piece of work on a database, for the program's commands: opened, done, closed. A server may
/// have the file open meanwhile, and notices what was changed.
#ifndef SEGMENTRY_API_DATABASE_H
#define SEGMENTRY_API_DATABASE_H

#include "store/store.h"

/// What is done with the open session; a status other than STORE_OK undoes it.
typedef store_status (*database_work)(void *context, store_session *session, store_error *error);

/// Opens the file, which must be there, for reading.
store_status database_read(const char *path, database_work work, void *context, store_error *error);

/// Runs `work` in one transaction and commits it. The file is opened as `options` say.
store_status database_change(const store_options *options, database_work work, void *context,
                             store_error *error);

#endif
