// Binding: each term becomes the cheapest thing that answers it on this table: a bit vector that is
// there already, a range over a vector of instants, a code, a truth table with one entry for each
// distinct value, packed cells. Children are ordered so that the cheap and selective ones go first.
//
// A truth table costs the whole dictionary. When fewer rows than that are to be evaluated (one
// changed contact), the value of each row is tested directly instead.
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

/// The value that an equality with one exact value looks for; false if it is not such a one.
static bool exact_value(const seg_matcher *matcher, seg_value *out) {
  if (matcher->test == SEG_TEST_TEXT_EQUAL) {
    *out = (seg_value){.kind = SEG_VALUE_TEXT, .text = matcher->text};
    return true;
  }
  if (matcher->test != SEG_TEST_BITS_EQUAL) {
    return false;
  }
  *out = (seg_value){.kind = matcher->kind, .boolean = matcher->bits != 0};
  if (matcher->kind == SEG_VALUE_NUMBER) {
    memcpy(&out->number, &matcher->bits, sizeof out->number);
  }
  return true;
}

static void set_truth(seg_bound *out, uint32_t code, bool is_true) {
  if (out->column->code_bytes < 4) {
    ((uint8_t *)out->truth)[code] = is_true;
  } else if (is_true) {
    ((uint64_t *)out->truth)[code / 64] |= UINT64_C(1) << (code % 64);
  }
}

/// Decides the predicate once for each distinct value.
static seg_status make_truth(seg_allocator allocator, seg_bound *out, seg_error *error) {
  const seg_column *column = out->column;
  size_t codes = column->entry_count + 1;
  // Narrow codes: the table covers every code there can be, so that no lookup is out of it.
  out->truth_bytes = column->code_bytes == 1   ? UINT8_MAX + 1U
                     : column->code_bytes == 2 ? UINT16_MAX + 1U
                                               : (codes + 63) / 64 * sizeof(uint64_t);
  out->truth = seg_allocate_zeroed(allocator, out->truth_bytes, 1);
  if (out->truth == NULL) {
    return seg_fail_memory(error);
  }
  set_truth(out, 0, seg_matcher_matches_absent(&out->matcher));
  for (uint32_t code = 1; code < codes; code++) {
    const seg_entry *entry = &column->entries[code - 1];
    set_truth(out, code,
              entry->kind != SEG_VALUE_ABSENT && seg_matcher_matches(&out->matcher, column, entry));
  }
  out->kind = SEG_BOUND_TRUTH;
  return SEG_OK;
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

static seg_status bind_data(const seg_plan *plan, const seg_term *term, seg_bound *out,
                            seg_error *error) {
  out->matcher = seg_matcher_of(term, plan->now_ms);
  out->column = seg_table_find_column(plan->table, term->field.name);
  if (out->column == NULL) {
    bind_none(out, seg_matcher_matches_absent(&out->matcher));
    return SEG_OK;
  }
  if (out->matcher.test == SEG_TEST_ANY) { // exists: not the code of absence
    out->kind = SEG_BOUND_CODE;
    out->code = 0;
    out->inverted = !out->matcher.negated;
    return SEG_OK;
  }
  seg_value value;
  if (!out->matcher.negated && exact_value(&out->matcher, &value)) {
    out->code = seg_column_find(out->column, plan->table->seed, &value);
    out->kind = out->code == 0 ? SEG_BOUND_NONE : SEG_BOUND_CODE;
    return SEG_OK;
  }
  if (bind_keys(out)) {
    return SEG_OK;
  }
  size_t rows = (plan->range.end - plan->range.begin) * SEG_BLOCK_ROWS;
  if (out->column->entry_count > rows) {
    out->kind = SEG_BOUND_VALUES;
    return SEG_OK;
  }
  return make_truth(plan->allocator, out, error);
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
    return bind_data(plan, term, out, error);
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
      [SEG_BOUND_MEMBERS] = 0.01,   [SEG_BOUND_UNIT] = 0.01,
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

/// Links the children of one node in the order of their ranks; `estimates` has theirs.
static estimate order_children(seg_plan_unit *own, uint32_t node, const estimate *estimates) {
  const seg_node *nodes = own->filter->nodes;
  bool is_or = nodes[node].is_or;
  estimate sum = {.cost = 0, .share = is_or ? 0 : 1};
  own->first_child[node] = UINT32_MAX;
  for (uint32_t child = node + 1; child < nodes[node].end; child = nodes[child].end) {
    uint32_t *link = &own->first_child[node];
    while (*link != UINT32_MAX &&
           rank_of(estimates[*link], is_or) <= rank_of(estimates[child], is_or)) {
      link = &own->next_sibling[*link];
    }
    own->next_sibling[child] = *link;
    *link = child;
    sum.cost += estimates[child].cost;
    sum.share = is_or ? 1 - (1 - sum.share) * (1 - estimates[child].share)
                      : sum.share * estimates[child].share;
  }
  return sum;
}

seg_status seg_plan_bind(const seg_plan *plan, seg_plan_unit *own, const seg_resolver *resolver,
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
  }
  return status;
}
