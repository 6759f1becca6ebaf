// See email_rows.h.
#include "email_rows.h"

#include <stdlib.h>

#define CAPACITY_MIN 1024

/// FNV-1a with a seed, and a last mix so that the low bits know of all others.
static size_t hash_of(const email_rows *own, seg_text_view email) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ own->seed;
  for (size_t i = 0; i < email.size_bytes; i++) {
    hash = (hash ^ (unsigned char)email.bytes[i]) * UINT64_C(0x100000001B3);
  }
  return (size_t)(hash ^ hash >> 32);
}

/// The slot of an address, or the free one where it would go.
static uint32_t *slot_of(const email_rows *own, seg_text_view email) {
  for (size_t at = hash_of(own, email);; at++) {
    uint32_t *slot = &own->slots[at & (own->capacity - 1)];
    if (*slot == 0 || seg_text_equal(seg_table_email(own->table, *slot - 1), email)) {
      return slot;
    }
  }
}

bool email_rows_find(const email_rows *own, seg_text_view email, uint32_t *row) {
  const uint32_t *slot = own->capacity == 0 ? NULL : slot_of(own, email);
  if (slot == NULL || *slot == 0) {
    return false;
  }
  *row = *slot - 1;
  return true;
}

static bool grow(email_rows *own) {
  size_t capacity = own->capacity == 0 ? CAPACITY_MIN : own->capacity * 2;
  uint32_t *slots = calloc(capacity, sizeof *slots);
  if (slots == NULL) {
    return false;
  }
  uint32_t *old = own->slots;
  size_t old_capacity = own->capacity;
  own->slots = slots;
  own->capacity = capacity;
  for (size_t i = 0; i < old_capacity; i++) {
    if (old[i] != 0) {
      *slot_of(own, seg_table_email(own->table, old[i] - 1)) = old[i];
    }
  }
  free(old);
  return true;
}

bool email_rows_add(email_rows *own, uint32_t row) {
  if (own->count * 2 >= own->capacity && !grow(own)) {
    return false;
  }
  *slot_of(own, seg_table_email(own->table, row)) = row + 1;
  own->count++;
  return true;
}

void email_rows_free(email_rows *own) { free(own->slots); }
