// segmentry project: makes projects, lists them, gives them new keys.
#include "api/projects.h"
#include "command.h"
#include "command_database.h"
#include "options.h"
#include "output.h"
#include "segmentry/instant.h"

#include <errno.h>
#include <string.h>

static void print_member(const char *before, const char *name, seg_text_view value) {
  (void)printf("%s\"%s\":", before, name);
  output_string(stdout, value);
}

/// Whoever cannot see the keys, the one thing that has them, must know what is there now.
static void finish_keys(const project_keys_view *made) {
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    int cause = errno; // output_finish says it
    (void)fprintf(stderr,
                  "segmentry project: the project %s has new keys, but they could not be shown; "
                  "segmentry project rotate-keys %s gives it others\n",
                  made->id, made->id);
    errno = cause;
  }
}

static void print_keys_json(const project_keys_view *made) {
  print_member("{", "id", seg_text_of(made->id));
  print_member(",", "name", seg_text_of(made->name));
  print_member(",", "secretKey", seg_text_of(made->secret_key));
  print_member(",", "publicKey", seg_text_of(made->public_key));
  (void)fputs("}\n", stdout);
  finish_keys(made);
}

static void print_keys(const project_keys_view *made) {
  (void)printf("id          %s\nname        %s\nsecret key  %s\npublic key  %s\n\n"
               "The secret key is shown this once.\n",
               made->id, made->name, made->secret_key, made->public_key);
  finish_keys(made);
}

static bool print_project_json(void *context, const store_project *row) {
  char created[SEG_INSTANT_TEXT_BYTES];
  (void)context;
  seg_instant_write(row->created_at_ms, created);
  print_member("{", "id", row->id);
  print_member(",", "name", row->name);
  print_member(",", "publicKey", row->public_key);
  print_member(",", "createdAt", seg_text_of(created));
  (void)fputs("}\n", stdout);
  return true;
}

static bool print_project(void *context, const store_project *row) {
  char created[SEG_INSTANT_TEXT_BYTES];
  (void)context;
  seg_instant_write(row->created_at_ms, created);
  (void)printf("%.*s  %s  %.*s  %.*s\n", (int)row->id.size_bytes, row->id.bytes, created,
               (int)row->public_key.size_bytes, row->public_key.bytes, (int)row->name.size_bytes,
               row->name.bytes);
  return true;
}

/// Whether a name may be printed on a terminal and in a log.
static bool is_name(const char *name) {
  size_t size = strlen(name);
  for (size_t i = 0; i < size; i++) {
    if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F) {
      return false;
    }
  }
  return size > 0 && size <= PROJECT_NAME_BYTES_MAX;
}

static int finish(store_status status, const store_error *error) {
  return status == STORE_OK ? output_finish(0) : command_failed("project", error);
}

static int create(const char *db, const char *name, bool as_json) {
  store_error error;
  if (!is_name(name)) {
    (void)fprintf(stderr, "segmentry project: a name has 1 to %d bytes and no control characters\n",
                  PROJECT_NAME_BYTES_MAX);
    return EXIT_USAGE;
  }
  return finish(projects_create(db, name, as_json ? print_keys_json : print_keys, &error), &error);
}

static int run(int argument_count, char **arguments) {
  const char *db = NULL;
  bool as_json = false;
  const option_rule rules[] = {{.name = "--db", .value = &db},
                               {.name = "--json", .flag = &as_json}};
  int operands = 0;
  store_error error;
  if (!options_read("project", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  db = options_db(db);
  const char *verb = operands > 0 ? arguments[0] : "";
  if (operands == 1 && strcmp(verb, "list") == 0) {
    store_project_visit print = as_json ? print_project_json : print_project;
    return finish(projects_list(db, print, NULL, &error), &error);
  }
  if (operands == 2 && strcmp(verb, "create") == 0) {
    return create(db, arguments[1], as_json);
  }
  if (operands == 2 && strcmp(verb, "rotate-keys") == 0) {
    return finish(
        projects_rotate_keys(db, arguments[1], as_json ? print_keys_json : print_keys, &error),
        &error);
  }
  (void)fputs("segmentry project: needs create NAME, list or rotate-keys ID; see segmentry project "
              "--help\n",
              stderr);
  return EXIT_USAGE;
}

const command command_project = {
    .name = "project",
    .summary = "make and list projects, give one new keys",
    .help =
        "NAME\n"
        "    segmentry project - make and list the projects of a database, rotate keys\n"
        "\n"
        "SYNOPSIS\n"
        "    segmentry project create NAME [--db FILE] [--json]\n"
        "    segmentry project list [--db FILE] [--json]\n"
        "    segmentry project rotate-keys ID [--db FILE] [--json]\n"
        "\n"
        "DESCRIPTION\n"
        "    create makes a project with two new keys and prints them. The secret key may\n"
        "    do everything; the database keeps only its hash, so it is shown this once.\n"
        "    The public key may track events and nothing else.\n"
        "\n"
        "    list prints one line for each project, oldest first.\n"
        "\n"
        "    rotate-keys gives a project two new keys and prints them, this once too. The\n"
        "    old ones are worth nothing from then on.\n"
        "\n"
        "    A server that runs on the database knows of all this within seconds.\n"
        "\n"
        "OPTIONS\n"
        "    --db FILE  The database; create makes it if it is not there.\n"
        "               SEGMENTRY_DB. Default: segmentry.db\n"
        "    --json     One JSON object a line: {\"id\",\"name\",\"secretKey\",\"publicKey\"},\n"
        "               and for list {\"id\",\"name\",\"publicKey\",\"createdAt\"}.\n"
        "\n"
        "EXIT STATUS\n"
        "    0 all is well; 64 wrong usage; 65 the file is no database of Segmentry;\n"
        "    66 it cannot be read or written, or has no such project; 71 out of memory;\n"
        "    74 the output cannot be written, or the disk is full; 75 another process\n"
        "    keeps the database locked.\n"
        "\n"
        "EXAMPLE\n"
        "    segmentry project create Shop --db segmentry.db --json\n",
    .run = run,
};
