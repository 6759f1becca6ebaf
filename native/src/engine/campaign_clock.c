// See campaign_clock.h.
#include "campaign_clock.h"

#include "campaigns_internal.h"
#include "timed_wait.h"

#include <stdlib.h>
#include <string.h>

struct campaign_clock {
  engine *of;
  int64_t interval_ms;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wakes;
  atomic_bool is_stopping;
};

/// A campaign whose time has come.
typedef struct due_campaign {
  int64_t project;
  char id[ID_TEXT_BYTES];
} due_campaign;

typedef struct due_list {
  int64_t now_ms;
  due_campaign *items;
  size_t count;
  size_t capacity;
  int64_t next_at_ms; ///< When the next one is due; INT64_MAX: none.
} due_list;

static bool keep_due(void *context, const store_campaign *row) {
  due_list *due = context;
  if (row->scheduled_for_ms > due->now_ms) {
    due->next_at_ms = row->scheduled_for_ms;
    return false;
  }
  if (due->count == due->capacity) {
    size_t capacity = due->capacity == 0 ? 16 : due->capacity * 2;
    due_campaign *items = realloc(due->items, capacity * sizeof *items);
    if (items == NULL) {
      return false; // the rest waits for the next round
    }
    due->items = items;
    due->capacity = capacity;
  }
  due_campaign *item = &due->items[due->count];
  if (row->id.size_bytes < sizeof item->id) {
    item->project = row->project;
    memcpy(item->id, row->id.bytes, row->id.size_bytes);
    item->id[row->id.size_bytes] = '\0';
    due->count++;
  }
  return true;
}

static void say(const campaign_clock *own, const char *message) {
  own->of->options.log(own->of->options.context, "campaign_not_sent", message);
}

static void send_due(const campaign_clock *own, const due_campaign *due) {
  project *in = engine_project_of_num(own->of, due->project);
  if (in == NULL) {
    return; // created this moment: it is in the list by the next round
  }
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      campaign_send_due(own->of, in, seg_text_of(due->id), &own->is_stopping, &error);
  if (status == ENGINE_UNAVAILABLE && !atomic_load(&own->is_stopping)) {
    say(own, error.message); // anything else: it was changed in the meantime
  }
  engine_error_free(&error);
}

/// Sends what is due. Returns how long nothing can be due, as far as it knows.
static int64_t send_all_due(const campaign_clock *own) {
  due_list due = {.now_ms = engine_now_ms(own->of), .next_at_ms = INT64_MAX};
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  store_session *session = engine_session_borrow(own->of);
  store_status status = STORE_NOMEM;
  if (session != NULL) {
    status = store_campaign_list_scheduled(session, keep_due, &due, &cause);
  }
  engine_session_return(own->of, session);
  if (status != STORE_OK) {
    say(own, cause.message);
  }
  for (size_t i = 0; i < due.count && !atomic_load(&own->is_stopping); i++) {
    send_due(own, &due.items[i]);
  }
  free(due.items);
  if (due.next_at_ms == INT64_MAX) {
    return own->interval_ms;
  }
  int64_t left_ms = due.next_at_ms - engine_now_ms(own->of);
  return left_ms < 1 ? 1 : left_ms < own->interval_ms ? left_ms : own->interval_ms;
}

static void wait_ms(campaign_clock *own, int64_t duration_ms) {
  (void)pthread_mutex_lock(&own->lock);
  if (!atomic_load(&own->is_stopping)) {
    timed_wait_ms(&own->wakes, &own->lock, duration_ms);
  }
  (void)pthread_mutex_unlock(&own->lock);
}

static void *run(void *context) {
  campaign_clock *own = context;
  while (!atomic_load(&own->is_stopping)) {
    wait_ms(own, send_all_due(own));
  }
  return NULL;
}

campaign_clock *campaign_clock_start(engine *of, int64_t interval_ms) {
  campaign_clock *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->of = of;
  own->interval_ms = interval_ms;
  (void)pthread_mutex_init(&own->lock, NULL);
  timed_wait_init(&own->wakes);
  if (pthread_create(&own->thread, NULL, run, own) != 0) {
    free(own);
    return NULL;
  }
  return own;
}

void campaign_clock_stop(campaign_clock *own) {
  if (own == NULL) {
    return;
  }
  (void)pthread_mutex_lock(&own->lock);
  atomic_store(&own->is_stopping, true);
  (void)pthread_cond_signal(&own->wakes);
  (void)pthread_mutex_unlock(&own->lock);
  (void)pthread_join(own->thread, NULL);
  (void)pthread_cond_destroy(&own->wakes);
  (void)pthread_mutex_destroy(&own->lock);
  free(own);
}
