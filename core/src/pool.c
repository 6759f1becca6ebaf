// See pool.h for the bytes.
#include "pool.h"

#include "base_internal.h"

#include <string.h>

/// Below this much waste, compaction costs more than it gives.
#define WASTE_BYTES_MIN 65536U
#define LENGTH_BYTES_MAX 5U
/// A pool is nearly full when less than one of so many parts is left of it. As much waste is then
/// worth a copy, and counts as room: so there is one copy for each such part, not one a text.
#define LAST_PARTS 16U

static size_t limit_of(const seg_pool *pool) {
  return pool->limit_bytes == 0 ? SEG_POOL_BYTES_MAX : pool->limit_bytes;
}

static size_t write_length(char *out, size_t length) {
  size_t at = 0;
  for (; length >= 0x80; length >>= 7) {
    out[at++] = (char)(length | 0x80);
  }
  out[at++] = (char)length;
  return at;
}

static size_t read_length(const char *bytes, size_t *length) {
  size_t at = 0;
  size_t value = 0;
  unsigned char byte;
  do {
    byte = (unsigned char)bytes[at];
    value |= (size_t)(byte & 0x7F) << (7 * at);
    at++;
  } while (byte >= 0x80);
  *length = value;
  return at;
}

static bool reserve(seg_pool *pool, seg_allocator allocator, size_t more_bytes) {
  size_t needed = (pool->size_bytes == 0 ? 1 : pool->size_bytes) + more_bytes;
  void *block = pool->bytes;
  if (needed > limit_of(pool) || !seg_grow(allocator, &block, &pool->capacity, needed, 1)) {
    return false;
  }
  pool->bytes = block;
  if (pool->size_bytes == 0) {
    pool->bytes[0] = 0; // offset 0: the empty text
    pool->size_bytes = 1;
  }
  return true;
}

bool seg_pool_add(seg_pool *pool, seg_allocator allocator, seg_text_view text, uint32_t *offset) {
  if (text.size_bytes == 0) {
    *offset = 0;
    return true;
  }
  if (text.size_bytes > UINT32_MAX ||
      !reserve(pool, allocator, text.size_bytes + LENGTH_BYTES_MAX)) {
    return false;
  }
  *offset = (uint32_t)pool->size_bytes;
  pool->size_bytes += write_length(pool->bytes + pool->size_bytes, text.size_bytes);
  memcpy(pool->bytes + pool->size_bytes, text.bytes, text.size_bytes);
  pool->size_bytes += text.size_bytes;
  return true;
}

seg_text_view seg_pool_text(const seg_pool *pool, uint32_t offset) {
  if (offset == 0) {
    return (seg_text_view){.bytes = "", .size_bytes = 0};
  }
  size_t length;
  size_t skipped = read_length(pool->bytes + offset, &length);
  return (seg_text_view){.bytes = pool->bytes + offset + skipped, .size_bytes = length};
}

void seg_pool_drop(seg_pool *pool, uint32_t offset) {
  if (offset != 0) {
    seg_text_view gone = seg_pool_text(pool, offset);
    pool->waste_bytes += (size_t)(gone.bytes - (pool->bytes + offset)) + gone.size_bytes;
  }
}

void seg_pool_rewind(seg_pool *pool, size_t size_bytes) {
  if (size_bytes < pool->size_bytes) {
    pool->size_bytes = size_bytes == 0 && pool->capacity > 0 ? 1 : size_bytes;
  }
}

bool seg_pool_is_wasteful(const seg_pool *pool) {
  size_t part = limit_of(pool) / LAST_PARTS;
  bool is_nearly_full = pool->size_bytes > limit_of(pool) - part;
  return (pool->waste_bytes > WASTE_BYTES_MIN && pool->waste_bytes > pool->size_bytes / 2) ||
         (is_nearly_full && pool->waste_bytes >= part);
}

size_t seg_pool_room(const seg_pool *pool) {
  size_t limit = limit_of(pool);
  size_t used = pool->size_bytes;
  used -= pool->waste_bytes >= limit / LAST_PARTS ? pool->waste_bytes : 0;
  return used < limit ? limit - used : 0;
}

void seg_pool_free(seg_pool *pool, seg_allocator allocator) {
  seg_release(allocator, pool->bytes, pool->capacity);
  *pool = (seg_pool){.limit_bytes = pool->limit_bytes};
}
