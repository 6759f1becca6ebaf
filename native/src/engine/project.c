// See project.h.
#include "project.h"

#include "owned_text.h"
#include "segmentry/json.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Segments.

segment *segment_create(const store_segment *row) {
  segment *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->num = row->num;
  own->is_static = row->is_static;
  own->is_tracked = row->is_tracked;
  own->is_pending = true;
  own->member_count = row->member_count;
  own->member_count_at_ms = row->member_count_at_ms;
  own->created_at_ms = row->created_at_ms;
  own->updated_at_ms = row->updated_at_ms;
  bool ok = owned_text_copy(row->id, &own->id) && owned_text_copy(row->name, &own->name) &&
            owned_text_copy(row->slug, &own->slug) &&
            owned_text_copy(row->description, &own->description) &&
            owned_text_copy(row->condition_json, &own->condition_json);
  if (ok && !own->is_static) {
    seg_problems problems;
    seg_problems_init(&problems, seg_allocator_default());
    ok = seg_filter_parse(seg_allocator_default(), own->condition_json, &own->filter, &problems) ==
         SEG_OK;
    seg_problems_free(&problems);
  }
  if (!ok) {
    segment_free(own);
    return NULL;
  }
  return own;
}

void segment_free(segment *gone) {
  if (gone == NULL) {
    return;
  }
  owned_text_free(gone->id);
  owned_text_free(gone->name);
  owned_text_free(gone->slug);
  owned_text_free(gone->description);
  owned_text_free(gone->condition_json);
  seg_filter_free(gone->filter);
  free(gone);
}

segment *project_find_segment(const project *own, seg_text_view id) {
  for (size_t i = 0; i < own->segment_count; i++) {
    if (seg_text_equal(own->segments[i]->id, id)) {
      return own->segments[i];
    }
  }
  return NULL;
}

// Order. A tracked segment comes after those that it refers to, directly or through untracked ones,
// and after those whose entry and exit events it asks for. Circles are possible only through
// events; there the order of creation decides, and the next sweep brings what it missed.

typedef struct ordering {
  const project *own;
  unsigned char *seen; ///< By index in `segments`.
  segment **out;
  size_t count;
} ordering;

static size_t index_of(const project *own, const segment *wanted) {
  size_t i = 0;
  while (own->segments[i] != wanted) {
    i++;
  }
  return i;
}

/// The segment whose event a field names: `event.segment.<slug>.entry` or `.exit`.
static segment *segment_of_event(const project *own, seg_text_view field) {
  static const char prefix[] = "event.segment.";
  size_t skip = sizeof prefix - 1;
  if (field.size_bytes <= skip || memcmp(field.bytes, prefix, skip) != 0) {
    return NULL;
  }
  seg_text_view rest = {.bytes = field.bytes + skip, .size_bytes = field.size_bytes - skip};
  for (size_t i = 0; i < own->segment_count; i++) {
    seg_text_view slug = own->segments[i]->slug;
    if (rest.size_bytes > slug.size_bytes && rest.bytes[slug.size_bytes] == '.' &&
        memcmp(rest.bytes, slug.bytes, slug.size_bytes) == 0) {
      return own->segments[i];
    }
  }
  return NULL;
}

bool project_field_segment(seg_text_view field, seg_text_view *id) {
  static const char prefix[] = "segment.";
  size_t skip = sizeof prefix - 1;
  if (field.size_bytes <= skip || memcmp(field.bytes, prefix, skip) != 0) {
    return false;
  }
  *id = (seg_text_view){.bytes = field.bytes + skip, .size_bytes = field.size_bytes - skip};
  return true;
}

bool project_segment_uses(const segment *user, const segment *of) {
  size_t count = user->filter == NULL ? 0 : seg_filter_field_count(user->filter);
  for (size_t i = 0; i < count; i++) {
    seg_text_view id;
    if (project_field_segment(seg_filter_field(user->filter, i), &id) &&
        seg_text_equal(id, of->id)) {
      return true;
    }
  }
  return false;
}

static segment *segment_of_field(const project *own, seg_text_view field) {
  seg_text_view id;
  return project_field_segment(field, &id) ? project_find_segment(own, id)
                                           : segment_of_event(own, field);
}

/// Depth first, with the way back on an explicit stack: a chain may be as long as the project has
/// segments.
static void visit(ordering *state, segment *from, size_t *stack, size_t *next_field) {
  size_t depth = 0;
  stack[depth] = index_of(state->own, from);
  next_field[depth] = 0;
  state->seen[stack[depth]] = 1;
  for (;;) {
    segment *top = state->own->segments[stack[depth]];
    size_t fields = top->filter == NULL ? 0 : seg_filter_field_count(top->filter);
    segment *found = NULL;
    while (found == NULL && next_field[depth] < fields) {
      seg_text_view field = seg_filter_field(top->filter, next_field[depth]++);
      found = segment_of_field(state->own, field);
      if (found != NULL && state->seen[index_of(state->own, found)] != 0) {
        found = NULL;
      }
    }
    if (found != NULL) {
      stack[++depth] = index_of(state->own, found);
      next_field[depth] = 0;
      state->seen[stack[depth]] = 1;
      continue;
    }
    if (top->is_tracked && !top->is_static) {
      state->out[state->count++] = top;
    }
    if (depth-- == 0) {
      return;
    }
  }
}

/// Orders what some segments lead to; `out` is owned. False if there is no memory.
static bool order(const project *own, segment *const *from, size_t from_count, segment ***out,
                  size_t *out_count) {
  size_t count = own->segment_count + 1;
  ordering state = {.own = own, .seen = calloc(count, 1), .out = calloc(count, sizeof *state.out)};
  size_t *stack = calloc(count, sizeof *stack);
  size_t *next_field = calloc(count, sizeof *next_field);
  bool ok = state.seen != NULL && state.out != NULL && stack != NULL && next_field != NULL;
  for (size_t i = 0; ok && i < from_count; i++) {
    if (state.seen[index_of(own, from[i])] == 0) {
      visit(&state, from[i], stack, next_field);
    }
  }
  free(state.seen);
  free(stack);
  free(next_field);
  if (!ok) {
    free(state.out);
    return false;
  }
  *out = state.out;
  *out_count = state.count;
  return true;
}

bool project_order_segments(project *own) {
  segment **tracked;
  size_t count;
  if (!order(own, own->segments, own->segment_count, &tracked, &count)) {
    return false;
  }
  free(own->tracked);
  own->tracked = tracked;
  own->tracked_count = count;
  return true;
}

bool project_order_references(const project *own, segment *of, segment ***out, size_t *count) {
  return order(own, &of, 1, out, count);
}

bool project_add_segment(project *own, segment *added) {
  if (own->segment_count == own->segment_capacity) {
    size_t capacity = own->segment_capacity == 0 ? 16 : own->segment_capacity * 2;
    segment **grown = realloc(own->segments, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->segments = grown;
    own->segment_capacity = capacity;
  }
  own->segments[own->segment_count++] = added;
  if (!project_order_segments(own)) {
    own->segment_count--;
    return false;
  }
  return true;
}

void project_remove_segment(project *own, segment *gone) {
  size_t at = index_of(own, gone);
  memmove(own->segments + at, own->segments + at + 1,
          (own->segment_count - at - 1) * sizeof *own->segments);
  own->segment_count--;
  size_t kept = 0;
  for (size_t i = 0; i < own->tracked_count; i++) {
    if (own->tracked[i] != gone) {
      own->tracked[kept++] = own->tracked[i];
    }
  }
  own->tracked_count = kept;
  segment_free(gone);
}

bool project_set_contact_num(project *own, uint32_t row, int64_t num) {
  if (row >= own->contact_num_capacity) {
    size_t capacity =
        own->contact_num_capacity * 2 > row ? own->contact_num_capacity * 2 : (size_t)row + 1024;
    int64_t *grown = realloc(own->contact_nums, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->contact_nums = grown;
    own->contact_num_capacity = capacity;
  }
  own->contact_nums[row] = num;
  return true;
}

static bool find_segment(void *context, seg_text_view id, seg_segment *out) {
  static const uint64_t no_members = 0;
  const project_view *view = context;
  const segment *found = project_find_segment(view->project, id);
  if (found == NULL) {
    return false;
  }
  *out = (seg_segment){.name = found->name, .filter = found->filter};
  if (found->is_static || found->is_tracked) {
    seg_mask_view members = {.words = &no_members};
    (void)seg_table_members(view->table, id, &members);
    out->members = members.words;
    out->member_block_count = members.block_count;
  }
  return true;
}

seg_resolver project_resolver(project_view *view) {
  return (seg_resolver){.find = find_segment, .context = view};
}

// Loading.

typedef struct loader {
  project *own;
  store_status status;
  store_error failure;        ///< Why a visitor stopped; the store knows nothing of that.
  seg_text_view *event_names; ///< By the store's number; owned texts.
  size_t event_name_count;
  uint32_t row; ///< Of the contact that was looked up last.
  const segment *segment;
} loader;

static bool fail(loader *state, store_status status, const char *message) {
  state->status = status;
  state->failure.status = status;
  (void)snprintf(state->failure.message, sizeof state->failure.message, "%s", message);
  return false;
}

static bool check(loader *state, seg_status status, const seg_error *error) {
  if (status == SEG_OK) {
    return true;
  }
  return status == SEG_E_NOMEM ? fail(state, STORE_NOMEM, "out of memory")
                               : fail(state, STORE_CORRUPT, error->message);
}

static bool load_contact(void *context, const store_contact *row) {
  loader *state = context;
  cJSON *data = NULL;
  seg_error error;
  if (!check(state, seg_json_parse(row->data_json, SEG_JSON_DEPTH_MAX, &data, &error), &error)) {
    return false;
  }
  seg_contact_view contact = {.id = row->id,
                              .email = row->email,
                              .subscribed = row->subscribed,
                              .created_at_ms = row->created_at_ms,
                              .updated_at_ms = row->updated_at_ms,
                              .data = data};
  uint32_t at = 0;
  bool ok = check(state, seg_table_add(state->own->table, &contact, &at, &error), &error);
  seg_json_free(data);
  if (ok && !project_set_contact_num(state->own, at, row->num)) {
    ok = fail(state, STORE_NOMEM, "out of memory");
  }
  return ok;
}

/// The row of a contact. Rows were given by rising num, and lists go by contact, so it is the one
/// of last time or one further on; what is left is a binary search.
static bool find_row(loader *state, int64_t num) {
  const int64_t *nums = state->own->contact_nums;
  size_t count = seg_table_row_count(state->own->table);
  if (state->row < count && nums[state->row] == num) {
    return true;
  }
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (nums[middle] < num) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  state->row = (uint32_t)low;
  return low < count && nums[low] == num;
}

static bool load_event_name(void *context, const store_event_name *row) {
  loader *state = context;
  size_t needed = (size_t)row->num + 1;
  if (needed > state->event_name_count) {
    seg_text_view *grown = realloc(state->event_names, 2 * needed * sizeof *grown);
    if (grown == NULL) {
      return fail(state, STORE_NOMEM, "out of memory");
    }
    memset(grown + state->event_name_count, 0,
           (2 * needed - state->event_name_count) * sizeof *grown);
    state->event_names = grown;
    state->event_name_count = 2 * needed;
  }
  return owned_text_copy(row->name, &state->event_names[row->num]) ||
         fail(state, STORE_NOMEM, "out of memory");
}

static bool load_event(void *context, const store_event_mark *mark) {
  loader *state = context;
  seg_error error;
  if (!find_row(state, mark->contact) || mark->name < 0 ||
      (size_t)mark->name >= state->event_name_count) {
    return fail(state, STORE_CORRUPT, "an event belongs to no contact or has no name");
  }
  return check(state,
               seg_table_add_event(state->own->table, state->row, state->event_names[mark->name],
                                   mark->at_ms, &error),
               &error);
}

static bool load_activity(void *context, const store_activity *row) {
  loader *state = context;
  seg_error error;
  if (!find_row(state, row->contact) || row->activity < 0 || row->activity >= SEG_ACTIVITY_COUNT) {
    return fail(state, STORE_CORRUPT, "an email activity belongs to no contact");
  }
  return check(state,
               seg_table_add_activity(state->own->table, state->row, (seg_activity)row->activity,
                                      row->at_ms, &error),
               &error);
}

static bool load_segment(void *context, const store_segment *row) {
  loader *state = context;
  project *own = state->own;
  segment *added = segment_create(row);
  if (added == NULL) {
    return fail(state, STORE_CORRUPT, "a segment's condition cannot be read");
  }
  if (!project_add_segment(own, added)) {
    segment_free(added);
    return fail(state, STORE_NOMEM, "out of memory");
  }
  return true;
}

static bool load_member(void *context, int64_t contact, int64_t since_ms) {
  loader *state = context;
  (void)since_ms;
  seg_error error;
  if (!find_row(state, contact)) {
    return fail(state, STORE_CORRUPT, "a member is no contact");
  }
  return check(
      state, seg_table_set_member(state->own->table, state->segment->id, state->row, true, &error),
      &error);
}

/// Of every segment: one that was tracked once keeps its stored members, and what moves when it is
/// tracked again is found by comparing with them.
static store_status load_members(store_session *session, loader *state, store_error *error) {
  project *own = state->own;
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < own->segment_count; i++) {
    state->segment = own->segments[i];
    status = store_member_each(session, own->num, state->segment->num, load_member, state, error);
    status = status == STORE_OK ? state->status : status;
  }
  return status;
}

static store_status load_all(store_session *session, loader *state, store_error *error) {
  int64_t num = state->own->num;
  store_status status = store_contact_each(session, num, load_contact, state, error);
  if (status == STORE_OK && state->status == STORE_OK) {
    status = store_event_name_list(session, num, load_event_name, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = store_event_each(session, num, load_event, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = store_activity_each(session, num, load_activity, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = store_segment_list(session, num, load_segment, state, error);
  }
  if (status == STORE_OK && state->status == STORE_OK) {
    status = load_members(session, state, error);
  }
  if (status == STORE_OK && state->status != STORE_OK) {
    status = state->status;
    if (error != NULL) {
      *error = state->failure;
    }
  }
  return status;
}

store_status project_create(const store_project *row, uint64_t hash_seed, project **out) {
  project *own = calloc(1, sizeof *own);
  if (own == NULL || pthread_rwlock_init(&own->lock, NULL) != 0) {
    free(own);
    return STORE_NOMEM;
  }
  own->num = row->num;
  if (!owned_text_copy(row->id, &own->id) || !owned_text_copy(row->name, &own->name) ||
      seg_table_create(seg_allocator_default(), hash_seed, &own->table) != SEG_OK) {
    project_free(own);
    return STORE_NOMEM;
  }
  *out = own;
  return STORE_OK;
}

store_status project_load(store_session *session, const store_project *row, uint64_t hash_seed,
                          project **out, store_error *error) {
  project *own = NULL;
  store_status status = project_create(row, hash_seed, &own);
  if (status != STORE_OK) {
    return status;
  }
  loader state = {.own = own};
  status = load_all(session, &state, error);
  for (size_t i = 0; i < state.event_name_count; i++) {
    owned_text_free(state.event_names[i]);
  }
  free(state.event_names);
  if (status != STORE_OK) {
    project_free(own);
    return status;
  }
  // The store lists segments newest first; the project keeps them oldest first.
  for (size_t i = 0; i < own->segment_count / 2; i++) {
    segment *other = own->segments[own->segment_count - 1 - i];
    own->segments[own->segment_count - 1 - i] = own->segments[i];
    own->segments[i] = other;
  }
  if (!project_order_segments(own)) {
    project_free(own);
    return STORE_NOMEM;
  }
  *out = own;
  return STORE_OK;
}

void project_free(project *gone) {
  if (gone == NULL) {
    return;
  }
  for (size_t i = 0; i < gone->segment_count; i++) {
    segment_free(gone->segments[i]);
  }
  free(gone->segments);
  free(gone->tracked);
  free(gone->contact_nums);
  seg_table_free(gone->table);
  owned_text_free(gone->id);
  owned_text_free(gone->name);
  (void)pthread_rwlock_destroy(&gone->lock);
  free(gone);
}
