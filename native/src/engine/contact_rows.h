/// Contacts of a project on their way from the store into a table: read by a thread of their own,
/// which also parses their data, a chunk at a time.
#ifndef SEGMENTRY_CONTACT_ROWS_H
#define SEGMENTRY_CONTACT_ROWS_H

#include "arena.h"
#include "segmentry/table.h"
#include "store/store.h"

/// Contacts of one chunk: with their trees some hundred kilobytes, which a core's cache holds.
#define CONTACT_ROWS_CHUNK 512
/// Chunks under way: one is filled, one is emptied, and two even out who is faster.
#define CONTACT_ROWS_CHUNKS 4

typedef struct contact_row {
  int64_t num;              ///< The store's.
  seg_contact_view contact; ///< All it points to is the chunk's.
} contact_row;

typedef struct contact_chunk {
  size_t count;
  contact_row rows[CONTACT_ROWS_CHUNK];
  arena memory; ///< Of texts and trees.
} contact_chunk;

typedef struct contact_rows contact_rows;

/// Begins to read, with a session that the thread has until contact_rows_each has shown everything.
/// Returns NULL if there is no memory or no thread.
contact_rows *contact_rows_begin(store_session *session, int64_t project);

/// Shows every chunk, by rising num. What `visit` returns other than true ends it, with STORE_OK.
/// STORE_CORRUPT: the data of a contact is not JSON.
store_status contact_rows_each(contact_rows *own,
                               bool (*visit)(void *context, const contact_chunk *chunk),
                               void *context, store_error *error);

/// Ends the thread, also in the middle. NULL is nothing.
void contact_rows_end(contact_rows *own);

#endif
