// See marks.h.
#include "marks.h"

#include "buffer_pipe.h"

#include <stdlib.h>

struct marks {
  store_session *session;
  int64_t project;
  buffer_pipe pipe;
  mark_chunk chunks[MARKS_WAITING_MAX]; ///< Sorted ones; those of `pipe`.
  // What the reading thread is filling, in the order in which the store has it.
  mark_chunk filling;
  bool is_unwanted; ///< Nobody takes the rest.
  bool lacks_memory;
  // Written before the pipe's end.
  store_status status;
  store_error error;
};

/// Gives a chunk the memory of its marks, when it is first used: most projects need one or two.
static bool reserve(mark_chunk *own) {
  if (own->marks == NULL) {
    own->marks = malloc(MARKS_CHUNK * sizeof *own->marks);
  }
  return own->marks != NULL;
}

/// Sorting is by groups of contacts alone: as many as a block of the table has rows.
#define GROUP_SHIFT 6
/// Groups of one pass: the counts of 2^18 groups, or 16 million contacts, are 1 MB. Beyond that the
/// groups get larger.
#define GROUPS_MAX ((int64_t)1 << 18)

/// Which group a contact is in.
typedef struct grouping {
  int64_t first;
  unsigned shift;
} grouping;

static size_t group_of(const grouping *by, int64_t contact) {
  return (size_t)((contact - by->first) >> by->shift);
}

/// Puts a chunk in the order of its contacts; events of one contact keep theirs. False if there is
/// no memory.
static bool sort_chunk(const mark_chunk *from, mark_chunk *sorted) {
  int64_t last = from->marks[0].contact;
  grouping by = {.first = last, .shift = GROUP_SHIFT};
  for (size_t i = 1; i < from->count; i++) {
    int64_t contact = from->marks[i].contact;
    by.first = contact < by.first ? contact : by.first;
    last = contact > last ? contact : last;
  }
  while ((last - by.first) >> by.shift >= GROUPS_MAX) {
    by.shift++;
  }
  size_t groups = group_of(&by, last) + 1;
  size_t *starts = calloc(groups + 1, sizeof *starts);
  if (starts == NULL || !reserve(sorted)) {
    free(starts);
    return false;
  }
  for (size_t i = 0; i < from->count; i++) {
    starts[group_of(&by, from->marks[i].contact) + 1]++;
  }
  for (size_t i = 0; i < groups; i++) {
    starts[i + 1] += starts[i];
  }
  for (size_t i = 0; i < from->count; i++) {
    sorted->marks[starts[group_of(&by, from->marks[i].contact)]++] = from->marks[i];
  }
  sorted->kind = from->kind;
  sorted->count = from->count;
  free(starts);
  return true;
}

/// Hands on what has been filled. False if reading must end.
static bool hand_over(marks *own) {
  if (own->filling.count == 0) {
    return true;
  }
  mark_chunk *sorted = buffer_pipe_next_empty(&own->pipe);
  own->is_unwanted = sorted == NULL;
  own->lacks_memory = sorted != NULL && !sort_chunk(&own->filling, sorted);
  if (own->is_unwanted || own->lacks_memory) {
    return false;
  }
  own->filling.count = 0;
  buffer_pipe_hand_over(&own->pipe, sorted);
  return true;
}

static bool keep_mark(void *context, const store_event_mark *mark) {
  marks *own = context;
  own->lacks_memory = !reserve(&own->filling);
  if (own->lacks_memory) {
    return false;
  }
  own->filling.marks[own->filling.count++] = *mark;
  return own->filling.count < MARKS_CHUNK || hand_over(own);
}

static bool keep_activity(void *context, const store_activity *row) {
  store_event_mark mark = {.contact = row->contact, .name = row->activity, .at_ms = row->at_ms};
  return keep_mark(context, &mark);
}

/// Hands on the last ones of a kind. Whether there is more to read.
static bool end_kind(marks *own) {
  return own->status == STORE_OK && !own->lacks_memory && !own->is_unwanted && hand_over(own);
}

static void *read_all(void *context) {
  marks *own = context;
  own->filling.kind = MARK_EVENT;
  own->status = store_event_each(own->session, own->project, keep_mark, own, &own->error);
  if (end_kind(own)) {
    own->filling.kind = MARK_ACTIVITY;
    own->status = store_activity_each(own->session, own->project, keep_activity, own, &own->error);
    (void)end_kind(own);
  }
  if (own->lacks_memory) {
    own->status = STORE_NOMEM;
  }
  buffer_pipe_end(&own->pipe);
  return NULL;
}

marks *marks_begin(store_session *session, int64_t project) {
  marks *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  void *buffers[MARKS_WAITING_MAX];
  for (size_t i = 0; i < MARKS_WAITING_MAX; i++) {
    buffers[i] = &own->chunks[i];
  }
  own->session = session;
  own->project = project;
  buffer_pipe_init(&own->pipe, buffers, MARKS_WAITING_MAX);
  if (!buffer_pipe_start(&own->pipe, read_all, own)) {
    marks_end(own);
    return NULL;
  }
  return own;
}

store_status marks_each(marks *own, bool (*visit)(void *context, const mark_chunk *chunk),
                        void *context, store_error *error) {
  mark_chunk *next;
  while ((next = buffer_pipe_next_full(&own->pipe)) != NULL) {
    bool goes_on = visit(context, next);
    buffer_pipe_give_back(&own->pipe, next);
    if (!goes_on) {
      return STORE_OK; // the reader's own status is not known yet
    }
  }
  if (own->status != STORE_OK && error != NULL) {
    *error = own->error;
  }
  return own->status;
}

void marks_end(marks *own) {
  if (own == NULL) {
    return;
  }
  buffer_pipe_stop(&own->pipe);
  for (size_t i = 0; i < MARKS_WAITING_MAX; i++) {
    free(own->chunks[i].marks);
  }
  free(own->filling.marks);
  free(own);
}
