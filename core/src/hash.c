// Slots hold the whole 32-bit hash, so growing never looks at a key, and a probe compares keys only
// where all 32 bits agree. Removal shifts later slots back instead of leaving tombstones: contacts
// come and go for years in one server.
#include "hash.h"

#include "base_internal.h"

#include <string.h>

uint32_t seg_hash(uint64_t seed, const void *bytes, size_t size_bytes) {
  const uint64_t multiplier = UINT64_C(0x9E3779B97F4A7C15); // 2^64 / golden ratio: odd, well mixed
  const unsigned char *at = bytes;
  uint64_t state = seed ^ (size_bytes * multiplier);
  while (size_bytes > 0) {
    uint64_t chunk = 0;
    size_t step = size_bytes < 8 ? size_bytes : 8;
    for (size_t i = 0; i < step; i++) {
      chunk |= (uint64_t)at[i] << (8 * i);
    }
    state = (state ^ chunk) * multiplier;
    state ^= state >> 29;
    at += step;
    size_bytes -= step;
  }
  state *= UINT64_C(0xD6E8FEB86659FD93);
  return (uint32_t)(state >> 32);
}

static size_t home(const seg_index *index, uint32_t hash) { return hash & (index->capacity - 1); }

static size_t after(const seg_index *index, size_t slot) {
  return (slot + 1) & (index->capacity - 1);
}

bool seg_index_reserve(seg_index *index, seg_allocator allocator) {
  if ((index->count + 1) * 4 <= index->capacity * 3) {
    return true;
  }
  seg_index grown = {.capacity = index->capacity == 0 ? 8 : index->capacity * 2};
  grown.slots = seg_allocate(allocator, grown.capacity * sizeof *grown.slots);
  if (grown.slots == NULL) {
    return false;
  }
  memset(grown.slots, 0xFF, grown.capacity * sizeof *grown.slots);
  for (size_t slot = 0; slot < index->capacity; slot++) {
    if (index->slots[slot].value != SEG_INDEX_NONE) {
      seg_index_put(&grown, index->slots[slot].hash, index->slots[slot].value);
    }
  }
  seg_index_free(index, allocator);
  *index = grown;
  return true;
}

void seg_index_put(seg_index *index, uint32_t hash, uint32_t value) {
  size_t slot = home(index, hash);
  while (index->slots[slot].value != SEG_INDEX_NONE) {
    slot = after(index, slot);
  }
  index->slots[slot] = (seg_index_slot){.hash = hash, .value = value};
  index->count++;
}

void seg_index_remove(seg_index *index, uint32_t hash, uint32_t value) {
  size_t hole = home(index, hash);
  while (index->slots[hole].value != value) {
    hole = after(index, hole);
  }
  // Move back each follower whose home does not lie between the hole and itself.
  for (size_t slot = after(index, hole); index->slots[slot].value != SEG_INDEX_NONE;
       slot = after(index, slot)) {
    size_t from_home = (slot - home(index, index->slots[slot].hash)) & (index->capacity - 1);
    size_t from_hole = (slot - hole) & (index->capacity - 1);
    if (from_home >= from_hole) {
      index->slots[hole] = index->slots[slot];
      hole = slot;
    }
  }
  index->slots[hole].value = SEG_INDEX_NONE;
  index->count--;
}

static uint32_t seek(const seg_index *index, seg_index_cursor *cursor) {
  for (;; cursor->slot = after(index, cursor->slot)) {
    seg_index_slot slot = index->slots[cursor->slot];
    if (slot.value == SEG_INDEX_NONE || slot.hash == cursor->hash) {
      return slot.value;
    }
  }
}

uint32_t seg_index_first(const seg_index *index, uint32_t hash, seg_index_cursor *cursor) {
  if (index->capacity == 0) {
    return SEG_INDEX_NONE;
  }
  *cursor = (seg_index_cursor){.hash = hash, .slot = home(index, hash)};
  return seek(index, cursor);
}

uint32_t seg_index_next(const seg_index *index, seg_index_cursor *cursor) {
  cursor->slot = after(index, cursor->slot);
  return seek(index, cursor);
}

void seg_index_free(seg_index *index, seg_allocator allocator) {
  seg_release(allocator, index->slots, index->capacity * sizeof *index->slots);
  *index = (seg_index){0};
}
