// See timed_wait.h.
#include "timed_wait.h"

#include <time.h>

#define NANOSECONDS_A_SECOND 1000000000L
#define NANOSECONDS_A_MILLISECOND 1000000L

void timed_wait_init(pthread_cond_t *condition) {
  pthread_condattr_t monotonic;
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_cond_init(condition, &monotonic);
  (void)pthread_condattr_destroy(&monotonic);
}

void timed_wait_ms(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms) {
  struct timespec until;
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += (time_t)(ms / 1000);
  until.tv_nsec += (long)(ms % 1000) * NANOSECONDS_A_MILLISECOND;
  if (until.tv_nsec >= NANOSECONDS_A_SECOND) {
    until.tv_sec++;
    until.tv_nsec -= NANOSECONDS_A_SECOND;
  }
  (void)pthread_cond_timedwait(condition, lock, &until);
}

int64_t timed_wait_now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NANOSECONDS_A_MILLISECOND;
}
