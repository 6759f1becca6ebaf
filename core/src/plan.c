// Plans: how a filter becomes a mask.
//
// A plan is a list of units: the filter itself, and each dynamic segment without stored members
// that it leads to, once, however often it is referred to. Units stand in the order in which they
// are evaluated, so a unit that refers to another finds its mask ready; the filter comes last.
//
// Binding is in plan_bind.c, evaluation in plan_evaluate.c.
#include "plan_internal.h"

// Units: following references.

bool seg_plan_find_segment(const seg_resolver *resolver, seg_text_view id, seg_segment *out) {
  *out = (seg_segment){.filter = NULL};
  return resolver != NULL && resolver->find(resolver->context, id, out);
}

uint32_t seg_plan_find_unit(const seg_plan *plan, seg_text_view id) {
  seg_index_cursor cursor;
  uint32_t hash = seg_hash(0, id.bytes, id.size_bytes);
  for (uint32_t i = seg_index_first(&plan->unit_ids, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&plan->unit_ids, &cursor)) {
    if (seg_text_equal(plan->units[i].id, id)) {
      return i;
    }
  }
  return SEG_INDEX_NONE;
}

static bool add_unit(seg_plan *plan, seg_text_view id, const seg_filter *filter) {
  void *block = plan->units;
  if (!seg_index_reserve(&plan->unit_ids, plan->allocator) ||
      !seg_grow(plan->allocator, &block, &plan->unit_capacity, plan->unit_count + 1,
                sizeof *plan->units)) {
    return false;
  }
  plan->units = block;
  uint32_t at = (uint32_t)plan->unit_count++;
  plan->units[at] = (seg_plan_unit){.id = id, .filter = filter, .is_open = true};
  seg_index_put(&plan->unit_ids, seg_hash(0, id.bytes, id.size_bytes), at);
  return true;
}

/// Follows the next reference of a unit. `*done` says that there is none left; `*next` is the unit
/// to go on with.
static seg_status follow_next(seg_plan *plan, const seg_resolver *resolver, uint32_t at,
                              uint32_t *next, bool *done, seg_error *error) {
  const seg_filter *filter = plan->units[at].filter;
  *next = at;
  *done = true;
  while (plan->units[at].next_term < filter->term_count) {
    const seg_term *term = &filter->terms[plan->units[at].next_term++];
    if (term->field.kind != SEG_FIELD_SEGMENT) {
      continue;
    }
    seg_segment segment;
    if (!seg_plan_find_segment(resolver, term->field.name, &segment)) {
      return seg_fail(error, SEG_E_SEGMENT, "there is no segment with the id %s",
                      seg_quote(term->field.name).text);
    }
    if (segment.members != NULL) {
      continue;
    }
    if (segment.filter == NULL || !segment.filter->is_valid) {
      return seg_fail(error, SEG_E_SEGMENT,
                      "the segment %s has neither members nor a valid condition",
                      seg_quote(term->field.name).text);
    }
    uint32_t known = seg_plan_find_unit(plan, term->field.name);
    if (known != SEG_INDEX_NONE && plan->units[known].is_open) {
      return seg_fail(error, SEG_E_SEGMENT, "the segment %s refers to itself in the end",
                      seg_quote(term->field.name).text);
    }
    if (known == SEG_INDEX_NONE) {
      if (!add_unit(plan, term->field.name, segment.filter)) {
        return seg_fail_memory(error);
      }
      *next = (uint32_t)plan->unit_count - 1;
      *done = false;
      return SEG_OK;
    }
  }
  return SEG_OK;
}

/// Finds all units, depth first with the stack on the heap, and puts them in order.
static seg_status find_units(seg_plan *plan, const seg_filter *filter, const seg_resolver *resolver,
                             seg_error *error) {
  uint32_t *stack = NULL;
  size_t stack_count = 0;
  size_t stack_capacity = 0;
  seg_text_view own_id = {.bytes = "", .size_bytes = 0};
  seg_status status = add_unit(plan, own_id, filter) ? SEG_OK : seg_fail_memory(error);
  uint32_t at = 0;
  bool done = false;
  while (status == SEG_OK) {
    void *block = stack;
    if (!done) { // `at` is new: it goes on the stack
      if (!seg_grow(plan->allocator, &block, &stack_capacity, stack_count + 1, sizeof *stack)) {
        status = seg_fail_memory(error);
        break;
      }
      stack = block;
      stack[stack_count++] = at;
    }
    status = follow_next(plan, resolver, at, &at, &done, error);
    if (status != SEG_OK || !done) {
      continue;
    }
    plan->units[at].is_open = false;
    block = plan->sequence;
    if (!seg_grow(plan->allocator, &block, &plan->sequence_capacity, plan->sequence_count + 1,
                  sizeof *plan->sequence)) {
      status = seg_fail_memory(error);
      break;
    }
    plan->sequence = block;
    plan->sequence[plan->sequence_count++] = at;
    if (--stack_count == 0) {
      break;
    }
    at = stack[stack_count - 1];
  }
  seg_release(plan->allocator, stack, stack_capacity * sizeof *stack);
  return status;
}

// Plans.

seg_status seg_plan_create(seg_allocator allocator, const seg_filter *filter,
                           const seg_table *table, int64_t now_ms, const seg_resolver *resolver,
                           seg_block_range range, seg_plan **out, seg_error *error) {
  if (!filter->is_valid) {
    return seg_fail(error, SEG_E_INVALID, "the condition is not valid");
  }
  seg_plan *plan = seg_allocate_zeroed(allocator, 1, sizeof *plan);
  if (plan == NULL) {
    return seg_fail_memory(error);
  }
  plan->allocator = allocator;
  plan->table = table;
  plan->now_ms = now_ms;
  plan->range = range;
  seg_status status = find_units(plan, filter, resolver, error);
  for (size_t i = 0; status == SEG_OK && i < plan->unit_count; i++) {
    status = seg_plan_bind(plan, &plan->units[i], resolver, error);
  }
  if (status != SEG_OK) {
    seg_plan_free(plan);
    return status;
  }
  *out = plan;
  return seg_succeed(error);
}

void seg_plan_free(seg_plan *plan) {
  if (plan == NULL) {
    return;
  }
  seg_allocator allocator = plan->allocator;
  for (size_t i = 0; i < plan->unit_count; i++) {
    seg_plan_unit *own = &plan->units[i];
    size_t nodes = own->filter->node_count;
    for (size_t term = 0; own->terms != NULL && term < own->filter->term_count; term++) {
      seg_release(allocator, own->terms[term].truth, own->terms[term].truth_bytes);
    }
    seg_release(allocator, own->terms, own->filter->term_count * sizeof *own->terms);
    seg_release(allocator, own->first_child, nodes * sizeof *own->first_child);
    seg_release(allocator, own->next_sibling, nodes * sizeof *own->next_sibling);
  }
  for (size_t i = 0; i < plan->search_count; i++) {
    seg_automaton_free(plan->searches[i]);
  }
  seg_release(allocator, plan->searches, plan->search_capacity * sizeof(seg_automaton *));
  seg_release(allocator, plan->units, plan->unit_capacity * sizeof *plan->units);
  seg_release(allocator, plan->sequence, plan->sequence_capacity * sizeof *plan->sequence);
  seg_index_free(&plan->unit_ids, allocator);
  seg_release(allocator, plan, sizeof *plan);
}

seg_block_range seg_plan_all_blocks(const seg_table *table) {
  return (seg_block_range){.begin = 0, .end = seg_table_block_count(table)};
}
