/// The circuit breaker of one webhook: an endpoint that keeps failing is left alone for a while,
/// and then asked with one delivery.
///
/// The whole state is two numbers, which the store keeps: how often it failed in a row, and until
/// when it is paused. Pure: the clock comes in.
#ifndef SEGMENTRY_WEBHOOKS_BREAKER_H
#define SEGMENTRY_WEBHOOKS_BREAKER_H

#include "schedule.h"

/// So many failures in a row pause a webhook: fewer happen while a receiver restarts.
#define BREAKER_FAILURES 10
/// The first pause, and the longest: each further failure doubles it.
#define BREAKER_PAUSE_MS_FIRST INT64_C(30000)
#define BREAKER_PAUSE_MS_MAX INT64_C(600000)

typedef struct breaker {
  int failures;            ///< In a row.
  int64_t paused_until_ms; ///< Of no meaning below BREAKER_FAILURES.
} breaker;

/// Whether it has paused the webhook, or waits for a probe.
bool breaker_is_open(const breaker *own);

/// Whether the webhook is to be left alone now. A pause that would last longer than any was begun
/// before the clock was set back, and is over.
bool breaker_is_paused(const breaker *own, int64_t now_ms);

/// How many deliveries may be under way: all that are allowed, none, or the one probe.
int breaker_limit(const breaker *own, int64_t now_ms, int limit);

/// An attempt has succeeded, and closes it; or failed. What fails during a pause was begun before
/// it, and makes it no longer. Returns whether the state has changed.
bool breaker_succeed(breaker *own);
bool breaker_fail(breaker *own, int64_t now_ms, schedule_speed speed);

#endif
