// segmentry listen: a receiver of webhooks that prints what comes in and checks its signature.
#include "command.h"
#include "http/server.h"
#include "options.h"
#include "output.h"
#include "segmentry/instant.h"
#include "webhooks/signature.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTEN_DEFAULT "127.0.0.1:9000"
/// Bytes of a header that is printed; what we send is shorter.
#define HEADER_BYTES_MAX 200

typedef struct listener {
  pthread_mutex_t mutex; ///< Of the output: a delivery's lines stay together.
  bool has_key;
  signature_key key;
  int status; ///< What is answered.
} listener;

static const char *const verdicts[] = {
    [SIGNATURE_GOOD] = "signature good",
    [SIGNATURE_NO_TIMESTAMP] = "NO TIMESTAMP",
    [SIGNATURE_TOO_OLD] = "TOO OLD: the clocks differ, or it was sent before",
    [SIGNATURE_WRONG] = "SIGNATURE WRONG",
    [SIGNATURE_NO_MEMORY] = "out of memory",
};

/// Prints a text without what could steer the terminal: control characters, of ASCII and beyond.
static void print_plain(seg_text_view text) {
  for (size_t i = 0; i < text.size_bytes; i++) {
    unsigned char byte = (unsigned char)text.bytes[i];
    bool is_control = byte < 0x20 || byte == 0x7F;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xC2 && i + 1 < text.size_bytes && (unsigned char)text.bytes[i + 1] < 0xA0) {
      is_control = true;
      i++;
    }
    (void)putchar(is_control && byte != '\n' && byte != '\t' ? '?' : byte);
  }
}

static seg_text_view header_of(const seg_http_request *request, const char *name) {
  seg_text_view value = {.bytes = "", .size_bytes = 0};
  (void)seg_http_request_header(request, name, &value);
  return value;
}

static void print_line(const char *what, seg_text_view value) {
  value.size_bytes = value.size_bytes < HEADER_BYTES_MAX ? value.size_bytes : HEADER_BYTES_MAX;
  (void)printf("  %s: ", what);
  print_plain(value);
  (void)putchar('\n');
}

static void take_delivery(void *context, seg_http_request *request, seg_http_response *response) {
  listener *own = context;
  const signed_message message = {.id = header_of(request, "webhook-id"),
                                  .timestamp = header_of(request, "webhook-timestamp"),
                                  .body = seg_http_request_body(request)};
  int64_t now_ms = seg_http_request_now_ms(request);
  char at[SEG_INSTANT_TEXT_BYTES];
  seg_instant_write(now_ms, at);
  const char *verdict = "not checked: there is no --secret";
  if (own->has_key) {
    verdict = verdicts[signature_check(&own->key, &message, header_of(request, "webhook-signature"),
                                       now_ms / 1000)];
  }
  (void)pthread_mutex_lock(&own->mutex);
  (void)printf("%s  ", at);
  print_plain(seg_http_request_path(request));
  (void)printf("  %s\n", verdict);
  print_line("webhook-id", message.id);
  print_line("webhook-timestamp", message.timestamp);
  print_plain(message.body);
  (void)puts("\n");
  (void)fflush(stdout);
  (void)pthread_mutex_unlock(&own->mutex);
  seg_http_respond_empty(response, own->status);
}

/// Any path is taken: a pattern for each length.
#define DELIVERIES(path)                                                                           \
  { .method = "POST", .pattern = (path), .handler = take_delivery, .access = SEG_HTTP_ACCESS_NONE }
static const seg_http_route routes[] = {
    DELIVERIES("/"),
    DELIVERIES("/:a"),
    DELIVERIES("/:a/:b"),
    DELIVERIES("/:a/:b/:c"),
    DELIVERIES("/:a/:b/:c/:d"),
    DELIVERIES("/:a/:b/:c/:d/:e"),
    DELIVERIES("/:a/:b/:c/:d/:e/:f"),
};

/// Waits for SIGINT or SIGTERM, which must be blocked.
static int listen_until_signal(const char *address, listener *own, const sigset_t *ends) {
  const seg_http_options options = {.listen = address};
  seg_http_server *server = NULL;
  seg_error error;
  int received;
  if (seg_http_server_start(&options, routes, sizeof routes / sizeof routes[0], own, &server,
                            &error) != SEG_OK) {
    (void)fprintf(stderr, "segmentry listen: %s; --listen gives another address\n", error.message);
    return EXIT_NO_ADDRESS;
  }
  (void)fprintf(stderr,
                "listening on port %u; a server on this machine sends here if it runs with "
                "--allow-private-webhooks\n",
                (unsigned)seg_http_server_port(server));
  (void)sigwait(ends, &received);
  (void)seg_http_server_stop(server, 0);
  return output_finish(0);
}

static bool read_status(const char *text, int *out) {
  char *end = NULL;
  long value = strtol(text, &end, 10);
  *out = (int)value;
  return end != text && end[0] == '\0' && value >= 200 && value <= 599;
}

static int run(int argument_count, char **arguments) {
  const char *address = LISTEN_DEFAULT;
  const char *secret = NULL;
  const char *status = "200";
  const option_rule rules[] = {{.name = "--listen", .value = &address},
                               {.name = "--secret", .value = &secret},
                               {.name = "--status", .value = &status}};
  int operands = 0;
  listener own = {.has_key = false};
  if (!options_read("listen", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  if (operands > 0) {
    (void)fprintf(stderr, "segmentry listen: '%s' is too much; see segmentry listen --help\n",
                  arguments[0]);
    return EXIT_USAGE;
  }
  seg_error error;
  if (seg_http_listen_check(address, &error) != SEG_OK) {
    (void)fprintf(stderr, "segmentry listen: %s\n", error.message);
    return EXIT_USAGE;
  }
  secret = options_setting(secret, "SEGMENTRY_WEBHOOK_SECRET", NULL);
  own.has_key = secret != NULL;
  if (own.has_key && !signature_key_read(seg_text_of(secret), &own.key)) {
    (void)fputs("segmentry listen: the secret must be whsec_ and base64 of 24 to 64 bytes, as the "
                "webhook showed it\n",
                stderr);
    return EXIT_USAGE;
  }
  if (!read_status(status, &own.status)) {
    (void)fprintf(stderr,
                  "segmentry listen: --status is '%s'; it must be a number from 200 to 599\n",
                  status);
    return EXIT_USAGE;
  }
  sigset_t ends;
  (void)sigemptyset(&ends);
  (void)sigaddset(&ends, SIGINT);
  (void)sigaddset(&ends, SIGTERM);
  (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
  (void)signal(SIGPIPE, SIG_IGN);
  (void)pthread_mutex_init(&own.mutex, NULL);
  int result = listen_until_signal(address, &own, &ends);
  (void)pthread_mutex_destroy(&own.mutex);
  return result;
}

const command command_listen = {
    .name = "listen",
    .summary = "print the webhooks that come in, and check their signatures",
    .help = "NAME\n"
            "    segmentry listen - print the webhooks that come in, and check their signatures\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry listen [--listen ADDRESS] [--secret SECRET] [--status STATUS]\n"
            "\n"
            "DESCRIPTION\n"
            "    A receiver for trying webhooks out. Takes deliveries at any path, prints each\n"
            "    with what its signature says, and answers all with one status, until SIGINT\n"
            "    or SIGTERM. A server on the same machine sends to it if it runs with\n"
            "    --allow-private-webhooks.\n"
            "\n"
            "OPTIONS\n"
            "    --listen ADDRESS  Such as 127.0.0.1:9000, [::1]:9000 or 9000; port 0 takes\n"
            "                      any and says which. Default: " LISTEN_DEFAULT "\n"
            "    --secret SECRET   The webhook's, as it was shown once: whsec_ and base64.\n"
            "                      SEGMENTRY_WEBHOOK_SECRET, which other users cannot see.\n"
            "                      Default: none, and nothing is checked\n"
            "    --status STATUS   What to answer: 500 shows how the server tries again.\n"
            "                      Default: 200\n"
            "\n"
            "EXIT STATUS\n"
            "    0 ended by a signal; 64 wrong usage; 69 the address cannot be had;\n"
            "    74 the output cannot be written.\n"
            "\n"
            "EXAMPLE\n"
            "    segmentry listen --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
    .run = run,
};
