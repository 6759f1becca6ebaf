// See contact_rows.h.
#include "contact_rows.h"

#include "buffer_pipe.h"
#include "segmentry/json.h"

#include <stdio.h>
#include <stdlib.h>

struct contact_rows {
  store_session *session;
  int64_t project;
  buffer_pipe pipe;
  contact_chunk chunks[CONTACT_ROWS_CHUNKS]; ///< Those of `pipe`.
  contact_chunk *filling;                    ///< NULL: none.
  // Written before the pipe's end.
  store_status status;
  store_error error;
};

static bool fail(contact_rows *own, store_status status, const char *message) {
  own->status = status;
  own->error.status = status;
  (void)snprintf(own->error.message, sizeof own->error.message, "%s", message);
  return false;
}

/// Copies a row of the store, and parses its data.
static bool keep_row(void *context, const store_contact *row) {
  contact_rows *own = context;
  if (own->filling == NULL) {
    own->filling = buffer_pipe_next_empty(&own->pipe);
    if (own->filling == NULL) {
      return false; // nobody wants the rest
    }
    own->filling->count = 0;
    arena_clear(&own->filling->memory);
  }
  contact_chunk *chunk = own->filling;
  contact_row *kept = &chunk->rows[chunk->count];
  seg_error error;
  *kept = (contact_row){.num = row->num,
                        .contact = {.subscribed = row->subscribed,
                                    .created_at_ms = row->created_at_ms,
                                    .updated_at_ms = row->updated_at_ms}};
  seg_status status = seg_json_parse_into(arena_allocator(&chunk->memory), row->data_json,
                                          SEG_JSON_DEPTH_MAX, &kept->contact.data, &error);
  if (status == SEG_E_NOMEM || !arena_keep(&chunk->memory, row->id, &kept->contact.id) ||
      !arena_keep(&chunk->memory, row->email, &kept->contact.email)) {
    return fail(own, STORE_NOMEM, "out of memory");
  }
  if (status != SEG_OK) {
    return fail(own, STORE_CORRUPT, error.message);
  }
  if (++chunk->count == CONTACT_ROWS_CHUNK) {
    own->filling = NULL;
    buffer_pipe_hand_over(&own->pipe, chunk);
  }
  return true;
}

static void *read_all(void *context) {
  contact_rows *own = context;
  store_error error;
  store_status status = store_contact_each(own->session, own->project, keep_row, own, &error);
  if (status != STORE_OK) {
    own->status = status;
    own->error = error;
  }
  if (own->filling != NULL) {
    buffer_pipe_hand_over(&own->pipe, own->filling);
  }
  buffer_pipe_end(&own->pipe);
  return NULL;
}

contact_rows *contact_rows_begin(store_session *session, int64_t project) {
  contact_rows *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  void *buffers[CONTACT_ROWS_CHUNKS];
  for (size_t i = 0; i < CONTACT_ROWS_CHUNKS; i++) {
    buffers[i] = &own->chunks[i];
  }
  own->session = session;
  own->project = project;
  buffer_pipe_init(&own->pipe, buffers, CONTACT_ROWS_CHUNKS);
  if (!buffer_pipe_start(&own->pipe, read_all, own)) {
    contact_rows_end(own);
    return NULL;
  }
  return own;
}

store_status contact_rows_each(contact_rows *own,
                               bool (*visit)(void *context, const contact_chunk *chunk),
                               void *context, store_error *error) {
  contact_chunk *next;
  while ((next = buffer_pipe_next_full(&own->pipe)) != NULL) {
    bool goes_on = visit(context, next);
    buffer_pipe_give_back(&own->pipe, next);
    if (!goes_on) {
      return STORE_OK; // the reader's own status is not known yet
    }
  }
  if (own->status != STORE_OK && error != NULL) {
    *error = own->error;
  }
  return own->status;
}

void contact_rows_end(contact_rows *own) {
  if (own == NULL) {
    return;
  }
  buffer_pipe_stop(&own->pipe);
  for (size_t i = 0; i < CONTACT_ROWS_CHUNKS; i++) {
    arena_free(&own->chunks[i].memory);
  }
  free(own);
}
