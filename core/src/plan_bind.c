// Binding: each term becomes the cheapest thing that answers it on this table: a bit vector that is
// there already, a range over a vector of instants, a code, a truth table with one entry for each
// distinct value, packed cells. Children are ordered so that the cheap and selective ones go first.
//
// A truth table costs the whole dictionary. When fewer rows than that are to be evaluated (one
// changed contact), the value of each row is tested directly instead. The tables are made when all
// terms are bound, in plan_truth.c.
#include "plan_internal.h"

#include <string.h>

// Binding terms.

static void bind_none(seg_bound *out, bool inverted) {
  out->kind = SEG_BOUND_NONE;
  out->inverted = inverted;
}

static void bind_range(seg_bound *out, seg_bound_kind kind, seg_instant_range range) {
  out->kind = kind;
  out->range = range;
  if (range.low_ms > range.high_ms) {
    out->kind = SEG_BOUND_NONE;
  }
}

static void bind_timeline(const seg_plan *plan, const seg_term *term, const seg_timeline *timeline,
                          seg_bound *out) {
  out->inverted = term->op == SEG_OP_NOT_TRIGGERED || term->op == SEG_OP_NOT_TRIGGERED_WITHIN;
  out->timeline = timeline;
  if (timeline == NULL || timeline->occurrence_count == 0) {
    bind_none(out, out->inverted);
  } else if (term->op == SEG_OP_TRIGGERED || term->op == SEG_OP_NOT_TRIGGERED) {
    out->kind = SEG_BOUND_OCCURRED;
  } else { // Earlier occurrences matter only where later ones lie beyond the range.
    seg_instant_range range = seg_instant_range_of(term, plan->now_ms);
    bool reaches_end = timeline->latest_ms <= range.high_ms;
    bool any = term->op == SEG_OP_TRIGGERED_WITHIN && !reaches_end;
    // Where nothing is later than the range, its end need not be asked for.
    range.high_ms = reaches_end ? INT64_MAX : range.high_ms;
    bind_range(out, any ? SEG_BOUND_OCCURRENCES : SEG_BOUND_LAST, range);
  }
}

/// Binds a range to the plane of a wide column; false if it is no range or there is no plane.
static bool bind_keys(seg_bound *out) {
  const seg_matcher *matcher = &out->matcher;
  if (out->column->code_bytes < 4 || matcher->negated) {
    return false;
  }
  seg_instant_range range = {.low_ms = matcher->low_ms, .high_ms = matcher->high_ms};
  if (matcher->test == SEG_TEST_NUMBER_RANGE) {
    out->plane = SEG_PLANE_NUMBER;
    range.low_ms = seg_key_of_number(matcher->low_number);
    range.high_ms = seg_key_of_number(matcher->high_number);
  } else if (matcher->test == SEG_TEST_INSTANT_RANGE) {
    out->plane = SEG_PLANE_INSTANT;
  } else {
    return false;
  }
  bind_range(out, SEG_BOUND_KEYS, range);
  return true;
}

static void bind_data(const seg_plan *plan, const seg_term *term, seg_bound *out) {
  out->matcher = seg_matcher_of(term, plan->now_ms);
  out->column = seg_table_find_column(plan->table, term->field.name);
  if (out->column == NULL) {
    bind_none(out, seg_matcher_matches_absent(&out->matcher));
    return;
  }
  if (out->matcher.test == SEG_TEST_ANY) { // exists: not the code of absence
    out->kind = SEG_BOUND_CODE;
    out->code = 0;
    out->inverted = !out->matcher.negated;
    return;
  }
  seg_value value;
  if (!out->matcher.negated && seg_matcher_exact_value(&out->matcher, &value)) {
    out->code = seg_column_find(out->column, plan->table->seed, &value);
    out->kind = out->code == 0 ? SEG_BOUND_NONE : SEG_BOUND_CODE;
    return;
  }
  if (bind_keys(out)) {
    return;
  }
  size_t rows = (plan->range.end - plan->range.begin) * SEG_BLOCK_ROWS;
  out->kind = out->column->entry_count > rows ? SEG_BOUND_VALUES : SEG_BOUND_TRUTH;
}

static seg_status bind_segment(const seg_plan *plan, const seg_term *term,
                               const seg_resolver *resolver, seg_bound *out) {
  seg_segment segment;
  (void)seg_plan_find_segment(resolver, term->field.name, &segment); // found before, by follow_next
  out->inverted = term->op == SEG_OP_NOT_MEMBER_OF_SEGMENT;
  if (segment.members != NULL) {
    out->kind = SEG_BOUND_MEMBERS;
    out->members = (seg_mask_view){segment.members, segment.member_block_count};
  } else {
    out->kind = SEG_BOUND_UNIT;
    out->unit = seg_plan_find_unit(plan, term->field.name);
  }
  return SEG_OK;
}

static seg_status bind_term(const seg_plan *plan, const seg_term *term,
                            const seg_resolver *resolver, seg_bound *out, seg_error *error) {
  *out = (seg_bound){.kind = SEG_BOUND_NONE};
  if (term->field.kind != SEG_FIELD_SEGMENT && !seg_table_knows_field(plan->table, &term->field)) {
    return seg_fail(error, SEG_E_FIELD, "the field %s is not in this snapshot",
                    seg_quote(term->field_text).text);
  }
  switch (term->field.kind) {
  case SEG_FIELD_EMAIL:
    out->kind = SEG_BOUND_EMAIL;
    out->text = term->value.folded;
    out->is_equality = term->op == SEG_OP_EQUALS || term->op == SEG_OP_NOT_EQUALS;
    out->inverted = term->op == SEG_OP_NOT_EQUALS || term->op == SEG_OP_NOT_CONTAINS;
    return SEG_OK;
  case SEG_FIELD_SUBSCRIBED:
    out->kind = SEG_BOUND_SUBSCRIBED;
    out->inverted = term->value.boolean != (term->op == SEG_OP_EQUALS);
    return SEG_OK;
  case SEG_FIELD_CREATED_AT:
  case SEG_FIELD_UPDATED_AT:
    out->inverted = term->op == SEG_OP_NOT_EQUALS;
    bind_range(
        out, term->field.kind == SEG_FIELD_CREATED_AT ? SEG_BOUND_CREATED_AT : SEG_BOUND_UPDATED_AT,
        seg_instant_range_of(term, plan->now_ms));
    return SEG_OK;
  case SEG_FIELD_DATA:
    bind_data(plan, term, out);
    return SEG_OK;
  case SEG_FIELD_EVENT:
    bind_timeline(plan, term, seg_table_find_event(plan->table, term->field.name), out);
    return SEG_OK;
  case SEG_FIELD_ACTIVITY:
    bind_timeline(plan, term, &plan->table->activities[term->field.activity], out);
    return SEG_OK;
  case SEG_FIELD_SEGMENT:
    return bind_segment(plan, term, resolver, out);
  }
  return SEG_OK;
}

// Ordering children.

/// What the ordering of children goes by.
typedef struct estimate {
  double cost;  ///< Of evaluating all rows, in nanoseconds for one row.
  double share; ///< Of the rows, that match.
} estimate;

static estimate estimate_term(const seg_plan *plan, const seg_bound *term) {
  // Nanoseconds a row, as measured on one machine; only their order matters.
  static const double costs[] = {
      [SEG_BOUND_NONE] = 0.001,     [SEG_BOUND_SUBSCRIBED] = 0.01, [SEG_BOUND_CREATED_AT] = 0.3,
      [SEG_BOUND_UPDATED_AT] = 0.3, [SEG_BOUND_CODE] = 0.06,       [SEG_BOUND_KEYS] = 0.3,
      [SEG_BOUND_TRUTH] = 0.3,      [SEG_BOUND_VALUES] = 20,       [SEG_BOUND_EMAIL] = 20,
      [SEG_BOUND_OCCURRED] = 0.05,  [SEG_BOUND_LAST] = 0.4,        [SEG_BOUND_OCCURRENCES] = 0.8,
      [SEG_BOUND_MEMBERS] = 0.01,   [SEG_BOUND_UNIT] = 0.01,       [SEG_BOUND_EMAIL_SEARCH] = 10,
  };
  double rows = (double)plan->table->contact_count + 1;
  double share = 0.5;
  switch (term->kind) {
  case SEG_BOUND_NONE:
    share = 0;
    break;
  case SEG_BOUND_CODE: // the dictionary knows how many rows have a value
    if (term->code > 0) {
      share = (double)term->column->entries[term->code - 1].refs / rows;
    }
    break;
  case SEG_BOUND_OCCURRED:
  case SEG_BOUND_LAST:
  case SEG_BOUND_OCCURRENCES:
    share = (double)term->timeline->occurrence_count / rows / 2;
    share = share > 0.5 ? 0.5 : share;
    break;
  default:
    break;
  }
  return (estimate){.cost = costs[term->kind], .share = term->inverted ? 1 - share : share};
}

/// Rank of a child: what it costs for each row that it decides. AND wants rows decided against,
/// OR wants them decided for.
static double rank_of(estimate child, bool is_or) {
  double decided = is_or ? child.share : 1 - child.share;
  return child.cost / (decided < 0.001 ? 0.001 : decided);
}

/// Merges two lists of children, each in the order of their ranks; of equal ones `a`'s come first.
static uint32_t merge_children(seg_plan_unit *own, const estimate *estimates, bool is_or,
                               uint32_t a, uint32_t b) {
  uint32_t first = UINT32_MAX;
  uint32_t *link = &first;
  while (a != UINT32_MAX && b != UINT32_MAX) {
    uint32_t *next = rank_of(estimates[b], is_or) < rank_of(estimates[a], is_or) ? &b : &a;
    *link = *next;
    link = &own->next_sibling[*next];
    *next = *link;
  }
  *link = a != UINT32_MAX ? a : b;
  return first;
}

/// Lists sorted so far while children are sorted: list i has 2^i of them, so there are as many as
/// the number of a filter's nodes has bits.
#define SORTED_LISTS 32

/// Links the children of one node in the order of their ranks; `estimates` has theirs.
static estimate order_children(seg_plan_unit *own, uint32_t node, const estimate *estimates) {
  const seg_node *nodes = own->filter->nodes;
  bool is_or = nodes[node].is_or;
  estimate sum = {.cost = 0, .share = is_or ? 0 : 1};
  uint32_t sorted[SORTED_LISTS];
  size_t used = 0;
  for (uint32_t child = node + 1; child < nodes[node].end; child = nodes[child].end) {
    uint32_t list = child;
    size_t at = 0;
    own->next_sibling[child] = UINT32_MAX;
    for (; at < used && sorted[at] != UINT32_MAX; at++) { // as a binary counter counts
      list = merge_children(own, estimates, is_or, sorted[at], list);
      sorted[at] = UINT32_MAX;
    }
    used = at == used ? used + 1 : used;
    sorted[at] = list;
    sum.cost += estimates[child].cost;
    sum.share = is_or ? 1 - (1 - sum.share) * (1 - estimates[child].share)
                      : sum.share * estimates[child].share;
  }
  uint32_t all = UINT32_MAX;
  for (size_t at = 0; at < used; at++) {
    all = merge_children(own, estimates, is_or, sorted[at], all);
  }
  own->first_child[node] = all;
  return sum;
}

seg_status seg_plan_bind(seg_plan *plan, seg_plan_unit *own, const seg_resolver *resolver,
                         seg_error *error) {
  const seg_filter *filter = own->filter;
  seg_allocator allocator = plan->allocator;
  own->terms = seg_allocate_zeroed(allocator, filter->term_count, sizeof *own->terms);
  own->first_child = seg_allocate_zeroed(allocator, filter->node_count, sizeof *own->first_child);
  own->next_sibling = seg_allocate_zeroed(allocator, filter->node_count, sizeof *own->next_sibling);
  estimate *estimates = seg_allocate_zeroed(allocator, filter->node_count, sizeof *estimates);
  seg_status status = SEG_OK;
  if (own->terms == NULL || own->first_child == NULL || own->next_sibling == NULL ||
      estimates == NULL) {
    status = seg_fail_memory(error);
  }
  for (size_t i = 0; status == SEG_OK && i < filter->term_count; i++) {
    status = bind_term(plan, &filter->terms[i], resolver, &own->terms[i], error);
  }
  if (status == SEG_OK) {
    status = seg_plan_decide(plan, own, error);
  }
  // Children stand behind their parents, so going backwards meets them first.
  for (uint32_t node = (uint32_t)filter->node_count; status == SEG_OK && node-- > 0;) {
    estimates[node] = filter->nodes[node].kind == SEG_NODE_TERM
                          ? estimate_term(plan, &own->terms[filter->nodes[node].term])
                          : order_children(own, node, estimates);
  }
  seg_release(allocator, estimates, filter->node_count * sizeof *estimates);
  return status;
}

seg_status seg_plan_move(seg_plan *plan, int64_t now_ms, seg_error *error) {
  seg_status status = SEG_OK;
  plan->now_ms = now_ms;
  for (size_t i = 0; status == SEG_OK && i < plan->unit_count; i++) {
    const seg_filter *filter = plan->units[i].filter;
    for (size_t k = 0; status == SEG_OK && k < filter->term_count; k++) {
      seg_bound *bound = &plan->units[i].terms[k];
      if (filter->terms[k].unit == SEG_UNIT_NONE) {
        continue;
      }
      seg_release(plan->allocator, bound->truth, bound->truth_bytes);
      status = bind_term(plan, &filter->terms[k], NULL, bound, error); // none is a reference
    }
    status = status == SEG_OK ? seg_plan_decide(plan, &plan->units[i], error) : status;
  }
  return status;
}
