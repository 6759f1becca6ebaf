// segmentry serve: the server.
#include "api/service.h"
#include "command.h"
#include "options.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Requests a minute of one project.
#define RATE_DEFAULT "1000"
#define RATE_MAX 100000000
/// A longer pause between sweeps is a mistake: contacts would leave a segment a day late.
#define SWEEP_MS_MAX INT64_C(86400000)

/// Reads `10s`, `500ms`, `2m` or `0`.
static bool read_duration(const char *text, int64_t *out_ms) {
  static const struct {
    const char *unit;
    int64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
  char *end = NULL;
  if (text[0] < '0' || text[0] > '9') {
    return false;
  }
  long long value = strtoll(text, &end, 10);
  if (value == 0 && end[0] == '\0') {
    *out_ms = 0;
    return true;
  }
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(end, units[i].unit) == 0 && value <= SWEEP_MS_MAX / units[i].ms) {
      *out_ms = value * units[i].ms;
      return true;
    }
  }
  return false;
}

static bool read_rate(const char *text, uint32_t *out) {
  char *end = NULL;
  if (text[0] < '0' || text[0] > '9') {
    return false;
  }
  long long value = strtoll(text, &end, 10);
  *out = (uint32_t)value;
  return end[0] == '\0' && value <= RATE_MAX;
}

/// For tests, and named in no help: how many times as fast the pauses between deliveries pass.
#define WEBHOOK_SPEED_VARIABLE "SEGMENTRY_TEST_WEBHOOK_SPEED"
#define WEBHOOK_SPEED_MAX 1000000

static int64_t read_webhook_speed(void) {
  long long speed = strtoll(options_setting(NULL, WEBHOOK_SPEED_VARIABLE, "1"), NULL, 10);
  return speed >= 1 && speed <= WEBHOOK_SPEED_MAX ? speed : 1;
}

/// A flag, or a variable that stands in for it. False, with a message, if the variable is neither
/// true nor false.
static bool read_switch(const char *variable, bool *out) {
  const char *value = options_setting(NULL, variable, *out ? "true" : "false");
  if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
    (void)fprintf(stderr, "segmentry serve: %s is '%s'; it must be true or false\n", variable,
                  value);
    return false;
  }
  *out = *out || strcmp(value, "true") == 0;
  return true;
}

/// The options that webhooks and email providers have.
typedef struct outside_options {
  bool allows_private;
  const char *webhook_ca;
  const char *sns_topics;
  const char *sns_certificate;
} outside_options;

static bool set_outside(outside_options *given, service_options *out) {
  if (!read_switch("SEGMENTRY_ALLOW_PRIVATE_WEBHOOKS", &given->allows_private)) {
    return false;
  }
  out->allows_private_webhooks = given->allows_private;
  out->webhook_ca = options_setting(given->webhook_ca, "SEGMENTRY_WEBHOOK_CA", NULL);
  out->webhook_speed = read_webhook_speed();
  out->sns_topics = options_setting(given->sns_topics, "SEGMENTRY_SNS_TOPICS", "");
  out->sns_certificate = options_setting(given->sns_certificate, "SEGMENTRY_SNS_CERTIFICATE", NULL);
  return true;
}

/// Reads `full` or `normal`.
static bool read_durability(const char *text, bool *is_relaxed) {
  *is_relaxed = strcmp(text, "normal") == 0;
  return *is_relaxed || strcmp(text, "full") == 0;
}

/// Reads what has a form of its own; NULL is not given. False, with a message, if one has not.
static bool set_own(const char *sweep, const char *rate, const char *durability,
                    service_options *out) {
  const char *duration = options_setting(sweep, "SEGMENTRY_SWEEP", "10s");
  if (!read_duration(duration, &out->sweep_ms)) {
    (void)fprintf(stderr,
                  "segmentry serve: --sweep is '%s'; it must be a duration such as 10s, 500ms or "
                  "2m, at most 24h, or 0 for none\n",
                  duration);
    return false;
  }
  const char *limit = options_setting(rate, "SEGMENTRY_RATE", RATE_DEFAULT);
  if (!read_rate(limit, &out->rate_per_minute)) {
    (void)fprintf(stderr,
                  "segmentry serve: --rate is '%s'; it must be a whole number up to %d, or 0 for "
                  "no limit\n",
                  limit, RATE_MAX);
    return false;
  }
  const char *promise = options_setting(durability, "SEGMENTRY_DURABILITY", "full");
  if (!read_durability(promise, &out->is_relaxed)) {
    (void)fprintf(stderr, "segmentry serve: --durability is '%s'; it must be full or normal\n",
                  promise);
    return false;
  }
  return true;
}

static int status_of(service_result result) {
  switch (result) {
  case SERVICE_STOPPED:
    return 0;
  case SERVICE_IN_USE:
    return EXIT_IN_USE;
  case SERVICE_NO_DATABASE:
    return EXIT_NO_INPUT;
  case SERVICE_BAD_DATABASE:
    return EXIT_BAD_DATA;
  case SERVICE_NO_ADDRESS:
    return EXIT_NO_ADDRESS;
  case SERVICE_BAD_SETTING:
    return EXIT_USAGE;
  case SERVICE_NO_MEMORY:
    break;
  }
  return EXIT_NO_MEMORY;
}

static int run(int argument_count, char **arguments) {
  const char *db = NULL;
  const char *listen = NULL;
  const char *sweep = NULL;
  const char *rate = NULL;
  const char *durability = NULL;
  outside_options outside = {.allows_private = false};
  const option_rule rules[] = {
      {.name = "--db", .value = &db},
      {.name = "--listen", .value = &listen},
      {.name = "--sweep", .value = &sweep},
      {.name = "--rate", .value = &rate},
      {.name = "--durability", .value = &durability},
      {.name = "--allow-private-webhooks", .flag = &outside.allows_private},
      {.name = "--webhook-ca", .value = &outside.webhook_ca},
      {.name = "--sns-topics", .value = &outside.sns_topics},
      {.name = "--sns-certificate", .value = &outside.sns_certificate}};
  int operands = 0;
  if (!options_read("serve", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  if (operands > 0) {
    (void)fprintf(stderr, "segmentry serve: '%s' is too much; see segmentry serve --help\n",
                  arguments[0]);
    return EXIT_USAGE;
  }
  service_options options = {.db = options_db(db), .listen = options_listen(listen)};
  if (!set_own(sweep, rate, durability, &options) || !set_outside(&outside, &options)) {
    return EXIT_USAGE;
  }
  return status_of(service_run(&options));
}

const command command_serve = {
    .name = "serve",
    .summary = "serve the HTTP API on a database",
    .help = "NAME\n"
            "    segmentry serve - serve the HTTP API on a database\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry serve [--db FILE] [--listen ADDRESS] [--sweep DURATION]\n"
            "                    [--rate REQUESTS] [--durability full|normal]\n"
            "                    [--allow-private-webhooks] [--webhook-ca FILE]\n"
            "                    [--sns-topics ARNS] [--sns-certificate FILE]\n"
            "\n"
            "DESCRIPTION\n"
            "    Opens the database, or makes it, reads its contacts into memory, and answers\n"
            "    requests until SIGINT or SIGTERM. Then it takes no new ones, finishes those\n"
            "    it has, and ends; a second signal ends it at once. What was answered is on\n"
            "    disk either way. Keys for requests come from segmentry project create.\n"
            "\n"
            "    One server alone may use a file, and no import beside it. The commands\n"
            "    project, login, export and backup may; what they change is noticed within\n"
            "    seconds.\n"
            "\n"
            "    Logs are on standard error, one JSON object a line.\n"
            "\n"
            "OPTIONS\n"
            "    A variable stands in for an option that is not given.\n"
            "    --db FILE         The database. SEGMENTRY_DB. Default: segmentry.db\n"
            "    --listen ADDRESS  Such as 127.0.0.1:8080, [::1]:8080 or 8080; port 0 takes\n"
            "                      any and logs which.\n"
            "                      SEGMENTRY_LISTEN. Default: 127.0.0.1:8080\n"
            "    --sweep DURATION  How often to look for contacts that enter or leave a\n"
            "                      tracked segment by time alone: 500ms, 10s, 2m; 0 is never.\n"
            "                      SEGMENTRY_SWEEP. Default: 10s\n"
            "    --rate REQUESTS   Requests a minute of one project; 0 is no limit.\n"
            "                      SEGMENTRY_RATE. Default: " RATE_DEFAULT "\n"
            "    --durability full|normal\n"
            "                      full: an answer waits until the disk has its change.\n"
            "                      normal: it does not, so that a power cut may take the\n"
            "                      last changes; the end of the program never does.\n"
            "                      SEGMENTRY_DURABILITY. Default: full\n"
            "    --allow-private-webhooks\n"
            "                      Lets webhooks lead to this machine and to private\n"
            "                      networks. SEGMENTRY_ALLOW_PRIVATE_WEBHOOKS, true or false.\n"
            "                      Default: false\n"
            "    --webhook-ca FILE Certificates in PEM of authorities that webhooks may rely\n"
            "                      on, beside the system's. SEGMENTRY_WEBHOOK_CA.\n"
            "                      Default: none\n"
            "    --sns-topics ARNS The Amazon SNS topics, with commas between them, that may\n"
            "                      report what became of emails: only their subscriptions\n"
            "                      are confirmed. SEGMENTRY_SNS_TOPICS. Default: none\n"
            "    --sns-certificate FILE\n"
            "                      The certificate that signs their messages, in PEM, in\n"
            "                      place of those that Amazon shows.\n"
            "                      SEGMENTRY_SNS_CERTIFICATE. Default: none\n"
            "\n"
            "EXIT STATUS\n"
            "    0 ended by a signal; 64 wrong usage; 65 the file is no database of\n"
            "    Segmentry; 66 it cannot be read or written; 69 the address cannot be had;\n"
            "    71 out of memory; 75 another server or an import uses the file.\n"
            "\n"
            "EXAMPLE\n"
            "    segmentry serve --db segmentry.db --listen 127.0.0.1:8080\n",
    .run = run,
};
