// See marks.h.
#include "marks.h"

#include <pthread.h>
#include <stdlib.h>

struct marks {
  store_session *session; ///< That events are read with.
  int64_t project;
  bool has_thread;
  pthread_t thread;
  // What the reading thread, or marks_each without one, is filling.
  mark_chunk *filling;
  mark_kind kind;
  bool (*visit)(void *context, const mark_chunk *chunk); ///< Without a thread.
  void *context;
  bool has_stopped; ///< Without a thread: `visit` has returned false.
  bool lacks_memory;
  store_status status;
  store_error error;
  // Between the two threads.
  pthread_mutex_t lock;
  pthread_cond_t has_changed;
  mark_chunk *first;
  mark_chunk **last;
  size_t waiting;
  bool is_done;  ///< Everything is read, or reading has failed.
  bool is_ended; ///< Nobody wants the rest.
};

static mark_chunk *new_chunk(mark_kind kind) {
  mark_chunk *made = malloc(sizeof *made + MARKS_CHUNK * sizeof *made->marks);
  if (made != NULL) {
    *made = (mark_chunk){.kind = kind};
  }
  return made;
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

/// Puts a chunk in the order of its contacts, into a new one; events of one contact keep theirs.
/// Returns NULL, with the chunk as it was, if there is no memory.
static mark_chunk *sort_chunk(const mark_chunk *from) {
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
  mark_chunk *sorted = new_chunk(from->kind);
  size_t *starts = calloc(groups + 1, sizeof *starts);
  if (sorted == NULL || starts == NULL) {
    free(sorted);
    free(starts);
    return NULL;
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
  sorted->count = from->count;
  free(starts);
  return sorted;
}

/// Puts a chunk into the queue, when there is room. Takes it over. False if nobody wants it.
static bool enqueue(marks *own, mark_chunk *chunk) {
  (void)pthread_mutex_lock(&own->lock);
  while (own->waiting >= MARKS_WAITING_MAX && !own->is_ended) {
    (void)pthread_cond_wait(&own->has_changed, &own->lock);
  }
  bool is_wanted = !own->is_ended;
  if (is_wanted) {
    *own->last = chunk;
    own->last = &chunk->next;
    own->waiting++;
    (void)pthread_cond_broadcast(&own->has_changed);
  }
  (void)pthread_mutex_unlock(&own->lock);
  if (!is_wanted) {
    free(chunk);
  }
  return is_wanted;
}

/// Hands on what has been filled. False if reading must end.
static bool hand_over(marks *own) {
  if (own->filling == NULL || own->filling->count == 0) {
    return true;
  }
  mark_chunk *sorted = sort_chunk(own->filling);
  own->filling->count = 0;
  if (sorted == NULL) {
    own->lacks_memory = true;
    return false;
  }
  if (own->has_thread) {
    return enqueue(own, sorted);
  }
  own->has_stopped = !own->visit(own->context, sorted);
  free(sorted);
  return !own->has_stopped;
}

static bool keep_mark(void *context, const store_event_mark *mark) {
  marks *own = context;
  if (own->filling == NULL) {
    own->filling = new_chunk(own->kind);
    own->lacks_memory = own->filling == NULL;
  }
  if (own->lacks_memory) {
    return false;
  }
  own->filling->marks[own->filling->count++] = *mark;
  return own->filling->count < MARKS_CHUNK || hand_over(own);
}

static bool keep_activity(void *context, const store_activity *row) {
  store_event_mark mark = {.contact = row->contact, .name = row->activity, .at_ms = row->at_ms};
  return keep_mark(context, &mark);
}

static void read_all(marks *own) {
  own->status = store_event_each(own->session, own->project, keep_mark, own, &own->error);
  bool goes_on = own->status == STORE_OK && !own->lacks_memory && hand_over(own);
  if (goes_on && !own->has_stopped) {
    own->kind = MARK_ACTIVITY;
    if (own->filling != NULL) {
      own->filling->kind = MARK_ACTIVITY;
    }
    own->status = store_activity_each(own->session, own->project, keep_activity, own, &own->error);
    if (own->status == STORE_OK && !own->lacks_memory && !own->has_stopped) {
      (void)hand_over(own);
    }
  }
  if (own->lacks_memory) {
    own->status = STORE_NOMEM;
  }
}

static void *read_apart(void *context) {
  marks *own = context;
  read_all(own);
  (void)pthread_mutex_lock(&own->lock);
  own->is_done = true;
  (void)pthread_cond_broadcast(&own->has_changed);
  (void)pthread_mutex_unlock(&own->lock);
  return NULL;
}

marks *marks_begin(store_session *session, store_session *second, int64_t project) {
  marks *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->session = second == NULL ? session : second;
  own->project = project;
  own->last = &own->first;
  (void)pthread_mutex_init(&own->lock, NULL);
  (void)pthread_cond_init(&own->has_changed, NULL);
  own->has_thread = second != NULL; // read by the thread itself: set before there is one
  if (own->has_thread && pthread_create(&own->thread, NULL, read_apart, own) != 0) {
    own->has_thread = false;
    marks_end(own);
    return NULL;
  }
  return own;
}

/// Takes the next chunk off the queue, waiting for it; NULL at the end.
static mark_chunk *dequeue(marks *own) {
  (void)pthread_mutex_lock(&own->lock);
  while (own->first == NULL && !own->is_done) {
    (void)pthread_cond_wait(&own->has_changed, &own->lock);
  }
  mark_chunk *taken = own->first;
  if (taken != NULL) {
    own->first = taken->next;
    own->last = own->first == NULL ? &own->first : own->last;
    own->waiting--;
    (void)pthread_cond_broadcast(&own->has_changed);
  }
  (void)pthread_mutex_unlock(&own->lock);
  return taken;
}

store_status marks_each(marks *own, bool (*visit)(void *context, const mark_chunk *chunk),
                        void *context, store_error *error) {
  bool goes_on = true;
  if (!own->has_thread) {
    own->visit = visit;
    own->context = context;
    read_all(own);
  }
  for (mark_chunk *chunk; own->has_thread && goes_on && (chunk = dequeue(own)) != NULL;) {
    goes_on = visit(context, chunk);
    free(chunk);
  }
  if (!goes_on) {
    return STORE_OK; // the reader's own status is not known yet
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
  if (own->has_thread) {
    (void)pthread_mutex_lock(&own->lock);
    own->is_ended = true;
    (void)pthread_cond_broadcast(&own->has_changed);
    (void)pthread_mutex_unlock(&own->lock);
    (void)pthread_join(own->thread, NULL);
  }
  while (own->first != NULL) {
    mark_chunk *next = own->first->next;
    free(own->first);
    own->first = next;
  }
  free(own->filling);
  (void)pthread_cond_destroy(&own->has_changed);
  (void)pthread_mutex_destroy(&own->lock);
  free(own);
}
