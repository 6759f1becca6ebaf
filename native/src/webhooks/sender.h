/// The sender: a thread that sends what webhooks are told, until the receiver has taken it.
///
///     engine/outbox.h   an event's transaction writes what is to be sent
///           │ wake                                                        the writer's thread
///           ▼
///     lane.h            what is pending of each webhook, a page at a time      ┐
///     delivery_queue.h  whose turn it is                                        │ the sender's
///     attempt.h         headers, signatures                                     │ thread
///     outbound.h        libcurl; address_guard.h, redirect.h                    │
///     schedule.h, breaker.h   what follows from the answer                      ┘
///           ▼
///     recorder.h        what became of it, in batches: a command of the writer  its own thread
///
/// What holds: each delivery is sent at least once, always with the same `webhook-id`, and of one
/// contact and webhook in the order of the events. A delivery counts as done when that is stored;
/// what was sent and is not stored yet when the process dies is sent again.
///
/// One thread is enough: it waits for all receivers at once. A pending delivery costs memory only
/// when its turn is near.
#ifndef SEGMENTRY_WEBHOOKS_SENDER_H
#define SEGMENTRY_WEBHOOKS_SENDER_H

#include "certificates.h"
#include "engine/engine.h"

/// Deliveries under way at a time, of all webhooks: the connections that the server opens.
#define SENDER_FLIGHTS_MAX 256
/// One is begun only while fewer than this are under way of its kind (lane_kind). So receivers that
/// hang, however many, wait for each other, and not the others for them. Those that hang all of a
/// sudden are well at first: hence the room above.
#define SENDER_KIND_FLIGHTS_MAX 64
/// At a stop, deliveries that are under way may take this long to end: what a receiver needs that
/// is well, and within the time that a service manager gives.
#define SENDER_STOP_MS 5000

typedef struct sender_options {
  engine *engine;
  bool allows_private;         ///< Addresses that are not public, too.
  const certificates *trusted; ///< optional, borrowed  Authorities beside the system's.
  /// For tests: pauses, a day and the times of connections pass so many times as fast. 0 is 1.
  int64_t speed;
  void (*log)(void *context, const char *event, const char *message);
  void *context;
} sender_options;

typedef struct sender sender;

/// Starts the thread. NULL if there is no memory or no thread.
sender *sender_start(const sender_options *options);
/// Begins no more, waits SENDER_STOP_MS at most for what is under way, has it noted, and frees.
/// NULL is allowed. The engine must still be there.
void sender_stop(sender *own);

/// What has happened since the start.
typedef struct sender_counts {
  uint64_t delivered;
  uint64_t failed; ///< Attempts.
  uint64_t parked;
  uint64_t in_flight; ///< Now.
} sender_counts;
/// Threads: any.
sender_counts sender_count(const sender *own);

#endif
