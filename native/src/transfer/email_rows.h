/// The rows of a table by their stored address: two contacts of one project must not share one, and
/// a table does not mind.
#ifndef SEGMENTRY_TRANSFER_EMAIL_ROWS_H
#define SEGMENTRY_TRANSFER_EMAIL_ROWS_H

#include "segmentry/table.h"

/// An open hash table, at most half full. All zero but for table and seed is an empty one.
typedef struct email_rows {
  const seg_table *table;
  uint64_t seed;   ///< A random number: a stranger may have chosen the addresses.
  uint32_t *slots; ///< A row and one; 0 is free.
  size_t capacity; ///< A power of two, or 0.
  size_t count;
} email_rows;

/// Finds the row that has this stored address.
bool email_rows_find(const email_rows *own, seg_text_view email, uint32_t *row);
/// Adds a row whose address is not there. False if there is no memory.
bool email_rows_add(email_rows *own, uint32_t row);
void email_rows_free(email_rows *own);

#endif
