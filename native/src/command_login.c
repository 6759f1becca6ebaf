// segmentry login: a one-time link to the dashboard.
#include "api/login_link.h"
#include "command.h"
#include "command_database.h"
#include "options.h"
#include "output.h"

#include <time.h>

static int run(int argument_count, char **arguments) {
  const char *db = NULL;
  const char *listen = NULL;
  const option_rule rules[] = {{.name = "--db", .value = &db},
                               {.name = "--listen", .value = &listen}};
  int operands = 0;
  if (!options_read("login", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  if (operands > 0) {
    (void)fprintf(stderr, "segmentry login: '%s' is too much; see segmentry login --help\n",
                  arguments[0]);
    return EXIT_USAGE;
  }
  char link[LOGIN_LINK_BYTES];
  listen = options_listen(listen);
  if (!login_link_write(listen, 0, "", link)) { // before a token is made for nothing
    (void)fprintf(stderr,
                  "segmentry login: --listen is '%s'; it must be the server's address, such as "
                  "127.0.0.1:8080, [::1]:8080 or 8080, and the port not 0\n",
                  listen);
    return EXIT_USAGE;
  }
  char token[SECRET_TEXT_BYTES];
  store_error error;
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  if (login_link_create(options_db(db), now_ms, token, &error) != STORE_OK) {
    return command_failed("login", &error);
  }
  (void)login_link_write(listen, 0, token, link);
  (void)printf("%s\n", link);
  return output_finish(0);
}

const command command_login = {
    .name = "login",
    .summary = "print a one-time link to the dashboard",
    .help = "NAME\n"
            "    segmentry login - print a one-time link to the dashboard\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry login [--db FILE] [--listen ADDRESS]\n"
            "\n"
            "DESCRIPTION\n"
            "    Prints a link that lets one browser into the dashboard, with all projects.\n"
            "    It works once, for 15 minutes. The server may run already or be started\n"
            "    later; the database has the link's hash alone.\n"
            "\n"
            "OPTIONS\n"
            "    --db FILE         The database. SEGMENTRY_DB. Default: segmentry.db\n"
            "    --listen ADDRESS  What serve listens on: it is the link's address;\n"
            "                      0.0.0.0 and [::] become this machine's own.\n"
            "                      SEGMENTRY_LISTEN. Default: 127.0.0.1:8080\n"
            "\n"
            "EXIT STATUS\n"
            "    0 all is well; 64 wrong usage; 65 the file is no database of Segmentry;\n"
            "    66 it cannot be read or written; 71 out of memory; 74 the output cannot be\n"
            "    written, or the disk is full; 75 another process keeps it locked.\n"
            "\n"
            "EXAMPLE\n"
            "    segmentry login --db segmentry.db --listen 127.0.0.1:8080\n",
    .run = run,
};
