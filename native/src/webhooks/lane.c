// See lane.h.
#include "lane.h"

#include <stdlib.h>
#include <string.h>

/// Deliveries that are due again and read in one go, each by itself.
#define RETRIES_A_TIME 16

/// Targets come in much the same order each time, so the next one is mostly found at once.
static lane *find_lane(lanes *own, int64_t of_webhook) {
  for (size_t i = 1; i <= own->count; i++) {
    size_t at = (own->found + i) % own->count;
    if (own->items[at]->webhook == of_webhook) {
      own->found = at;
      return own->items[at];
    }
  }
  return NULL;
}

static lane *add_lane(lanes *own, int64_t of_webhook) {
  if (own->count == own->capacity) {
    size_t capacity = own->capacity == 0 ? 16 : own->capacity * 2;
    lane **grown = realloc(own->items, capacity * sizeof *grown);
    if (grown == NULL) {
      return NULL;
    }
    own->items = grown;
    own->capacity = capacity;
  }
  lane *added = calloc(1, sizeof *added);
  if (added != NULL) {
    added->webhook = of_webhook;
    added->page = LANE_PAGE_FIRST;
    added->held.whole = &own->held;
    added->queue.release = parcel_free;
    added->queue.pause_ms_max = schedule_scaled(SCHEDULE_PAUSE_MS_MAX, own->speed);
    own->items[own->count++] = added;
  }
  return added;
}

static void remove_lane(lanes *own, size_t at) {
  queue_end(&own->items[at]->queue);
  free(own->items[at]);
  own->items[at] = own->items[--own->count];
}

static void read_health(lane *own, const store_webhook_health *health) {
  bool is_paused = health->paused_until_ms != STORE_NO_INSTANT;
  own->last = health->failures > 0                             ? LANE_FAILING
              : health->last_success_at_ms != STORE_NO_INSTANT ? LANE_WELL
                                                               : LANE_NEW;
  own->breaker = (breaker){.failures = (int)(health->failures < BREAKER_FAILURES - 1 || is_paused
                                                 ? health->failures
                                                 : BREAKER_FAILURES - 1),
                           .paused_until_ms = is_paused ? health->paused_until_ms : 0};
  if (is_paused && own->breaker.failures < BREAKER_FAILURES) {
    own->breaker.failures = BREAKER_FAILURES;
  }
}

static bool place_target(lanes *own, const delivery_target *target, bool is_woken) {
  lane *of = find_lane(own, target->webhook);
  bool is_new = of == NULL;
  if (is_new) {
    of = add_lane(own, target->webhook);
    if (of == NULL) {
      return false;
    }
  }
  of->target = target;
  if (is_new || of->version != target->version) {
    of->version = target->version;
    read_health(of, &target->health);
    queue_restart(&of->queue);
    of->is_read = false;
  }
  of->is_read = of->is_read && !is_woken;
  return true;
}

bool lanes_refresh(lanes *own, bool is_woken) {
  delivery_target_list targets;
  bool is_whole = true;
  if (engine_delivery_targets(own->engine, &targets) != ENGINE_OK) {
    return false;
  }
  for (size_t i = 0; i < own->count; i++) {
    own->items[i]->target = NULL;
  }
  delivery_target_list_free(&own->targets);
  own->targets = targets;
  for (size_t i = 0; i < targets.count; i++) {
    is_whole = place_target(own, &targets.items[i], is_woken) && is_whole;
  }
  for (size_t i = own->count; i-- > 0;) {
    lane *of = own->items[i];
    if (of->target != NULL) {
      continue;
    }
    queue_restart(&of->queue);
    if (of->queue.count == 0) { // what is blocked has its time in the store
      remove_lane(own, i);
    }
  }
  return is_whole;
}

/// What was never tried is due, whatever the clock said when it was recorded.
static queue_entry entry_of(const delivery *of, parcel *content) {
  return (queue_entry){.num = of->num,
                       .contact = of->contact,
                       .due_ms = of->attempts == 0 ? 0 : of->next_at_ms,
                       .content = content};
}

static bool read_pending(lanes *own, const lane *of, int64_t after, size_t limit,
                         delivery_list *out) {
  bool is_read =
      engine_deliveries_pending(own->engine, of->webhook, after, limit, out) == ENGINE_OK;
  own->has_failed = own->has_failed || !is_read;
  return is_read;
}

/// Reads those whose time has come again, each by itself.
static void read_due(lanes *own, lane *of, int64_t now_ms) {
  for (int i = 0; i < RETRIES_A_TIME && queue_room(&of->queue) > 0; i++) {
    delivery_list found;
    int64_t num = queue_due(&of->queue, now_ms);
    if (num == QUEUE_NO_NUM || !read_pending(own, of, num - 1, 1, &found)) {
      return;
    }
    parcel *content = NULL;
    if (found.count == 0 || found.items[0].num != num) {
      queue_unblock(&of->queue, num);
      of->is_read = false;
    } else if ((content = parcel_make(&found.items[0], &of->held)) != NULL) {
      queue_entry entry = entry_of(&found.items[0], content);
      if (queue_retry(&of->queue, &entry, now_ms) != QUEUE_TAKEN) {
        parcel_free(content);
      }
    }
    delivery_list_free(&found);
  }
}

/// Offers a page to the queue. Returns whether all of it is known there now.
static bool offer_page(lane *of, const delivery_list *page, int64_t now_ms) {
  for (size_t i = 0; i < page->count; i++) {
    parcel *content = parcel_make(&page->items[i], &of->held);
    queue_entry entry = entry_of(&page->items[i], content);
    queue_answer answer =
        content == NULL ? QUEUE_NO_MEMORY : queue_offer(&of->queue, &entry, now_ms);
    if (answer != QUEUE_TAKEN && content != NULL) {
      parcel_free(content);
    }
    if (answer == QUEUE_FULL || answer == QUEUE_NO_MEMORY) {
      of->was_full = true;
      return false;
    }
  }
  return true;
}

/// The next page is as long as this one's payloads say.
static void size_page(lane *own, const delivery_list *page) {
  size_t bytes = 1;
  for (size_t i = 0; i < page->count; i++) {
    bytes += page->items[i].payload.size_bytes;
  }
  size_t fitting = page->count * LANE_PAGE_BYTES / bytes;
  fitting = fitting < 1 ? 1 : fitting;
  own->page = fitting < LANE_PAGE_MAX ? fitting : LANE_PAGE_MAX;
}

static void read_page(lanes *own, lane *of, int64_t now_ms) {
  delivery_list page;
  size_t limit = of->page < queue_room(&of->queue) ? of->page : queue_room(&of->queue);
  limit = own->held.bytes > LANES_BYTES_MAX ? 1 : limit;
  if (!read_pending(own, of, of->queue.after, limit, &page)) {
    of->is_read = true; // until all is asked for again
    return;
  }
  bool took_all = offer_page(of, &page, now_ms);
  of->is_read = !took_all || page.count < limit;
  if (page.count > 0) {
    size_page(of, &page);
  }
  delivery_list_free(&page);
}

static bool has_memory(const lanes *own, const lane *of) {
  return of->held.bytes == 0
             ? own->held.bytes <= LANES_BYTES_MOST
             : own->held.bytes <= LANES_BYTES_MAX && of->held.bytes <= LANE_BYTES_MAX;
}

static bool may_read(const lanes *own, const lane *of, int64_t now_ms) {
  return of->target != NULL && !breaker_is_paused(&of->breaker, now_ms) && has_memory(own, of);
}

bool lane_wants(const lanes *own, const lane *of, int64_t now_ms) {
  return may_read(own, of, now_ms) && !of->is_read && queue_room(&of->queue) >= QUEUE_SLOTS / 2;
}

void lane_read(lanes *own, lane *of, int64_t now_ms) {
  if (may_read(own, of, now_ms)) {
    read_due(own, of, now_ms);
  }
  if (lane_wants(own, of, now_ms)) {
    read_page(own, of, now_ms);
  }
}

lane_kind lane_kind_of(const lane *own) {
  return own->last == LANE_WELL && own->is_slow ? LANE_FAILING : own->last;
}

int lane_room(const lane *own, int64_t now_ms) {
  int most = lane_kind_of(own) == LANE_WELL ? LANE_FLIGHTS_MAX : LANE_TRIAL_FLIGHTS_MAX;
  return own->target == NULL
             ? 0
             : breaker_limit(&own->breaker, now_ms, most) - (int)own->queue.in_flight;
}

void lane_finish(lane *own, queue_entry *entry) {
  int64_t after = own->queue.after;
  queue_finish(&own->queue, entry);
  if (own->was_full || own->queue.after != after) {
    own->is_read = false;
    own->was_full = false;
  }
}

void lane_paused(lane *own) {
  queue_restart(&own->queue);
  own->is_read = false;
}

void lane_read_overdue(lanes *own, lane *of, int64_t now_ms, lane_park park, void *context) {
  delivery_list page;
  if (!read_pending(own, of, of->parked_up_to, of->page, &page)) {
    return;
  }
  size_t overdue = 0;
  for (size_t i = 0; i < page.count; i++) {
    const delivery *item = &page.items[i];
    of->parked_up_to = item->num;
    if (schedule_is_over(item->since_ms, now_ms, own->speed) &&
        !queue_holds(&of->queue, item->num)) {
      park(context, of, item);
      overdue++;
    }
  }
  of->parks_overdue = page.count > 0 && overdue > 0; // later ones are younger
  delivery_list_free(&page);
}

int64_t lanes_next_due(const lanes *own, int64_t now_ms) {
  int64_t due_ms = QUEUE_NEVER;
  for (size_t i = 0; i < own->count; i++) {
    const lane *of = own->items[i];
    if (of->target == NULL) {
      continue;
    }
    int64_t of_lane = breaker_is_paused(&of->breaker, now_ms) ? of->breaker.paused_until_ms
                                                              : queue_next_due(&of->queue);
    due_ms = of_lane < due_ms ? of_lane : due_ms;
  }
  return due_ms;
}

void lanes_end(lanes *own) {
  while (own->count > 0) {
    remove_lane(own, own->count - 1);
  }
  free(own->items);
  delivery_target_list_free(&own->targets);
}
