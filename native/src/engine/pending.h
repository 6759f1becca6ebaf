/// Contacts by address, as a batch has made them so far: what the project's table does not know
/// yet, because it changes after the commit.
///
/// A list that only grows at its end, and is cut there when a command is undone. What was said last
/// of an address counts.
#ifndef SEGMENTRY_PENDING_H
#define SEGMENTRY_PENDING_H

#include "segmentry/base.h"

/// What a command says of an address.
typedef struct pending_contact {
  seg_text_view email; ///< Borrowed, as is `id`: they live as long as the batch.
  seg_text_view id;
  int64_t num; ///< In the store; 0: nobody has this address any more.
  bool subscribed;
  // The list's own.
  size_t mark;
  uint32_t hash;
  uint32_t next; ///< The one before in its chain, and one; 0 is none.
} pending_contact;

/// All zero but for the seed is an empty one.
typedef struct pending_contacts {
  uint64_t seed; ///< A random number: a stranger may have chosen the addresses.
  pending_contact *items;
  size_t count;
  size_t capacity;
  uint32_t *heads; ///< The newest item of each chain, and one; 0 is none. A power of two of them.
  size_t head_count;
} pending_contacts;

/// Adds what is said now. mark  Not less than that of the item before.
/// Returns false, with the list as before, if there is no memory.
bool pending_add(pending_contacts *own, const pending_contact *added, size_t mark);
/// What was said last of an address; NULL if nothing was. Valid until the list changes.
const pending_contact *pending_find(const pending_contacts *own, seg_text_view email);
/// Forgets what was said with a mark over this one.
void pending_cut(pending_contacts *own, size_t mark);
void pending_free(pending_contacts *own);

#endif
