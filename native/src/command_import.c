// segmentry import: a folder of data into a project.
#include "command.h"
#include "command_database.h"
#include "data_files.h"
#include "options.h"
#include "output.h"
#include "segmentry/json.h"
#include "segmentry/text.h"
#include "transfer/import.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/// The segments of a project with the longest conditions that are allowed; their members are in a
/// file of their own when there are many.
#define SEGMENTS_BYTES_MAX ((size_t)64 << 20)

typedef struct settings {
  const char *db;
  const char *project;
  const char *data;
  const char *segments; ///< NULL: the folder's, if it has one.
  bool skips_bad;
  bool as_json;
} settings;

static bool has_failed(const void *context) { return import_failure(context) != NULL; }

static void say_problem(void *context, const char *place, const char *message) {
  (void)fprintf(stderr, "%s: %s: %s\n", (const char *)context, place, message);
}

/// Reads a file of segments. Returns 0 or an exit status, having said why.
static int read_segments(import *own, const char *path) {
  seg_text_view text;
  struct cJSON *tree = NULL;
  seg_error error;
  int status = data_read_file(path, SEGMENTS_BYTES_MAX, &text);
  if (status != 0) {
    return status;
  }
  if (seg_json_parse(seg_text_after_mark(text), SEG_JSON_DEPTH_MAX, &tree, &error) != SEG_OK) {
    (void)fprintf(stderr, "segmentry import: %s: %s\n", path, error.message);
    status = error.status == SEG_E_NOMEM ? EXIT_NO_MEMORY : EXIT_BAD_DATA;
  } else {
    size_t problems = 0;
    store_error failure;
    if (import_segments(own, tree, say_problem, (void *)(uintptr_t)path, &problems, &failure) !=
        STORE_OK) {
      status = command_failed("import", &failure);
    } else if (problems > 0) {
      status = EXIT_CASE_INVALID;
    }
  }
  seg_json_free(tree);
  free((void *)(uintptr_t)text.bytes);
  return status;
}

/// Reads the segments that were named, or those of the folder if it has some.
static int read_any_segments(import *own, const settings *set) {
  if (set->segments != NULL) {
    return read_segments(own, set->segments);
  }
  char *path = data_path(set->data, "segments.json");
  if (path == NULL) {
    return EXIT_NO_MEMORY;
  }
  int status = access(path, F_OK) == 0 ? read_segments(own, path) : 0;
  free(path);
  return status;
}

/// Reads all files. bad_lines  written
static int read_all(import *own, const settings *set, size_t *bad_lines) {
  const data_taker taker = {.take = import_take, .has_failed = has_failed, .context = own};
  int status = data_read_folder(set->data, import_table(own), &taker, bad_lines);
  if (status == 0) {
    status = read_any_segments(own, set);
  }
  if (status == 0) {
    status = data_read_members(set->data, import_table(own), &taker, bad_lines);
  }
  if (status == 0) {
    status = data_read_changes(set->data, import_table(own), &taker, bad_lines);
  }
  const store_error *failure = import_failure(own);
  return failure == NULL ? status : command_failed("import", failure);
}

static void print_counts(const import_counts *counts, bool as_json) {
  const struct {
    const char *name;
    const char *text;
    size_t count;
  } rows[] = {{"contactsCreated", "contacts created", counts->contacts_created},
              {"contactsUpdated", "contacts updated", counts->contacts_updated},
              {"contactsUnchanged", "contacts as they were", counts->contacts_same},
              {"eventsAdded", "events added", counts->events_added},
              {"eventsKnown", "events that were there", counts->events_same},
              {"emailsAdded", "email activities added", counts->activities_added},
              {"emailsKnown", "email activities that were there", counts->activities_same},
              {"segmentsCreated", "segments created", counts->segments_created},
              {"segmentsUpdated", "segments updated", counts->segments_updated},
              {"membersAdded", "members of static segments added", counts->members_added},
              {"changesAdded", "past entries and exits added", counts->changes_added}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (as_json) {
      (void)printf("%s\"%s\":%zu", i == 0 ? "{" : ",", rows[i].name, rows[i].count);
    } else if (rows[i].count > 0) {
      (void)printf("%10zu %s\n", rows[i].count, rows[i].text);
    }
  }
  (void)fputs(as_json ? "}\n" : "", stdout);
}

/// Everything between the beginning and the end of an import.
static int fill(import *own, const settings *set) {
  size_t bad_lines = 0;
  int status = read_all(own, set, &bad_lines);
  if (status == 0 && bad_lines > 0 && !set->skips_bad) {
    status = EXIT_LINE_BAD;
  }
  if (status == EXIT_LINE_BAD || status == EXIT_CASE_INVALID) {
    (void)fputs("segmentry import: nothing was imported; mend what is named above", stderr);
    (void)fputs(status == EXIT_LINE_BAD ? ", or leave it out with --skip-bad-lines\n" : "\n",
                stderr);
  }
  if (status != 0) {
    return status;
  }
  import_counts counts;
  store_error error;
  if (import_finish(own, &counts, &error) != STORE_OK) {
    return command_failed("import", &error);
  }
  print_counts(&counts, set->as_json);
  return output_finish(bad_lines > 0 ? EXIT_LINE_BAD : 0);
}

static int run(int argument_count, char **arguments) {
  settings set = {.db = NULL};
  const option_rule rules[] = {{.name = "--db", .value = &set.db},
                               {.name = "--project", .value = &set.project},
                               {.name = "--data", .value = &set.data},
                               {.name = "--segments", .value = &set.segments},
                               {.name = "--skip-bad-lines", .flag = &set.skips_bad},
                               {.name = "--json", .flag = &set.as_json}};
  int operands = 0;
  if (!options_read("import", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  if (operands > 0 || set.project == NULL || set.data == NULL) {
    (void)fputs("segmentry import: needs --project and --data and takes nothing else; see "
                "segmentry import --help\n",
                stderr);
    return EXIT_USAGE;
  }
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  import_options options = {.db = options_db(set.db),
                            .project_id = set.project,
                            .now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000};
  import *own = NULL;
  store_error error;
  if (import_begin(&options, &own, &error) != STORE_OK) {
    return command_failed("import", &error);
  }
  int status = fill(own, &set);
  import_end(own);
  return status;
}

const command command_import = {
    .name = "import",
    .summary = "move a folder of contacts, events and segments into a project",
    .help = "NAME\n"
            "    segmentry import - move a folder of data into a project\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry import --project ID --data DIR [--segments FILE] [--db FILE]\n"
            "                     [--skip-bad-lines] [--json]\n"
            "\n"
            "DESCRIPTION\n"
            "    Reads DIR/contacts.ndjson and, where they are there, DIR/events.ndjson,\n"
            "    DIR/emails.ndjson, DIR/segments.json, DIR/members.ndjson and\n"
            "    DIR/changes.ndjson: the files that eval reads and export writes. No server\n"
            "    may use the database meanwhile.\n"
            "\n"
            "    All of it is stored, or nothing. A bad line is named as file:line, and then\n"
            "    nothing is imported. The same files, or newer ones, may be imported again:\n"
            "    a contact is known by its address and gets what the line says; its members\n"
            "    of data that the line does not have stay. An event or an email activity that\n"
            "    the project has, with its contact and instant, is not added again. Ids of\n"
            "    new contacts are kept where they are free.\n"
            "\n"
            "    Segments may refer to each other by name. Who matches a tracked segment is\n"
            "    its member from then on, without an entry event. changes.ndjson tells the\n"
            "    past of segments that the import makes; others keep their own.\n"
            "\n"
            "OPTIONS\n"
            "    --project ID      The project; segmentry project list shows all.\n"
            "    --data DIR        The folder.\n"
            "    --segments FILE   Segments from another file than DIR/segments.json: an\n"
            "                      array of {\"name\",\"condition\"} and perhaps \"id\",\n"
            "                      \"description\", \"type\", \"trackMembership\", \"members\".\n"
            "    --db FILE         The database. SEGMENTRY_DB. Default: segmentry.db\n"
            "    --skip-bad-lines  Leave bad lines out and import the rest.\n"
            "    --json            Print the counts as JSON.\n"
            "\n"
            "EXIT STATUS\n"
            "    0 all is in; 1 a segment was refused; 2 a line was refused; 64 wrong usage;\n"
            "    65 a file is not what it must be; 66 a file cannot be read, or there is no\n"
            "    such project; 71 out of memory; 74 the disk is full, or the output cannot be\n"
            "    written; 75 a server uses the database.\n"
            "\n"
            "EXAMPLE\n"
            "    segmentry import --project 01a20603-1056-7cd8-bb3e-271971984e9f --data plunk\n",
    .run = run,
};
