// See row_pipe.h.
#include "row_pipe.h"

#include "engine/buffer_pipe.h"

#include <stdlib.h>
#include <string.h>

/// One is filled while the other is stored.
#define BATCH_COUNT 2

typedef struct row_batch {
  import_row rows[ROW_BATCH_ROWS];
  size_t count;
  char *bytes; ///< ROW_BATCH_BYTES of texts.
  size_t used;
  store_status status; ///< How storing stood when this one was given back.
} row_batch;

struct row_pipe {
  buffer_pipe pipe; ///< Its thread stores.
  row_batch batches[BATCH_COUNT];
  row_batch *filling; ///< NULL: none.
  row_taker take;
  void *context;
  // The pipe's thread has these until a drain.
  store_status status; ///< What storing failed with, once it has.
  store_error error;
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
  for (row_batch *batch; (batch = buffer_pipe_next_full(&own->pipe)) != NULL;) {
    if (own->status == STORE_OK) {
      own->status = store_batch(own, batch, &own->error);
    }
    batch->status = own->status;
    buffer_pipe_give_back(&own->pipe, batch);
  }
  return NULL;
}

row_pipe *row_pipe_start(row_taker take, void *context) {
  row_pipe *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->take = take;
  own->context = context;
  void *batches[BATCH_COUNT];
  bool ok = true;
  for (size_t i = 0; i < BATCH_COUNT; i++) {
    batches[i] = &own->batches[i];
    own->batches[i].bytes = malloc(ROW_BATCH_BYTES);
    ok = ok && own->batches[i].bytes != NULL;
  }
  buffer_pipe_init(&own->pipe, batches, BATCH_COUNT);
  if (!ok || !buffer_pipe_start(&own->pipe, work, own)) {
    row_pipe_stop(own);
    return NULL;
  }
  return own;
}

/// Hands the filled batch over, if there is one.
static void hand_over(row_pipe *own) {
  if (own->filling != NULL) {
    buffer_pipe_hand_over(&own->pipe, own->filling);
    own->filling = NULL;
  }
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
  if (own->filling != NULL && (own->filling->count == ROW_BATCH_ROWS ||
                               own->filling->used + size_bytes > ROW_BATCH_BYTES)) {
    hand_over(own);
  }
  row_batch *batch = own->filling;
  if (batch == NULL) {
    batch = buffer_pipe_next_empty(&own->pipe);
    batch->count = 0;
    batch->used = 0;
    own->filling = batch;
  }
  import_row *kept = &batch->rows[batch->count++];
  *kept = *row;
  kept->id = keep(batch, row->id);
  kept->name = keep(batch, row->name);
  kept->data = keep(batch, row->data);
  return batch->status;
}

store_status row_pipe_drain(row_pipe *own, store_error *error) {
  hand_over(own);
  buffer_pipe_drain(&own->pipe);
  if (own->status != STORE_OK) {
    *error = own->error;
  }
  return own->status;
}

void row_pipe_stop(row_pipe *own) {
  if (own == NULL) {
    return;
  }
  buffer_pipe_stop(&own->pipe);
  for (size_t i = 0; i < BATCH_COUNT; i++) {
    free(own->batches[i].bytes);
  }
  free(own);
}
