/// Marks: the events and email activities of a project on their way from the store into a table,
/// read by a thread of their own, in chunks that are sorted by contact.
#ifndef SEGMENTRY_MARKS_H
#define SEGMENTRY_MARKS_H

#include "store/store.h"

/// Marks of one chunk: 24 MB of them. A sorted chunk is one walk through the table's timelines.
#define MARKS_CHUNK ((size_t)1 << 20)
/// Chunks that wait at most, while contacts are still being read: 200 MB, and only for so long.
#define MARKS_WAITING_MAX 8

typedef enum mark_kind { MARK_EVENT, MARK_ACTIVITY } mark_kind;

typedef struct mark_chunk {
  mark_kind kind;
  size_t count;
  store_event_mark *marks; ///< Of MARK_ACTIVITY, `name` is the seg_activity.
} mark_chunk;

typedef struct marks marks;

/// Begins to read, with a session that the thread has until marks_each has shown everything.
/// Returns NULL if there is no memory or no thread.
marks *marks_begin(store_session *session, int64_t project);

/// Shows every chunk, events first. What `visit` returns other than true ends it, with STORE_OK.
store_status marks_each(marks *own, bool (*visit)(void *context, const mark_chunk *chunk),
                        void *context, store_error *error);

/// Ends the thread, also in the middle. NULL is nothing.
void marks_end(marks *own);

#endif
