/// The webhooks that have something to send, a lane each, and how they get it out of the store.
///
/// Threads: the sender's alone.
#ifndef SEGMENTRY_WEBHOOKS_LANE_H
#define SEGMENTRY_WEBHOOKS_LANE_H

#include "attempt.h"
#include "breaker.h"
#include "delivery_queue.h"

/// Deliveries of one webhook under way at a time: what a small receiver can serve. Fewer while it
/// is not known to be well: they find that out as soon, and it may be one of many that hang.
#define LANE_FLIGHTS_MAX 16
#define LANE_TRIAL_FLIGHTS_MAX 4
/// A webhook with an attempt that takes longer is not well.
#define LANE_SLOW_MS 2000
/// Deliveries that are read at a time, at first and at most, and the bytes that a page should have.
#define LANE_PAGE_FIRST 32
#define LANE_PAGE_MAX 256
#define LANE_PAGE_BYTES ((size_t)1024 * 1024)
/// Bytes of payloads in memory, of one lane and of all together: beyond it nothing is read until
/// some are sent. A page more may come on top.
#define LANE_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define LANES_BYTES_MAX ((size_t)32 * 1024 * 1024)
/// Up to here a lane that has nothing in memory may still read one delivery: those that are slow
/// must not keep the others from theirs.
#define LANES_BYTES_MOST ((size_t)64 * 1024 * 1024)

/// What is known of a webhook. Each kind has connections of its own, so that what fails or hangs
/// does not take those of the others.
typedef enum lane_kind {
  LANE_WELL = 0, ///< It has taken its last delivery, and takes no longer than LANE_SLOW_MS now.
  LANE_NEW,      ///< No attempt has ended so far.
  LANE_FAILING,  ///< Its last attempt failed; or it was well, and now takes its time.
  LANE_KINDS
} lane_kind;

typedef struct lane {
  int64_t webhook;
  const delivery_target *target; ///< NULL: the webhook has nothing to send, or is disabled.
  uint64_t version;
  breaker breaker;
  lane_kind last;     ///< By its last attempt.
  bool is_slow;       ///< An attempt takes longer than LANE_SLOW_MS now.
  byte_count held;    ///< Of its parcels.
  bool is_read;       ///< Nothing is to be read until something changes.
  bool was_full;      ///< That is so because the queue took no more.
  bool parks_overdue; ///< A probe has failed: those whose day is over are given up without one.
  int64_t parked_up_to;
  size_t page;
  delivery_queue queue;
} lane;

typedef struct lanes {
  engine *engine;
  schedule_speed speed;
  lane **items;
  size_t count;
  size_t capacity;
  size_t found;    ///< The lane that was looked up last: the next one asked for is behind it.
  byte_count held; ///< Of all parcels.
  bool has_failed; ///< The engine could not give something: ask for all of it again.
  delivery_target_list targets;
} lanes;

/// Takes a new list of targets: lanes come, go, and are read anew where the engine says so.
///
/// is_woken  Something may have been added: everything is read on.
///
/// Returns false if the engine or memory could not give it; then all is as before.
bool lanes_refresh(lanes *own, bool is_woken);
/// Reads what there is room for into the lane's queue. Cost: a page, or some that are due again.
void lane_read(lanes *own, lane *of, int64_t now_ms);
lane_kind lane_kind_of(const lane *own);
/// How many more of a lane may be sent now.
int lane_room(const lane *own, int64_t now_ms);
/// Whether there is something to read now, and room for it.
bool lane_wants(const lanes *own, const lane *of, int64_t now_ms);
/// queue_finish: what waited behind it, or for room, is read then.
void lane_finish(lane *own, queue_entry *entry);
/// The lane's pause has begun, or goes on, after a probe: forgets what is not under way.
void lane_paused(lane *own);

/// Reads a page of deliveries whose day is over, while the webhook is paused; for each `park` is
/// called.
typedef void (*lane_park)(void *context, lane *of, const delivery *overdue);
void lane_read_overdue(lanes *own, lane *of, int64_t now_ms, lane_park park, void *context);

/// When something becomes due by time alone; QUEUE_NEVER if nothing does.
int64_t lanes_next_due(const lanes *own, int64_t now_ms);
void lanes_end(lanes *own);

#endif
