/// A pipe of rows from the thread that reads lines to one that writes them to the store: reading
/// and storing take about as long as each other, so an import takes half of their sum.
///
/// Two batches: one is filled while the other is stored.
#ifndef SEGMENTRY_TRANSFER_ROW_PIPE_H
#define SEGMENTRY_TRANSFER_ROW_PIPE_H

#include "store/store.h"

typedef enum import_row_kind { ROW_CONTACT, ROW_EVENT, ROW_ACTIVITY } import_row_kind;

/// What a line gives the store. Texts live as long as their batch.
typedef struct import_row {
  import_row_kind kind;
  uint32_t row;          ///< Of the contact, in the table of the lines.
  bool subscribed;       ///< ROW_CONTACT
  int activity;          ///< ROW_ACTIVITY
  int64_t at_ms;         ///< ROW_CONTACT: when it was created.
  int64_t updated_at_ms; ///< ROW_CONTACT
  seg_text_view id;      ///< ROW_CONTACT; ROW_EVENT: NULL bytes if the line has none.
  seg_text_view name;    ///< ROW_CONTACT: the address; ROW_ACTIVITY: of the message, or NULL bytes.
  seg_text_view data;    ///< As JSON; NULL bytes: none.
} import_row;

/// Bytes of the texts of one batch: over the longest line by far.
#define ROW_BATCH_BYTES ((size_t)4 << 20)
/// Rows of one batch: some milliseconds of work.
#define ROW_BATCH_ROWS 8192

typedef struct row_pipe row_pipe;
/// Stores one row, in the pipe's thread.
typedef store_status (*row_taker)(void *context, const import_row *row, store_error *error);

/// Starts the thread. NULL if there is no memory or no thread.
row_pipe *row_pipe_start(row_taker take, void *context);
/// Queues a copy of a row, whose texts have ROW_BATCH_BYTES at most in sum. Returns what storing an
/// earlier one failed with: nothing is stored after that.
store_status row_pipe_add(row_pipe *own, const import_row *row);
/// Waits until everything is stored. After it, and until the next addition, what `context` holds
/// belongs to the caller's thread. error  written  What storing failed with.
store_status row_pipe_drain(row_pipe *own, store_error *error);
/// Ends the thread; what was not drained may be lost. NULL is nothing.
void row_pipe_stop(row_pipe *own);

#endif
