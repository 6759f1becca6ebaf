/// When a delivery is tried again, and when it is given up. Pure: clock and random bits come in.
#ifndef SEGMENTRY_WEBHOOKS_SCHEDULE_H
#define SEGMENTRY_WEBHOOKS_SCHEDULE_H

#include "segmentry/base.h"

/// After this long a delivery is parked: who mends an endpoint within a day loses nothing, and what
/// is older is for a person to decide.
#define SCHEDULE_GIVE_UP_MS INT64_C(86400000)
/// The most that a Retry-After may ask for: a receiver must not be able to stop a day's retries.
#define SCHEDULE_RETRY_AFTER_MS_MAX INT64_C(3600000)
/// A pause is made longer or shorter by up to this many per cent, so that what failed together does
/// not come again together.
#define SCHEDULE_JITTER_PERCENT 20

/// How much faster than real time all pauses pass: 1, but in tests.
typedef int64_t schedule_speed;

/// A duration at a speed: at least a millisecond, unless it is 0.
int64_t schedule_scaled(int64_t duration_ms, schedule_speed speed);

/// What becomes of a delivery after a failed attempt.
typedef struct schedule_decision {
  bool is_parked;
  int64_t next_at_ms; ///< Unless parked.
} schedule_decision;

/// Decides after an attempt has failed.
///
/// attempts        So far, this one included: at least 1.
/// first_at_ms     When the delivery was recorded.
/// retry_after_ms  What the receiver asked for; 0 if it did not.
/// random          32 random bits.
schedule_decision schedule_after_failure(int attempts, int64_t first_at_ms, int64_t now_ms,
                                         int64_t retry_after_ms, uint32_t random,
                                         schedule_speed speed);

/// The longest pause that schedule_after_failure gives.
#define SCHEDULE_PAUSE_MS_MAX (INT64_C(7200000) * (100 + SCHEDULE_JITTER_PERCENT) / 100)

/// Whether the time of a delivery has passed.
bool schedule_is_over(int64_t first_at_ms, int64_t now_ms, schedule_speed speed);

#endif
