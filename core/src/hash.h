/// Hashing, and a hash index that maps hashes to numbers while the keys live with their owner.
#ifndef SEG_HASH_H
#define SEG_HASH_H

#include "segmentry/base.h"

/// Hashes bytes. Equal bytes and seeds give equal hashes on every machine. Who does not know the
/// seed cannot choose texts that collide.
uint32_t seg_hash(uint64_t seed, const void *bytes, size_t size_bytes);

/// Given by seg_index_first and _next at the end.
#define SEG_INDEX_NONE UINT32_MAX

typedef struct seg_index_slot {
  uint32_t hash;
  uint32_t value; ///< The owner's number, SEG_INDEX_NONE in a free slot.
} seg_index_slot;

/// Open addressing with linear probing; at most three quarters full. All zero is an empty index.
typedef struct seg_index {
  seg_index_slot *slots;
  size_t capacity; ///< 0 or a power of two.
  size_t count;
} seg_index;

/// A walk over the values under one hash.
typedef struct seg_index_cursor {
  uint32_t hash;
  size_t slot;
} seg_index_cursor;

/// Makes room for one more value. On failure the index is as before.
bool seg_index_reserve(seg_index *index, seg_allocator allocator);
/// Adds a value; seg_index_reserve must have made room.
void seg_index_put(seg_index *index, uint32_t hash, uint32_t value);
/// Removes a value that is there.
void seg_index_remove(seg_index *index, uint32_t hash, uint32_t value);
/// The first value under a hash, and each further one: the owner compares its keys.
uint32_t seg_index_first(const seg_index *index, uint32_t hash, seg_index_cursor *cursor);
uint32_t seg_index_next(const seg_index *index, seg_index_cursor *cursor);
void seg_index_free(seg_index *index, seg_allocator allocator);

#endif
