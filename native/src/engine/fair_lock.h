/// A read-write lock that lets a writer in.
///
/// The default of the GNU C library lets readers in as long as any other one is there: two clients
/// who read without a pause would keep the writer's thread, and with it every change of every
/// project, waiting for good. Here readers who come after a waiting writer come after it in turn.
///
/// Law: no thread takes such a lock for reading twice, one within the other. A writer who waits in
/// between would make that a deadlock.
#ifndef SEGMENTRY_FAIR_LOCK_H
#define SEGMENTRY_FAIR_LOCK_H

#include <pthread.h>
#include <stdbool.h>

/// Initialises a lock; end it with pthread_rwlock_destroy. False if there is no memory.
static inline bool fair_lock_init(pthread_rwlock_t *lock) {
  pthread_rwlockattr_t kind;
  if (pthread_rwlockattr_init(&kind) != 0) {
    return false;
  }
#ifdef __GLIBC__ // others let writers in by themselves, or have no say in it
  (void)pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
  bool ok = pthread_rwlock_init(lock, &kind) == 0;
  (void)pthread_rwlockattr_destroy(&kind);
  return ok;
}

#endif
