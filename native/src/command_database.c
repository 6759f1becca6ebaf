// See command_database.h.
#include "command_database.h"

#include "command.h"

#include <stdio.h>

int command_failed(const char *name, const store_error *error) {
  (void)fprintf(stderr, "segmentry %s: %s\n", name, error->message);
  switch (error->status) {
  case STORE_NOMEM:
    return EXIT_NO_MEMORY;
  case STORE_CORRUPT:
  case STORE_NEWER:
    return EXIT_BAD_DATA;
  case STORE_BUSY:
    return EXIT_IN_USE;
  case STORE_FULL:
    return EXIT_BAD_OUTPUT;
  default:
    return EXIT_NO_INPUT;
  }
}
