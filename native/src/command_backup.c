// segmentry backup: a copy of the database, while it is in use.
#include "api/backup.h"
#include "command.h"
#include "command_database.h"
#include "options.h"
#include "output.h"

#include <inttypes.h>

static int run(int argument_count, char **arguments) {
  const char *db = NULL;
  const option_rule rules[] = {{.name = "--db", .value = &db}};
  int operands = 0;
  if (!options_read("backup", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  if (operands != 1) {
    (void)fprintf(stderr, "segmentry backup: takes one file, not %d; see segmentry backup --help\n",
                  operands);
    return EXIT_USAGE;
  }
  store_error error;
  int64_t size_bytes = 0;
  switch (backup_make(options_db(db), arguments[0], &size_bytes, &error)) {
  case BACKUP_MADE:
    (void)printf("%s: %" PRId64 " bytes, checked\n", arguments[0], size_bytes);
    return output_finish(0);
  case BACKUP_NOT_WRITTEN: {
    int status = command_failed("backup", &error);
    return status == EXIT_NO_INPUT ? EXIT_BAD_OUTPUT : status;
  }
  case BACKUP_NO_SOURCE:
    break;
  }
  return command_failed("backup", &error);
}

const command command_backup = {
    .name = "backup",
    .summary = "copy the database, also while a server uses it",
    .help = "NAME\n"
            "    segmentry backup - copy the database, also while a server uses it\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry backup FILE [--db FILE]\n"
            "\n"
            "DESCRIPTION\n"
            "    Copies the whole database, as of one moment, into a new file, and reads the\n"
            "    copy again to check every page. A server goes on meanwhile. A file that is\n"
            "    there already is never written over. What fails leaves no copy behind.\n"
            "\n"
            "OPTIONS\n"
            "    --db FILE  The database. SEGMENTRY_DB. Default: segmentry.db\n"
            "\n"
            "EXIT STATUS\n"
            "    0 the copy is whole; 64 wrong usage; 65 the file is no database of\n"
            "    Segmentry, or is damaged; 66 it cannot be read; 71 out of memory;\n"
            "    74 the copy cannot be written; 75 another process keeps it locked.\n"
            "\n"
            "EXAMPLE\n"
            "    segmentry backup shop-monday.db --db shop.db\n",
    .run = run,
};
