/// Command-line options: `--name value`, `--name=value`, `--flag`, `--` and the rest.
#ifndef SEGMENTRY_OPTIONS_H
#define SEGMENTRY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/// An option that a command takes. Exactly one of `value` and `flag` is set.
typedef struct option_rule {
  const char *name;   ///< With its two dashes.
  const char **value; ///< Set to the value; stays as it was if the option is not given.
  bool *flag;         ///< Set to true.
} option_rule;

/// Reads options and moves all other arguments to the front of `arguments`, in their order.
///
/// rules            borrowed  `rule_count` of them.
/// operand_count    written   Arguments that are no options.
///
/// Returns false after saying on standard error what is wrong.
bool options_read(const char *command, const option_rule *rules, size_t rule_count,
                  int argument_count, char **arguments, int *operand_count);

/// A setting: the flag, or else the variable, or else the default. An empty one is none.
const char *options_setting(const char *flag, const char *variable, const char *otherwise);
/// The settings that more than one command has: `--db` and `--listen`.
const char *options_db(const char *flag);
const char *options_listen(const char *flag);

#endif
