// See buffer_pipe.h.
#include "buffer_pipe.h"

#include <string.h>

void buffer_pipe_init(buffer_pipe *own, void *const *buffers, size_t count) {
  *own = (buffer_pipe){.empty_count = count};
  memcpy(own->empty, buffers, count * sizeof *buffers);
  (void)pthread_mutex_init(&own->lock, NULL);
  (void)pthread_cond_init(&own->has_changed, NULL);
}

bool buffer_pipe_start(buffer_pipe *own, void *(*run)(void *context), void *context) {
  own->has_thread = pthread_create(&own->thread, NULL, run, context) == 0;
  return own->has_thread;
}

/// Sets what the other thread waits for.
static void set(buffer_pipe *own, bool *flag) {
  (void)pthread_mutex_lock(&own->lock);
  *flag = true;
  (void)pthread_cond_broadcast(&own->has_changed);
  (void)pthread_mutex_unlock(&own->lock);
}

void buffer_pipe_stop(buffer_pipe *own) {
  set(own, &own->is_cancelled);
  if (own->has_thread) {
    (void)pthread_join(own->thread, NULL);
  }
  (void)pthread_cond_destroy(&own->has_changed);
  (void)pthread_mutex_destroy(&own->lock);
}

void *buffer_pipe_next_empty(buffer_pipe *own) {
  void *next = NULL;
  (void)pthread_mutex_lock(&own->lock);
  while (own->empty_count == 0 && !own->is_cancelled) {
    (void)pthread_cond_wait(&own->has_changed, &own->lock);
  }
  if (!own->is_cancelled) {
    next = own->empty[--own->empty_count];
  }
  (void)pthread_mutex_unlock(&own->lock);
  return next;
}

void buffer_pipe_hand_over(buffer_pipe *own, void *filled) {
  (void)pthread_mutex_lock(&own->lock);
  own->full[(own->full_first + own->full_count) % BUFFER_PIPE_MAX] = filled;
  own->full_count++;
  (void)pthread_cond_broadcast(&own->has_changed);
  (void)pthread_mutex_unlock(&own->lock);
}

void buffer_pipe_end(buffer_pipe *own) { set(own, &own->is_done); }

void buffer_pipe_drain(buffer_pipe *own) {
  (void)pthread_mutex_lock(&own->lock);
  while (own->full_count + own->emptying_count > 0) {
    (void)pthread_cond_wait(&own->has_changed, &own->lock);
  }
  (void)pthread_mutex_unlock(&own->lock);
}

void *buffer_pipe_next_full(buffer_pipe *own) {
  void *next = NULL;
  (void)pthread_mutex_lock(&own->lock);
  while (own->full_count == 0 && !own->is_done && !own->is_cancelled) {
    (void)pthread_cond_wait(&own->has_changed, &own->lock);
  }
  if (own->full_count > 0 && !own->is_cancelled) {
    next = own->full[own->full_first];
    own->full_first = (own->full_first + 1) % BUFFER_PIPE_MAX;
    own->full_count--;
    own->emptying_count++;
  }
  (void)pthread_mutex_unlock(&own->lock);
  return next;
}

void buffer_pipe_give_back(buffer_pipe *own, void *emptied) {
  (void)pthread_mutex_lock(&own->lock);
  own->empty[own->empty_count++] = emptied;
  own->emptying_count--;
  (void)pthread_cond_broadcast(&own->has_changed);
  (void)pthread_mutex_unlock(&own->lock);
}
