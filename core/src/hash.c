// Slots hold the whole 32-bit hash, so growing never looks at a key, and a probe compares keys only
// where all 32 bits agree. Removal shifts later slots back instead of leaving tombstones: contacts
// come and go for years in one server.
#include "hash.h"

#include "base_internal.h"

#include <string.h>

// SipHash-1-3 (Aumasson and Bernstein, 2012): a keyed hash for which nobody without the key is
// known to find colliding texts. One round for each 8 bytes and three at the end are what hash
// tables take; the published 2-4 is for messages whose hash is shown.

typedef struct sip_state {
  uint64_t a;
  uint64_t b;
  uint64_t c;
  uint64_t d;
} sip_state;

static uint64_t rotate(uint64_t word, unsigned bits) { return word << bits | word >> (64 - bits); }

static inline sip_state sip_round(sip_state s) {
  s.a += s.b;
  s.b = rotate(s.b, 13) ^ s.a;
  s.a = rotate(s.a, 32);
  s.c += s.d;
  s.d = rotate(s.d, 16) ^ s.c;
  s.a += s.d;
  s.d = rotate(s.d, 21) ^ s.a;
  s.c += s.b;
  s.b = rotate(s.b, 17) ^ s.c;
  s.c = rotate(s.c, 32);
  return s;
}

static inline sip_state sip_absorb(sip_state s, uint64_t word) {
  s.d ^= word;
  s = sip_round(s);
  s.a ^= word;
  return s;
}

/// Compilers turn both into one load where the machine is little-endian.
static inline uint64_t load_32(const unsigned char *at) {
  return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

static inline uint64_t load_64(const unsigned char *at) {
  return load_32(at) | load_32(at + 4) << 32;
}

/// The last bytes, fewer than 8, of a text that has `size_bytes`: without a loop, by loads that
/// overlap bytes that are known.
static inline uint64_t load_rest(const unsigned char *end, size_t size_bytes) {
  size_t rest = size_bytes % 8;
  const unsigned char *at = end - rest;
  if (rest == 0) {
    return 0;
  }
  if (size_bytes >= 8) {
    return load_64(end - 8) >> (64 - 8 * rest);
  }
  if (rest >= 4) {
    return load_32(at) | load_32(end - 4) << (8 * (rest - 4));
  }
  return (uint64_t)at[0] | (uint64_t)at[rest / 2] << (8 * (rest / 2)) |
         (uint64_t)end[-1] << (8 * (rest - 1));
}

uint32_t seg_hash(uint64_t seed, const void *bytes, size_t size_bytes) {
  // The key is 128 bits: the seed, and the seed against a constant (2^64 / golden ratio).
  const uint64_t key_low = seed;
  const uint64_t key_high = seed ^ UINT64_C(0x9E3779B97F4A7C15);
  sip_state s = {.a = key_low ^ UINT64_C(0x736F6D6570736575),
                 .b = key_high ^ UINT64_C(0x646F72616E646F6D),
                 .c = key_low ^ UINT64_C(0x6C7967656E657261),
                 .d = key_high ^ UINT64_C(0x7465646279746573)};
  uint64_t rest = (uint64_t)size_bytes << 56;
  if (size_bytes > 0) { // NULL is allowed for no bytes, but not to be counted from
    const unsigned char *at = bytes;
    const unsigned char *end = at + size_bytes;
    for (; end - at >= 8; at += 8) {
      s = sip_absorb(s, load_64(at));
    }
    rest |= load_rest(end, size_bytes);
  }
  s = sip_absorb(s, rest);
  s.c ^= 0xFF;
  s = sip_round(sip_round(sip_round(s)));
  return (uint32_t)((s.a ^ s.b ^ s.c ^ s.d) >> 32);
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
