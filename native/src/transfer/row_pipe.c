// See row_pipe.h.
#include "row_pipe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct row_batch {
  import_row rows[ROW_BATCH_ROWS];
  size_t count;
  char *bytes; ///< ROW_BATCH_BYTES of texts.
  size_t used;
} row_batch;

struct row_pipe {
  row_batch batches[2];
  row_batch *filling; ///< Belongs to the thread that adds.
  row_batch *storing; ///< NULL when the pipe's thread has nothing to do.
  row_taker take;
  void *context;
  store_status status; ///< What storing failed with, once it has.
  store_error error;
  bool is_ending;
  pthread_t thread;
  pthread_mutex_t lock; ///< Of `storing`, `status`, `error` and `is_ending`.
  pthread_cond_t has_changed;
};

static store_status store_batch(row_pipe *own, const row_batch *batch, store_error *error) {
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < batch->count; i++) {
    status = own->take(own->context, &batch->rows[i], error);
  }
  return status;
}

static void *work(void *context) {
  row_pipe *own = context;
  (void)pthread_mutex_lock(&own->lock);
  for (;;) {
    while (own->storing == NULL && !own->is_ending) {
      (void)pthread_cond_wait(&own->has_changed, &own->lock);
    }
    if (own->is_ending) {
      break;
    }
    const row_batch *batch = own->storing;
    if (own->status == STORE_OK) {
      (void)pthread_mutex_unlock(&own->lock);
      store_error error;
      store_status status = store_batch(own, batch, &error);
      (void)pthread_mutex_lock(&own->lock);
      own->status = status;
      if (status != STORE_OK) {
        own->error = error;
      }
    }
    own->storing = NULL;
    (void)pthread_cond_broadcast(&own->has_changed);
  }
  (void)pthread_mutex_unlock(&own->lock);
  return NULL;
}

row_pipe *row_pipe_start(row_taker take, void *context) {
  row_pipe *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->take = take;
  own->context = context;
  own->filling = &own->batches[0];
  own->batches[0].bytes = malloc(ROW_BATCH_BYTES);
  own->batches[1].bytes = malloc(ROW_BATCH_BYTES);
  (void)pthread_mutex_init(&own->lock, NULL);
  (void)pthread_cond_init(&own->has_changed, NULL);
  if (own->batches[0].bytes == NULL || own->batches[1].bytes == NULL ||
      pthread_create(&own->thread, NULL, work, own) != 0) {
    free(own->batches[0].bytes);
    free(own->batches[1].bytes);
    free(own);
    return NULL;
  }
  return own;
}

/// Waits until the thread has nothing to do; the lock is held.
static void wait_until_stored(row_pipe *own) {
  while (own->storing != NULL) {
    (void)pthread_cond_wait(&own->has_changed, &own->lock);
  }
}

/// Hands the filled batch over and takes the other one.
static store_status hand_over(row_pipe *own) {
  (void)pthread_mutex_lock(&own->lock);
  wait_until_stored(own);
  own->storing = own->filling;
  own->filling = own->filling == &own->batches[0] ? &own->batches[1] : &own->batches[0];
  store_status status = own->status;
  (void)pthread_cond_broadcast(&own->has_changed);
  (void)pthread_mutex_unlock(&own->lock);
  own->filling->count = 0;
  own->filling->used = 0;
  return status;
}

static seg_text_view keep(row_batch *batch, seg_text_view text) {
  if (text.bytes == NULL) {
    return text;
  }
  char *kept = batch->bytes + batch->used;
  memcpy(kept, text.bytes, text.size_bytes);
  batch->used += text.size_bytes;
  return (seg_text_view){.bytes = kept, .size_bytes = text.size_bytes};
}

store_status row_pipe_add(row_pipe *own, const import_row *row) {
  size_t size_bytes = row->id.size_bytes + row->name.size_bytes + row->data.size_bytes;
  store_status status = STORE_OK;
  if (own->filling->count == ROW_BATCH_ROWS || own->filling->used + size_bytes > ROW_BATCH_BYTES) {
    status = hand_over(own);
  }
  row_batch *batch = own->filling;
  import_row *kept = &batch->rows[batch->count++];
  *kept = *row;
  kept->id = keep(batch, row->id);
  kept->name = keep(batch, row->name);
  kept->data = keep(batch, row->data);
  return status;
}

store_status row_pipe_drain(row_pipe *own, store_error *error) {
  if (own->filling->count > 0) {
    (void)hand_over(own);
  }
  (void)pthread_mutex_lock(&own->lock);
  wait_until_stored(own);
  store_status status = own->status;
  if (status != STORE_OK) {
    *error = own->error;
  }
  (void)pthread_mutex_unlock(&own->lock);
  return status;
}

void row_pipe_stop(row_pipe *own) {
  if (own == NULL) {
    return;
  }
  (void)pthread_mutex_lock(&own->lock);
  wait_until_stored(own);
  own->is_ending = true;
  (void)pthread_cond_broadcast(&own->has_changed);
  (void)pthread_mutex_unlock(&own->lock);
  (void)pthread_join(own->thread, NULL);
  (void)pthread_cond_destroy(&own->has_changed);
  (void)pthread_mutex_destroy(&own->lock);
  free(own->batches[0].bytes);
  free(own->batches[1].bytes);
  free(own);
}
