/// What the commands on a database have in common: how its failures are said.
#ifndef SEGMENTRY_COMMAND_DATABASE_H
#define SEGMENTRY_COMMAND_DATABASE_H

#include "api/database.h"

/// Says on standard error, in a command's name, what went wrong. Returns the exit status.
int command_failed(const char *name, const store_error *error);

#endif
