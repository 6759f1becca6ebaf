// See pending.h. Chains begin with their newest item, so the first one that is found is the one
// that counts, and cutting takes items off the beginnings.
#include "pending.h"

#include "segmentry/text.h"

#include <stdlib.h>

#define ITEMS_MIN 64

static uint32_t *head_of(const pending_contacts *own, uint32_t hash) {
  return &own->heads[hash & (own->head_count - 1)];
}

static void link_item(pending_contacts *own, size_t at) {
  uint32_t *head = head_of(own, own->items[at].hash);
  own->items[at].next = *head;
  *head = (uint32_t)at + 1;
}

/// Makes room for one more item, and for as many chains as items.
static bool grow(pending_contacts *own) {
  size_t capacity = own->capacity == 0 ? ITEMS_MIN : own->capacity * 2;
  uint32_t *heads = capacity > UINT32_MAX / 2 ? NULL : calloc(capacity, sizeof *heads);
  pending_contact *items =
      heads == NULL ? NULL : realloc(own->items, capacity * sizeof *own->items);
  if (items == NULL) {
    free(heads);
    return false;
  }
  free(own->heads);
  own->items = items;
  own->capacity = capacity;
  own->heads = heads;
  own->head_count = capacity;
  for (size_t i = 0; i < own->count; i++) {
    link_item(own, i);
  }
  return true;
}

bool pending_add(pending_contacts *own, const pending_contact *added, size_t mark) {
  if (own->count == own->capacity && !grow(own)) {
    return false;
  }
  pending_contact *item = &own->items[own->count];
  *item = *added;
  item->mark = mark;
  item->hash = seg_text_hash(own->seed, added->email);
  link_item(own, own->count++);
  return true;
}

const pending_contact *pending_find(const pending_contacts *own, seg_text_view email) {
  if (own->count == 0) {
    return NULL;
  }
  uint32_t hash = seg_text_hash(own->seed, email);
  for (uint32_t at = *head_of(own, hash); at != 0; at = own->items[at - 1].next) {
    const pending_contact *item = &own->items[at - 1];
    if (item->hash == hash && seg_text_equal(item->email, email)) {
      return item;
    }
  }
  return NULL;
}

void pending_cut(pending_contacts *own, size_t mark) {
  while (own->count > 0 && own->items[own->count - 1].mark > mark) {
    const pending_contact *gone = &own->items[--own->count];
    *head_of(own, gone->hash) = gone->next;
  }
}

void pending_free(pending_contacts *own) {
  free(own->items);
  free(own->heads);
  *own = (pending_contacts){.seed = own->seed};
}
