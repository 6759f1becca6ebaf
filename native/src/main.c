// segmentry: finds the command and hands over.
#include "command.h"
#include "output.h"
#include "segmentry/base.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const command *const commands[] = {
    &command_serve,  &command_project, &command_login, &command_import, &command_export,
    &command_backup, &command_listen,  &command_eval,  &command_check,  &command_slug};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *out) {
  (void)fputs("segmentry - decides which contacts are in which segment\n"
              "\n"
              "usage: segmentry COMMAND [OPTION...] [ARGUMENT...]\n"
              "       segmentry COMMAND --help\n"
              "       segmentry --version\n"
              "\n"
              "commands:\n",
              out);
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    (void)fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
  }
}

static int print_version(void) {
  (void)puts("segmentry " SEG_VERSION);
  return output_finish(0);
}

/// Whether an option stands among the arguments before a `--`.
static bool has_flag(int argument_count, char **arguments, const char *flag) {
  for (int i = 0; i < argument_count && strcmp(arguments[i], "--") != 0; i++) {
    if (strcmp(arguments[i], flag) == 0) {
      return true;
    }
  }
  return false;
}

int main(int argument_count, char **arguments) {
  if (argument_count < 2) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  const char *name = arguments[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
    print_help(stdout);
    return output_finish(0);
  }
  if (strcmp(name, "--version") == 0) {
    return print_version();
  }
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(name, commands[i]->name) != 0) {
      continue;
    }
    if (has_flag(argument_count - 2, arguments + 2, "--help")) {
      (void)fputs(commands[i]->help, stdout);
      return output_finish(0);
    }
    if (has_flag(argument_count - 2, arguments + 2, "--version")) {
      return print_version();
    }
    return commands[i]->run(argument_count - 2, arguments + 2);
  }
  (void)fprintf(stderr, "segmentry: there is no command '%s'; see segmentry --help\n", name);
  return EXIT_USAGE;
}
