/// A pool of texts: bytes in one growing block, each text named by a 32-bit offset.
///
///     offset -> | length, 7 bits a byte, low first | bytes |
///
/// A text costs its bytes and one to three more. Offset 0 is the empty text, so zeroed memory is a
/// valid reference. Removed texts stay as waste until the owner copies the rest to a new pool.
#ifndef SEG_POOL_H
#define SEG_POOL_H

#include "segmentry/base.h"

/// Bytes of a pool at most: offsets have 32 bits.
#define SEG_POOL_BYTES_MAX UINT32_MAX

typedef struct seg_pool {
  char *bytes;
  size_t size_bytes;
  size_t capacity;
  size_t waste_bytes;
  size_t limit_bytes; ///< 0: SEG_POOL_BYTES_MAX.
} seg_pool;

/// Adds a text. Returns false, with the pool as before, if there is no memory or no room.
bool seg_pool_add(seg_pool *pool, seg_allocator allocator, seg_text_view text, uint32_t *offset);
/// The text at an offset; valid until the next addition.
seg_text_view seg_pool_text(const seg_pool *pool, uint32_t offset);
/// Counts a text as waste.
void seg_pool_drop(seg_pool *pool, uint32_t offset);
/// Takes back what was added since the pool had this size.
void seg_pool_rewind(seg_pool *pool, size_t size_bytes);
/// Whether copying the rest to a new pool would free enough to be worth it: most of it, or some of
/// one that is nearly full.
bool seg_pool_is_wasteful(const seg_pool *pool);
/// What can still be added, if the pool is copied whenever it is wasteful: bytes of texts with five
/// for the length of each.
size_t seg_pool_room(const seg_pool *pool);
void seg_pool_free(seg_pool *pool, seg_allocator allocator);

#endif
