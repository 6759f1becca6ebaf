// segmentry check
#include "command.h"
#include "data_files.h"
#include "options.h"
#include "output.h"
#include "segmentry/filter.h"
#include "segmentry/text.h"

#include <stdlib.h>

/// A condition with all its white space; the core refuses one over SEG_FILTER_JSON_BYTES_MAX.
#define FILE_BYTES_MAX ((size_t)16 << 20)

static int say_problems(const char *path, const seg_problems *problems) {
  for (size_t i = 0; i < problems->count; i++) {
    const seg_problem *problem = &problems->items[i];
    const char *place = problem->field[0] == '\0' ? "the condition" : problem->field;
    (void)printf("%s: %s: %s (%s)\n", path, place, problem->message, problem->code);
  }
  return output_finish(EXIT_CASE_INVALID);
}

static int check(const char *path, seg_text_view text, bool as_json) {
  seg_allocator allocator = seg_allocator_default();
  seg_problems problems;
  seg_problems_init(&problems, allocator);
  seg_filter *filter = NULL;
  seg_status parsed = seg_filter_parse(allocator, seg_text_after_mark(text), &filter, &problems);
  int status = 0;
  if (parsed == SEG_E_NOMEM) {
    (void)fputs("segmentry check: out of memory\n", stderr);
    status = EXIT_NO_MEMORY;
  } else if (as_json) {
    (void)fputs("{\"valid\":", stdout);
    (void)fputs(parsed == SEG_OK ? "true" : "false", stdout);
    (void)fputs(",\"errors\":", stdout);
    output_problems(stdout, &problems);
    (void)fputs("}\n", stdout);
    status = output_finish(parsed == SEG_OK ? 0 : EXIT_CASE_INVALID);
  } else if (parsed != SEG_OK) {
    status = say_problems(path, &problems);
  } else {
    size_t filters = seg_filter_field_count(filter);
    size_t groups = seg_filter_node_count(filter) - filters;
    (void)printf("%s: valid: %zu filter%s in %zu group%s\n", path, filters, filters == 1 ? "" : "s",
                 groups, groups == 1 ? "" : "s");
    status = output_finish(0);
  }
  seg_filter_free(filter);
  seg_problems_free(&problems);
  return status;
}

static int run(int argument_count, char **arguments) {
  bool as_json = false;
  const option_rule rules[] = {{.name = "--json", .flag = &as_json}};
  int files = 0;
  if (!options_read("check", rules, 1, argument_count, arguments, &files)) {
    return EXIT_USAGE;
  }
  if (files != 1) {
    (void)fprintf(stderr, "segmentry check: takes one file, not %d; see segmentry check --help\n",
                  files);
    return EXIT_USAGE;
  }
  seg_text_view text;
  int status = data_read_file(arguments[0], FILE_BYTES_MAX, &text);
  if (status == 0) {
    status = check(arguments[0], text, as_json);
    free((void *)(uintptr_t)text.bytes);
  }
  return status;
}

const command command_check = {
    .name = "check",
    .summary = "check a condition and name everything that is wrong with it",
    .help =
        "NAME\n"
        "    segmentry check - check a condition\n"
        "\n"
        "SYNOPSIS\n"
        "    segmentry check [--json] FILE\n"
        "\n"
        "DESCRIPTION\n"
        "    Reads a condition as JSON from FILE (- is standard input) and prints every\n"
        "    problem with its place. References to segments are not looked up.\n"
        "\n"
        "OPTIONS\n"
        "    --json    Print {\"valid\",\"errors\":[{\"field\",\"message\",\"code\"}]} instead.\n"
        "\n"
        "EXIT STATUS\n"
        "    0 valid; 1 not valid; 64 wrong usage; 65 the file is too large;\n"
        "    66 the file cannot be read.\n",
    .run = run,
};
