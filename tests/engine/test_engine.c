// The engine end to end: changes, tracking, time, restarts. The clock is pinned.
#include "engine.h"
#include "segmentry/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define START_MS INT64_C(1780000000000)

typedef struct world {
  char path[64];
  int64_t now_ms;
  engine *engine;
  project *project;
} world;

static int64_t world_now(void *context) { return ((world *)context)->now_ms; }

static void world_log(void *context, const char *event, const char *message) {
  (void)context;
  print_message("%s: %s\n", event, message);
}

static void open_world(world *own) {
  engine_options options = {
      .path = own->path, .is_relaxed = true, .now_ms = world_now, .context = own, .log = world_log};
  store_error error;
  if (!engine_open(&options, &own->engine, &error)) {
    fail_msg("%s", error.message);
  }
}

static char secret_key[SECRET_TEXT_BYTES];
static char public_key[SECRET_TEXT_BYTES];

static void keep_keys(void *context, const char *id, const char *name, const char *secret,
                      const char *public) {
  (void)context;
  (void)id;
  (void)name;
  strcpy(secret_key, secret);
  strcpy(public_key, public);
}

static int set_up(void **state) {
  world *own = calloc(1, sizeof *own);
  strcpy(own->path, "/tmp/segmentry-engine-XXXXXX");
  int file = mkstemp(own->path);
  assert_true(file >= 0);
  close(file);
  unlink(own->path);
  own->now_ms = START_MS;
  open_world(own);
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_project_create(own->engine, seg_text_of("Shop"), keep_keys, NULL, &error),
                   ENGINE_OK);
  engine_error_free(&error);
  engine_key kind;
  own->project = engine_project_of_key(own->engine, seg_text_of(secret_key), &kind);
  assert_non_null(own->project);
  assert_int_equal(kind, ENGINE_KEY_SECRET);
  *state = own;
  return 0;
}

static int tear_down(void **state) {
  world *own = *state;
  char path[80];
  engine_close(own->engine);
  unlink(own->path);
  snprintf(path, sizeof path, "%s-wal", own->path);
  unlink(path);
  snprintf(path, sizeof path, "%s-shm", own->path);
  unlink(path);
  free(own);
  return 0;
}

static void restart(world *own) {
  engine_close(own->engine);
  open_world(own);
  engine_key kind;
  own->project = engine_project_of_key(own->engine, seg_text_of(secret_key), &kind);
  assert_non_null(own->project);
}

static engine_status put(world *own, const char *email, const char *data) {
  contact_input input = {
      .email = seg_text_of(email), .subscribed_if_new = true, .data = seg_text_of(data)};
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_contact_put(own->engine, own->project, &input, NULL, NULL, &error);
  engine_error_free(&error);
  return status;
}

static engine_status track(world *own, const char *email, const char *name) {
  event_input input = {.name = seg_text_of(name),
                       .contact = {.email = seg_text_of(email), .subscribed_if_new = true},
                       .at_ms = STORE_NO_INSTANT};
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_event_track(own->engine, own->project, &input, NULL, NULL, &error);
  engine_error_free(&error);
  return status;
}

typedef struct kept_segment {
  char id[ID_TEXT_BYTES];
  int64_t count;
} kept_segment;

static void keep_segment(void *context, const project *in, const segment *of) {
  (void)in;
  kept_segment *kept = context;
  snprintf(kept->id, sizeof kept->id, "%.*s", (int)of->id.size_bytes, of->id.bytes);
  kept->count = of->member_count;
}

/// Makes a segment with one filter, given as JSON.
static engine_status make(world *own, const char *name, const char *filter, bool tracked,
                          kept_segment *kept) {
  char text[1024];
  snprintf(text, sizeof text, "{\"logic\":\"AND\",\"groups\":[{\"filters\":[%s]}]}", filter);
  struct cJSON *condition = NULL;
  if (filter[0] != '\0') {
    assert_int_equal(seg_json_parse(seg_text_of(text), 100, &condition, NULL), SEG_OK);
  }
  segment_input input = {.name = seg_text_of(name),
                         .is_static = condition == NULL,
                         .condition = condition,
                         .has_track = true,
                         .track = tracked};
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_segment_create(own->engine, own->project, &input, keep_segment, kept, &error);
  engine_error_free(&error);
  seg_json_free(condition);
  return status;
}

static int64_t count_of(world *own, const kept_segment *of) {
  kept_segment now;
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_segment_get(own->engine, own->project, seg_text_of(of->id), keep_segment,
                                      &now, &error),
                   ENGINE_OK);
  engine_error_free(&error);
  return now.count;
}

static compute_result compute(world *own, const kept_segment *of) {
  compute_result result;
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(
      engine_segment_compute(own->engine, own->project, seg_text_of(of->id), &result, &error),
      ENGINE_OK);
  engine_error_free(&error);
  return result;
}

/// How many events of a name the store has.
typedef struct event_count {
  const char *name;
  int64_t count;
} event_count;

static bool count_name(void *context, const store_event_name *row) {
  event_count *wanted = context;
  if (seg_text_equal(row->name, seg_text_of(wanted->name))) {
    wanted->count = row->count;
  }
  return true;
}

static int64_t events_of(world *own, const char *name) {
  event_count wanted = {.name = name};
  store_session *session = engine_session_borrow(own->engine);
  assert_int_equal(store_event_name_stats(session, own->project->num, count_name, &wanted, NULL),
                   STORE_OK);
  engine_session_return(own->engine, session);
  return wanted.count;
}

static void a_change_enters_and_leaves_once(void **state) {
  world *own = *state;
  kept_segment pro;
  assert_int_equal(make(own, "Pro users",
                        "{\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"pro\"}", true,
                        &pro),
                   ENGINE_OK);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"pro\"}"), ENGINE_OK);
  assert_int_equal(put(own, "Ada@Example.com ", "{\"logins\":1}"), ENGINE_OK);
  assert_int_equal(events_of(own, "segment.pro-users.entry"), 1);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"free\"}"), ENGINE_OK);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":null}"), ENGINE_OK);
  assert_int_equal(events_of(own, "segment.pro-users.entry"), 1);
  assert_int_equal(events_of(own, "segment.pro-users.exit"), 1);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"pro\"}"), ENGINE_OK);
  restart(own);
  assert_int_equal(events_of(own, "segment.pro-users.entry"), 2);
  assert_int_equal(count_of(own, &pro), 1);
  compute_result result = compute(own, &pro);
  assert_int_equal(result.added + result.removed, 0);
  assert_int_equal(result.total, 1);
}

static void computing_fires_what_is_pending(void **state) {
  world *own = *state;
  kept_segment pro;
  char email[32];
  for (int i = 0; i < 100; i++) {
    snprintf(email, sizeof email, "c%d@example.com", i);
    assert_int_equal(put(own, email, i % 2 == 0 ? "{\"plan\":\"pro\"}" : "{}"), ENGINE_OK);
  }
  assert_int_equal(make(own, "Pro",
                        "{\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"pro\"}", true,
                        &pro),
                   ENGINE_OK);
  assert_int_equal(pro.count, 50); // right at once
  assert_int_equal(events_of(own, "segment.pro.entry"), 0);
  compute_result result = compute(own, &pro);
  assert_int_equal(result.added, 50);
  assert_int_equal(result.total, 50);
  assert_int_equal(events_of(own, "segment.pro.entry"), 50);
  result = compute(own, &pro);
  assert_int_equal(result.added, 0);
}

/// Three segments that refer to each other, and time alone: all move in one sweep.
static void time_moves_a_chain_in_one_go(void **state) {
  world *own = *state;
  kept_segment a;
  kept_segment b;
  kept_segment c;
  char filter[256];
  assert_int_equal(track(own, "ada@example.com", "login"), ENGINE_OK);
  assert_int_equal(make(own, "Active",
                        "{\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":7,"
                        "\"unit\":\"days\"}",
                        true, &a),
                   ENGINE_OK);
  snprintf(filter, sizeof filter, "{\"field\":\"segment.%s\",\"operator\":\"notMemberOfSegment\"}",
           a.id);
  assert_int_equal(make(own, "Quiet", filter, true, &b), ENGINE_OK);
  snprintf(filter, sizeof filter, "{\"field\":\"segment.%s\",\"operator\":\"memberOfSegment\"}",
           b.id);
  assert_int_equal(make(own, "To wake", filter, true, &c), ENGINE_OK);
  compute(own, &a);
  compute(own, &b);
  compute(own, &c);
  assert_int_equal(events_of(own, "segment.active.entry"), 1);
  assert_int_equal(events_of(own, "segment.to-wake.entry"), 0);
  own->now_ms += 8 * DAY_MS;
  assert_int_equal(put(own, "bob@example.com", "{}"), ENGINE_OK); // touches nobody else
  assert_int_equal(events_of(own, "segment.active.exit"), 0);
  // The sweep of the last one evaluates what it depends on as it is now, but moves only its own.
  compute_result result = compute(own, &c);
  assert_int_equal(result.added, 1);
  compute(own, &a);
  compute(own, &b);
  assert_int_equal(events_of(own, "segment.active.exit"), 1);
  assert_int_equal(events_of(own, "segment.quiet.entry"), 2); // Bob entered when he came
  assert_int_equal(events_of(own, "segment.to-wake.entry"), 2);
}

static void circles_and_users_are_refused(void **state) {
  world *own = *state;
  kept_segment a;
  kept_segment b;
  char filter[256];
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(
      make(own, "A", "{\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true}", true, &a),
      ENGINE_OK);
  snprintf(filter, sizeof filter, "{\"field\":\"segment.%s\",\"operator\":\"memberOfSegment\"}",
           a.id);
  assert_int_equal(make(own, "B", filter, true, &b), ENGINE_OK);
  assert_int_equal(make(own, "a", filter, true, &b), ENGINE_CONFLICT); // the slug is taken
  assert_int_equal(
      make(own, "D", "{\"field\":\"segment.x\",\"operator\":\"memberOfSegment\"}", true, &b),
      ENGINE_CONDITION);
  assert_int_equal(engine_segment_delete(own->engine, own->project, seg_text_of(a.id), &error),
                   ENGINE_CONFLICT);
  assert_non_null(strstr(error.message, "B"));
  engine_error_free(&error);
}

static void static_members_are_added_by_hand(void **state) {
  world *own = *state;
  kept_segment beta;
  assert_int_equal(put(own, "ada@example.com", "{}"), ENGINE_OK);
  assert_int_equal(make(own, "Beta testers", "", true, &beta), ENGINE_OK);
  seg_text_view emails[] = {seg_text_of("ADA@example.com"), seg_text_of("new@example.com"),
                            seg_text_of("ada@example.com"), seg_text_of("nonsense")};
  members_result result;
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_members_add(own->engine, own->project, seg_text_of(beta.id), emails, 4,
                                      true, true, NULL, NULL, &result, &error),
                   ENGINE_OK);
  assert_int_equal(result.added, 2);
  assert_int_equal(result.created, 1);
  assert_int_equal(count_of(own, &beta), 2);
  assert_int_equal(events_of(own, "segment.beta-testers.entry"), 0);
  restart(own);
  assert_int_equal(count_of(own, &beta), 2);
  assert_int_equal(engine_members_remove(own->engine, own->project, seg_text_of(beta.id), emails, 1,
                                         &result, &error),
                   ENGINE_OK);
  assert_int_equal(result.removed, 1);
  assert_int_equal(count_of(own, &beta), 1);
  engine_error_free(&error);
}

static void keys_are_told_apart(void **state) {
  world *own = *state;
  engine_key kind;
  assert_ptr_equal(engine_project_of_key(own->engine, seg_text_of(public_key), &kind),
                   own->project);
  assert_int_equal(kind, ENGINE_KEY_PUBLIC);
  assert_null(engine_project_of_key(own->engine, seg_text_of("sk_wrong"), &kind));
  assert_int_equal(kind, ENGINE_KEY_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_change_enters_and_leaves_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(computing_fires_what_is_pending, set_up, tear_down),
      cmocka_unit_test_setup_teardown(time_moves_a_chain_in_one_go, set_up, tear_down),
      cmocka_unit_test_setup_teardown(circles_and_users_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(static_members_are_added_by_hand, set_up, tear_down),
      cmocka_unit_test_setup_teardown(keys_are_told_apart, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
