// See project.h.
#include "project.h"

#include "fair_lock.h"
#include "owned_text.h"

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
  own->is_redefined = row->is_redefined;
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

// Finding. Two sorted arrays stand beside the list. Changing them moves some pointers, and is rare.

static int compare_texts(seg_text_view a, seg_text_view b) {
  size_t size = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  int order = size == 0 ? 0 : memcmp(a.bytes, b.bytes, size);
  return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static seg_text_view id_of(const segment *of) { return of->id; }

static seg_text_view slug_of(const segment *of) { return of->slug; }

typedef seg_text_view (*segment_key)(const segment *of);

/// How many of a sorted array come before a key.
static size_t count_before(segment *const *sorted, size_t count, segment_key key_of,
                           seg_text_view key) {
  size_t low = 0;
  for (size_t high = count; low < high;) {
    size_t middle = low + (high - low) / 2;
    if (compare_texts(key_of(sorted[middle]), key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static segment *find_sorted(segment *const *sorted, size_t count, segment_key key_of,
                            seg_text_view key) {
  size_t at = count_before(sorted, count, key_of, key);
  return at < count && seg_text_equal(key_of(sorted[at]), key) ? sorted[at] : NULL;
}

/// `count` is without the new one, for which there is room.
static void insert_sorted(segment **sorted, size_t count, segment_key key_of, segment *added) {
  size_t at = count_before(sorted, count, key_of, key_of(added));
  memmove(sorted + at + 1, sorted + at, (count - at) * sizeof(segment *));
  sorted[at] = added;
}

/// `count` is without the one that goes.
static void remove_sorted(segment **sorted, size_t count, segment_key key_of, const segment *gone) {
  for (size_t at = count_before(sorted, count + 1, key_of, key_of(gone)); at < count; at++) {
    sorted[at] = sorted[at + 1];
  }
}

segment *project_find_segment(const project *own, seg_text_view id) {
  return find_sorted(own->by_id, own->segment_count, id_of, id);
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

/// The segment whose event a field names: `event.segment.<slug>.entry` or `.exit`.
static segment *segment_of_event(const project *own, seg_text_view field) {
  static const char prefix[] = "event.segment.";
  size_t skip = sizeof prefix - 1;
  if (field.size_bytes <= skip || memcmp(field.bytes, prefix, skip) != 0) {
    return NULL;
  }
  seg_text_view slug = {.bytes = field.bytes + skip, .size_bytes = field.size_bytes - skip};
  const char *dot = memchr(slug.bytes, '.', slug.size_bytes); // a slug has none
  if (dot == NULL) {
    return NULL;
  }
  slug.size_bytes = (size_t)(dot - slug.bytes);
  return find_sorted(own->by_slug, own->segment_count, slug_of, slug);
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

static segment *segment_of_field(const project *own, seg_text_view field) {
  seg_text_view id;
  return project_field_segment(field, &id) ? project_find_segment(own, id)
                                           : segment_of_event(own, field);
}

/// Depth first, with the way back on an explicit stack: a chain may be as long as the project has
/// segments.
static void visit(ordering *state, segment *from, size_t *stack, size_t *next_field) {
  size_t depth = 0;
  stack[depth] = from->place;
  next_field[depth] = 0;
  state->seen[stack[depth]] = 1;
  for (;;) {
    segment *top = state->own->segments[stack[depth]];
    size_t fields = top->filter == NULL ? 0 : seg_filter_field_count(top->filter);
    segment *found = NULL;
    while (found == NULL && next_field[depth] < fields) {
      seg_text_view field = seg_filter_field(top->filter, next_field[depth]++);
      found = segment_of_field(state->own, field);
      if (found != NULL && state->seen[found->place] != 0) {
        found = NULL;
      }
    }
    if (found != NULL) {
      stack[++depth] = found->place;
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
    if (state.seen[from[i]->place] == 0) {
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

/// Whether a segment refers to one of those that are marked by place.
static bool refers_to_marked(const project *own, const segment *of, const bool *marked) {
  for (size_t i = 0; of->filter != NULL && i < seg_filter_field_count(of->filter); i++) {
    seg_text_view id;
    if (project_field_segment(seg_filter_field(of->filter, i), &id)) {
      const segment *to = project_find_segment(own, id);
      if (to != NULL && marked[to->place]) {
        return true;
      }
    }
  }
  return false;
}

bool project_list_leading(const project *own, const segment *to, segment ***out, size_t *count) {
  bool *marked = calloc(own->segment_count + 1, sizeof *marked);
  *out = calloc(own->segment_count + 1, sizeof **out);
  *count = 0;
  if (marked == NULL || *out == NULL) {
    free(marked);
    free(*out);
    return false;
  }
  marked[to->place] = true;
  for (bool has_new = true; has_new;) { // a round for each step of the longest chain
    has_new = false;
    for (size_t i = 0; i < own->segment_count; i++) {
      segment *of = own->segments[i];
      if (!marked[i] && refers_to_marked(own, of, marked)) {
        marked[i] = has_new = true;
        if (of->is_tracked) {
          (*out)[(*count)++] = of;
        }
      }
    }
  }
  free(marked);
  return true;
}

static bool grow(segment ***list, size_t capacity) {
  segment **grown = realloc(*list, capacity * sizeof **list);
  *list = grown == NULL ? *list : grown;
  return grown != NULL;
}

bool project_append_segment(project *own, segment *added) {
  if (own->segment_count == own->segment_capacity) {
    size_t capacity = own->segment_capacity == 0 ? 16 : own->segment_capacity * 2;
    if (!grow(&own->segments, capacity) || !grow(&own->by_id, capacity) ||
        !grow(&own->by_slug, capacity)) {
      return false;
    }
    own->segment_capacity = capacity;
  }
  insert_sorted(own->by_id, own->segment_count, id_of, added);
  insert_sorted(own->by_slug, own->segment_count, slug_of, added);
  added->place = own->segment_count;
  own->segments[own->segment_count++] = added;
  own->definition_version++;
  return true;
}

bool project_end_segments(project *own) {
  for (size_t i = 0; i < own->segment_count / 2; i++) {
    segment *other = own->segments[own->segment_count - 1 - i];
    own->segments[own->segment_count - 1 - i] = own->segments[i];
    own->segments[i] = other;
  }
  for (size_t i = 0; i < own->segment_count; i++) {
    own->segments[i]->place = i;
  }
  return project_order_segments(own);
}

/// Takes a segment out of the list; it is the caller's then.
static void take_out(project *own, const segment *gone) {
  own->segment_count--;
  remove_sorted(own->by_id, own->segment_count, id_of, gone);
  remove_sorted(own->by_slug, own->segment_count, slug_of, gone);
  for (size_t i = gone->place; i < own->segment_count; i++) {
    own->segments[i] = own->segments[i + 1];
    own->segments[i]->place = i;
  }
}

bool project_add_segment(project *own, segment *added) {
  if (!project_append_segment(own, added)) {
    return false;
  }
  if (!project_order_segments(own)) {
    take_out(own, added);
    return false;
  }
  return true;
}

bool project_replace_segment(project *own, segment *gone, segment *made) {
  size_t rest = own->segment_count - 1;
  own->definition_version++;
  remove_sorted(own->by_id, rest, id_of, gone);
  remove_sorted(own->by_slug, rest, slug_of, gone);
  insert_sorted(own->by_id, rest, id_of, made);
  insert_sorted(own->by_slug, rest, slug_of, made);
  made->place = gone->place;
  own->segments[made->place] = made;
  bool ok = project_order_segments(own);
  for (size_t i = 0; !ok && i < own->tracked_count; i++) {
    own->tracked[i] = own->tracked[i] == gone ? made : own->tracked[i];
  }
  segment_free(gone);
  return ok;
}

void project_remove_segment(project *own, segment *gone) {
  take_out(own, gone);
  own->definition_version++;
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

store_status project_create(const store_project *row, uint64_t hash_seed, project **out) {
  project *own = calloc(1, sizeof *own);
  if (own == NULL || !fair_lock_init(&own->lock)) {
    free(own);
    return STORE_NOMEM;
  }
  (void)pthread_mutex_init(&own->removal_lock, NULL);
  own->num = row->num;
  own->hash_seed = hash_seed;
  if (!owned_text_copy(row->id, &own->id) || !owned_text_copy(row->name, &own->name) ||
      seg_table_create(seg_allocator_default(), hash_seed, &own->table) != SEG_OK ||
      seg_table_index_emails(own->table) != SEG_OK) {
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
  for (size_t i = 0; i < gone->webhook_count; i++) {
    webhook_free(gone->webhooks[i]);
  }
  free(gone->webhooks);
  free(gone->segments);
  free(gone->by_id);
  free(gone->by_slug);
  free(gone->tracked);
  free(gone->contact_nums);
  seg_table_free(gone->table);
  owned_text_free(gone->id);
  owned_text_free(gone->name);
  (void)pthread_mutex_destroy(&gone->removal_lock);
  (void)pthread_rwlock_destroy(&gone->lock);
  free(gone);
}
