/// The deliveries of one webhook that are in memory: which may be sent now, and in which order.
///
/// The store has all that is pending; this is a window on it, of a bounded size, however far an
/// endpoint is behind. What holds: of one contact, a delivery is sent only when all earlier ones
/// have been delivered or parked. Contacts do not wait for each other.
///
///     store, by number      3  4  5  6  7  8  9  10  11  12  13 …
///     slots                 .  R  .  F  .  R  R                   to be sent, or under way
///     blocked contacts      3 until 12:05, skipped from 5
///     read so far           ───────────────────────┘ `after`
///
/// A contact whose delivery has failed is *blocked*: its failed delivery waits for its time, and
/// needs no slot for that. Its later ones are passed over as they are read, and the lowest of them
/// is remembered. When the failed one is through, reading goes back to there; what is in a slot is
/// known, and not taken twice. An earlier one that is found then, since somebody wants it sent
/// again, takes the place of the one that waits.
///
/// A time that lies further ahead than any pause was noted before the clock was set back: it has
/// come.
///
/// An entry stays in its slot until what became of it is stored, so that a second look at the store
/// does not find it pending once more.
///
/// Cost: a look through the slots or the blocked contacts for each call.
/// Threads: one.
#ifndef SEGMENTRY_WEBHOOKS_DELIVERY_QUEUE_H
#define SEGMENTRY_WEBHOOKS_DELIVERY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Deliveries of one webhook in memory: some hundred milliseconds of work for a fast receiver.
#define QUEUE_SLOTS 512
/// Contacts of one webhook that wait for another attempt. An endpoint at which so many fail while
/// others succeed gets no new deliveries until some are through.
#define QUEUE_BLOCKED_MAX 4096
/// No delivery has this number.
#define QUEUE_NO_NUM INT64_C(0)
/// No delivery waits for its time.
#define QUEUE_NEVER INT64_MAX

typedef enum queue_state {
  QUEUE_FREE = 0,
  QUEUE_READY,     ///< Read; its turn may not have come.
  QUEUE_IN_FLIGHT, ///< Being sent; or it has failed, and that is not stored yet.
  QUEUE_FINISHED   ///< Delivered or parked, and that is not stored yet.
} queue_state;

typedef struct queue_entry {
  int64_t num;
  int64_t contact; ///< 0: it has none, and waits for nobody.
  int64_t due_ms;  ///< Not to be sent before.
  void *content;   ///< The caller's; freed with the queue's `release`.
  // The queue's own.
  queue_state state;
  bool is_first; ///< Of those of its contact that are not finished.
} queue_entry;

typedef struct queue_blocked {
  int64_t contact;
  int64_t num;
  int64_t due_ms;
  int64_t skipped; ///< The lowest later one of the contact that was passed over; or QUEUE_NO_NUM.
  bool is_trying;  ///< Has a slot again.
} queue_blocked;

/// All zero but `release` is an empty one.
typedef struct delivery_queue {
  void (*release)(void *content); ///< Not called for NULL.
  int64_t pause_ms_max;           ///< The longest pause that there is; 0: no bound.
  int64_t after;                  ///< Deliveries above this number are still to be read.
  size_t count;                   ///< Slots in use.
  size_t in_flight;
  size_t blocked_count;
  queue_blocked *blocked; ///< QUEUE_BLOCKED_MAX and one a slot; owned.
  queue_entry slots[QUEUE_SLOTS];
} delivery_queue;

typedef enum queue_answer {
  QUEUE_TAKEN, ///< The content is the queue's.
  QUEUE_KNOWN, ///< It is in the queue already, or waits behind a blocked contact, or for its time.
  QUEUE_FULL,  ///< Read it again later.
  QUEUE_NO_MEMORY
} queue_answer;

/// Offers a delivery, in the order of the numbers as they are read behind `after`, which moves on.
/// Unless it is taken its content stays the caller's.
queue_answer queue_offer(delivery_queue *own, const queue_entry *offered, int64_t now_ms);

/// The oldest that may be sent; it is in flight from then on. NULL if there is none.
queue_entry *queue_take(delivery_queue *own);
/// It was delivered, or is given up: the next of its contact may be sent.
void queue_finish(delivery_queue *own, queue_entry *entry);
/// That is stored now: the slot is free. After queue_finish.
void queue_forget(delivery_queue *own, queue_entry *entry);
/// It failed, that is stored, and it is to be tried again: the slot is free, its contact blocked.
void queue_block(delivery_queue *own, queue_entry *entry, int64_t due_ms);

/// The delivery of a blocked contact whose time has come, or QUEUE_NO_NUM.
int64_t queue_due(const delivery_queue *own, int64_t now_ms);
/// Gives it a slot; as it is in the store now, where it may have been put off. QUEUE_FULL: later.
queue_answer queue_retry(delivery_queue *own, const queue_entry *found, int64_t now_ms);
/// It is not pending any more: its contact is not blocked.
void queue_unblock(delivery_queue *own, int64_t num);
/// When the next of the blocked contacts is due: QUEUE_NEVER if none is.
int64_t queue_next_due(const delivery_queue *own);

/// Whether everything is to be read from its start: drops what is ready, keeps what is in flight or
/// blocked.
void queue_restart(delivery_queue *own);
/// Whether a delivery has a slot.
bool queue_holds(const delivery_queue *own, int64_t num);
/// Slots that are free.
size_t queue_room(const delivery_queue *own);
/// Whether nothing is in it, be it blocked.
bool queue_is_empty(const delivery_queue *own);
/// Frees everything; entries in flight among it.
void queue_end(delivery_queue *own);

#endif
