// See occurrences.h. A sorted array: it is made once, and 32 bytes an occurrence is little beside
// what the project takes in memory when it is served.
#include "occurrences.h"

#include <stdlib.h>

bool occurrences_add(occurrences *own, int64_t contact, int64_t what, int64_t at_ms) {
  if (own->count == own->capacity) {
    size_t capacity = own->capacity == 0 ? 1024 : own->capacity * 2;
    occurrence *grown = realloc(own->items, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->items = grown;
    own->capacity = capacity;
  }
  own->items[own->count++] =
      (occurrence){.contact = contact, .what = what, .at_ms = at_ms, .count = 1};
  return true;
}

static int compare_numbers(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int compare(const void *a, const void *b) {
  const occurrence *left = a;
  const occurrence *right = b;
  int order = compare_numbers(left->contact, right->contact);
  order = order != 0 ? order : compare_numbers(left->at_ms, right->at_ms);
  return order != 0 ? order : compare_numbers(left->what, right->what);
}

void occurrences_sort(occurrences *own) {
  if (own->count == 0) {
    return;
  }
  qsort(own->items, own->count, sizeof *own->items, compare);
  size_t last = 0;
  for (size_t i = 1; i < own->count; i++) {
    if (compare(&own->items[last], &own->items[i]) == 0) {
      own->items[last].count++;
    } else {
      own->items[++last] = own->items[i];
    }
  }
  own->count = last + 1;
}

bool occurrences_take(occurrences *own, int64_t contact, int64_t what, int64_t at_ms) {
  occurrence wanted = {.contact = contact, .what = what, .at_ms = at_ms};
  occurrence *found =
      own->count == 0 ? NULL : bsearch(&wanted, own->items, own->count, sizeof wanted, compare);
  if (found == NULL || found->count == 0) {
    return false;
  }
  found->count--;
  return true;
}

void occurrences_free(occurrences *own) { free(own->items); }
