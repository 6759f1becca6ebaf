// References between segments: each must exist, and none may lead back to where it came from.
//
// The walk is depth first with its stack on the heap: a chain of references may be as long as a
// project has segments. A segment that has been walked to its end is never walked again.
#include "filter_internal.h"

#include "hash.h"
#include "segmentry/slug.h"

#include <stdio.h>
#include <string.h>

typedef enum visit_state {
  VISIT_GIVEN_UP, ///< A problem lay beyond it; the next reference that leads here walks it again.
  VISIT_OPEN,     ///< On the way from the filter that is checked to here.
  VISIT_DONE      ///< Walked to its end; nothing is wrong with it.
} visit_state;

/// A segment that the walk came to.
typedef struct visit {
  seg_text_view id;
  seg_text_view name;
  const seg_filter *filter;
  size_t next_term; ///< Where to go on in its terms.
  visit_state state;
} visit;

typedef struct walk {
  seg_allocator allocator;
  const seg_resolver *resolver;
  visit *visits;
  size_t visit_count;
  size_t visit_capacity;
  uint32_t *stack; ///< Indices of the open visits, the checked filter first.
  size_t stack_count;
  size_t stack_capacity;
  seg_index index;
} walk;

static uint32_t find_visit(const walk *state, seg_text_view id) {
  seg_index_cursor cursor;
  uint32_t hash = seg_hash(0, id.bytes, id.size_bytes);
  for (uint32_t i = seg_index_first(&state->index, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&state->index, &cursor)) {
    if (seg_text_equal(state->visits[i].id, id)) {
      return i;
    }
  }
  return SEG_INDEX_NONE;
}

static bool push(walk *state, uint32_t at) {
  void *stack = state->stack;
  if (!seg_grow(state->allocator, &stack, &state->stack_capacity, state->stack_count + 1,
                sizeof *state->stack)) {
    return false;
  }
  state->stack = stack;
  state->stack[state->stack_count++] = at;
  state->visits[at].state = VISIT_OPEN;
  state->visits[at].next_term = 0;
  return true;
}

static bool open_visit(walk *state, seg_text_view id, seg_text_view name,
                       const seg_filter *filter) {
  void *visits = state->visits;
  if (!seg_index_reserve(&state->index, state->allocator) ||
      !seg_grow(state->allocator, &visits, &state->visit_capacity, state->visit_count + 1,
                sizeof *state->visits)) {
    return false;
  }
  state->visits = visits;
  uint32_t at = (uint32_t)state->visit_count++;
  state->visits[at] = (visit){.id = id, .name = name, .filter = filter, .state = VISIT_GIVEN_UP};
  seg_index_put(&state->index, seg_hash(0, id.bytes, id.size_bytes), at);
  return push(state, at);
}

static size_t append_name(char *out, size_t used, size_t size_bytes, const char *arrow,
                          seg_text_view name) {
  char shown[SEG_NAME_BYTES_MAX + 1];
  (void)snprintf(shown, sizeof shown, "%.*s", (int)(name.size_bytes & 0xFFFF),
                 name.size_bytes == 0 ? "" : name.bytes);
  seg_cut_text(shown);
  int written = snprintf(out + used, size_bytes - used, "%s%s", arrow, shown);
  used += written > 0 ? (size_t)written : 0;
  return used < size_bytes ? used : size_bytes - 1;
}

/// Spells the circle out by name: from the visit that closes it, along the stack, back to it.
static void spell_cycle(const walk *state, uint32_t closing, char *out, size_t size_bytes) {
  size_t from = 0;
  while (state->stack[from] != closing) {
    from++;
  }
  size_t used = 0;
  for (size_t i = from; i < state->stack_count; i++) {
    used = append_name(out, used, size_bytes, i == from ? "" : " -> ",
                       state->visits[state->stack[i]].name);
  }
  (void)append_name(out, used, size_bytes, " -> ", state->visits[closing].name);
}

/// The next reference of the visit on top of the stack, or NULL when it has no more.
static const seg_term *next_reference(visit *top) {
  while (top->filter != NULL && top->next_term < top->filter->term_count) {
    const seg_term *term = &top->filter->terms[top->next_term++];
    if (term->field.kind == SEG_FIELD_SEGMENT) {
      return term;
    }
  }
  return NULL;
}

/// Comes to one segment: opens it, or says what is wrong with it.
static seg_status enter(walk *state, seg_text_view id, const char **code,
                        char message[SEG_MESSAGE_BYTES]) {
  uint32_t known = find_visit(state, id);
  if (known != SEG_INDEX_NONE && state->visits[known].state == VISIT_OPEN) {
    char cycle[SEG_MESSAGE_BYTES - 64];
    spell_cycle(state, known, cycle, sizeof cycle);
    (void)snprintf(message, SEG_MESSAGE_BYTES, "the segments refer to each other in a circle: %s",
                   cycle);
    *code = "segment_cycle";
    return SEG_OK;
  }
  if (known != SEG_INDEX_NONE) {
    bool done = state->visits[known].state == VISIT_DONE;
    return done || push(state, known) ? SEG_OK : SEG_E_NOMEM;
  }
  seg_segment segment = {.filter = NULL};
  if (state->resolver == NULL || !state->resolver->find(state->resolver->context, id, &segment)) {
    (void)snprintf(message, SEG_MESSAGE_BYTES, "there is no segment with the id %s",
                   seg_quote(id).text);
    *code = "unknown_segment";
    return SEG_OK;
  }
  return open_visit(state, id, segment.name, segment.filter) ? SEG_OK : SEG_E_NOMEM;
}

/// Walks everything that one reference leads to, up to the first problem. The stack holds the
/// checked filter alone on entry and on return.
static seg_status follow(walk *state, seg_text_view id, const char **code,
                         char message[SEG_MESSAGE_BYTES]) {
  seg_text_view wanted = id;
  const seg_term *next = NULL;
  *code = NULL;
  do {
    seg_status status = enter(state, wanted, code, message);
    if (status != SEG_OK) {
      return status;
    }
    // Go on from the innermost open segment that has a reference left.
    for (next = NULL; state->stack_count > 1; state->stack_count--) {
      visit *top = &state->visits[state->stack[state->stack_count - 1]];
      next = *code == NULL ? next_reference(top) : NULL;
      if (next != NULL) {
        wanted = next->field.name;
        break;
      }
      top->state = *code == NULL ? VISIT_DONE : VISIT_GIVEN_UP;
    }
  } while (next != NULL);
  return SEG_OK;
}

static seg_status check_all(walk *state, const seg_filter *filter, seg_problems *problems) {
  seg_status result = SEG_OK;
  for (uint32_t i = 0; i < filter->node_count; i++) {
    const seg_node *node = &filter->nodes[i];
    if (node->kind != SEG_NODE_TERM || filter->terms[node->term].field.kind != SEG_FIELD_SEGMENT) {
      continue;
    }
    const char *code;
    char message[SEG_MESSAGE_BYTES];
    seg_status status = follow(state, filter->terms[node->term].field.name, &code, message);
    if (status == SEG_OK && code != NULL) {
      char path[SEG_FILTER_PATH_BYTES];
      seg_node_path(filter, i, path);
      size_t size = strlen(path);
      (void)snprintf(path + size, sizeof path - size, ".field");
      status = seg_problems_add(problems, path, code, "%s", message);
      result = SEG_E_SEGMENT;
    }
    if (status != SEG_OK) {
      return status;
    }
  }
  return result;
}

seg_status seg_filter_check_references(const seg_filter *filter, seg_text_view self_id,
                                       seg_text_view self_name, const seg_resolver *resolver,
                                       seg_problems *problems) {
  walk state = {.allocator = filter->allocator, .resolver = resolver};
  seg_status status = SEG_E_NOMEM;
  if (open_visit(&state, self_id, self_name, NULL)) {
    status = check_all(&state, filter, problems);
  }
  seg_release(state.allocator, state.visits, state.visit_capacity * sizeof *state.visits);
  seg_release(state.allocator, state.stack, state.stack_capacity * sizeof *state.stack);
  seg_index_free(&state.index, state.allocator);
  return status;
}
