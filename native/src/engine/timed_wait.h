/// Waiting on a condition for so long and no longer, by the clock that nobody sets: by the other
/// one, a clock that is set back an hour makes a wait of a second one of an hour.
#ifndef SEGMENTRY_TIMED_WAIT_H
#define SEGMENTRY_TIMED_WAIT_H

#include <pthread.h>
#include <stdint.h>

/// Initialises a condition for timed_wait_ms; end it with pthread_cond_destroy.
void timed_wait_init(pthread_cond_t *condition);

/// Waits for a signal, or `ms` milliseconds. The lock is held. May end early: look again.
void timed_wait_ms(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms);

/// Milliseconds of that clock.
int64_t timed_wait_now_ms(void);

#endif
