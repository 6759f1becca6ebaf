// See service.h.
#include "service.h"

#include "api.h"
#include "engine/engine_preview.h"
#include "login_link.h"
#include "webhooks/sender.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// How late a scheduled campaign may be when the clock was set, or it was scheduled just before: a
/// second is nothing to a mail, and looking costs next to nothing.
#define CAMPAIGN_CLOCK_MS 1000

static int64_t wall_clock_ms(void *context) {
  struct timespec now;
  (void)context;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void log_engine(void *context, const char *event, const char *message) {
  seg_http_log_event(context, SEG_HTTP_ERROR, event, NULL, "%s", message);
}

static void flush_log(void *context) { (void)seg_http_log_flush(context); }

static void log_webhooks(void *context, const char *event, const char *message) {
  seg_http_log_event(context, SEG_HTTP_WARN, event, NULL, "%s", message);
}

static void log_progress(void *context, size_t contacts, size_t events) {
  seg_http_log_event(context, SEG_HTTP_INFO, "engine.loading", NULL,
                     "%zu contacts, %zu events and email activities so far", contacts, events);
}

/// Blocks the signals that end the service, before any thread is there to inherit otherwise.
static sigset_t block_signals(void) {
  sigset_t ends;
  (void)sigemptyset(&ends);
  (void)sigaddset(&ends, SIGINT);
  (void)sigaddset(&ends, SIGTERM);
  (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
  (void)signal(SIGPIPE, SIG_IGN); // a client that has gone is no reason to end
  (void)signal(SIGXFSZ, SIG_IGN); // nor is a limit on the size of files: the write fails
  return ends;
}

static service_result result_of(store_status status) {
  switch (status) {
  case STORE_NOMEM:
    return SERVICE_NO_MEMORY;
  case STORE_CORRUPT:
  case STORE_NEWER:
    return SERVICE_BAD_DATABASE;
  case STORE_BUSY:
    return SERVICE_IN_USE;
  default:
    return SERVICE_NO_DATABASE;
  }
}

static service_result open_engine(const service_options *options, api *own) {
  engine_options opening = {.path = options->db,
                            .is_relaxed = options->is_relaxed,
                            .sweep_ms = options->sweep_ms,
                            .campaign_clock_ms = CAMPAIGN_CLOCK_MS,
                            .now_ms = wall_clock_ms,
                            .context = own->log,
                            .log = log_engine,
                            .flush_log = flush_log,
                            .progress = log_progress};
  store_error error = {.status = STORE_NOMEM, .message = "out of memory"};
  int64_t begin_ms = wall_clock_ms(NULL);
  if (!engine_open(&opening, &own->engine, &error)) {
    (void)fprintf(stderr, "segmentry serve: %s\n", error.message);
    return result_of(error.status);
  }
  engine_totals totals = engine_count_all(own->engine);
  seg_http_log_event(own->log, SEG_HTTP_INFO, "engine.open", NULL,
                     "%zu projects, %zu contacts and %zu segments in %lld ms", totals.projects,
                     totals.contacts, totals.segments, (long long)(wall_clock_ms(NULL) - begin_ms));
  if (options->is_relaxed) {
    seg_http_log_event(own->log, SEG_HTTP_WARN, "engine.relaxed", NULL,
                       "changes are answered before the disk has them: a power cut may take the "
                       "last ones");
  }
  return SERVICE_STOPPED;
}

/// Prints a link to the dashboard, on standard output: the log, on standard error, has no secrets.
/// Without one the server is of use all the same, so a failure is a warning.
static void print_login_link(const service_options *options, api *own, unsigned port) {
  char token[SECRET_TEXT_BYTES];
  char link[LOGIN_LINK_BYTES];
  engine_error error;
  engine_error_init(&error);
  const char *trouble = NULL;
  if (engine_login_link(own->engine, token, &error) != ENGINE_OK ||
      !login_link_write(options->listen, port, token, link)) {
    trouble = "could not be made";
  } else if (printf("Dashboard (this link works once, for 15 minutes):\n  %s\n", link) < 0 ||
             fflush(stdout) != 0) {
    trouble = strerror(errno);
  }
  if (trouble != NULL) {
    seg_http_log_event(own->log, SEG_HTTP_WARN, "server.no_link", NULL,
                       "the link to the dashboard was not printed: %s; segmentry login prints "
                       "another one",
                       trouble);
  }
  engine_error_free(&error);
}

/// Listens until a signal comes.
static service_result serve(const service_options *options, api *own,
                            seg_http_rate_limit *rate_limit, const sigset_t *ends) {
  seg_http_options listening = {.listen = options->listen,
                                .authenticate = api_authenticate,
                                .log = own->log,
                                .metrics = own->metrics,
                                .rate_limit = rate_limit};
  seg_http_server *server = NULL;
  seg_error error;
  if (seg_http_server_start(&listening, api_routes, api_route_count, own, &server, &error) !=
      SEG_OK) {
    (void)fprintf(stderr, "segmentry serve: %s; --listen gives another address\n", error.message);
    return SERVICE_NO_ADDRESS;
  }
  seg_http_log_event(own->log, SEG_HTTP_INFO, "server.listening", NULL, "port %u",
                     (unsigned)seg_http_server_port(server));
  print_login_link(options, own, (unsigned)seg_http_server_port(server));
  int received = 0;
  (void)sigwait(ends, &received);
  (void)pthread_sigmask(SIG_UNBLOCK, ends, NULL); // a second one ends at once
  seg_http_log_event(own->log, SEG_HTTP_INFO, "server.stopping", NULL, "%s",
                     received == SIGINT ? "interrupted" : "asked to end");
  bool finished = seg_http_server_stop(server, 0);
  seg_http_log_event(own->log, finished ? SEG_HTTP_INFO : SEG_HTTP_WARN, "server.stopped", NULL,
                     finished ? "every request was answered" : "some requests were cut");
  return SERVICE_STOPPED;
}

/// Sends webhooks for as long as requests are served, and a little longer: what the last ones have
/// caused may go out as well.
static service_result send_and_serve(const service_options *options, api *own,
                                     seg_http_rate_limit *rate_limit, const sigset_t *ends) {
  sender_options sending = {.engine = own->engine,
                            .allows_private = options->allows_private_webhooks,
                            .trusted = own->trusted,
                            .speed = options->webhook_speed,
                            .log = log_webhooks,
                            .context = own->log};
  own->sender = sender_start(&sending);
  if (own->sender == NULL) {
    (void)fputs("segmentry serve: out of memory\n", stderr);
    return SERVICE_NO_MEMORY;
  }
  service_result result = serve(options, own, rate_limit, ends);
  sender_stop(own->sender);
  own->sender = NULL;
  return result;
}

/// SNS has no batches: a mailing of a hundred thousand comes back as several hundred thousand
/// messages. So it may send as many in a second as other clients in a minute, and does not use up
/// what they have.
static uint32_t sns_rate_of(uint32_t per_minute) {
  return per_minute <= UINT32_MAX / 60 ? per_minute * 60 : UINT32_MAX;
}

static service_result result_of_setting(seg_status status) {
  return status == SEG_OK          ? SERVICE_STOPPED
         : status == SEG_E_INVALID ? SERVICE_BAD_SETTING
                                   : SERVICE_NO_MEMORY;
}

/// An address that is none shows before a database is made for it.
static service_result check_address(const service_options *options) {
  seg_error error;
  seg_status status = seg_http_listen_check(options->listen, &error);
  if (status != SEG_OK) {
    (void)fprintf(stderr, "segmentry serve: %s\n", error.message);
  }
  return result_of_setting(status);
}

/// Reads whom webhooks may rely on beside the system's authorities.
static service_result set_up_trust(const service_options *options, api *own) {
  seg_error error;
  if (options->webhook_ca == NULL) {
    return SERVICE_STOPPED;
  }
  seg_status status = certificates_read(options->webhook_ca, &own->trusted, &error);
  if (status != SEG_OK) {
    (void)fprintf(stderr, "segmentry serve: --webhook-ca: %s\n", error.message);
  }
  return result_of_setting(status);
}

/// Reads whom to believe about emails.
static service_result set_up_sns(const service_options *options, api *own) {
  sns_adapter_options believing = {.topics = options->sns_topics,
                                   .certificate_file = options->sns_certificate,
                                   .now_ms = wall_clock_ms};
  seg_error error;
  seg_status status = sns_adapter_create(&believing, &own->sns, &error);
  if (status != SEG_OK) {
    (void)fprintf(stderr, "segmentry serve: %s\n", error.message);
  }
  return result_of_setting(status);
}

service_result service_run(const service_options *options) {
  sigset_t ends = block_signals();
  api own = {.engine = NULL};
  seg_http_rate_limit *rate_limit = NULL;
  uint64_t seed = (uint64_t)wall_clock_ms(NULL);
  (void)getentropy(&seed, sizeof seed); // without it a client could choose who shares its place
  service_result result = SERVICE_NO_MEMORY;
  if (seg_http_log_create(SEG_HTTP_INFO, NULL, NULL, &own.log) == SEG_OK &&
      seg_http_metrics_create(api_routes, api_route_count, api_metrics, &own, &own.metrics) ==
          SEG_OK &&
      seg_http_rate_limit_create(options->rate_per_minute, seed, &rate_limit) == SEG_OK &&
      seg_http_rate_limit_create(sns_rate_of(options->rate_per_minute), seed, &own.sns_rate) ==
          SEG_OK) {
    result = check_address(options);
    if (result == SERVICE_STOPPED) {
      result = set_up_sns(options, &own);
    }
    if (result == SERVICE_STOPPED) {
      result = set_up_trust(options, &own);
    }
    if (result == SERVICE_STOPPED) {
      result = open_engine(options, &own);
    }
    if (result == SERVICE_STOPPED) {
      result = send_and_serve(options, &own, rate_limit, &ends);
    }
  } else {
    (void)fputs("segmentry serve: out of memory\n", stderr);
  }
  engine_close(own.engine);
  sns_adapter_free(own.sns);
  certificates_free(own.trusted);
  seg_http_rate_limit_free(rate_limit);
  seg_http_rate_limit_free(own.sns_rate);
  seg_http_metrics_free(own.metrics);
  seg_http_log_free(own.log);
  return result;
}
