// See schedule.h.
#include "schedule.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

/// The pause after the first, second, … attempt; the last one goes on. Short at first, since most
/// failures are a restart or a lost connection; long then, since the rest wait for a person.
static const int64_t pauses_ms[] = {5 * SECOND_MS,  30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS,
                                    30 * MINUTE_MS, HOUR_MS,        2 * HOUR_MS};
#define PAUSE_COUNT (sizeof pauses_ms / sizeof pauses_ms[0])

int64_t schedule_scaled(int64_t duration_ms, schedule_speed speed) {
  if (duration_ms <= 0 || speed <= 1) {
    return duration_ms;
  }
  return duration_ms / speed > 0 ? duration_ms / speed : 1;
}

bool schedule_is_over(int64_t first_at_ms, int64_t now_ms, schedule_speed speed) {
  return now_ms - first_at_ms >= schedule_scaled(SCHEDULE_GIVE_UP_MS, speed);
}

/// A pause, longer or shorter by a share that the random bits choose.
static int64_t with_jitter(int64_t pause_ms, uint32_t random) {
  int64_t spread_ms = pause_ms * SCHEDULE_JITTER_PERCENT / 100;
  return pause_ms - spread_ms + (int64_t)(random % (uint64_t)(2 * spread_ms + 1));
}

schedule_decision schedule_after_failure(int attempts, int64_t first_at_ms, int64_t now_ms,
                                         int64_t retry_after_ms, uint32_t random,
                                         schedule_speed speed) {
  size_t step = attempts < 1 ? 0 : (size_t)attempts - 1;
  int64_t pause_ms = with_jitter(pauses_ms[step < PAUSE_COUNT ? step : PAUSE_COUNT - 1], random);
  int64_t asked_ms =
      retry_after_ms < SCHEDULE_RETRY_AFTER_MS_MAX ? retry_after_ms : SCHEDULE_RETRY_AFTER_MS_MAX;
  int64_t next_at_ms = now_ms + schedule_scaled(pause_ms > asked_ms ? pause_ms : asked_ms, speed);
  return (schedule_decision){.is_parked = schedule_is_over(first_at_ms, next_at_ms, speed),
                             .next_at_ms = next_at_ms};
}
