// Long options only: they say what they mean in a script. getopt_long is not in POSIX, and would
// take less than the forty lines below only by a little.
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_rule *find_rule(const option_rule *rules, size_t rule_count,
                                    const char *argument) {
  size_t name_bytes = strcspn(argument, "=");
  for (size_t i = 0; i < rule_count; i++) {
    if (strlen(rules[i].name) == name_bytes && memcmp(rules[i].name, argument, name_bytes) == 0) {
      return &rules[i];
    }
  }
  return NULL;
}

static bool complain(const char *command, const char *argument, const char *trouble) {
  (void)fprintf(stderr, "segmentry %s: %s %s; see segmentry %s --help\n", command, argument,
                trouble, command);
  return false;
}

bool options_read(const char *command, const option_rule *rules, size_t rule_count,
                  int argument_count, char **arguments, int *operand_count) {
  int operands = 0;
  bool only_operands = false;
  for (int i = 0; i < argument_count; i++) {
    char *argument = arguments[i];
    if (only_operands || strncmp(argument, "--", 2) != 0) {
      arguments[operands++] = argument;
      continue;
    }
    if (strcmp(argument, "--") == 0) {
      only_operands = true;
      continue;
    }
    const option_rule *rule = find_rule(rules, rule_count, argument);
    const char *equals = strchr(argument, '=');
    if (rule == NULL) {
      return complain(command, argument, "is not an option of this command");
    }
    if (rule->flag != NULL) {
      if (equals != NULL) {
        return complain(command, rule->name, "takes no value");
      }
      *rule->flag = true;
    } else if (equals != NULL) {
      *rule->value = equals + 1;
    } else if (i + 1 < argument_count) {
      *rule->value = arguments[++i];
    } else {
      return complain(command, rule->name, "needs a value");
    }
  }
  *operand_count = operands;
  return true;
}

const char *options_setting(const char *flag, const char *variable, const char *otherwise) {
  const char *value = flag != NULL ? flag : getenv(variable);
  return value == NULL || value[0] == '\0' ? otherwise : value;
}

const char *options_db(const char *flag) {
  return options_setting(flag, "SEGMENTRY_DB", "segmentry.db");
}

const char *options_listen(const char *flag) {
  return options_setting(flag, "SEGMENTRY_LISTEN", "127.0.0.1:8080");
}
