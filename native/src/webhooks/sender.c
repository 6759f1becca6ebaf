// See sender.h.
#include "sender.h"

#include "address_guard.h"
#include "lane.h"
#include "recorder.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// Between two looks at all webhooks: after a wake, since commits come many times a second; and
/// without one, since a secret's day ends by time alone.
#define REFRESH_MS 10
#define LOOK_MS 2000
/// Timeouts are never scaled below this: a machine under load needs it to answer at all.
#define SCALED_TIMEOUT_MS_MIN 1000
#define HTTP_GONE 410
/// Bytes of a line for the log.
#define LOG_BYTES 200

/// One delivery under way.
typedef struct flight {
  outbound request;
  lane *lane; ///< NULL: free.
  queue_entry *entry;
  uint64_t version; ///< The lane's, when it began.
  int64_t at_ms;    ///< Wall clock.
  int64_t began_ms; ///< Of the monotonic clock.
  char *headers;    ///< Owned: as the log has them.
} flight;

struct sender {
  sender_options options;
  outbound_limits limits;
  CURLM *multi;
  recorder *recorder;
  pthread_t thread;
  atomic_bool is_woken;
  atomic_bool is_stopping;
  atomic_uint_fast64_t delivered;
  atomic_uint_fast64_t failed;
  atomic_uint_fast64_t parked;
  atomic_uint_fast64_t in_flight;
  lanes lanes;
  size_t turn; ///< The lane behind the one that began last.
  int64_t refreshed_ms;
  flight *flights[SENDER_FLIGHTS_MAX]; ///< Made when they are needed first.
  size_t flying;
  size_t flying_of[LANE_KINDS]; ///< As start_all counts them.
};

static int64_t monotonic_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wake(void *context) {
  sender *own = context;
  atomic_store(&own->is_woken, true);
  (void)curl_multi_wakeup(own->multi);
}

/// The recorder has something for us; nothing needs to be read for that.
static void wake_for_records(void *context) {
  const sender *own = context;
  (void)curl_multi_wakeup(own->multi);
}

static void log_lane(const sender *own, const char *event, const lane *of, const char *what) {
  char message[LOG_BYTES];
  (void)snprintf(message, sizeof message, "webhook %" PRId64 ": %s", of->webhook, what);
  own->options.log(own->options.context, event, message);
}

// What became of an attempt.

/// Makes a record with copies of its texts. NULL if there is no memory.
static record *make_record(const flight *of) {
  const outbound *request = &of->request;
  size_t headers = strlen(of->headers);
  size_t error = strlen(request->error);
  record *made = calloc(1, sizeof *made);
  char *texts = malloc(headers + error + request->answer_bytes + 1);
  if (made == NULL || texts == NULL) {
    free(made);
    free(texts);
    return NULL;
  }
  memcpy(texts, of->headers, headers);
  memcpy(texts + headers, request->error, error);
  memcpy(texts + headers + error, request->answer, request->answer_bytes);
  made->texts = texts;
  store_attempt *attempt = &made->outcome.attempt;
  attempt->at_ms = of->at_ms;
  attempt->duration_ms = monotonic_ms() - of->began_ms;
  attempt->http_status = request->status;
  attempt->request = (seg_text_view){.bytes = texts, .size_bytes = headers};
  if (error > 0) {
    attempt->error = (seg_text_view){.bytes = texts + headers, .size_bytes = error};
  }
  if (request->answer_bytes > 0) {
    attempt->answer =
        (seg_text_view){.bytes = texts + headers + error, .size_bytes = request->answer_bytes};
  }
  made->outcome.was_sent = true;
  made->lane = of->lane;
  made->entry = of->entry;
  return made;
}

/// Whether the webhook is still what it was when the attempt began. Else what came of it says
/// nothing of the webhook: it may have another URL now.
static bool is_current(const flight *of) { return of->version == of->lane->version; }

static uint32_t random_bits(void) {
  uint32_t bits = 0;
  (void)getentropy(&bits, sizeof bits); // without it only the jitter is gone
  return bits;
}

/// The webhook has failed: that may begin a pause, or make it longer.
static void count_failure(sender *own, lane *in, int64_t now_ms) {
  bool was_open = breaker_is_open(&in->breaker);
  in->last = LANE_FAILING;
  if (breaker_fail(&in->breaker, now_ms, own->options.speed) && breaker_is_open(&in->breaker)) {
    lane_paused(in);
    in->parks_overdue = true;
    in->parked_up_to = 0;
    if (!was_open) {
      log_lane(own, "webhooks.paused", in, "it keeps failing, and is left alone for a while");
    }
  }
}

static void count_success(const sender *own, lane *in) {
  if (breaker_is_open(&in->breaker)) {
    log_lane(own, "webhooks.resumed", in, "it takes deliveries again");
  }
  (void)breaker_succeed(&in->breaker);
  in->last = LANE_WELL;
}

/// What a failed attempt means for its delivery.
static schedule_decision judge_failure(const sender *own, const flight *of, int64_t now_ms) {
  const parcel *content = of->entry->content;
  schedule_decision decision = schedule_after_failure(
      (int)(content->attempts < INT32_MAX ? content->attempts + 1 : INT32_MAX), content->since_ms,
      now_ms, of->request.retry_after_ms, random_bits(), own->options.speed);
  decision.is_parked = decision.is_parked || (of->request.status == HTTP_GONE && is_current(of));
  return decision;
}

static void land(sender *own, flight *of) {
  lane *in = of->lane;
  queue_entry *entry = of->entry;
  int64_t now_ms = engine_now_ms(own->options.engine);
  bool is_success = outbound_succeeded(&of->request);
  schedule_decision decision = {.is_parked = false};
  if (!is_success) {
    decision = judge_failure(own, of, now_ms);
  }
  if (is_current(of) && is_success) {
    count_success(own, in);
  } else if (is_current(of)) {
    count_failure(own, in, now_ms);
  }
  record *made = make_record(of);
  free(of->headers);
  of->headers = NULL;
  of->lane = NULL;
  own->flying--;
  if (made == NULL) { // sent again, since it cannot be said what came of it
    queue_block(&in->queue, entry, now_ms + RECORDER_PAUSE_MS);
    return;
  }
  made->outcome.webhook = in->webhook;
  made->outcome.version = of->version;
  made->outcome.num = entry->num;
  made->outcome.is_success = is_success;
  made->outcome.disables = !is_success && made->outcome.attempt.http_status == HTTP_GONE;
  made->outcome.paused_until_ms =
      breaker_is_open(&in->breaker) ? in->breaker.paused_until_ms : STORE_NO_INSTANT;
  made->outcome.next_at_ms = decision.next_at_ms;
  made->outcome.result = is_success           ? DELIVERY_DELIVERED
                         : decision.is_parked ? DELIVERY_PARKED
                                              : DELIVERY_AGAIN;
  atomic_fetch_add(is_success ? &own->delivered : &own->failed, 1);
  atomic_fetch_add(&own->parked, made->outcome.result == DELIVERY_PARKED);
  if (made->outcome.result != DELIVERY_AGAIN) {
    lane_finish(in, entry);
  }
  recorder_add(own->recorder, made);
}

/// One that is given up without an attempt.
static void park_overdue(void *context, lane *of, const delivery *overdue) {
  sender *own = context;
  record *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return; // the next probe finds it
  }
  made->outcome = (delivery_outcome){.webhook = of->webhook,
                                     .version = of->version,
                                     .num = overdue->num,
                                     .result = DELIVERY_PARKED,
                                     .paused_until_ms = of->breaker.paused_until_ms};
  atomic_fetch_add(&own->parked, 1);
  recorder_add(own->recorder, made);
}

/// What the recorder has noted leaves the queues.
static void take_noted(sender *own) {
  record *next;
  for (record *at = recorder_take(own->recorder); at != NULL; at = next) {
    next = at->next;
    lane *in = at->lane;
    if (in != NULL && at->outcome.result == DELIVERY_AGAIN) {
      queue_block(&in->queue, at->entry, at->outcome.next_at_ms);
    } else if (in != NULL) {
      queue_forget(&in->queue, at->entry);
    }
    record_free(at);
  }
}

// Sending.

static flight *free_flight(sender *own) {
  for (size_t i = 0; i < SENDER_FLIGHTS_MAX; i++) {
    if (own->flights[i] == NULL) {
      flight *made = calloc(1, sizeof *made);
      if (made == NULL || !outbound_create(&made->request, &own->limits)) {
        free(made);
        return NULL;
      }
      own->flights[i] = made;
    }
    if (own->flights[i]->lane == NULL) {
      return own->flights[i];
    }
  }
  return NULL;
}

/// Begins one delivery of a lane. False if there was none, or no way to.
static bool start_one(sender *own, lane *of, int64_t now_ms) {
  size_t *of_kind = &own->flying_of[lane_kind_of(of)];
  if (own->flying == SENDER_FLIGHTS_MAX || *of_kind >= SENDER_KIND_FLIGHTS_MAX ||
      lane_room(of, now_ms) <= 0) {
    return false;
  }
  flight *used = free_flight(own);
  queue_entry *entry = used == NULL ? NULL : queue_take(&of->queue);
  if (entry == NULL) {
    return false;
  }
  used->entry = entry;
  used->at_ms = now_ms;
  used->began_ms = monotonic_ms();
  used->headers = NULL;
  if (!attempt_begin(entry->content, of->target, now_ms, used->began_ms, &used->request,
                     &used->headers) ||
      curl_multi_add_handle(own->multi, used->request.easy) != CURLM_OK) {
    free(used->headers);
    queue_block(&of->queue, entry, now_ms + RECORDER_PAUSE_MS);
    return false;
  }
  used->lane = of;
  used->version = of->version;
  own->flying++;
  *of_kind += 1;
  return true;
}

/// Looks at what is under way: who is slow, and how many there are of each kind.
static void count_kinds(sender *own) {
  int64_t now_ms = monotonic_ms();
  memset(own->flying_of, 0, sizeof own->flying_of);
  for (size_t i = 0; i < own->lanes.count; i++) {
    own->lanes.items[i]->is_slow = false;
  }
  for (size_t i = 0; i < SENDER_FLIGHTS_MAX && own->flights[i] != NULL; i++) {
    const flight *of = own->flights[i];
    if (of->lane != NULL && now_ms - of->began_ms > LANE_SLOW_MS) {
      of->lane->is_slow = true;
    }
  }
  for (size_t i = 0; i < SENDER_FLIGHTS_MAX && own->flights[i] != NULL; i++) {
    const lane *of = own->flights[i]->lane;
    if (of != NULL) {
      own->flying_of[lane_kind_of(of)]++;
    }
  }
}

/// Begins what may be begun: the lanes take turns, one delivery each.
static void start_all(sender *own, int64_t now_ms) {
  bool goes_on = recorder_backlog(own->recorder) < RECORDER_BACKLOG_MAX;
  count_kinds(own);
  while (goes_on) {
    size_t first = own->turn;
    goes_on = false;
    for (size_t i = 0; i < own->lanes.count; i++) {
      size_t at = (first + i) % own->lanes.count;
      if (start_one(own, own->lanes.items[at], now_ms)) {
        own->turn = at + 1;
        goes_on = true;
      }
    }
  }
}

/// curl has ended a hop of one of them: another one follows, or it has landed.
static void end_hop(sender *own, CURL *easy, CURLcode code) {
  char *private = NULL;
  (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
  flight *of = (flight *)(void *)private; // the request is its first member
  (void)curl_multi_remove_handle(own->multi, easy);
  if (outbound_next_hop(&of->request, code, monotonic_ms()) &&
      curl_multi_add_handle(own->multi, easy) == CURLM_OK) {
    return;
  }
  land(own, of);
}

static void perform(sender *own) {
  int running = 0;
  int left = 0;
  (void)curl_multi_perform(own->multi, &running);
  const CURLMsg *message;
  while ((message = curl_multi_info_read(own->multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      end_hop(own, message->easy_handle, message->data.result);
    }
  }
  atomic_store(&own->in_flight, own->flying);
}

// The thread.

static void refresh(sender *own) {
  int64_t now_ms = monotonic_ms();
  bool is_due = now_ms - own->refreshed_ms >= LOOK_MS;
  if (!is_due && (!atomic_load(&own->is_woken) || now_ms - own->refreshed_ms < REFRESH_MS)) {
    return;
  }
  bool is_woken = atomic_exchange(&own->is_woken, false) || own->lanes.has_failed;
  own->refreshed_ms = now_ms;
  own->lanes.has_failed = false;
  own->lanes.has_failed = !lanes_refresh(&own->lanes, is_woken);
}

static void read_lanes(sender *own, int64_t now_ms) {
  for (size_t i = 0; i < own->lanes.count; i++) {
    lane *of = own->lanes.items[i];
    if (of->parks_overdue && recorder_backlog(own->recorder) < RECORDER_BACKLOG_MAX) {
      lane_read_overdue(&own->lanes, of, now_ms, park_overdue, own);
    }
    lane_read(&own->lanes, of, now_ms);
  }
}

/// How long there is nothing to do but to wait for receivers.
static int wait_ms(sender *own, int64_t now_ms) {
  bool is_stuck = recorder_backlog(own->recorder) >= RECORDER_BACKLOG_MAX;
  for (size_t i = 0; !is_stuck && i < own->lanes.count; i++) {
    const lane *of = own->lanes.items[i];
    if (of->parks_overdue || lane_wants(&own->lanes, of, now_ms)) {
      return 0;
    }
  }
  if (atomic_load(&own->is_woken)) {
    return REFRESH_MS;
  }
  int64_t due_ms = lanes_next_due(&own->lanes, now_ms);
  int64_t left_ms = due_ms == QUEUE_NEVER ? LOOK_MS : due_ms - now_ms;
  left_ms = left_ms < LOOK_MS ? left_ms : LOOK_MS;
  return (int)(left_ms > 1 ? left_ms : 1);
}

static void send_until_stopped(sender *own) {
  while (!atomic_load(&own->is_stopping)) {
    take_noted(own);
    refresh(own);
    int64_t now_ms = engine_now_ms(own->options.engine);
    read_lanes(own, now_ms);
    start_all(own, now_ms);
    perform(own);
    (void)curl_multi_poll(own->multi, NULL, 0, wait_ms(own, now_ms), NULL);
  }
}

/// Lets those end that are under way. The others are due again after the restart.
static void let_land(sender *own) {
  int64_t end_ms = monotonic_ms() + SENDER_STOP_MS;
  for (int64_t left_ms; own->flying > 0 && (left_ms = end_ms - monotonic_ms()) > 0;) {
    (void)curl_multi_poll(own->multi, NULL, 0, (int)left_ms, NULL);
    perform(own);
  }
}

static void *run(void *context) {
  sender *own = context;
  send_until_stopped(own);
  let_land(own);
  return NULL;
}

static void free_sender(sender *own) {
  for (size_t i = 0; i < SENDER_FLIGHTS_MAX; i++) {
    flight *gone = own->flights[i];
    if (gone != NULL) {
      if (gone->lane != NULL) {
        (void)curl_multi_remove_handle(own->multi, gone->request.easy);
      }
      outbound_free(&gone->request);
      free(gone->headers);
      free(gone);
    }
  }
  lanes_end(&own->lanes);
  (void)curl_multi_cleanup(own->multi);
  free(own);
}

static int64_t scaled_timeout(int64_t timeout_ms, int64_t speed) {
  int64_t scaled_ms = schedule_scaled(timeout_ms, speed);
  return scaled_ms > SCALED_TIMEOUT_MS_MIN ? scaled_ms : SCALED_TIMEOUT_MS_MIN;
}

sender *sender_start(const sender_options *options) {
  sender *own = outbound_start_up() ? calloc(1, sizeof *own) : NULL;
  if (own == NULL) {
    return NULL;
  }
  own->options = *options;
  own->options.speed = options->speed > 0 ? options->speed : 1;
  own->limits =
      (outbound_limits){.allows = options->allows_private ? NULL : address_guard_allows,
                        .trusted = options->trusted,
                        .connect_ms = scaled_timeout(OUTBOUND_CONNECT_MS, own->options.speed),
                        .total_ms = scaled_timeout(OUTBOUND_TOTAL_MS, own->options.speed),
                        .answer_bytes_max = OUTBOUND_ANSWER_BYTES_MAX};
  own->lanes.engine = options->engine;
  own->lanes.speed = own->options.speed;
  atomic_store(&own->is_woken, true);
  own->multi = curl_multi_init();
  recorder_options recording = {.engine = options->engine,
                                .wake = wake_for_records,
                                .context = own,
                                .log = options->log,
                                .log_context = options->context};
  own->recorder = own->multi == NULL ? NULL : recorder_start(&recording);
  if (own->recorder == NULL || pthread_create(&own->thread, NULL, run, own) != 0) {
    recorder_stop(own->recorder);
    free_sender(own);
    return NULL;
  }
  engine_on_deliveries(options->engine, wake, own);
  wake(own); // what was committed between the first look and now woke nobody
  return own;
}

void sender_stop(sender *own) {
  if (own == NULL) {
    return;
  }
  engine_on_deliveries(own->options.engine, NULL, NULL);
  atomic_store(&own->is_stopping, true);
  (void)curl_multi_wakeup(own->multi);
  (void)pthread_join(own->thread, NULL);
  recorder_stop(own->recorder);
  free_sender(own);
}

sender_counts sender_count(const sender *own) {
  return (sender_counts){.delivered = atomic_load(&own->delivered),
                         .failed = atomic_load(&own->failed),
                         .parked = atomic_load(&own->parked),
                         .in_flight = atomic_load(&own->in_flight)};
}
