// Plans: how a filter becomes a mask.
//
// A plan is a list of units: the filter itself, and each dynamic segment without stored members
// that it leads to, once, however often it is referred to. Units stand in the order in which they
// are evaluated, so a unit that refers to another finds its mask ready; the filter comes last.
//
// Binding turns each term into the cheapest thing that answers it: a bit vector that is there
// already, a range over a vector of instants, a code, a truth table with one entry for each
// distinct value, packed cells. Evaluation goes a page (64 blocks) at a time. AND hands the rows
// that are still alive from child to child and stops when none is left; OR hands on those not yet
// matched. Children are ordered so that the cheap and selective ones go first.
//
// Invariants: the mask of any node is a subset of `alive`, and the `alive` of the outermost node
// is the live rows, so holes never match, negations included.
//
// A truth table costs the whole dictionary. When fewer rows than that are to be evaluated (one
// changed contact), the value of each row is tested directly instead.
#include "segmentry/plan.h"

#include "filter_internal.h"
#include "kernels.h"
#include "matcher.h"
#include "table_internal.h"

#include <string.h>

typedef enum bound_kind {
  BOUND_NONE,        ///< No row (with `inverted`: every row).
  BOUND_SUBSCRIBED,  ///< The bit vector.
  BOUND_CREATED_AT,  ///< A range.
  BOUND_UPDATED_AT,  ///< A range.
  BOUND_CODE,        ///< One code.
  BOUND_KEYS,        ///< A range over a plane of a wide column.
  BOUND_TRUTH,       ///< A truth table over codes.
  BOUND_VALUES,      ///< Each row's value is tested.
  BOUND_EMAIL,       ///< Each row's folded address is compared.
  BOUND_OCCURRED,    ///< Has any occurrence.
  BOUND_LAST,        ///< The last occurrence lies in a range.
  BOUND_OCCURRENCES, ///< Any occurrence lies in a range.
  BOUND_MEMBERS,     ///< A stored membership.
  BOUND_UNIT         ///< Another unit's mask.
} bound_kind;

/// A term bound to the table.
typedef struct bound {
  bound_kind kind;
  bool inverted; ///< The complement among the live rows.
  seg_instant_range range;
  const seg_column *column;
  seg_matcher matcher;
  uint32_t code;
  seg_plane plane;
  void *truth; ///< Owned. A byte a code for narrow codes, a bit a code for wide ones.
  size_t truth_bytes;
  const seg_timeline *timeline;
  seg_text_view text;
  bool is_equality;
  seg_mask_view members;
  uint32_t unit;
} bound;

/// What the ordering of children goes by.
typedef struct estimate {
  double cost;  ///< Of evaluating all rows, in nanoseconds for one row.
  double share; ///< Of the rows, that match.
} estimate;

/// A filter with its terms bound and its children ordered.
typedef struct unit {
  seg_text_view id; ///< Of the segment; empty for the plan's own filter.
  const seg_filter *filter;
  bound *terms;           ///< One for each term of the filter.
  uint32_t *first_child;  ///< One for each node; UINT32_MAX where there is none.
  uint32_t *next_sibling; ///< One for each node, in evaluation order.
  bool is_open;           ///< Its references are being followed.
  size_t next_term;       ///< The next term to follow.
} unit;

struct seg_plan {
  seg_allocator allocator;
  const seg_table *table;
  int64_t now_ms;
  seg_block_range range;
  unit *units;
  size_t unit_count;
  size_t unit_capacity;
  uint32_t *sequence; ///< Units in evaluation order; the filter's own is the last.
  size_t sequence_count;
  seg_index unit_ids;
};

/// Words for the masks of one page.
typedef struct page_mask {
  uint64_t words[SEG_PAGE_BLOCKS];
} page_mask;

/// A run of blocks within one page, and what evaluation needs to know of it.
typedef struct chunk {
  const seg_plan *plan;
  const unit *unit;
  size_t page;
  size_t first; ///< First block within the page.
  size_t count;
  const page_mask *unit_masks; ///< Masks of the units before this one, by unit index.
} chunk;

// Units: following references.

static bool find_segment(const seg_resolver *resolver, seg_text_view id, seg_segment *out) {
  *out = (seg_segment){.filter = NULL};
  return resolver != NULL && resolver->find(resolver->context, id, out);
}

static uint32_t find_unit(const seg_plan *plan, seg_text_view id) {
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
  plan->units[at] = (unit){.id = id, .filter = filter, .is_open = true};
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
    if (!find_segment(resolver, term->field.name, &segment)) {
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
    uint32_t known = find_unit(plan, term->field.name);
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
  size_t sequence_capacity = 0;
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
    if (!seg_grow(plan->allocator, &block, &sequence_capacity, plan->sequence_count + 1,
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
  if (plan->sequence != NULL) { // shrink to the count, by which it is freed
    void *block = plan->allocator.resize(plan->allocator.context, plan->sequence,
                                         sequence_capacity * sizeof *plan->sequence,
                                         plan->sequence_count * sizeof *plan->sequence);
    if (block == NULL && plan->sequence_count > 0) {
      seg_release(plan->allocator, plan->sequence, sequence_capacity * sizeof *plan->sequence);
      plan->sequence = NULL;
      return seg_fail_memory(error);
    }
    plan->sequence = block;
  }
  return status;
}

// Binding terms.

static void bind_none(bound *out, bool inverted) {
  out->kind = BOUND_NONE;
  out->inverted = inverted;
}

static void bind_range(bound *out, bound_kind kind, seg_instant_range range) {
  out->kind = kind;
  out->range = range;
  if (range.low_ms > range.high_ms) {
    out->kind = BOUND_NONE;
  }
}

static void bind_timeline(const seg_plan *plan, const seg_term *term, const seg_timeline *timeline,
                          bound *out) {
  out->inverted = term->op == SEG_OP_NOT_TRIGGERED || term->op == SEG_OP_NOT_TRIGGERED_WITHIN;
  out->timeline = timeline;
  if (timeline == NULL || timeline->occurrence_count == 0) {
    bind_none(out, out->inverted);
  } else if (term->op == SEG_OP_TRIGGERED || term->op == SEG_OP_NOT_TRIGGERED) {
    out->kind = BOUND_OCCURRED;
  } else { // Earlier occurrences matter only where later ones lie beyond the range.
    seg_instant_range range = seg_instant_range_of(term, plan->now_ms);
    bool any = term->op == SEG_OP_TRIGGERED_WITHIN && timeline->latest_ms > range.high_ms;
    bind_range(out, any ? BOUND_OCCURRENCES : BOUND_LAST, range);
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

static void set_truth(bound *out, uint32_t code, bool is_true) {
  if (out->column->code_bytes < 4) {
    ((uint8_t *)out->truth)[code] = is_true;
  } else if (is_true) {
    ((uint64_t *)out->truth)[code / 64] |= UINT64_C(1) << (code % 64);
  }
}

/// Decides the predicate once for each distinct value.
static seg_status make_truth(seg_allocator allocator, bound *out, seg_error *error) {
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
  out->kind = BOUND_TRUTH;
  return SEG_OK;
}

/// Binds a range to the plane of a wide column; false if it is no range or there is no plane.
static bool bind_keys(bound *out) {
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
  bind_range(out, BOUND_KEYS, range);
  return true;
}

static seg_status bind_data(const seg_plan *plan, const seg_term *term, bound *out,
                            seg_error *error) {
  out->matcher = seg_matcher_of(term, plan->now_ms);
  out->column = seg_table_find_column(plan->table, term->field.name);
  if (out->column == NULL) {
    bind_none(out, seg_matcher_matches_absent(&out->matcher));
    return SEG_OK;
  }
  if (out->matcher.test == SEG_TEST_ANY) { // exists: not the code of absence
    out->kind = BOUND_CODE;
    out->code = 0;
    out->inverted = !out->matcher.negated;
    return SEG_OK;
  }
  seg_value value;
  if (!out->matcher.negated && exact_value(&out->matcher, &value)) {
    out->code = seg_column_find(out->column, plan->table->seed, &value);
    out->kind = out->code == 0 ? BOUND_NONE : BOUND_CODE;
    return SEG_OK;
  }
  if (bind_keys(out)) {
    return SEG_OK;
  }
  size_t rows = (plan->range.end - plan->range.begin) * SEG_BLOCK_ROWS;
  if (out->column->entry_count > rows) {
    out->kind = BOUND_VALUES;
    return SEG_OK;
  }
  return make_truth(plan->allocator, out, error);
}

static seg_status bind_segment(const seg_plan *plan, const seg_term *term,
                               const seg_resolver *resolver, bound *out) {
  seg_segment segment;
  (void)find_segment(resolver, term->field.name, &segment); // found before, by follow_next
  out->inverted = term->op == SEG_OP_NOT_MEMBER_OF_SEGMENT;
  if (segment.members != NULL) {
    out->kind = BOUND_MEMBERS;
    out->members = (seg_mask_view){segment.members, segment.member_block_count};
  } else {
    out->kind = BOUND_UNIT;
    out->unit = find_unit(plan, term->field.name);
  }
  return SEG_OK;
}

static seg_status bind_term(const seg_plan *plan, const seg_term *term,
                            const seg_resolver *resolver, bound *out, seg_error *error) {
  *out = (bound){.kind = BOUND_NONE};
  if (term->field.kind != SEG_FIELD_SEGMENT && !seg_table_knows_field(plan->table, &term->field)) {
    return seg_fail(error, SEG_E_FIELD, "the field %s is not in this snapshot",
                    seg_quote(term->field_text).text);
  }
  switch (term->field.kind) {
  case SEG_FIELD_EMAIL:
    out->kind = BOUND_EMAIL;
    out->text = term->value.folded;
    out->is_equality = term->op == SEG_OP_EQUALS || term->op == SEG_OP_NOT_EQUALS;
    out->inverted = term->op == SEG_OP_NOT_EQUALS || term->op == SEG_OP_NOT_CONTAINS;
    return SEG_OK;
  case SEG_FIELD_SUBSCRIBED:
    out->kind = BOUND_SUBSCRIBED;
    out->inverted = term->value.boolean != (term->op == SEG_OP_EQUALS);
    return SEG_OK;
  case SEG_FIELD_CREATED_AT:
  case SEG_FIELD_UPDATED_AT:
    out->inverted = term->op == SEG_OP_NOT_EQUALS;
    bind_range(out, term->field.kind == SEG_FIELD_CREATED_AT ? BOUND_CREATED_AT : BOUND_UPDATED_AT,
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

static estimate estimate_term(const seg_plan *plan, const bound *term) {
  // Nanoseconds a row, as measured on one machine; only their order matters.
  static const double costs[] = {
      [BOUND_NONE] = 0.001,     [BOUND_SUBSCRIBED] = 0.01, [BOUND_CREATED_AT] = 0.7,
      [BOUND_UPDATED_AT] = 0.7, [BOUND_CODE] = 0.3,        [BOUND_KEYS] = 0.7,
      [BOUND_TRUTH] = 0.7,      [BOUND_VALUES] = 20,       [BOUND_EMAIL] = 20,
      [BOUND_OCCURRED] = 0.05,  [BOUND_LAST] = 1,          [BOUND_OCCURRENCES] = 1,
      [BOUND_MEMBERS] = 0.01,   [BOUND_UNIT] = 0.01,
  };
  double rows = (double)plan->table->contact_count + 1;
  double share = 0.5;
  switch (term->kind) {
  case BOUND_NONE:
    share = 0;
    break;
  case BOUND_CODE: // the dictionary knows how many rows have a value
    if (term->code > 0) {
      share = (double)term->column->entries[term->code - 1].refs / rows;
    }
    break;
  case BOUND_OCCURRED:
  case BOUND_LAST:
  case BOUND_OCCURRENCES:
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
static estimate order_children(unit *own, uint32_t node, const estimate *estimates) {
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

static seg_status bind_unit(const seg_plan *plan, unit *own, const seg_resolver *resolver,
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
    status = bind_unit(plan, &plan->units[i], resolver, error);
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
    unit *own = &plan->units[i];
    size_t nodes = own->filter->node_count;
    for (size_t term = 0; own->terms != NULL && term < own->filter->term_count; term++) {
      seg_release(allocator, own->terms[term].truth, own->terms[term].truth_bytes);
    }
    seg_release(allocator, own->terms, own->filter->term_count * sizeof *own->terms);
    seg_release(allocator, own->first_child, nodes * sizeof *own->first_child);
    seg_release(allocator, own->next_sibling, nodes * sizeof *own->next_sibling);
  }
  seg_release(allocator, plan->units, plan->unit_capacity * sizeof *plan->units);
  seg_release(allocator, plan->sequence, plan->sequence_count * sizeof *plan->sequence);
  seg_index_free(&plan->unit_ids, allocator);
  seg_release(allocator, plan, sizeof *plan);
}

seg_block_range seg_plan_all_blocks(const seg_table *table) {
  return (seg_block_range){.begin = 0, .end = seg_table_block_count(table)};
}

// Evaluating terms. Each function fills `out` with the rows of `alive` that match, before any
// inversion.

static void clear(uint64_t *out, size_t count) { memset(out, 0, count * sizeof *out); }

static const void *page_codes(const chunk *at, const seg_column *column) {
  if (at->page >= column->page_capacity || column->pages[at->page] == NULL) {
    return NULL;
  }
  const char *codes = column->pages[at->page];
  return codes + at->first * SEG_BLOCK_ROWS * column->code_bytes;
}

static void evaluate_code(const chunk *at, const bound *term, const uint64_t *alive,
                          uint64_t *out) {
  const void *codes = page_codes(at, term->column);
  if (codes == NULL) { // no row of the page has a value
    if (term->code == 0) {
      memmove(out, alive, at->count * sizeof *out);
    } else {
      clear(out, at->count);
    }
    return;
  }
  switch (term->column->code_bytes) {
  case 1:
    seg_kernel_equal_8(codes, (uint8_t)term->code, at->count, alive, out);
    break;
  case 2:
    seg_kernel_equal_16(codes, (uint16_t)term->code, at->count, alive, out);
    break;
  default:
    seg_kernel_equal_32(codes, term->code, at->count, alive, out);
    break;
  }
}

static void evaluate_truth(const chunk *at, const bound *term, const uint64_t *alive,
                           uint64_t *out) {
  const void *codes = page_codes(at, term->column);
  if (codes == NULL) {
    if (seg_matcher_matches_absent(&term->matcher)) {
      memmove(out, alive, at->count * sizeof *out);
    } else {
      clear(out, at->count);
    }
    return;
  }
  switch (term->column->code_bytes) {
  case 1:
    seg_kernel_lookup_8(codes, term->truth, at->count, alive, out);
    break;
  case 2:
    seg_kernel_lookup_16(codes, term->truth, at->count, alive, out);
    break;
  default:
    seg_kernel_lookup_32(codes, term->truth, at->count, alive, out);
    break;
  }
}

static void evaluate_keys(const chunk *at, const bound *term, const uint64_t *alive,
                          uint64_t *out) {
  int64_t *const *pages = term->column->planes[term->plane];
  if (pages == NULL || at->page >= term->column->page_capacity || pages[at->page] == NULL) {
    clear(out, at->count);
    return;
  }
  seg_kernel_range(pages[at->page] + at->first * SEG_BLOCK_ROWS, term->range.low_ms,
                   term->range.high_ms, at->count, alive, out);
}

static uint32_t first_row(const chunk *at, size_t block) {
  return (uint32_t)((at->page * SEG_PAGE_BLOCKS + at->first + block) * SEG_BLOCK_ROWS);
}

static void evaluate_values(const chunk *at, const bound *term, const uint64_t *alive,
                            uint64_t *out) {
  for (size_t block = 0; block < at->count; block++) {
    uint64_t mask = 0;
    for (uint64_t rest = alive[block]; rest != 0; rest &= rest - 1) {
      unsigned bit = seg_bits_lowest(rest);
      uint32_t code = seg_column_code(term->column, first_row(at, block) + bit);
      bool matches = code == 0 ? seg_matcher_matches_absent(&term->matcher)
                               : seg_matcher_matches(&term->matcher, term->column,
                                                     &term->column->entries[code - 1]);
      mask |= (uint64_t)matches << bit;
    }
    out[block] = mask;
  }
}

static void evaluate_email(const chunk *at, const bound *term, const uint64_t *alive,
                           uint64_t *out) {
  const seg_table *table = at->plan->table;
  const uint32_t *offsets = table->pages[at->page]->folded + at->first * SEG_BLOCK_ROWS;
  for (size_t block = 0; block < at->count; block++, offsets += SEG_BLOCK_ROWS) {
    uint64_t mask = 0;
    for (uint64_t rest = alive[block]; rest != 0; rest &= rest - 1) {
      unsigned bit = seg_bits_lowest(rest);
      seg_text_view folded = seg_pool_text(&table->texts, offsets[bit]);
      bool matches = term->is_equality ? seg_text_equal(folded, term->text)
                                       : seg_text_contains(folded, term->text);
      mask |= (uint64_t)matches << bit;
    }
    out[block] = mask;
  }
}

/// The rows of `wanted`, which are present, whose last occurrence lies beyond the range, but an
/// earlier one in it.
static uint64_t match_earlier(const seg_timeline_block *block, uint64_t wanted,
                              seg_instant_range range) {
  uint64_t mask = 0;
  for (; wanted != 0; wanted &= wanted - 1) {
    unsigned bit = seg_bits_lowest(wanted);
    unsigned cell = seg_bits_rank(block->present, bit);
    if (block->last[cell] <= range.high_ms) {
      continue;
    }
    seg_occurrences earlier = seg_timeline_earlier(block, cell);
    for (size_t i = earlier.count; i > 0; i--) { // those added last are mostly the latest
      int64_t at_ms = earlier.items[i - 1];
      if (at_ms >= range.low_ms && at_ms <= range.high_ms) {
        mask |= UINT64_C(1) << bit;
        break;
      }
    }
  }
  return mask;
}

/// Up to this many rows are looked up one by one instead of running over the whole block.
#define FEW_ROWS 12

/// The same as the kernel, for few of the rows that are present.
static uint64_t match_few(const seg_timeline_block *block, uint64_t wanted,
                          seg_instant_range range) {
  uint64_t mask = 0;
  for (; wanted != 0; wanted &= wanted - 1) {
    unsigned bit = seg_bits_lowest(wanted);
    int64_t last = block->last[seg_bits_rank(block->present, bit)];
    mask |= (uint64_t)(last >= range.low_ms && last <= range.high_ms) << bit;
  }
  return mask;
}

/// The rows of `wanted`, which are present, that match.
static uint64_t match_block(const bound *term, const seg_timeline_block *block, uint64_t wanted) {
  if (term->kind == BOUND_OCCURRED) {
    return wanted;
  }
  seg_instant_range range = term->range;
  if (term->kind == BOUND_LAST) {
    return seg_bits_count(wanted) <= FEW_ROWS
               ? match_few(block, wanted, range)
               : seg_kernel_packed_range(block->present, block->last, range.low_ms, range.high_ms) &
                     wanted;
  }
  // Any occurrence in the range: almost always the last one says so.
  uint64_t since = seg_kernel_packed_range(block->present, block->last, range.low_ms, INT64_MAX);
  uint64_t mask = seg_kernel_packed_range(block->present, block->last, range.low_ms, range.high_ms);
  mask &= wanted;
  return mask == (since & wanted) ? mask : mask | match_earlier(block, wanted, range);
}

/// How far ahead of the evaluation the cells of a block are asked for.
#define PREFETCH_BLOCKS 6

static void evaluate_timeline(const chunk *at, const bound *term, const uint64_t *alive,
                              uint64_t *out) {
  const seg_timeline_block *blocks =
      at->page < term->timeline->page_capacity ? term->timeline->pages[at->page] : NULL;
  if (blocks == NULL) {
    clear(out, at->count);
    return;
  }
  for (size_t i = 0; i < at->count; i++) {
    const seg_timeline_block *block = &blocks[at->first + i];
    if (i + PREFETCH_BLOCKS < at->count) { // cells lie anywhere in memory
      seg_prefetch(block[PREFETCH_BLOCKS].last);
    }
    uint64_t wanted = block->present & alive[i];
    out[i] = wanted == 0 ? 0 : match_block(term, block, wanted);
  }
}

static void evaluate_members(const chunk *at, const bound *term, const uint64_t *alive,
                             uint64_t *out) {
  size_t block = at->page * SEG_PAGE_BLOCKS + at->first;
  for (size_t i = 0; i < at->count; i++, block++) {
    uint64_t members = block < term->members.block_count ? term->members.words[block] : 0;
    out[i] = members & alive[i];
  }
}

static void and_words(const uint64_t *words, size_t count, const uint64_t *alive, uint64_t *out) {
  for (size_t i = 0; i < count; i++) {
    out[i] = words[i] & alive[i];
  }
}

static void evaluate_plain(const chunk *at, const bound *term, const uint64_t *alive,
                           uint64_t *out) {
  const seg_page *page = at->plan->table->pages[at->page];
  switch (term->kind) {
  case BOUND_NONE:
    clear(out, at->count);
    break;
  case BOUND_SUBSCRIBED:
    and_words(page->subscribed + at->first, at->count, alive, out);
    break;
  case BOUND_CREATED_AT:
    seg_kernel_range(page->created_at_ms + at->first * SEG_BLOCK_ROWS, term->range.low_ms,
                     term->range.high_ms, at->count, alive, out);
    break;
  case BOUND_UPDATED_AT:
    seg_kernel_range(page->updated_at_ms + at->first * SEG_BLOCK_ROWS, term->range.low_ms,
                     term->range.high_ms, at->count, alive, out);
    break;
  case BOUND_CODE:
    evaluate_code(at, term, alive, out);
    break;
  case BOUND_KEYS:
    evaluate_keys(at, term, alive, out);
    break;
  case BOUND_TRUTH:
    evaluate_truth(at, term, alive, out);
    break;
  case BOUND_VALUES:
    evaluate_values(at, term, alive, out);
    break;
  case BOUND_EMAIL:
    evaluate_email(at, term, alive, out);
    break;
  case BOUND_OCCURRED:
  case BOUND_LAST:
  case BOUND_OCCURRENCES:
    evaluate_timeline(at, term, alive, out);
    break;
  case BOUND_MEMBERS:
    evaluate_members(at, term, alive, out);
    break;
  case BOUND_UNIT:
    and_words(at->unit_masks[term->unit].words, at->count, alive, out);
    break;
  }
}

/// `out` must not be `alive`.
static void evaluate_term(const chunk *at, const bound *term, const uint64_t *alive,
                          uint64_t *out) {
  evaluate_plain(at, term, alive, out);
  if (term->inverted) {
    for (size_t i = 0; i < at->count; i++) {
      out[i] = alive[i] & ~out[i];
    }
  }
}

// Evaluating trees.

static bool any_bit(const uint64_t *words, size_t count) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; i++) {
    bits |= words[i];
  }
  return bits != 0;
}

/// The rows of `alive` that match a node. `out` must not be `alive`. Recursion is bounded by the
/// filter's depth.
static void evaluate_node(const chunk *at, uint32_t node, const uint64_t *alive, uint64_t *out) {
  const seg_node *own = &at->unit->filter->nodes[node];
  if (own->kind == SEG_NODE_TERM) {
    evaluate_term(at, &at->unit->terms[own->term], alive, out);
    return;
  }
  page_mask left; // rows that are still to be decided
  page_mask matched;
  memcpy(left.words, alive, at->count * sizeof *alive);
  clear(out, at->count);
  for (uint32_t child = at->unit->first_child[node];
       child != UINT32_MAX && any_bit(left.words, at->count);
       child = at->unit->next_sibling[child]) {
    evaluate_node(at, child, left.words, matched.words);
    if (own->is_or) {
      for (size_t i = 0; i < at->count; i++) {
        out[i] |= matched.words[i];
        left.words[i] &= ~matched.words[i];
      }
    } else {
      memcpy(left.words, matched.words, at->count * sizeof *alive);
    }
  }
  if (!own->is_or) {
    memcpy(out, left.words, at->count * sizeof *out);
  }
}

static size_t count_bits(const uint64_t *words, size_t count) {
  return seg_mask_count((seg_mask_view){.words = words, .block_count = count});
}

/// The rows of `live` that match a node, each child evaluated for itself. Adds the counts of the
/// subtree to `counts`, by node.
static void evaluate_and_count(const chunk *at, uint32_t node, const uint64_t *live, uint64_t *out,
                               size_t *counts) {
  const seg_node *own = &at->unit->filter->nodes[node];
  if (own->kind == SEG_NODE_TERM) {
    evaluate_term(at, &at->unit->terms[own->term], live, out);
  } else {
    page_mask matched;
    memcpy(out, live, at->count * sizeof *out);
    if (own->is_or) {
      clear(out, at->count);
    }
    for (uint32_t child = node + 1; child < own->end; child = at->unit->filter->nodes[child].end) {
      evaluate_and_count(at, child, live, matched.words, counts);
      for (size_t i = 0; i < at->count; i++) {
        out[i] = own->is_or ? out[i] | matched.words[i] : out[i] & matched.words[i];
      }
    }
  }
  counts[node] += count_bits(out, at->count);
}

/// What is done with the mask of each chunk of the plan's filter.
typedef struct sink {
  uint64_t *words; ///< Next word to write, or NULL.
  size_t count;    ///< Matching rows so far.
  size_t *counts;  ///< By node, or NULL.
} sink;

static void evaluate_chunk(chunk *at, page_mask *unit_masks, sink *out) {
  const seg_plan *plan = at->plan;
  const uint64_t *live = plan->table->pages[at->page]->live + at->first;
  for (size_t i = 0; unit_masks != NULL && i + 1 < plan->sequence_count; i++) {
    at->unit = &plan->units[plan->sequence[i]];
    evaluate_node(at, 0, live, unit_masks[plan->sequence[i]].words);
  }
  page_mask matched;
  at->unit = &plan->units[0];
  if (out->counts != NULL) {
    evaluate_and_count(at, 0, live, matched.words, out->counts);
    return;
  }
  evaluate_node(at, 0, live, matched.words);
  out->count += count_bits(matched.words, at->count);
  if (out->words != NULL) {
    memcpy(out->words, matched.words, at->count * sizeof *out->words);
    out->words += at->count;
  }
}

static seg_status evaluate_range(const seg_plan *plan, seg_block_range range, sink *out) {
  size_t block_count = seg_table_block_count(plan->table);
  size_t mask_bytes = plan->unit_count > 1 ? plan->unit_count * sizeof(page_mask) : 0;
  page_mask *unit_masks = NULL;
  if (mask_bytes > 0) {
    unit_masks = seg_allocate(plan->allocator, mask_bytes);
    if (unit_masks == NULL) {
      return SEG_E_NOMEM;
    }
  }
  for (size_t block = range.begin; block < range.end;) {
    chunk at = {.plan = plan,
                .page = block / SEG_PAGE_BLOCKS,
                .first = block % SEG_PAGE_BLOCKS,
                .unit_masks = unit_masks};
    if (block >= block_count) { // beyond the table: no rows
      if (out->words != NULL) {
        clear(out->words, range.end - block);
      }
      break;
    }
    at.count = SEG_PAGE_BLOCKS - at.first;
    size_t end = range.end < block_count ? range.end : block_count;
    at.count = at.count < end - block ? at.count : end - block;
    evaluate_chunk(&at, unit_masks, out);
    block += at.count;
  }
  seg_release(plan->allocator, unit_masks, mask_bytes);
  return SEG_OK;
}

seg_status seg_plan_evaluate(const seg_plan *plan, seg_block_range range, uint64_t *out) {
  sink target = {.words = out};
  return evaluate_range(plan, range, &target);
}

seg_status seg_plan_count(const seg_plan *plan, size_t *out) {
  sink target = {.words = NULL};
  seg_status status = evaluate_range(plan, plan->range, &target);
  if (status == SEG_OK) {
    *out = target.count;
  }
  return status;
}

seg_status seg_plan_count_nodes(const seg_plan *plan, size_t *out) {
  const seg_filter *filter = plan->units[0].filter;
  size_t counts_bytes = filter->node_count * sizeof(size_t);
  size_t *counts = seg_allocate_zeroed(plan->allocator, filter->node_count, sizeof *counts);
  if (counts == NULL) {
    return SEG_E_NOMEM;
  }
  sink target = {.counts = counts};
  seg_status status = evaluate_range(plan, plan->range, &target);
  if (status == SEG_OK) {
    for (size_t i = 0; i < filter->node_count; i++) {
      if (filter->nodes[i].kind != SEG_NODE_CONDITION) {
        *out++ = counts[i];
      }
    }
  }
  seg_release(plan->allocator, counts, counts_bytes);
  return status;
}
