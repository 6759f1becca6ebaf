// The engine end to end: changes, tracking, time, restarts. The clock is pinned.
#include "engine.h"
#include "engine_preview.h"
#include "json_text.h"
#include "login.h"
#include "segmentry/json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define START_MS INT64_C(1780000000000)

typedef struct world {
  char path[64];
  int64_t sweep_ms;
  size_t text_bytes_max;
  _Atomic int64_t now_ms; // the writer's thread reads it too
  engine *engine;
  project *project;
} world;

static int64_t world_now(void *context) { return ((world *)context)->now_ms; }

static void world_log(void *context, const char *event, const char *message) {
  (void)context;
  print_message("%s: %s\n", event, message);
}

static void open_world(world *own) {
  engine_options options = {.path = own->path,
                            .is_relaxed = true,
                            .sweep_ms = own->sweep_ms,
                            .text_bytes_max = own->text_bytes_max,
                            .now_ms = world_now,
                            .context = own,
                            .log = world_log};
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

static engine_status track_at(world *own, const char *email, const char *name, int64_t at_ms) {
  event_input input = {.name = seg_text_of(name),
                       .contact = {.email = seg_text_of(email), .subscribed_if_new = true},
                       .at_ms = at_ms};
  event_result result;
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_event_track(own->engine, own->project, &input, &result, &error);
  engine_error_free(&error);
  return status;
}

static engine_status track(world *own, const char *email, const char *name) {
  return track_at(own, email, name, STORE_NO_INSTANT);
}

typedef struct kept_segment {
  char id[ID_TEXT_BYTES];
  int64_t num;
  int64_t count;
  int64_t count_at_ms;
} kept_segment;

static void keep_segment(void *context, const project *in, const segment *of) {
  (void)in;
  kept_segment *kept = context;
  snprintf(kept->id, sizeof kept->id, "%.*s", (int)of->id.size_bytes, of->id.bytes);
  kept->num = of->num;
  kept->count = of->member_count;
  kept->count_at_ms = of->member_count_at_ms;
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

static kept_segment segment_now(world *own, const kept_segment *of) {
  kept_segment now;
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_segment_get(own->engine, own->project, seg_text_of(of->id), keep_segment,
                                      &now, &error),
                   ENGINE_OK);
  engine_error_free(&error);
  return now;
}

static int64_t count_of(world *own, const kept_segment *of) { return segment_now(own, of).count; }

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

/// Three tracked segments that refer to each other: who logged in lately is Active, who is not is
/// Quiet, and who is Quiet is To wake.
typedef struct chain {
  kept_segment active;
  kept_segment quiet;
  kept_segment to_wake;
} chain;

static void make_chain(world *own, chain *made) {
  char filter[256];
  assert_int_equal(make(own, "Active",
                        "{\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":7,"
                        "\"unit\":\"days\"}",
                        true, &made->active),
                   ENGINE_OK);
  snprintf(filter, sizeof filter, "{\"field\":\"segment.%s\",\"operator\":\"notMemberOfSegment\"}",
           made->active.id);
  assert_int_equal(make(own, "Quiet", filter, true, &made->quiet), ENGINE_OK);
  snprintf(filter, sizeof filter, "{\"field\":\"segment.%s\",\"operator\":\"memberOfSegment\"}",
           made->quiet.id);
  assert_int_equal(make(own, "To wake", filter, true, &made->to_wake), ENGINE_OK);
}

/// Time alone, and one computation: the last of a chain brings the others along.
static void computing_moves_a_chain_in_one_go(void **state) {
  world *own = *state;
  chain made;
  assert_int_equal(track(own, "ada@example.com", "login"), ENGINE_OK);
  make_chain(own, &made);
  assert_int_equal(compute(own, &made.to_wake).added, 0);
  assert_int_equal(events_of(own, "segment.active.entry"), 1);
  assert_int_equal(events_of(own, "segment.to-wake.entry"), 0);
  own->now_ms += 8 * DAY_MS;
  assert_int_equal(put(own, "bob@example.com", "{}"), ENGINE_OK); // touches nobody else
  assert_int_equal(events_of(own, "segment.active.exit"), 0);
  compute_result result = compute(own, &made.to_wake);
  assert_int_equal(result.added, 1);
  assert_int_equal(result.removed, 0);
  assert_int_equal(result.total, 2); // Bob entered when he came
  assert_int_equal(events_of(own, "segment.active.exit"), 1);
  assert_int_equal(events_of(own, "segment.quiet.entry"), 2);
  assert_int_equal(events_of(own, "segment.to-wake.entry"), 2);
  assert_int_equal(compute(own, &made.active).removed, 0);
  assert_int_equal(compute(own, &made.quiet).added, 0);
}

static bool keep_change(void *context, const store_member_change *row) {
  *(store_member_change *)context = *row;
  return false;
}

/// The newest change of a segment's members: its texts are not to be looked at.
static store_member_change last_change(world *own, const kept_segment *of) {
  store_member_change last = {.segment = 0};
  store_session *session = engine_session_borrow(own->engine);
  assert_int_equal(store_member_history_of_segment(session, own->project->num, of->num,
                                                   STORE_NEWEST, 1, keep_change, &last, NULL),
                   STORE_OK);
  engine_session_return(own->engine, session);
  return last;
}

/// Waits until a sweep of this very instant has ended: counting is the last that it does.
static void wait_for_sweep(world *own, const kept_segment *of, int64_t at_ms) {
  for (int tries = 0; segment_now(own, of).count_at_ms != at_ms; tries++) {
    assert_true(tries < 10000);
    usleep(2000);
  }
}

static void assert_moved(world *own, const kept_segment *of, bool is_entry, int64_t at_ms) {
  store_member_change last = last_change(own, of);
  assert_int_equal(last.is_entry, is_entry);
  assert_int_equal(last.cause, STORE_CAUSE_CLOCK);
  assert_int_equal(last.at_ms, at_ms);
}

/// Time alone, and the sweep alone, in both directions.
static void a_sweep_moves_a_chain_in_one_go(void **state) {
  world *own = *state;
  chain made;
  own->sweep_ms = 5;
  restart(own);
  make_chain(own, &made);
  int64_t at_ms = own->now_ms;
  // The login is still to come: a sender's clock may be ahead.
  assert_int_equal(track_at(own, "ada@example.com", "login", at_ms + DAY_MS), ENGINE_OK);
  assert_int_equal(last_change(own, &made.to_wake).cause, STORE_CAUSE_DATA);
  at_ms += 10;
  own->now_ms = at_ms;
  wait_for_sweep(own, &made.active, at_ms); // from here on the definitions are no cause any more
  static const int64_t steps_ms[] = {DAY_MS, 8 * DAY_MS};
  for (int i = 0; i < 2; i++) {
    at_ms += steps_ms[i];
    own->now_ms = at_ms;
    wait_for_sweep(own, &made.to_wake, at_ms);
    assert_moved(own, &made.active, i == 0, at_ms);
    assert_moved(own, &made.quiet, i == 1, at_ms);
    assert_moved(own, &made.to_wake, i == 1, at_ms);
    assert_int_equal(events_of(own, "segment.active.entry"), 1);
    assert_int_equal(events_of(own, "segment.active.exit"), i);
    assert_int_equal(events_of(own, "segment.to-wake.entry"), 1 + i);
    assert_int_equal(events_of(own, "segment.to-wake.exit"), 1);
  }
}

// A sweep with more moves than one transaction takes.

#define CROWD 30000
#define CROWD_AT_ONCE 1000

static void track_crowd(world *own) {
  static char emails[CROWD_AT_ONCE][24];
  static event_input items[CROWD_AT_ONCE];
  static event_result results[CROWD_AT_ONCE];
  engine_error error;
  engine_error_init(&error);
  for (int at = 0; at < CROWD; at += CROWD_AT_ONCE) {
    for (int i = 0; i < CROWD_AT_ONCE; i++) {
      (void)snprintf(emails[i], sizeof emails[i], "c%d@example.com", at + i);
      items[i] = (event_input){.name = seg_text_of("login"),
                               .contact = {.email = seg_text_of(emails[i])},
                               .at_ms = STORE_NO_INSTANT};
    }
    assert_int_equal(
        engine_events_track(own->engine, own->project, items, CROWD_AT_ONCE, results, &error),
        ENGINE_OK);
  }
  engine_error_free(&error);
}

static uint64_t member_word(const project *in, const kept_segment *of, size_t block) {
  seg_mask_view members;
  bool has = seg_table_members(in->table, seg_text_of(of->id), &members);
  return has && block < members.block_count ? members.words[block] : 0;
}

/// Looks at the stored members of a chain at one moment: each contact is Active, or Quiet and To
/// wake. Returns how many are Active, or SIZE_MAX if one is torn.
static size_t look_at_chain(world *own, const chain *made) {
  project *in = own->project;
  size_t active_count = 0;
  bool is_whole = true;
  (void)pthread_rwlock_rdlock(&in->lock);
  for (size_t block = 0; block < seg_table_block_count(in->table); block++) {
    uint64_t active = member_word(in, &made->active, block);
    uint64_t quiet = member_word(in, &made->quiet, block);
    uint64_t live = 0;
    for (uint32_t bit = 0; bit < 64; bit++) {
      live |= (uint64_t)seg_table_is_live(in->table, (uint32_t)block * 64 + bit) << bit;
    }
    is_whole = is_whole && (active ^ quiet) == live && (active & quiet) == 0 &&
               quiet == member_word(in, &made->to_wake, block);
    active_count += (size_t)__builtin_popcountll(active);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return is_whole ? active_count : SIZE_MAX;
}

static void many_moves_of_a_sweep_let_others_in(void **state) {
  world *own = *state;
  chain made;
  track_crowd(own);
  make_chain(own, &made);
  assert_int_equal(compute(own, &made.to_wake).added, 0);
  assert_int_equal(look_at_chain(own, &made), CROWD);
  own->now_ms += 8 * DAY_MS;
  own->sweep_ms = 5;
  restart(own);
  own->now_ms += 10; // a sweep is due
  int others = 0;
  int during = 0; // changes that came while some had left and some had not
  size_t active;
  while ((active = look_at_chain(own, &made)) > 0) {
    assert_true(active <= CROWD);
    char email[32];
    (void)snprintf(email, sizeof email, "other%d@example.com", others++);
    assert_int_equal(put(own, email, "{}"), ENGINE_OK);
    during += active < CROWD && look_at_chain(own, &made) > 0;
  }
  assert_true(during >= 2);
  assert_int_equal(events_of(own, "segment.active.entry"), CROWD);
  assert_int_equal(events_of(own, "segment.active.exit"), CROWD);
  assert_int_equal(events_of(own, "segment.quiet.entry"), CROWD + others);
  assert_int_equal(events_of(own, "segment.to-wake.entry"), CROWD + others);
  assert_int_equal(events_of(own, "segment.to-wake.exit"), 0);
  int64_t at_ms = own->now_ms + 10;
  own->now_ms = at_ms;
  wait_for_sweep(own, &made.to_wake, at_ms);
  assert_int_equal(segment_now(own, &made.to_wake).count, CROWD + others);
  assert_int_equal(compute(own, &made.to_wake).added, 0);
}

/// The same when it is asked for: in parts, and the sums are of all.
static void many_moves_of_a_computation_are_added_up(void **state) {
  world *own = *state;
  chain made;
  track_crowd(own);
  make_chain(own, &made);
  compute_result result = compute(own, &made.active);
  assert_int_equal(result.added, CROWD);
  assert_int_equal(result.total, CROWD);
  assert_int_equal(compute(own, &made.to_wake).added, 0);
  own->now_ms += 8 * DAY_MS;
  result = compute(own, &made.to_wake);
  assert_int_equal(result.added, CROWD);
  assert_int_equal(result.removed, 0);
  assert_int_equal(result.total, CROWD);
  assert_int_equal(look_at_chain(own, &made), 0);
  result = compute(own, &made.to_wake);
  assert_int_equal(result.added + result.removed, 0);
  assert_int_equal(events_of(own, "segment.active.exit"), CROWD);
  assert_int_equal(events_of(own, "segment.to-wake.entry"), CROWD);
}

static project *project_of(world *own, const char *key) {
  engine_key kind;
  return engine_project_of_key(own->engine, seg_text_of(key), &kind);
}

/// Each project of a sweep has its turn, and the sweep comes round again.
static void a_sweep_comes_to_every_project(void **state) {
  world *own = *state;
  kept_segment segments[3];
  char keys[3][SECRET_TEXT_BYTES];
  engine_error error;
  engine_error_init(&error);
  strcpy(keys[0], secret_key);
  for (size_t i = 1; i < 3; i++) {
    assert_int_equal(
        engine_project_create(own->engine, seg_text_of("Another"), keep_keys, NULL, &error),
        ENGINE_OK);
    strcpy(keys[i], secret_key);
  }
  engine_error_free(&error);
  for (size_t i = 0; i < 3; i++) {
    own->project = project_of(own, keys[i]);
    assert_int_equal(make(own, "Old",
                          "{\"field\":\"createdAt\",\"operator\":\"olderThan\",\"value\":1,"
                          "\"unit\":\"days\"}",
                          true, &segments[i]),
                     ENGINE_OK);
    assert_int_equal(put(own, "ada@example.com", "{}"), ENGINE_OK);
  }
  own->sweep_ms = 5;
  restart(own);
  for (int round = 1; round <= 2; round++) {
    own->now_ms = START_MS + round * 2 * DAY_MS;
    for (size_t i = 0; i < 3; i++) {
      own->project = project_of(own, keys[i]);
      wait_for_sweep(own, &segments[i], own->now_ms);
      assert_int_equal(count_of(own, &segments[i]), 1);
      assert_int_equal(events_of(own, "segment.old.entry"), 1);
    }
  }
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

// Many items as one command.

static event_input item_of(const char *email, const char *name, const char *data) {
  return (event_input){.name = seg_text_of(name),
                       .contact = {.email = seg_text_of(email),
                                   .subscribed_if_new = true,
                                   .data = seg_text_of(data)},
                       .data = seg_text_of(data),
                       .at_ms = STORE_NO_INSTANT};
}

static bool has_contact(world *own, const char *email) {
  seg_text_view written = seg_text_of(email);
  bool found = false;
  engine_contacts_look_up(own->engine, own->project, &written, 1, &found);
  return found;
}

static void links_and_sessions_end_in_time(void **state) {
  world *own = *state;
  char link[SECRET_TEXT_BYTES];
  char late_link[SECRET_TEXT_BYTES];
  char session[SECRET_TEXT_BYTES];
  char other[SECRET_TEXT_BYTES];
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_login_link(own->engine, link, &error), ENGINE_OK);
  assert_int_equal(engine_login_link(own->engine, late_link, &error), ENGINE_OK);
  own->now_ms += LOGIN_LINK_MS - 1;
  assert_int_equal(engine_login_begin(own->engine, seg_text_of(link), session, &error), ENGINE_OK);
  assert_int_equal(engine_login_begin(own->engine, seg_text_of(link), other, &error),
                   ENGINE_NOT_FOUND); // it was used
  own->now_ms += 1;
  assert_int_equal(engine_login_begin(own->engine, seg_text_of(late_link), other, &error),
                   ENGINE_NOT_FOUND);
  own->now_ms += LOGIN_SESSION_MS - 2;
  assert_int_equal(engine_login_check(own->engine, seg_text_of(session)), ENGINE_OK);
  restart(own); // it is the store's, and so is its end
  assert_int_equal(engine_login_check(own->engine, seg_text_of(session)), ENGINE_OK);
  own->now_ms += 1;
  assert_int_equal(engine_login_check(own->engine, seg_text_of(session)), ENGINE_NOT_FOUND);
  engine_error_free(&error);
}

static void a_refused_item_leaves_nothing_and_stops_nobody(void **state) {
  world *own = *state;
  kept_segment pro;
  assert_int_equal(make(own, "Pro",
                        "{\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"pro\"}", true,
                        &pro),
                   ENGINE_OK);
  char deep[256] = "{\"a\":";
  memset(deep + 5, '[', 100);
  memset(deep + 105, ']', 100);
  strcpy(deep + 205, "}");
  const event_input items[] = {item_of("ada@example.com", "buy", "{\"plan\":\"pro\"}"),
                               item_of("nonsense", "buy", NULL),
                               item_of("bob@example.com", "segment.pro.entry", NULL),
                               item_of("cid@example.com", "buy", deep),
                               item_of("ADA@example.com", "look", NULL),
                               item_of("dan@example.com", "", NULL)};
  event_result results[6];
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_events_track(own->engine, own->project, items, 6, results, &error),
                   ENGINE_OK);
  const engine_status expected[] = {ENGINE_OK,      ENGINE_INVALID, ENGINE_INVALID,
                                    ENGINE_INVALID, ENGINE_OK,      ENGINE_INVALID};
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(results[i].status, expected[i]);
  }
  assert_string_equal(results[0].contact_id, results[4].contact_id);
  assert_string_not_equal(results[0].event_id, results[4].event_id);
  assert_non_null(strstr(results[3].message, "levels"));
  for (int round = 0; round < 2; round++) {
    assert_int_equal(events_of(own, "buy"), 1);
    assert_int_equal(events_of(own, "look"), 1);
    assert_int_equal(events_of(own, "segment.pro.entry"), 1);
    assert_int_equal(count_of(own, &pro), 1);
    assert_false(has_contact(own, "bob@example.com"));
    assert_false(has_contact(own, "cid@example.com"));
    restart(own);
  }
  engine_error_free(&error);
}

static void keep_id(void *context, const store_contact *row, bool is_new) {
  (void)is_new;
  snprintf(context, ID_TEXT_BYTES, "%.*s", (int)row->id.size_bytes, row->id.bytes);
}

/// Creates or finds the contact of an address, and gives its id.
static void id_of(world *own, const char *email, char id[ID_TEXT_BYTES]) {
  contact_input input = {.email = seg_text_of(email), .subscribed_if_new = true};
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_contact_put(own->engine, own->project, &input, keep_id, id, &error),
                   ENGINE_OK);
  engine_error_free(&error);
}

static engine_status readdress(world *own, const char *id, const char *email) {
  contact_input input = {.email = seg_text_of(email)};
  char kept[ID_TEXT_BYTES];
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_contact_update(own->engine, own->project, seg_text_of(id), &input,
                                               keep_id, kept, &error);
  engine_error_free(&error);
  return status;
}

static void an_address_is_one_contacts(void **state) {
  world *own = *state;
  char ada[ID_TEXT_BYTES];
  char other[ID_TEXT_BYTES];
  char again[ID_TEXT_BYTES];
  id_of(own, "ada@example.com", ada);
  id_of(own, "ADA@example.com", again);
  assert_string_equal(ada, again);
  assert_int_equal(readdress(own, ada, "new@example.com"), ENGINE_OK);
  assert_false(has_contact(own, "ada@example.com"));
  id_of(own, "ada@example.com", other); // is free again
  assert_string_not_equal(ada, other);
  restart(own);
  assert_int_equal(readdress(own, other, "New@example.com"), ENGINE_CONFLICT);
  assert_int_equal(readdress(own, ada, "NEW@example.com"), ENGINE_OK); // its own
  id_of(own, "new@example.com", again);
  assert_string_equal(ada, again);
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_contact_delete(own->engine, own->project, seg_text_of(ada), &error),
                   ENGINE_OK);
  engine_error_free(&error);
  assert_int_equal(readdress(own, other, "new@example.com"), ENGINE_OK);
  restart(own);
  id_of(own, "new@example.com", again);
  assert_string_equal(other, again);
}

/// The store takes what it is given: here two contacts of one address, as damage would have it.
static void store_twins(const world *own) {
  store_options options = {.path = own->path, .must_exist = true};
  store_contact twin = {.project = own->project->num,
                        .id = seg_text_of("first"),
                        .email = seg_text_of("twin@example.com"),
                        .data_json = seg_text_of("{}")};
  store *file;
  store_session *session;
  int64_t num;
  assert_int_equal(store_open(&options, &file, NULL), STORE_OK);
  assert_int_equal(store_session_open(file, STORE_ACCESS_WRITE, &session, NULL), STORE_OK);
  assert_int_equal(store_transaction_begin(session, NULL), STORE_OK);
  assert_int_equal(store_contact_insert(session, &twin, &num, NULL), STORE_OK);
  twin.id = seg_text_of("second");
  assert_int_equal(store_contact_insert(session, &twin, &num, NULL), STORE_OK);
  assert_int_equal(store_transaction_commit(session, NULL), STORE_OK);
  store_session_close(session);
  store_close(file);
}

static void two_contacts_of_one_address_are_damage(void **state) {
  world *own = *state;
  store_twins(own);
  engine_close(own->engine);
  own->engine = NULL;
  engine_options options = {
      .path = own->path, .now_ms = world_now, .context = own, .log = world_log};
  store_error error;
  assert_false(engine_open(&options, &own->engine, &error));
  assert_int_equal(error.status, STORE_CORRUPT);
  assert_non_null(strstr(error.message, "twin@example.com: first and second"));
  own->engine = NULL;
}

/// Tracks one event of each of so many names; returns how many were taken.
static size_t track_names(world *own, size_t count) {
  static char names[1000][16];
  static event_input items[1000];
  static event_result results[1000];
  size_t taken = 0;
  engine_error error;
  engine_error_init(&error);
  for (size_t begin = 0; begin < count; begin += 1000) {
    size_t size = count - begin < 1000 ? count - begin : 1000;
    for (size_t i = 0; i < size; i++) {
      (void)snprintf(names[i], sizeof names[i], "name %zu", begin + i);
      items[i] = item_of("ada@example.com", names[i], NULL);
    }
    assert_int_equal(engine_events_track(own->engine, own->project, items, size, results, &error),
                     ENGINE_OK);
    for (size_t i = 0; i < size; i++) {
      taken += results[i].status == ENGINE_OK;
    }
  }
  engine_error_free(&error);
  return taken;
}

static engine_status change_segment(world *own, kept_segment *of, const segment_input *input) {
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_segment_update(own->engine, own->project, seg_text_of(of->id),
                                               input, keep_segment, of, &error);
  engine_error_free(&error);
  return status;
}

static void a_new_name_finds_no_room_for_its_events(void **state) {
  world *own = *state;
  kept_segment pro;
  assert_int_equal(make(own, "Pro",
                        "{\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"pro\"}", true,
                        &pro),
                   ENGINE_OK);
  // The segment's entry and exit have their room kept, whatever else comes.
  assert_int_equal(track_names(own, SEG_TABLE_EVENTS_MAX), SEG_TABLE_EVENTS_MAX - 2);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"pro\"}"), ENGINE_OK);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"free\"}"), ENGINE_OK);
  segment_input renamed = {.name = seg_text_of("Gold")};
  segment_input same_slug = {.name = seg_text_of("PRO")};
  assert_int_equal(change_segment(own, &pro, &renamed), ENGINE_INVALID);
  assert_int_equal(change_segment(own, &pro, &same_slug), ENGINE_OK);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"pro\"}"), ENGINE_OK);
  restart(own);
  assert_int_equal(events_of(own, "segment.pro.entry"), 2);
  assert_int_equal(count_of(own, &pro), 1);
}

static engine_status get_segment(world *own, const char *id) {
  kept_segment kept;
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_segment_get(own->engine, own->project, seg_text_of(id), keep_segment, &kept, &error);
  engine_error_free(&error);
  return status;
}

static engine_status remove_segment(world *own, const kept_segment *of) {
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_segment_delete(own->engine, own->project, seg_text_of(of->id), &error);
  engine_error_free(&error);
  return status;
}

/// More than there is room for at first.
#define SOME_SEGMENTS 20

/// Puts a contact with a text of its own at `note`; what is said if that is refused is kept.
static engine_status put_note(world *own, size_t number, const char *note, char *message) {
  char email[40];
  char data[8300];
  (void)snprintf(email, sizeof email, "n%zu@x.io", number);
  (void)snprintf(data, sizeof data, "{\"note\":\"%s %zu\",\"n\":%zu}", note, number, number);
  contact_input input = {.email = seg_text_of(email), .data = seg_text_of(data)};
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_contact_put(own->engine, own->project, &input, NULL, NULL, &error);
  (void)strcpy(message, error.message);
  engine_error_free(&error);
  return status;
}

static void texts_of_a_field_end_without_harm(void **state) {
  enum { LIMIT = 4 << 20, NOTE = 4000, MANY = 2000 };
  world *own = *state;
  own->text_bytes_max = LIMIT;
  restart(own);
  kept_segment all;
  assert_int_equal(
      make(own, "All", "{\"field\":\"data.note\",\"operator\":\"exists\"}", true, &all), ENGINE_OK);
  // Capital letters are kept twice: as they are, and as they are compared.
  char note[NOTE + 1];
  memset(note, 'N', NOTE);
  note[NOTE] = '\0';
  char message[SEG_MESSAGE_BYTES];
  size_t count = 0;
  while (count < MANY && put_note(own, count, note, message) == ENGINE_OK) {
    count++;
  }
  assert_true(count > LIMIT / NOTE / 4 && count < LIMIT / NOTE / 2);
  assert_non_null(strstr(message, "data.note: "));
  // What was refused has left nothing; what is there goes on; other fields have room.
  assert_int_equal(put_note(own, count, note, message), ENGINE_INVALID);
  assert_int_equal(segment_now(own, &all).count, count);
  assert_int_equal(put(own, "other@x.io", "{\"word\":\"a new one\"}"), ENGINE_OK);
  assert_int_equal(put(own, "n0@x.io", "{\"n\":5}"), ENGINE_OK);
  assert_int_equal(put(own, "n1@x.io", "{\"note\":7}"), ENGINE_OK);
  assert_int_equal(segment_now(own, &all).count, count);
  // Room comes back, without a restart, when enough of the texts have gone.
  for (size_t i = 0; i < count / 3; i++) {
    char email[40];
    (void)snprintf(email, sizeof email, "n%zu@x.io", i);
    assert_int_equal(put(own, email, "{\"note\":null}"), ENGINE_OK);
  }
  size_t again = 0;
  while (again < MANY && put_note(own, MANY + again, note, message) == ENGINE_OK) {
    again++;
  }
  assert_true(again > count / 4 && again < MANY);
  restart(own);
  assert_int_equal(compute(own, &all).total, count - count / 3 + again);
}

static void addresses_end_without_harm(void **state) {
  enum { LIMIT = 1 << 18, MANY = 10000 };
  world *own = *state;
  own->text_bytes_max = LIMIT;
  restart(own);
  size_t count = 0;
  char email[40];
  do {
    (void)snprintf(email, sizeof email, "contact%zu@example.com", count);
  } while (put(own, email, "{}") == ENGINE_OK && ++count < MANY);
  assert_true(count > 500 && count < MANY);
  assert_int_equal(put(own, "contact0@example.com", "{\"a\":1}"), ENGINE_OK);
  assert_int_equal(track(own, "contact1@example.com", "seen"), ENGINE_OK);
  assert_int_equal(track(own, "nobody@example.com", "seen"), ENGINE_INVALID);
  size_t subscribed;
  size_t total;
  assert_true(engine_count_subscribed(own->engine, own->project, &subscribed, &total));
  assert_int_equal(total, count);
}

static void segments_are_found_whatever_became_of_the_others(void **state) {
  world *own = *state;
  kept_segment made[SOME_SEGMENTS];
  char name[32];
  for (size_t i = 0; i < SOME_SEGMENTS; i++) {
    (void)snprintf(name, sizeof name, "%zu list", i * 7 % SOME_SEGMENTS);
    assert_int_equal(make(own, name, "", false, &made[i]), ENGINE_OK);
  }
  for (size_t i = 0; i < SOME_SEGMENTS; i += 3) {
    assert_int_equal(remove_segment(own, &made[i]), ENGINE_OK);
  }
  for (size_t i = 1; i < SOME_SEGMENTS; i += 3) {
    (void)snprintf(name, sizeof name, "new %zu", SOME_SEGMENTS - i);
    segment_input renamed = {.name = seg_text_of(name)};
    assert_int_equal(change_segment(own, &made[i], &renamed), ENGINE_OK);
  }
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < SOME_SEGMENTS; i++) {
      assert_int_equal(get_segment(own, made[i].id), i % 3 == 0 ? ENGINE_NOT_FOUND : ENGINE_OK);
    }
    assert_int_equal(get_segment(own, ""), ENGINE_NOT_FOUND);
    restart(own);
  }
  // One that asks for another one's entry comes after it, by its new name and though it is older.
  kept_segment first;
  kept_segment second;
  assert_int_equal(make(own, "A follower",
                        "{\"field\":\"event.segment.new-name.entry\",\"operator\":\"triggered\"}",
                        true, &first),
                   ENGINE_OK);
  assert_int_equal(
      make(own, "Old name", "{\"field\":\"data.plan\",\"operator\":\"exists\"}", true, &second),
      ENGINE_OK);
  segment_input renamed = {.name = seg_text_of("New name")};
  assert_int_equal(change_segment(own, &second, &renamed), ENGINE_OK);
  assert_int_equal(put(own, "ada@example.com", "{\"plan\":\"pro\"}"), ENGINE_OK);
  assert_int_equal(events_of(own, "segment.new-name.entry"), 1);
  assert_int_equal(events_of(own, "segment.a-follower.entry"), 1);
}

static void an_activity_of_a_batch_counts_once(void **state) {
  world *own = *state;
  assert_int_equal(put(own, "ada@example.com", "{}"), ENGINE_OK);
  activity_input opened = {.email = seg_text_of("ada@example.com"),
                           .activity = SEG_ACTIVITY_OPENED,
                           .at_ms = START_MS,
                           .message_id = seg_text_of("m1")};
  activity_input items[] = {opened, opened, opened, opened};
  items[2].email = seg_text_of("nobody@example.com");
  items[3].email = seg_text_of("nonsense");
  activity_result results[4];
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(engine_activities_record(own->engine, own->project, items, 4, results, &error),
                   ENGINE_OK);
  assert_int_equal(results[0].status, ENGINE_OK);
  assert_int_equal(results[1].status, ENGINE_CONFLICT);
  assert_int_equal(results[2].status, ENGINE_NOT_FOUND);
  assert_int_equal(results[3].status, ENGINE_INVALID);
  engine_error_free(&error);
}

/// What a page of events shows, as text.
static bool write_event(void *context, const store_event *event) {
  char *out = context;
  size_t used = strlen(out);
  (void)snprintf(out + used, 1024 - used, "%.*s/%.*s ", (int)event->contact_email.size_bytes,
                 event->contact_email.bytes, (int)event->name_text.size_bytes,
                 event->name_text.bytes);
  return true;
}

/// The events of all contacts, or of one as the API reads them.
static void assert_events(world *own, const char *contact_id, int64_t contact,
                          const char *expected) {
  char text[1024] = "";
  int64_t instants[8];
  store_event_place newest = {STORE_NEWEST, STORE_NEWEST, STORE_NEWEST};
  store_event_scope scope = {.contact = contact};
  if (contact != 0) {
    scope.instants = engine_contact_instants(own->engine, own->project, seg_text_of(contact_id),
                                             STORE_NEWEST, instants, 8);
  }
  store_session *session = engine_session_borrow(own->engine);
  assert_int_equal(
      store_event_page(session, own->project->num, scope, newest, 99, write_event, text, NULL),
      STORE_OK);
  engine_session_return(own->engine, session);
  assert_string_equal(text, expected);
}

static bool keep_contact_num(void *context, const store_contact *row) {
  *(int64_t *)context = row->num;
  return false;
}

static void entries_stay_events_whatever_becomes_of_the_segment(void **state) {
  world *own = *state;
  kept_segment vip;
  event_result ada;
  engine_error error;
  engine_error_init(&error);
  assert_int_equal(
      make(own, "VIP", "{\"field\":\"event.buy\",\"operator\":\"triggered\"}", true, &vip),
      ENGINE_OK);
  event_input buys = item_of("ada@x.io", "buy", NULL);
  assert_int_equal(engine_event_track(own->engine, own->project, &buys, &ada, &error), ENGINE_OK);
  int64_t num = 0;
  store_session *session = engine_session_borrow(own->engine);
  assert_int_equal(store_contact_get(session, own->project->num, seg_text_of(ada.contact_id),
                                     keep_contact_num, &num, NULL),
                   STORE_OK);
  engine_session_return(own->engine, session);
  segment_input renamed = {.name = seg_text_of("Buyers")};
  assert_int_equal(engine_segment_update(own->engine, own->project, seg_text_of(vip.id), &renamed,
                                         NULL, NULL, &error),
                   ENGINE_OK);
  own->now_ms++;
  assert_int_equal(track(own, "bob@x.io", "buy"), ENGINE_OK);
  const char *all = "bob@x.io/segment.buyers.entry bob@x.io/buy "
                    "ada@x.io/segment.vip.entry ada@x.io/buy ";
  const char *of_ada = "ada@x.io/segment.vip.entry ada@x.io/buy ";
  for (int round = 0; round < 4; round++) {
    if (round == 2) {
      assert_int_equal(
          engine_segment_delete(own->engine, own->project, seg_text_of(vip.id), &error), ENGINE_OK);
    } else if (round > 0) {
      restart(own);
    }
    assert_events(own, NULL, 0, all);
    assert_events(own, ada.contact_id, num, of_ada);
    assert_int_equal(events_of(own, "segment.vip.entry"), 1);
  }
  assert_int_equal(
      engine_contact_delete(own->engine, own->project, seg_text_of(ada.contact_id), &error),
      ENGINE_OK);
  for (int round = 0; round < 2; round++) {
    assert_events(own, NULL, 0, "bob@x.io/segment.buyers.entry bob@x.io/buy ");
    assert_int_equal(events_of(own, "segment.vip.entry"), 0);
    restart(own);
  }
  engine_error_free(&error);
}

// Merging data, as text.

// Readers that never pause.

#define READERS 4
/// Looks of one reader at most: as many as take a second or two.
#define LOOKS_MAX 500

typedef struct crowd {
  world *world;
  atomic_int reading;  ///< Readers that have begun.
  atomic_bool is_done; ///< The change has been made.
  atomic_bool has_given_up;
} crowd;

/// Holds the read lock for a moment: called under it.
static void linger(void *context, const project *in, const segment *of) {
  (void)context;
  (void)in;
  (void)of;
  (void)usleep(2000);
}

static void *read_on(void *context) {
  crowd *own = context;
  int number = atomic_fetch_add(&own->reading, 1);
  (void)usleep(500U * (unsigned)number); // so that one always reads while another one stops
  for (int i = 0; i < LOOKS_MAX && !atomic_load(&own->is_done); i++) {
    engine_segment_list(own->world->engine, own->world->project, linger, NULL);
  }
  if (!atomic_load(&own->is_done)) {
    atomic_store(&own->has_given_up, true);
  }
  return NULL;
}

static void readers_do_not_keep_the_writer_out(void **state) {
  world *own = *state;
  kept_segment list;
  crowd readers = {.world = own};
  pthread_t threads[READERS];
  assert_int_equal(make(own, "List", "", false, &list), ENGINE_OK);
  for (size_t i = 0; i < READERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers), 0);
  }
  while (atomic_load(&readers.reading) < READERS) {
    (void)usleep(100);
  }
  (void)usleep(5000); // by now they overlap
  engine_status status = put(own, "ada@example.com", "{}");
  bool had_given_up = atomic_load(&readers.has_given_up);
  atomic_store(&readers.is_done, true);
  for (size_t i = 0; i < READERS; i++) {
    (void)pthread_join(threads[i], NULL);
  }
  assert_int_equal(status, ENGINE_OK);
  assert_false(had_given_up);
}

static void assert_merged(const char *stored, const char *patch, const char *expected) {
  seg_text_view merged;
  char text[1024];
  assert_int_equal(json_text_merge(seg_text_of(stored), seg_text_of(patch), &merged), SEG_OK);
  (void)snprintf(text, sizeof text, "%.*s", (int)merged.size_bytes, merged.bytes);
  free((void *)(uintptr_t)merged.bytes);
  assert_string_equal(text, expected);
}

static void data_is_merged_by_name(void **state) {
  (void)state;
  assert_merged("", "", "{}");
  assert_merged("{\"a\":1,\"b\":2}", "", "{\"a\":1,\"b\":2}");
  assert_merged("{\"a\":1, \"b\" : 1.50 }", "{\"a\":[1, 2]}", "{\"b\":1.50,\"a\":[1, 2]}");
  assert_merged("{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":null,\"b\":\"\",\"x\":null}",
                "{\"b\":2,\"c\":3}");
  assert_merged("{\"a\":1}", "{\"a\":2,\"b\":0,\"a\":3}", "{\"b\":0,\"a\":3}"); // the last decides
  assert_merged("{\"a\":1}", "{\"a\":2,\"a\":\"\"}", "{\"a\":1}");
  assert_merged("{\"a\":1}", "{\"a\":2,\"a\":null}", "{}");
  assert_merged("{\"\\u0061b\":1}", "{\"ab\":2}", "{\"ab\":2}"); // one name, written twice
  assert_merged("{\"ab\":1}", "{\"a\\u0062\":2}", "{\"a\\u0062\":2}");
  assert_merged("{\"a\":1,\"ab\":2}", "{\"\":3}", "{\"a\":1,\"ab\":2,\"\":3}");
  assert_merged("",
                "{\"id\":1,\"\\u0069d\":2,\"a\":{\"value\":3,\"persistent\":true},"
                "\"b\":{\"value\":4,\"persistent\":false},\"c\":{\"value\":5}}",
                "{\"a\":3,\"c\":{\"value\":5}}");
}

static void a_patch_has_no_more_members_than_data_may(void **state) {
  (void)state;
  size_t size = (SEG_DATA_MEMBERS_MAX + 1) * 10 + 2;
  char *patch = malloc(size);
  seg_text_view merged;
  for (size_t extra = 0; extra < 2; extra++) {
    size_t used = (size_t)sprintf(patch, "{");
    for (size_t i = 0; i < SEG_DATA_MEMBERS_MAX + extra; i++) {
      used += (size_t)sprintf(patch + used, "%s\"%zu\":1", i == 0 ? "" : ",", i);
    }
    used += (size_t)sprintf(patch + used, "}");
    assert_true(used < size);
    seg_text_view text = {.bytes = patch, .size_bytes = used};
    seg_status status = json_text_merge(text, text, &merged);
    assert_int_equal(status, extra == 0 ? SEG_OK : SEG_E_LIMIT);
    if (extra == 0) {
      assert_true(seg_text_equal(merged, text));
      free((void *)(uintptr_t)merged.bytes);
    }
  }
  free(patch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_change_enters_and_leaves_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(computing_fires_what_is_pending, set_up, tear_down),
      cmocka_unit_test_setup_teardown(computing_moves_a_chain_in_one_go, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_sweep_moves_a_chain_in_one_go, set_up, tear_down),
      cmocka_unit_test_setup_teardown(many_moves_of_a_sweep_let_others_in, set_up, tear_down),
      cmocka_unit_test_setup_teardown(many_moves_of_a_computation_are_added_up, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_sweep_comes_to_every_project, set_up, tear_down),
      cmocka_unit_test_setup_teardown(circles_and_users_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(static_members_are_added_by_hand, set_up, tear_down),
      cmocka_unit_test_setup_teardown(keys_are_told_apart, set_up, tear_down),
      cmocka_unit_test_setup_teardown(links_and_sessions_end_in_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_refused_item_leaves_nothing_and_stops_nobody, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(an_address_is_one_contacts, set_up, tear_down),
      cmocka_unit_test_setup_teardown(two_contacts_of_one_address_are_damage, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_of_a_field_end_without_harm, set_up, tear_down),
      cmocka_unit_test_setup_teardown(addresses_end_without_harm, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_new_name_finds_no_room_for_its_events, set_up, tear_down),
      cmocka_unit_test_setup_teardown(segments_are_found_whatever_became_of_the_others, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(an_activity_of_a_batch_counts_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(entries_stay_events_whatever_becomes_of_the_segment, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(readers_do_not_keep_the_writer_out, set_up, tear_down),
      cmocka_unit_test(data_is_merged_by_name),
      cmocka_unit_test(a_patch_has_no_more_members_than_data_may),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
