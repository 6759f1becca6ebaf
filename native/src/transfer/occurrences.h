/// What a project has of events or email activities before an import, with how often: so that the
/// same files may come again, and add only what is new.
#ifndef SEGMENTRY_TRANSFER_OCCURRENCES_H
#define SEGMENTRY_TRANSFER_OCCURRENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// `contact` is the store's number; `what` is an event name's number, or an activity.
typedef struct occurrence {
  int64_t contact;
  int64_t what;
  int64_t at_ms;
  size_t count;
} occurrence;

/// Filled, then sorted, then taken from. All zero is an empty one.
typedef struct occurrences {
  occurrence *items;
  size_t count;
  size_t capacity;
} occurrences;

/// False if there is no memory.
bool occurrences_add(occurrences *own, int64_t contact, int64_t what, int64_t at_ms);
/// Must come between the last addition and the first taking.
void occurrences_sort(occurrences *own);
/// Takes one away; false if there is none left.
bool occurrences_take(occurrences *own, int64_t contact, int64_t what, int64_t at_ms);
void occurrences_free(occurrences *own);

#endif
