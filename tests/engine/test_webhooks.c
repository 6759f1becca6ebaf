// What sends deliveries sees of them, and what it notes. The clock is pinned.
#include "deliveries.h"
#include "engine_webhooks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define START_MS INT64_C(1780000000000)

typedef struct world {
  char path[64];
  _Atomic int64_t now_ms; // the writer's thread reads it too
  atomic_int wakes;
  engine *engine;
  project *project;
  engine_error error;
} world;

static int64_t world_now(void *context) { return ((world *)context)->now_ms; }

static void world_log(void *context, const char *event, const char *message) {
  (void)context;
  print_message("%s: %s\n", event, message);
}

static void world_wake(void *context) { (void)atomic_fetch_add(&((world *)context)->wakes, 1); }

static void open_world(world *own) {
  engine_options options = {
      .path = own->path, .is_relaxed = true, .now_ms = world_now, .context = own, .log = world_log};
  store_error error;
  if (!engine_open(&options, &own->engine, &error)) {
    fail_msg("%s", error.message);
  }
  engine_on_deliveries(own->engine, world_wake, own);
  own->project = engine_project_oldest(own->engine);
}

static void ignore_keys(void *context, const char *id, const char *name, const char *secret,
                        const char *public) {
  (void)context;
  (void)id;
  (void)name;
  (void)secret;
  (void)public;
}

static int set_up(void **state) {
  world *own = calloc(1, sizeof *own);
  strcpy(own->path, "/tmp/segmentry-hooks-XXXXXX");
  int file = mkstemp(own->path);
  assert_true(file >= 0);
  close(file);
  unlink(own->path);
  own->now_ms = START_MS;
  engine_error_init(&own->error);
  open_world(own);
  assert_int_equal(
      engine_project_create(own->engine, seg_text_of("Shop"), ignore_keys, NULL, &own->error),
      ENGINE_OK);
  own->project = engine_project_oldest(own->engine);
  *state = own;
  return 0;
}

static int tear_down(void **state) {
  world *own = *state;
  static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
  engine_close(own->engine);
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    char path[80];
    snprintf(path, sizeof path, "%s%s", own->path, ends[i]);
    unlink(path);
  }
  engine_error_free(&own->error);
  free(own);
  return 0;
}

// Short words.

/// A webhook as it was shown last.
typedef struct shown {
  char id[ID_TEXT_BYTES];
  char secret[SIGNING_SECRET_TEXT_BYTES];
  int64_t pending;
  int64_t parked;
  int64_t failure_status; ///< Of the last that failed; -1: none did.
  bool is_enabled;
  store_webhook_health health;
} shown;

static void keep_webhook(void *context, const webhook_shown *row) {
  shown *out = context;
  snprintf(out->id, sizeof out->id, "%s", row->of->id.bytes);
  if (row->secret.bytes != NULL) {
    snprintf(out->secret, sizeof out->secret, "%s", row->secret.bytes);
  }
  out->pending = row->pending;
  out->parked = row->parked;
  out->failure_status = row->last_failure == NULL ? -1 : row->last_failure->http_status;
  out->is_enabled = row->of->is_enabled;
  out->health = row->of->health;
}

static shown create(world *own, const char *pattern) {
  shown made = {.pending = -1};
  seg_text_view events[] = {seg_text_of(pattern)};
  webhook_header headers[] = {{seg_text_of("X-Key"), seg_text_of("s3cret")}};
  webhook_input input = {.url = seg_text_of("https://example.com/hook"),
                         .has_events = true,
                         .events = events,
                         .event_count = 1,
                         .has_headers = true,
                         .headers = headers,
                         .header_count = 1};
  assert_int_equal(
      engine_webhook_create(own->engine, own->project, &input, keep_webhook, &made, &own->error),
      ENGINE_OK);
  return made;
}

static shown look(world *own, const char *id) {
  shown found = {.pending = -1};
  assert_int_equal(engine_webhook_get(own->engine, own->project, seg_text_of(id), keep_webhook,
                                      &found, &own->error),
                   ENGINE_OK);
  return found;
}

static void track(world *own, const char *email) {
  event_input input = {.name = seg_text_of("purchase"),
                       .contact = {.email = seg_text_of(email), .subscribed_if_new = true},
                       .at_ms = STORE_NO_INSTANT};
  event_result result;
  assert_int_equal(engine_event_track(own->engine, own->project, &input, &result, &own->error),
                   ENGINE_OK);
}

static delivery_target_list targets(world *own) {
  delivery_target_list list;
  assert_int_equal(engine_delivery_targets(own->engine, &list), ENGINE_OK);
  return list;
}

static delivery_list pending(world *own, int64_t webhook_num) {
  delivery_list list;
  assert_int_equal(engine_deliveries_pending(own->engine, webhook_num, 0, 100, &list), ENGINE_OK);
  return list;
}

static int64_t only_target(world *own) {
  delivery_target_list list = targets(own);
  assert_int_equal(list.count, 1);
  int64_t num = list.items[0].webhook;
  delivery_target_list_free(&list);
  return num;
}

/// The version of a webhook that has something to send.
static uint64_t version_of(world *own, int64_t webhook_num) {
  delivery_target_list list = targets(own);
  uint64_t version = 0;
  for (size_t i = 0; i < list.count; i++) {
    version = list.items[i].webhook == webhook_num ? list.items[i].version : version;
  }
  delivery_target_list_free(&list);
  return version;
}

/// What came of an attempt that was made just now.
static delivery_outcome outcome_of(world *own, const delivery *of, delivery_result result,
                                   int64_t now_ms) {
  return (delivery_outcome){.webhook = of->webhook,
                            .version = version_of(own, of->webhook),
                            .num = of->num,
                            .result = result,
                            .next_at_ms = now_ms + HOUR_MS,
                            .was_sent = true,
                            .attempt = {.at_ms = now_ms,
                                        .duration_ms = 12,
                                        .http_status = result == DELIVERY_DELIVERED ? 200 : 500},
                            .is_success = result == DELIVERY_DELIVERED,
                            .paused_until_ms = STORE_NO_INSTANT};
}

static void note_all(world *own, int64_t webhook_num, delivery_result result) {
  delivery_list list = pending(own, webhook_num);
  for (size_t i = 0; i < list.count; i++) {
    delivery_outcome outcome = outcome_of(own, &list.items[i], result, own->now_ms);
    assert_int_equal(engine_deliveries_note(own->engine, &outcome, 1), ENGINE_OK);
  }
  delivery_list_free(&list);
}

// Tests.

static void ids_are_read_again(void **state) {
  (void)state;
  char id[DELIVERY_ID_BYTES];
  int64_t of = 0;
  int64_t num = 0;
  int64_t nonce = 0;
  delivery_id_write((1 << 23) - 1, (INT64_C(1) << 40) - 1, INT64_MAX, id);
  assert_true(delivery_id_read(seg_text_of(id), &of, &num, &nonce));
  assert_int_equal(of, (1 << 23) - 1);
  assert_int_equal(num, (INT64_C(1) << 40) - 1);
  assert_int_equal(nonce, INT64_MAX);
  id[10] = 'F';
  assert_false(delivery_id_read(seg_text_of(id), &of, &num, &nonce));
  assert_false(delivery_id_read(seg_text_of("msg_"), &of, &num, &nonce));
}

static void what_is_due_is_read_in_order(void **state) {
  world *own = *state;
  delivery_target_list none = targets(own);
  assert_int_equal(none.count, 0);
  delivery_target_list_free(&none);
  shown made = create(own, "purchase");
  int wakes = atomic_load(&own->wakes);
  track(own, "a@example.com");
  track(own, "b@example.com");
  assert_true(atomic_load(&own->wakes) > wakes);

  delivery_target_list list = targets(own);
  assert_int_equal(list.count, 1);
  const delivery_target *target = &list.items[0];
  unsigned char key[SIGNING_KEY_BYTES];
  assert_true(signing_secret_read(made.secret, strlen(made.secret), key));
  assert_int_equal(target->key_count, 1);
  assert_memory_equal(target->keys[0], key, sizeof key);
  assert_true(seg_text_equal(target->url, seg_text_of("https://example.com/hook")));
  assert_int_equal(target->header_count, 1);
  assert_true(seg_text_equal(target->headers[0].name, seg_text_of("X-Key")));
  assert_true(seg_text_equal(target->headers[0].value, seg_text_of("s3cret")));

  delivery_list due = pending(own, target->webhook);
  assert_int_equal(due.count, 2);
  assert_true(due.items[0].num < due.items[1].num);
  assert_true(due.items[0].contact != 0 && due.items[0].contact != due.items[1].contact);
  assert_int_equal(due.items[0].next_at_ms, START_MS);
  assert_non_null(memmem(due.items[0].payload.bytes, due.items[0].payload.size_bytes,
                         due.items[0].id, DELIVERY_ID_BYTES - 1));
  assert_non_null(
      memmem(due.items[1].payload.bytes, due.items[1].payload.size_bytes, "b@example.com", 13));
  delivery_list rest;
  assert_int_equal(
      engine_deliveries_pending(own->engine, target->webhook, due.items[0].num, 100, &rest),
      ENGINE_OK);
  assert_int_equal(rest.count, 1);
  assert_int_equal(rest.items[0].num, due.items[1].num);
  delivery_list_free(&rest);
  delivery_list_free(&due);
  delivery_target_list_free(&list);
}

static void both_secrets_sign_for_a_day(void **state) {
  world *own = *state;
  shown made = create(own, "purchase");
  track(own, "a@example.com");
  shown rotated = {.pending = -1};
  assert_int_equal(engine_webhook_rotate(own->engine, own->project, seg_text_of(made.id),
                                         keep_webhook, &rotated, &own->error),
                   ENGINE_OK);
  unsigned char old_key[SIGNING_KEY_BYTES];
  unsigned char new_key[SIGNING_KEY_BYTES];
  assert_true(signing_secret_read(made.secret, strlen(made.secret), old_key));
  assert_true(signing_secret_read(rotated.secret, strlen(rotated.secret), new_key));
  for (int i = 0; i < 2; i++) {
    own->now_ms = START_MS + i * (DAY_MS - 1);
    delivery_target_list list = targets(own);
    assert_int_equal(list.items[0].key_count, 2);
    assert_memory_equal(list.items[0].keys[0], new_key, sizeof new_key);
    assert_memory_equal(list.items[0].keys[1], old_key, sizeof old_key);
    delivery_target_list_free(&list);
  }
  own->now_ms = START_MS + DAY_MS;
  delivery_target_list list = targets(own);
  assert_int_equal(list.items[0].key_count, 1);
  assert_memory_equal(list.items[0].keys[0], new_key, sizeof new_key);
  delivery_target_list_free(&list);
}

static void outcomes_are_noted(void **state) {
  world *own = *state;
  shown made = create(own, "purchase");
  track(own, "a@example.com");
  track(own, "b@example.com");
  track(own, "c@example.com");
  int64_t num = only_target(own);
  delivery_list due = pending(own, num);
  delivery_outcome outcomes[] = {outcome_of(own, &due.items[0], DELIVERY_DELIVERED, START_MS),
                                 outcome_of(own, &due.items[1], DELIVERY_AGAIN, START_MS + 1),
                                 outcome_of(own, &due.items[2], DELIVERY_PARKED, START_MS + 2)};
  outcomes[2].paused_until_ms = START_MS + DAY_MS;
  delivery_list_free(&due);
  assert_int_equal(engine_deliveries_note(own->engine, outcomes, 3), ENGINE_OK);
  shown found = look(own, made.id);
  assert_int_equal(found.pending, 1);
  assert_int_equal(found.parked, 1);
  assert_int_equal(found.health.failures, 2);
  assert_int_equal(found.health.last_success_at_ms, START_MS);
  assert_int_equal(found.health.last_failure_at_ms, START_MS + 2);
  assert_int_equal(found.health.paused_until_ms, START_MS + DAY_MS);
  assert_int_equal(found.health.delivered, 1);
  assert_int_equal(found.failure_status, 500);
  due = pending(own, num);
  assert_int_equal(due.count, 1);
  assert_int_equal(due.items[0].attempts, 1);
  assert_int_equal(due.items[0].next_at_ms, START_MS + 1 + HOUR_MS);
  delivery_list_free(&due);

  // Noted twice, or of nothing: the second time nothing is pending.
  assert_int_equal(engine_deliveries_note(own->engine, outcomes, 1), ENGINE_OK);
  outcomes[0].num = 999;
  outcomes[1].webhook = 999;
  assert_int_equal(engine_deliveries_note(own->engine, outcomes, 2), ENGINE_OK);
  found = look(own, made.id);
  assert_int_equal(found.pending, 1);
  assert_int_equal(found.health.delivered, 1);

  // What was noted outlives the process.
  engine_close(own->engine);
  open_world(own);
  found = look(own, made.id);
  assert_int_equal(found.pending, 1);
  assert_int_equal(found.health.last_failure_at_ms, START_MS + 2);
}

static void what_another_url_answered_says_nothing_of_this_one(void **state) {
  world *own = *state;
  shown made = create(own, "purchase");
  track(own, "a@example.com");
  int64_t num = only_target(own);
  delivery_list due = pending(own, num);
  delivery_outcome outcome = outcome_of(own, &due.items[0], DELIVERY_AGAIN, START_MS);
  delivery_list_free(&due);
  outcome.paused_until_ms = START_MS + DAY_MS;
  outcome.disables = true;
  webhook_input input = {.url = seg_text_of("https://example.com/other")};
  shown found;
  assert_int_equal(engine_webhook_update(own->engine, own->project, seg_text_of(made.id), &input,
                                         keep_webhook, &found, &own->error),
                   ENGINE_OK);
  assert_int_equal(engine_deliveries_note(own->engine, &outcome, 1), ENGINE_OK);
  found = look(own, made.id);
  assert_true(found.is_enabled);
  assert_int_equal(found.health.failures, 0);
  assert_int_equal(found.health.paused_until_ms, STORE_NO_INSTANT);
  due = pending(own, num); // what came of the delivery is noted all the same
  assert_int_equal(due.count, 1);
  assert_int_equal(due.items[0].attempts, 1);

  // So it is counted if it was taken.
  outcome = outcome_of(own, &due.items[0], DELIVERY_DELIVERED, START_MS + 1);
  outcome.version--;
  delivery_list_free(&due);
  assert_int_equal(engine_deliveries_note(own->engine, &outcome, 1), ENGINE_OK);
  found = look(own, made.id);
  assert_int_equal(found.health.delivered, 1);
  assert_int_equal(found.health.last_success_at_ms, STORE_NO_INSTANT);
  engine_close(own->engine);
  open_world(own);
  assert_int_equal(look(own, made.id).health.delivered, 1);
}

static void a_receiver_that_wants_no_more_disables(void **state) {
  world *own = *state;
  shown made = create(own, "purchase");
  track(own, "a@example.com");
  int64_t num = only_target(own);
  delivery_list due = pending(own, num);
  delivery_outcome outcome = outcome_of(own, &due.items[0], DELIVERY_PARKED, START_MS);
  delivery_list_free(&due);
  outcome.disables = true;
  assert_int_equal(engine_deliveries_note(own->engine, &outcome, 1), ENGINE_OK);
  assert_false(look(own, made.id).is_enabled);
  track(own, "b@example.com");
  assert_int_equal(look(own, made.id).pending, 0);
  engine_close(own->engine);
  open_world(own);
  assert_false(look(own, made.id).is_enabled);

  // Enabled again, it begins anew.
  webhook_input input = {.has_enabled = true, .enabled = true};
  shown found;
  assert_int_equal(engine_webhook_update(own->engine, own->project, seg_text_of(made.id), &input,
                                         keep_webhook, &found, &own->error),
                   ENGINE_OK);
  assert_int_equal(look(own, made.id).health.failures, 0);
  track(own, "c@example.com");
  assert_int_equal(look(own, made.id).pending, 1);
}

/// A delivery as it was shown last.
typedef struct shown_delivery {
  store_delivery_status status;
  size_t attempts;
} shown_delivery;

static void begin_delivery(void *context, const store_delivery *row, seg_text_view webhook_id) {
  (void)webhook_id;
  *(shown_delivery *)context = (shown_delivery){.status = row->status};
}

static void show_attempt(void *context, const store_attempt *row) {
  assert_int_equal(row->duration_ms, 12);
  ((shown_delivery *)context)->attempts++;
}

static void end_delivery(void *context) { (void)context; }

static void what_was_sent_is_sent_again_under_its_id(void **state) {
  world *own = *state;
  (void)create(own, "purchase");
  track(own, "a@example.com");
  int64_t num = only_target(own);
  delivery_target_list before = targets(own);
  delivery_list first = pending(own, num);
  shown_delivery found;
  delivery_show show = {
      .begin = begin_delivery, .attempt = show_attempt, .end = end_delivery, .context = &found};
  delivery_result results[] = {DELIVERY_DELIVERED, DELIVERY_PARKED, DELIVERY_AGAIN};
  for (size_t i = 0; i < 3; i++) {
    note_all(own, num, results[i]);
    own->now_ms += 1000;
    assert_int_equal(engine_delivery_retry(own->engine, own->project,
                                           seg_text_of(first.items[0].id), &show, &own->error),
                     ENGINE_OK);
    assert_int_equal(found.status, STORE_DELIVERY_PENDING);
    assert_int_equal(found.attempts, i + 1);
    delivery_list again = pending(own, num);
    assert_int_equal(again.count, 1);
    assert_string_equal(again.items[0].id, first.items[0].id);
    assert_true(seg_text_equal(again.items[0].payload, first.items[0].payload));
    assert_int_equal(again.items[0].attempts, 0);
    assert_int_equal(again.items[0].since_ms, own->now_ms);
    assert_int_equal(again.items[0].next_at_ms, own->now_ms);
    delivery_list_free(&again);
  }
  delivery_target_list after = targets(own);
  assert_true(after.items[0].version != before.items[0].version);
  delivery_target_list_free(&before);
  delivery_target_list_free(&after);
  delivery_list_free(&first);
}

static size_t replay(world *own, const char *id, int64_t from_ms, int64_t to_ms,
                     const store_delivery_status *status) {
  replay_range range = {.from_ms = from_ms, .to_ms = to_ms, .status = status};
  size_t count = 0;
  assert_int_equal(engine_webhook_replay(own->engine, own->project, seg_text_of(id), &range, &count,
                                         &own->error),
                   ENGINE_OK);
  return count;
}

static void a_range_is_replayed(void **state) {
  world *own = *state;
  static const store_delivery_status delivered = STORE_DELIVERY_DELIVERED;
  static const store_delivery_status parked = STORE_DELIVERY_PARKED;
  shown made = create(own, "purchase");
  for (int i = 0; i < 30; i++) { // a delivery an hour; every third is parked, the last is pending
    own->now_ms = START_MS + i * HOUR_MS;
    track(own, "a@example.com");
    if (i < 29) {
      note_all(own, only_target(own), i % 3 == 0 ? DELIVERY_PARKED : DELIVERY_DELIVERED);
    }
  }
  int64_t num = only_target(own);
  assert_int_equal(replay(own, made.id, START_MS + DAY_MS, START_MS + 10 * DAY_MS, NULL), 5);
  assert_int_equal(look(own, made.id).pending, 6);
  note_all(own, num, DELIVERY_DELIVERED);
  assert_int_equal(replay(own, made.id, START_MS, START_MS + 6 * HOUR_MS, &parked), 2);
  assert_int_equal(replay(own, made.id, START_MS, START_MS + 6 * HOUR_MS, &delivered), 4);
  assert_int_equal(replay(own, made.id, START_MS, START_MS + 6 * HOUR_MS, NULL), 0);
  assert_int_equal(replay(own, made.id, START_MS - DAY_MS, START_MS, NULL), 0);
  delivery_list due = pending(own, num);
  assert_int_equal(due.count, 6);
  for (size_t i = 1; i < due.count; i++) {
    assert_true(due.items[i - 1].num < due.items[i].num);
  }
  delivery_list_free(&due);
}

static void what_is_old_goes_by_itself(void **state) {
  world *own = *state;
  shown made = create(own, "purchase");
  track(own, "a@example.com");
  note_all(own, only_target(own), DELIVERY_PARKED);
  track(own, "b@example.com");
  assert_int_equal(look(own, made.id).parked, 1);
  own->now_ms = START_MS + WEBHOOK_LOG_MS + 1;
  for (int i = 0; i < 300 && look(own, made.id).parked > 0; i++) {
    (void)usleep(100000); // the writer's thread looks around once a second
  }
  shown found = look(own, made.id);
  assert_int_equal(found.parked, 0);
  assert_int_equal(found.pending, 1); // which no age takes away
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_are_read_again),
      cmocka_unit_test_setup_teardown(what_is_due_is_read_in_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(both_secrets_sign_for_a_day, set_up, tear_down),
      cmocka_unit_test_setup_teardown(outcomes_are_noted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_another_url_answered_says_nothing_of_this_one, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_receiver_that_wants_no_more_disables, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_sent_is_sent_again_under_its_id, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_range_is_replayed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_old_goes_by_itself, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("webhooks", tests, NULL, NULL);
}
