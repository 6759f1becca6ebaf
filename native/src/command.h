/// The commands of the program. Each gets what stands behind its name and returns an exit status.
#ifndef SEGMENTRY_COMMAND_H
#define SEGMENTRY_COMMAND_H

/// Exit statuses. The two bits of a run that went through tell what was wrong with its input; the
/// others follow sysexits.h.
enum {
  EXIT_CASE_INVALID = 1, ///< A bit: a case, a condition or a name was refused.
  EXIT_LINE_BAD = 2,     ///< A bit: a data line was refused.
  EXIT_USAGE = 64,       ///< The command line makes no sense.
  EXIT_BAD_DATA = 65,    ///< A file is not what it must be.
  EXIT_NO_INPUT = 66,    ///< A file cannot be read.
  EXIT_NO_ADDRESS = 69,  ///< The server cannot listen where it was told to.
  EXIT_NO_MEMORY = 71,   ///< Out of memory.
  EXIT_BAD_OUTPUT = 74,  ///< The output could not be written.
  EXIT_IN_USE = 75       ///< Another process uses the database; later it may work.
};

typedef struct command {
  const char *name;
  const char *summary; ///< One line, for the list of commands.
  const char *help;    ///< All of it, for `segmentry NAME --help`.
  int (*run)(int argument_count, char **arguments);
} command;

extern const command command_backup;
extern const command command_check;
extern const command command_eval;
extern const command command_export;
extern const command command_import;
extern const command command_listen;
extern const command command_login;
extern const command command_project;
extern const command command_serve;
extern const command command_slug;

#endif
