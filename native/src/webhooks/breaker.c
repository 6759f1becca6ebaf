// See breaker.h.
#include "breaker.h"

bool breaker_is_open(const breaker *own) { return own->failures >= BREAKER_FAILURES; }

bool breaker_is_paused(const breaker *own, int64_t now_ms) {
  return breaker_is_open(own) && now_ms < own->paused_until_ms &&
         own->paused_until_ms - now_ms <= BREAKER_PAUSE_MS_MAX;
}

int breaker_limit(const breaker *own, int64_t now_ms, int limit) {
  if (!breaker_is_open(own)) {
    return limit;
  }
  return breaker_is_paused(own, now_ms) ? 0 : 1;
}

bool breaker_succeed(breaker *own) {
  bool has_changed = own->failures != 0;
  *own = (breaker){.failures = 0};
  return has_changed;
}

bool breaker_fail(breaker *own, int64_t now_ms, schedule_speed speed) {
  if (breaker_is_paused(own, now_ms)) {
    return false;
  }
  int64_t pause_ms = BREAKER_PAUSE_MS_FIRST;
  own->failures++;
  for (int i = BREAKER_FAILURES; i < own->failures && pause_ms < BREAKER_PAUSE_MS_MAX; i++) {
    pause_ms *= 2;
  }
  pause_ms = pause_ms < BREAKER_PAUSE_MS_MAX ? pause_ms : BREAKER_PAUSE_MS_MAX;
  own->paused_until_ms = breaker_is_open(own) ? now_ms + schedule_scaled(pause_ms, speed) : 0;
  return true;
}
