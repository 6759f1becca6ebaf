/// One attempt to send a delivery: its headers and signatures on the way out, and what is kept of
/// it afterwards.
#ifndef SEGMENTRY_WEBHOOKS_ATTEMPT_H
#define SEGMENTRY_WEBHOOKS_ATTEMPT_H

#include "engine/deliveries.h"
#include "outbound.h"

/// Bytes of parcels: those of one webhook, which count among those of all.
typedef struct byte_count {
  size_t bytes;
  struct byte_count *whole; ///< NULL: it is the whole.
} byte_count;

/// A delivery in memory: what an attempt needs of it, in one block.
typedef struct parcel {
  byte_count *held;
  size_t size_bytes; ///< Of this one.
  char id[DELIVERY_ID_BYTES];
  int64_t attempts;
  int64_t since_ms;
  size_t payload_bytes;
  char payload[];
} parcel;

/// Copies a delivery. held  borrowed  Counts it for as long as it lives. NULL if there is no
/// memory.
parcel *parcel_make(const delivery *of, byte_count *held);
/// For delivery_queue. content  owned
void parcel_free(void *content);

/// Begins the attempt on `out`.
///
/// own, to  borrowed  The payload until the request has ended.
/// at_ms    Wall clock: what `webhook-timestamp` says.
/// now_ms   Of a clock that only goes forwards.
/// request  written, owned  Where it goes, and the headers, as text for the log: those of the
///                          webhook without their values, which may be secret. Free with free.
///
/// Returns false if there is no memory.
bool attempt_begin(const parcel *own, const delivery_target *to, int64_t at_ms, int64_t now_ms,
                   outbound *out, char **request);

#endif
